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

    /// The name a run's checkpoint gets where none was given.
    pub(super) fn for_recipe(recipe: &Recipe) -> Self {
        // The sum of its settings, so that two runs that are interrupted in one folder do not meet. Without those that may
        // change when it is gone on with: the same run must find its file.
        let settings: Vec<_> = recipe.settings_that_stay().collect();
        let sum = Sha256::digest(format!("{settings:?}"));
        let short: String = sum.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        Self(PathBuf::from(format!(
            "{}-{}-{short}.rote",
            recipe.model.key(),
            recipe.condition.key()
        )))
    }

    /// The run of `recipe` that is kept here; none if there is no file.
    ///
    /// # Errors
    /// If the file is another run's or no checkpoint: saving would destroy it. If it cannot be read: it is not known what
    /// would be destroyed.
    pub(super) fn of_run(&self, recipe: &Recipe) -> Result<Option<Checkpoint>, CliError> {
        let saved = match self.read_if_there() {
            Ok(Some(saved)) => saved,
            Ok(None) => return Ok(None),
            Err(error @ CliError::Checkpoint { .. }) => return Err(self.would_be_replaced(&error)),
            Err(error) => return Err(error),
        };
        match saved.continued_as(recipe) {
            Ok(_) => Ok(Some(saved)),
            Err(error) => Err(self.would_be_replaced(&error.into())),
        }
    }

    fn would_be_replaced(&self, error: &CliError) -> CliError {
        CliError::Usage(format!(
            "{self} is not of this run and would be replaced ({error}); give --save another path"
        ))
    }

    /// Refuses to take up, of itself, a run that is further than was asked for: what it came to would stand under a recipe
    /// that it does not have.
    pub(super) fn refuse_too_far(
        &self,
        found: &Checkpoint,
        recipe: &Recipe,
    ) -> Result<(), CliError> {
        let (step, last) = (found.progress.step, recipe.last_step());
        if step <= last {
            return Ok(());
        }
        Err(CliError::Usage(format!(
            "{self} holds this run up to step {step}, and only {last} steps are asked for; add --restart to begin anew, or \
             ask for more `epochs` or `steps`"
        )))
    }

    pub(super) fn read(&self) -> Result<Checkpoint, CliError> {
        self.read_if_there()?.ok_or_else(|| {
            CliError::Failed(format!(
                "{self} does not exist; name a checkpoint that `rote train` wrote"
            ))
        })
    }

    /// The checkpoint, or none if there is no file. Whatever else keeps it from being read is an error: behind a disk that
    /// does not answer at the moment there may be days of work.
    pub(super) fn read_if_there(&self) -> Result<Option<Checkpoint>, CliError> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(CliError::Failed(format!(
                    "{self} could not be read: {error}; make it readable, or move it out of the way to begin anew"
                )));
            }
        };
        let read = Checkpoint::from_bytes(&bytes);
        read.map(Some).map_err(|error| CliError::Checkpoint { file: self.to_string(), error })
    }

    /// Writes the checkpoint unless the file holds the same run further on: another process may be at it.
    pub(super) fn write_further(&self, checkpoint: &Checkpoint) -> Result<(), CliError> {
        let there = self.of_run(&checkpoint.recipe)?.map_or(0, |there| there.progress.step);
        let step = checkpoint.progress.step;
        if there > step {
            return Err(CliError::Failed(format!(
                "{self} holds this run up to step {there} by now, and was not replaced by step {step}: another process is at \
                 the same run; stop one of the two, or give each a --save of its own"
            )));
        }
        self.write(checkpoint)
    }

    pub(super) fn write(&self, checkpoint: &Checkpoint) -> Result<(), CliError> {
        store::replace(&self.0, |file| file.write_all(&checkpoint.to_bytes())).map_err(|error| {
            let first = if error.kind() == io::ErrorKind::NotFound {
                "make the folder"
            } else {
                "make room there"
            };
            CliError::Failed(format!(
                "the checkpoint {self} could not be written: {error}; {first}, or name another place with --save \
                 (--out for a grid)"
            ))
        })
    }

    /// Removes the file if there is one.
    pub(super) fn remove(&self) -> Result<(), CliError> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CliError::Failed(format!("{self} could not be removed: {error}")))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for CheckpointFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}
