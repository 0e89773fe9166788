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
    /// The run is too large for the device.
    #[error("{need}; {remedy}")]
    DoesNotFit {
        /// The setting that helps, its value, the bytes needed and those there are, in words.
        need: String,
        /// The largest value that fits, in words.
        remedy: String,
    },
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
    /// The checkpoint was computed in another way.
    #[error(
        "the checkpoint is of Rote {version}, which computes other digits (numerics {theirs}, here {ours}); go on with \
         that version, or start anew"
    )]
    OtherNumerics {
        /// Of the checkpoint.
        theirs: u32,
        /// Of this program.
        ours: u32,
        /// The version that wrote it.
        version: String,
    },
    /// The checkpoint was trained on other images or labels.
    #[error(
        "the checkpoint was trained on data with the SHA-256 {theirs}, but the data here have {ours}; restore the data, \
         or start anew"
    )]
    OtherData {
        /// Of the checkpoint.
        theirs: String,
        /// Of the data here.
        ours: String,
    },
}
