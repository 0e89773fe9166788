//! The worker: messages in, messages out. It trains; it never sees the page's DOM.

#[cfg(feature = "engine")]
mod images;
pub mod messages;
#[cfg(feature = "engine")]
mod run;
#[cfg(feature = "engine")]
mod scope;
#[cfg(feature = "engine")]
pub mod timing;
#[cfg(feature = "engine")]
pub mod worker;
