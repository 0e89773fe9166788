//! The folder of a run: `recipe.toml`, `events.jsonl` (everything but the single steps), `checkpoint.rote` and, when it is
//! over, `summary.json`. A lock on `lock` says that a process is at it; it falls with the process, however that ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cli::CliError;
use crate::cli::checkpoint_file::CheckpointFile;
use crate::data::store;
use crate::experiments::Outcome;
use crate::train::{Checkpoint, EpochMetrics, Event, Recipe, Summary};

const SUMMARY: &str = "summary.json";
const EVENTS: &str = "events.jsonl";

/// The end of a run with what it was made by.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RunSummary {
    /// The row of the grid.
    pub row: String,
    /// How it ended.
    #[serde(flatten)]
    pub summary: Summary,
    /// Test images it was measured on.
    pub test_images: u64,
    /// The device's name.
    pub device: String,
    /// Rote's version.
    pub version: String,
    /// The day it ended, in UTC.
    pub date: String,
}

/// Where a run is kept.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

/// Held while a process is at a run.
pub struct Claimed {
    // Never read: what counts is that it is open.
    _lock: File,
}

impl RunFolder {
    /// The folder of a recipe in a folder of runs. Other settings have another folder, so nothing is ever mixed.
    pub fn of(runs: &Path, row: &str, recipe: &Recipe) -> Self {
        let settings = Sha256::digest(Recipe { seed: 0, ..recipe.clone() }.to_toml());
        let short: String = settings.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self { path: runs.join(format!("{}-{short}-seed{}", row.replace('/', "."), recipe.seed)) }
    }

    /// A folder that is there.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's checkpoint.
    pub(super) fn checkpoint_file(&self) -> CheckpointFile {
        CheckpointFile::new(self.path.join("checkpoint.rote"))
    }

    /// Makes the folder and takes the run, or nothing if another process is at it.
    pub fn claim(&self) -> Result<Option<Claimed>, CliError> {
        let lock = self.path.join("lock");
        fs::create_dir_all(&self.path).map_err(|error| refused(&self.path, "made", &error))?;
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = open.map_err(|error| refused(&lock, "opened", &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Claimed { _lock: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(refused(&lock, "locked", &error)),
        }
    }

    /// How the run ended; none if it has not.
    pub fn summary(&self) -> Result<Option<RunSummary>, CliError> {
        let path = self.path.join(SUMMARY);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(&path, "read", &error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            let path = path.display();
            CliError::Failed(format!(
                "{path} is damaged ({error}); remove it, and the run's end is made again"
            ))
        })
    }

    /// Writes how the run ended.
    pub(super) fn finish(&self, summary: &RunSummary) -> Result<(), CliError> {
        let text =
            serde_json::to_string_pretty(summary).expect("a summary holds nothing JSON cannot");
        self.replace(SUMMARY, &(text + "\n"))
    }

    /// The epochs that were told, in order; lines that are cut off or damaged are left out.
    fn epochs(&self) -> Vec<EpochMetrics> {
        let text = fs::read_to_string(self.path.join(EVENTS)).unwrap_or_default();
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        events
            .filter_map(|event| if let Event::Epoch(epoch) = event { Some(epoch) } else { None })
            .collect()
    }

    /// A finished run with how the experiments see it; none if it is not finished.
    ///
    /// # Errors
    /// If the summary is damaged, or epochs that it counts are missing.
    pub fn finished(&self) -> Result<Option<(RunSummary, Outcome)>, CliError> {
        let Some(about) = self.summary()? else { return Ok(None) };
        let RunSummary { summary, test_images, .. } = about.clone();
        let epochs = self.epochs();
        if (epochs.len() as u64) < summary.epochs {
            let path = self.path.join(EVENTS);
            return Err(CliError::Failed(format!(
                "{} holds {} of {} epochs; remove it and summary.json, and the run's end is made again",
                path.display(),
                epochs.len(),
                summary.epochs
            )));
        }
        Ok(Some((about, Outcome { summary, epochs, test_images })))
    }

    /// The checkpoint, if there is one.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, CliError> {
        let file = self.checkpoint_file();
        if file.exists() { file.read().map(Some) } else { Ok(None) }
    }

    /// Begins the record of a run: its recipe, and what it had told when its checkpoint was taken.
    pub(super) fn begin(&self, recipe: &Recipe, history: &[Event]) -> Result<EventLog, CliError> {
        self.replace("recipe.toml", &recipe.to_toml())?;
        self.replace(EVENTS, "")?;
        let path = self.path.join(EVENTS);
        let open = OpenOptions::new().append(true).open(&path);
        let mut log =
            EventLog { file: open.map_err(|error| refused(&path, "opened", &error))?, path };
        history.iter().try_for_each(|event| log.add(event))?;
        Ok(log)
    }

    fn replace(&self, name: &str, text: &str) -> Result<(), CliError> {
        let path = self.path.join(name);
        store::replace(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|error| refused(&path, "written", &error))
    }
}

/// `events.jsonl`, growing.
pub(super) struct EventLog {
    file: File,
    path: PathBuf,
}

impl EventLog {
    /// Adds a line for everything but a single step: an epoch holds the mean of its steps, and there are a hundred times
    /// as many of them.
    pub(super) fn add(&mut self, event: &Event) -> Result<(), CliError> {
        if matches!(event, Event::Step { .. }) {
            return Ok(());
        }
        let line = serde_json::to_string(event).expect("an event holds nothing JSON cannot") + "\n";
        self.file.write_all(line.as_bytes()).map_err(|error| refused(&self.path, "written", &error))
    }

    /// Waits until everything is on disk: a summary must not outlive the epochs it sums up.
    pub(super) fn sync(&self) -> Result<(), CliError> {
        self.file.sync_data().map_err(|error| refused(&self.path, "written", &error))
    }
}

fn refused(path: &Path, action: &str, error: &io::Error) -> CliError {
    let advice =
        "make room there or choose another folder with --out, then run the same command again";
    CliError::Failed(format!("{} could not be {action}: {error}; {advice}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_other_settings_or_seeds_have_other_folders() {
        let folder =
            |recipe: &Recipe| RunFolder::of(Path::new("runs"), "mlp-1x512/plain", recipe).path;
        let plain = Recipe::default();
        assert!(folder(&plain).to_str().unwrap().starts_with("runs/mlp-1x512.plain-"));
        let other = Recipe { momentum: 0.5, ..plain.clone() };
        let seed = Recipe { seed: 2, ..plain.clone() };
        assert_eq!(folder(&plain), folder(&plain.clone()));
        assert!(folder(&plain) != folder(&other) && folder(&plain) != folder(&seed));
    }

    #[test]
    fn a_run_can_be_claimed_once_at_a_time() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::of(runs.path(), "row", &Recipe::default());
        let claimed = folder.claim().unwrap();
        assert!(claimed.is_some() && folder.claim().unwrap().is_none());
        drop(claimed);
        assert!(folder.claim().unwrap().is_some());
    }

    #[test]
    fn a_summary_that_is_cut_off_is_named() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(runs.path());
        assert!(folder.summary().unwrap().is_none());
        fs::write(runs.path().join(SUMMARY), "{\"row\": ").unwrap();
        let error = folder.summary().unwrap_err().to_string();
        assert!(
            error.contains("summary.json is damaged") && error.contains("remove it"),
            "{error}"
        );
    }
}
