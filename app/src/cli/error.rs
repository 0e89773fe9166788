//! How a command can end badly.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;

use super::interrupt::Signal;
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
    /// The program, or a driver below it, has a fault that ended a run.
    #[error(
        "a fault of the program or of the device's driver: {text}; what was saved of this run is kept, and the same command \
         tries again"
    )]
    Fault {
        /// What it said.
        text: String,
    },
    /// Something else failed.
    #[error("{0}")]
    Failed(String),
    /// A run was asked to end.
    #[error(
        "stopped by {} after step {step}; everything so far is in {file}: {}", signal.name(), again.advice(file)
    )]
    Interrupted {
        /// What asked for it.
        signal: Signal,
        /// Steps done.
        step: u64,
        /// The checkpoint.
        file: String,
        /// What goes on with it.
        again: Again,
    },
    /// A grid was asked to end.
    #[error("stopped by {}; the same command goes on where it was", signal.name())]
    GridInterrupted {
        /// What asked for it.
        signal: Signal,
    },
}

/// How a stopped run is gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// By the command that began it.
    SameCommand,
    /// By `--resume` only: the command that began it would begin anew.
    Resume,
}

impl Again {
    pub(super) fn advice(self, file: &str) -> String {
        let resume = format!("go on with `rote train --resume {file}`");
        match self {
            Self::SameCommand => format!("give the same command again, or {resume}"),
            Self::Resume => resume,
        }
    }
}

impl CliError {
    /// 2 for what a person has to write differently, 128 and the signal where one asked for the end, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted { signal, .. } | Self::GridInterrupted { signal } => {
                ExitCode::from(signal.exit_code())
            }
            Self::Usage(_)
            | Self::Setting(_)
            | Self::Train(TrainError::Setting(_) | TrainError::DoesNotFit { .. }) => {
                ExitCode::from(2)
            }
            Self::Device(DeviceError::NoSuchGpu { .. }) => ExitCode::from(2),
            Self::Data(DataError::TooFewImages { .. } | DataError::NoFiles { .. }) => {
                ExitCode::from(2)
            }
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
