//! What can stop a run, each in one sentence.

use super::SettingError;
use crate::data::DataError;

/// Why a run could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe cannot be run.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device failed; what was computed since the last checkpoint is lost.
    #[error(
        "the device was lost at step {step}: {reason}; go on from the last checkpoint, on the CPU if it happens again"
    )]
    Device {
        /// Steps done.
        step: u64,
        /// What it said.
        reason: String,
    },
    /// The bytes are not a checkpoint, or not a whole one.
    #[error("not a usable checkpoint: {reason}; choose another checkpoint or start anew")]
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// The checkpoint is of a version that this one does not read.
    #[error(
        "the checkpoint has format version {found}, but this program reads version {known}; start anew, or use the version of Rote that wrote it"
    )]
    Version {
        /// Its version.
        found: u32,
        /// The version this program writes.
        known: u32,
    },
    /// The checkpoint is of another run.
    #[error(
        "the checkpoint is of a run with `{key}` {theirs}, but `{key}` is {ours}; leave the setting as it was, or start anew"
    )]
    OtherRecipe {
        /// The setting that differs.
        key: &'static str,
        /// Its value in the checkpoint.
        theirs: String,
        /// Its value now.
        ours: String,
    },
}
