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
mod fit;
#[cfg(feature = "tensors")]
mod inputs;
#[cfg(feature = "tensors")]
mod measure;
mod memorization;
mod origin;
mod recipe;
mod record;
#[cfg(feature = "tensors")]
mod session;
mod setting;
#[cfg(feature = "tensors")]
mod stall;
mod table;

#[cfg(feature = "tensors")]
pub use checkpoint::Checkpoint;
pub use decay::DecayOn;
pub use error::TrainError;
pub use event::{
    Accuracy, CorruptedCounts, EpochMetrics, Event, StopReason, Summary, reaches_loss,
};
#[cfg(feature = "tensors")]
pub use fit::{Fit, InMemory, check_fit};
#[cfg(feature = "tensors")]
pub use inputs::InputCache;
#[cfg(feature = "tensors")]
pub use measure::Predictions;
pub use memorization::{Memorization, Moment};
pub use origin::{FORMAT, Origin, numerics};
pub use recipe::{Recipe, SETTINGS};
pub use record::{Record, from_json, from_json_line, to_json, to_json_line};
#[cfg(feature = "tensors")]
pub use session::Session;
pub use setting::{Group, Setting, SettingError, SettingKind};
pub use table::{Cell, Table, TableRow, epochs_table, runs_table};
