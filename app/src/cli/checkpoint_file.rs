//! Checkpoints on disk: written beside the old one and renamed over it, so a crash leaves one of the two.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::CliError;
use crate::train::{Checkpoint, Recipe};

/// Where a checkpoint is or will be.
pub(super) struct CheckpointFile(PathBuf);

impl CheckpointFile {
    pub(super) fn new(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_path_buf())
    }

    /// The name a run's checkpoint gets where none was given.
    pub(super) fn for_recipe(recipe: &Recipe) -> Self {
        let name = format!("{}-{}-seed{}.rote", recipe.model.key(), recipe.condition.key(), recipe.seed);
        Self(PathBuf::from(name))
    }

    pub(super) fn read(&self) -> Result<Checkpoint, CliError> {
        let bytes = fs::read(&self.0).map_err(|error| {
            CliError::Failed(format!("{self} could not be read: {error}; name a checkpoint that `rote train` wrote"))
        })?;
        Checkpoint::from_bytes(&bytes).map_err(|error| CliError::Failed(format!("{self}: {error}")))
    }

    pub(super) fn write(&self, checkpoint: &Checkpoint) -> Result<(), CliError> {
        let mut beside = self.0.clone().into_os_string();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let written = File::create(&beside)
            .and_then(|mut file| {
                file.write_all(&checkpoint.to_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&beside, &self.0));
        written.map_err(|error| {
            // Half a file is of no use, and may be what filled the disk; if it cannot be removed, nothing is worse.
            let _ = fs::remove_file(&beside);
            CliError::Failed(format!(
                "the checkpoint {self} could not be written: {error}; make room there or choose another path with --save"
            ))
        })
    }
}

impl fmt::Display for CheckpointFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}
