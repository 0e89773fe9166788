//! Training: a [`Recipe`] in, a stream of [`Event`]s out, one step at a time. Nothing here knows files, the terminal, the
//! browser, charts or which device it runs on.

#[cfg(feature = "tensors")]
mod batches;
#[cfg(feature = "tensors")]
mod checkpoint;
mod decay;
#[cfg(feature = "tensors")]
mod error;
mod event;
#[cfg(feature = "tensors")]
mod measure;
mod recipe;
mod record;
#[cfg(feature = "tensors")]
mod session;
mod setting;

#[cfg(feature = "tensors")]
pub use checkpoint::Checkpoint;
pub use decay::DecayOn;
#[cfg(feature = "tensors")]
pub use error::TrainError;
pub use event::{Accuracy, CorruptedExamples, EpochMetrics, Event, StopReason, Summary};
#[cfg(feature = "tensors")]
pub use measure::Predictions;
pub use recipe::{Recipe, SETTINGS};
pub use record::{Record, from_json, to_csv, to_json};
#[cfg(feature = "tensors")]
pub use session::Session;
pub use setting::{Group, Kind, Setting, SettingError};
