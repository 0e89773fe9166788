//! Reading folders of runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::grid::{RunFolder, RunSummary};
use crate::experiments::{Outcome, Results};
use crate::train::Recipe;

/// The finished runs of a folder.
#[derive(Default)]
pub(super) struct Runs {
    /// As the experiments see them.
    pub(super) results: Results,
    /// Where each is and what it was made by, in the same order.
    pub(super) about: Vec<(PathBuf, RunSummary)>,
    /// What could not be read, one sentence each.
    pub(super) problems: Vec<String>,
}

impl Runs {
    /// Reads all run folders in `folder`; none if there is no such folder.
    pub(super) fn load(folder: &Path) -> Result<Self, CliError> {
        let mut runs = Self::default();
        let Ok(entries) = fs::read_dir(folder) else { return Ok(runs) };
        let mut paths: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        paths.sort();
        for path in paths {
            runs.add(&path);
        }
        Ok(runs)
    }

    /// Reads a run's own folder.
    pub(super) fn add(&mut self, path: &Path) {
        let folder = RunFolder::at(path);
        let read = folder.summary().and_then(|summary| Ok(summary.zip(folder.outcome()?)));
        match read {
            Ok(Some((summary, outcome))) => {
                self.results.0.push(outcome);
                self.about.push((path.to_path_buf(), summary));
            }
            Ok(None) => {}
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.about.is_empty() && self.problems.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.about.len()
    }

    /// The runs of a recipe with any seed, each with where it is.
    pub(super) fn of(&self, recipe: &Recipe) -> Vec<(&Outcome, &Path, &RunSummary)> {
        let all = self.results.0.iter().zip(&self.about);
        let same = |outcome: &Outcome| Recipe { seed: recipe.seed, ..outcome.summary.recipe.clone() } == *recipe;
        all.filter(|(outcome, _)| same(outcome))
            .map(|(outcome, (path, about))| (outcome, path.as_path(), about))
            .collect()
    }
}
