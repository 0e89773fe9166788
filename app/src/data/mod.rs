//! Images and labels: the CIFAR-10 files, the randomization tests, whitening and crops. Nothing here knows a model or a
//! device; what leaves this folder are plain numbers.

mod cifar10;
mod conditions;
mod error;
mod fate;
mod preprocess;
mod run_images;
#[cfg(feature = "native")]
pub mod store;
mod streams;

pub use cifar10::*;
pub use conditions::*;
pub use error::DataError;
pub use fate::Fate;
pub use preprocess::*;
pub use run_images::*;
pub use streams::*;
