//! The runs that are in a folder already, found by the recipes they record: names of folders have changed, and will.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::folder::RunFolder;
use super::options::Job;
use super::work::made_here;
use crate::cli::{CliError, exported};
use crate::train::Recipe;

/// The runs of a folder.
pub(super) struct Known {
    runs: Vec<KnownRun>,
    /// What could not be read, one sentence each.
    pub(super) problems: Vec<String>,
}

struct KnownRun {
    recipe: Recipe,
    folder: RunFolder,
    standing: Standing,
}

/// How far a run is; the sooner in the list, the more it is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Finished, with the numbers that it would come to here.
    Finished,
    /// Begun.
    Begun,
    /// Finished, with numbers that it would not come to here.
    FinishedOtherwise,
}

impl Known {
    /// Reads what each run in `runs` records, once for a whole grid.
    ///
    /// # Errors
    /// If there is such a folder and it cannot be listed.
    pub(super) fn read(runs: &Path) -> Result<Self, CliError> {
        let mut known = Self { runs: Vec::new(), problems: Vec::new() };
        for path in exported::entries(runs)?.unwrap_or_default() {
            let folder = RunFolder::at(&path);
            match recorded(&folder) {
                Ok(Some((recipe, standing))) => {
                    known.runs.push(KnownRun { recipe, folder, standing });
                }
                Ok(None) => {}
                Err(problem) => known.problems.push(problem),
            }
        }
        // By standing, then by name: an attempt that was broken off beside a finished run is of no use.
        known.runs.sort_by_key(|run| run.standing);
        Ok(known)
    }

    /// The folder of a run: the one that is there, under whatever name, or the one that it is to be made in.
    pub(super) fn folder(&self, runs: &Path, job: &Job) -> RunFolder {
        let there = self.runs.iter().find(|run| run.recipe == job.recipe);
        there.map_or_else(
            || RunFolder::of(runs, &job.called(), &job.recipe),
            |run| run.folder.clone(),
        )
    }
}

/// The recipe of a run, and how far it is. A summary that cannot be read, or a recipe that is damaged, is met again, and
/// told, when that run is to be made.
///
/// # Errors
/// One sentence, if nothing can be read that would say whose folder it is.
fn recorded(folder: &RunFolder) -> Result<Option<(Recipe, Standing)>, String> {
    if let Ok(Some(about)) = folder.summary() {
        let recipe = about.summary.recipe.clone();
        let is_like = about.is_like(&made_here(&recipe));
        let standing = if is_like { Standing::Finished } else { Standing::FinishedOtherwise };
        return Ok(Some((recipe, standing)));
    }
    let path = folder.path().join("recipe.toml");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Recipe::from_toml(&text).ok().map(|recipe| (recipe, Standing::Begun))),
        // A file beside the folders has nothing in it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(format!(
            "{} could not be read: {error}; if it is a run's, that run is not known and may be made again elsewhere",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(recipe: Recipe) -> Job {
        Job { row: "mlp-1x512/plain".into(), recipe, ..Job::default() }
    }

    #[test]
    fn a_run_is_found_by_the_recipe_it_records_under_another_name() {
        let runs = tempfile::tempdir().unwrap();
        let old = runs.path().join("mlp-1x512.plain-b0cc55c6-seed1");
        fs::create_dir(&old).unwrap();
        // As version 0.1 wrote it: only what differs from the defaults.
        fs::write(old.join("recipe.toml"), "images = 2000\nbatch-size = 64\nepochs = 60\n")
            .unwrap();
        let recipe = Recipe { images: 2000, batch_size: 64, epochs: 60, ..Recipe::default() };
        let known = Known::read(runs.path()).unwrap();
        assert_eq!(known.folder(runs.path(), &job(recipe.clone())).path(), old);
        let other = Recipe { seed: 2, ..recipe };
        assert_ne!(known.folder(runs.path(), &job(other)).path(), old);
    }

    #[test]
    fn a_folder_without_a_readable_recipe_is_nobodys() {
        let runs = tempfile::tempdir().unwrap();
        fs::create_dir(runs.path().join("notes")).unwrap();
        fs::create_dir(runs.path().join("broken")).unwrap();
        fs::write(runs.path().join("broken/recipe.toml"), "images = many").unwrap();
        fs::write(runs.path().join("file"), "").unwrap();
        let known = Known::read(runs.path()).unwrap();
        assert!(known.problems.is_empty(), "{:?}", known.problems);
        let found = known.folder(runs.path(), &job(Recipe::default()));
        assert_eq!(found.path().parent(), Some(runs.path()));
        assert!(!found.path().exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_is_told_and_a_folder_that_cannot_be_listed_is_an_error() {
        let runs = tempfile::tempdir().unwrap();
        fs::create_dir(runs.path().join("a")).unwrap();
        // Links to themselves: neither there nor absent, for root neither.
        std::os::unix::fs::symlink("recipe.toml", runs.path().join("a/recipe.toml")).unwrap();
        let known = Known::read(runs.path()).unwrap();
        let [problem] = &known.problems[..] else { panic!("{:?}", known.problems) };
        assert!(problem.contains("a/recipe.toml could not be read"), "{problem}");
        std::os::unix::fs::symlink("loop", runs.path().join("loop")).unwrap();
        let error = Known::read(&runs.path().join("loop")).err().unwrap().to_string();
        assert!(error.contains("loop could not be read"), "{error}");
        assert!(Known::read(&runs.path().join("nowhere")).unwrap().runs.is_empty());
    }
}
