//! Checkpoints on disk; a crash while one is written leaves the one before it.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::CliError;
use crate::data::store;
use crate::train::{Checkpoint, Recipe};

/// Where a checkpoint is or will be.
#[derive(Clone)]
pub(super) struct CheckpointFile(PathBuf);

impl CheckpointFile {
    pub(super) fn new(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_path_buf())
    }

    /// Whether there is such a file.
    pub(super) fn exists(&self) -> bool {
        self.0.exists()
    }

    /// The name a run's checkpoint gets where none was given.
    pub(super) fn for_recipe(recipe: &Recipe) -> Self {
        // The sum of its settings, so that two runs that are interrupted in one folder do not meet.
        let settings = Sha256::digest(recipe.to_toml());
        let short: String = settings.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        Self(PathBuf::from(format!(
            "{}-{}-{short}.rote",
            recipe.model.key(),
            recipe.condition.key()
        )))
    }

    /// Refuses a file that holds another run, or one that is no checkpoint: saving would destroy it.
    pub(super) fn refuse_another_run(&self, recipe: &Recipe) -> Result<(), CliError> {
        if !self.0.exists() {
            return Ok(());
        }
        let same = self.read().and_then(|saved| Ok(saved.continued_as(recipe)?));
        same.map(|_| ()).map_err(|error| {
            CliError::Usage(format!(
                "{self} is not of this run and would be replaced ({error}); give --save another path"
            ))
        })
    }

    pub(super) fn read(&self) -> Result<Checkpoint, CliError> {
        let bytes = fs::read(&self.0).map_err(|error| {
            CliError::Failed(format!(
                "{self} could not be read: {error}; name a checkpoint that `rote train` wrote"
            ))
        })?;
        Checkpoint::from_bytes(&bytes)
            .map_err(|error| CliError::Checkpoint { file: self.to_string(), error })
    }

    pub(super) fn write(&self, checkpoint: &Checkpoint) -> Result<(), CliError> {
        store::replace(&self.0, |file| file.write_all(&checkpoint.to_bytes())).map_err(|error| {
            let first = if error.kind() == io::ErrorKind::NotFound { "make the folder" } else { "make room there" };
            CliError::Failed(format!(
                "the checkpoint {self} could not be written: {error}; {first}, or name another place with --save \
                 (--out for a grid)"
            ))
        })
    }
}

impl fmt::Display for CheckpointFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}
