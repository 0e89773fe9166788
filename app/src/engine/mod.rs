//! The worker: messages in, messages out. It trains; it never sees the page's DOM.

pub mod messages;
mod run;
mod scope;
pub mod worker;
