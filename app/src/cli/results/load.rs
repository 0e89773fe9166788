//! Reading folders of runs.

use std::fs;
use std::path::{Path, PathBuf};

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
    pub(super) fn load(folder: &Path) -> Self {
        let mut runs = Self::default();
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        paths.sort();
        for path in paths {
            runs.add(&path);
        }
        runs
    }

    /// Reads a run's own folder.
    pub(super) fn add(&mut self, path: &Path) {
        match RunFolder::at(path).finished() {
            // The same recipe and seed under another row's name would pass for another seed.
            Ok(Some((_, outcome)))
                if self
                    .results
                    .0
                    .iter()
                    .any(|known| known.summary.recipe == outcome.summary.recipe) => {}
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
        all.filter(|(outcome, _)| outcome.summary.recipe.is_same_but_for_seed(recipe))
            .map(|(outcome, (path, about))| (outcome, path.as_path(), about))
            .collect()
    }
}
