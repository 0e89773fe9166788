//! How a command can end badly.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;

use crate::data::DataError;
use crate::device::DeviceError;
use crate::train::{SettingError, TrainError};

/// Why a command did not do what was asked; each is printed as one sentence.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// A flag or a file of settings is wrong.
    #[error("{0}")]
    Usage(String),
    /// A setting is wrong.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device cannot be had.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The run cannot go on.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A checkpoint cannot be gone on with.
    #[error("{file}: {error}")]
    Checkpoint {
        /// Where it is.
        file: String,
        /// Why.
        error: TrainError,
    },
    /// Something else failed.
    #[error("{0}")]
    Failed(String),
    /// Ctrl-C.
    #[error(
        "interrupted after step {step}; everything so far is in {file}, go on with `rote train --resume {file}`"
    )]
    Interrupted {
        /// Steps done.
        step: u64,
        /// The checkpoint.
        file: String,
    },
}

impl CliError {
    /// 2 for what a person has to write differently, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Setting(_) | Self::Train(TrainError::Setting(_)) => {
                ExitCode::from(2)
            }
            Self::Data(DataError::TooFewImages { .. }) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// An error about the file given with `--{flag}`.
    pub(super) fn in_file(matches: &ArgMatches, flag: &str, error: TrainError) -> Self {
        let file = matches
            .get_one::<PathBuf>(flag)
            .map_or_else(String::new, |file| format!("{}: ", file.display()));
        Self::Usage(format!("{file}{error}"))
    }
}
