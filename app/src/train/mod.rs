//! Training: a [`Recipe`] in, a stream of [`Event`]s out, one step at a time. Nothing here knows files, the terminal, the
//! browser, charts or which device it runs on.

#[cfg(feature = "tensors")]
mod batches;
#[cfg(feature = "tensors")]
mod checkpoint;
mod decay;
mod error;
mod event;
#[cfg(feature = "tensors")]
mod inputs;
#[cfg(feature = "tensors")]
mod measure;
mod origin;
mod recipe;
mod record;
#[cfg(feature = "tensors")]
mod session;
mod setting;
mod table;

#[cfg(feature = "tensors")]
pub use checkpoint::Checkpoint;
pub use decay::DecayOn;
pub use error::TrainError;
pub use event::{Accuracy, CorruptedExamples, EpochMetrics, Event, StopReason, Summary};
#[cfg(feature = "tensors")]
pub use inputs::InputCache;
#[cfg(feature = "tensors")]
pub use measure::Predictions;
pub use origin::{FORMAT, NUMERICS, Origin};
pub use recipe::{Recipe, SETTINGS};
pub use record::{Record, from_json, from_json_line, to_json, to_json_line};
#[cfg(feature = "tensors")]
pub use session::Session;
pub use setting::{Group, Kind, Setting, SettingError};
pub use table::{Cell, Row, Table, epochs_table, runs_table};
