//! Training: a [`Recipe`] in, a stream of [`Event`]s out, one step at a time. Nothing here knows files, the terminal, the
//! browser, charts or which device it runs on.

mod checkpoint;
mod error;
mod event;
mod measure;
mod optimizer;
mod recipe;
mod session;
mod setting;

pub use checkpoint::Checkpoint;
pub use error::TrainError;
pub use event::{Accuracy, CorruptedExamples, Event, EpochMetrics, StopReason, Summary};
pub use optimizer::{DecayOn, Sgd};
pub use recipe::{Recipe, SETTINGS};
pub use session::Session;
pub use setting::{Group, Kind, Setting, SettingError};
