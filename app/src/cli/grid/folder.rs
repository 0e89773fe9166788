//! The folder of a run: `recipe.toml`, `events.jsonl` (everything but the single steps), `checkpoint.rote` while it goes on
//! and, when it is over, `summary.json`. Who is at it holds a [`RunLock`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::claim::RunLock;
use super::name::folder_name;
use crate::cli::CliError;
use crate::cli::checkpoint_file::CheckpointFile;
use crate::data::store;
use crate::experiments::Outcome;
use crate::train::{Checkpoint, EpochMetrics, Event, Origin, Recipe, Summary};

const SUMMARY: &str = "summary.json";
const EVENTS: &str = "events.jsonl";

/// The end of a run with what it was made by.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RunSummary {
    /// [`FORMAT`](crate::train::FORMAT) of this file.
    #[serde(default = "first_format")]
    pub format: u32,
    /// The row of the grid.
    pub row: String,
    /// How it ended.
    #[serde(flatten)]
    pub summary: Summary,
    /// Test images it was measured on.
    pub test_images: u64,
    /// What it was made by.
    #[serde(flatten)]
    pub origin: Origin,
    /// The day it ended, in UTC.
    pub date: String,
}

/// Summaries written before they said their format are of the first.
fn first_format() -> u32 {
    1
}

impl RunSummary {
    /// Whether a run of `origin` with the same recipe would have come to the same numbers: computed in the same way, from
    /// the same data where both say which.
    pub fn is_like(&self, origin: &Origin) -> bool {
        is_alike(&self.origin, origin)
    }
}

/// Whether the same recipe comes to the same numbers in both.
pub fn is_alike(one: &Origin, other: &Origin) -> bool {
    let (one_data, other_data) = (&one.data_sha256, &other.data_sha256);
    let is_known = !one_data.is_empty() && !other_data.is_empty();
    one.numerics == other.numerics && (!is_known || one_data == other_data)
}

/// Why the files of a run do not say how it ended.
#[derive(Debug, thiserror::Error)]
pub enum UnreadRun {
    /// They were read and are not whole; the run can be made again.
    #[error("{0}")]
    Damaged(String),
    /// The system does not let them be read now. The run may well be finished, so nothing of it may be touched.
    #[error(transparent)]
    Refused(#[from] CliError),
}

impl From<UnreadRun> for CliError {
    fn from(unread: UnreadRun) -> Self {
        match unread {
            UnreadRun::Damaged(message) => Self::Failed(message),
            UnreadRun::Refused(error) => error,
        }
    }
}

/// Where a run is kept.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The folder of a run, by what it is called, in a folder of runs. Other settings have another folder, so nothing is
    /// ever mixed.
    pub fn of(runs: &Path, called: &str, recipe: &Recipe) -> Self {
        Self { path: runs.join(folder_name(called, recipe)) }
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
    pub fn claim(&self) -> Result<Option<RunLock>, CliError> {
        fs::create_dir_all(&self.path).map_err(|error| refused(&self.path, "made", &error))?;
        let claim = RunLock::take(&self.path.join("lock"))?;
        if let Some(claim) = &claim {
            self.tidy(claim)?;
        }
        Ok(claim)
    }

    /// Removes what a process that was killed in the middle of a write left behind. Only under a lock: without one another
    /// process may be in the middle of that write.
    fn tidy(&self, claim: &RunLock) -> Result<(), CliError> {
        if !claim.is_locked() {
            return Ok(());
        }
        store::sweep(&self.path).map_err(|error| refused(&self.path, "tidied", &error))
    }

    /// How the run ended; none if it has not.
    pub fn summary(&self) -> Result<Option<RunSummary>, UnreadRun> {
        let Some(text) = self.text(SUMMARY)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            let path = self.path.join(SUMMARY);
            let path = path.display();
            UnreadRun::Damaged(format!(
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

    /// The text of a file of the run; none if there is no such file. Bytes that are no text, such as a letter that was cut
    /// in its middle, damage their line only.
    fn text(&self, name: &str) -> Result<Option<String>, CliError> {
        let path = self.path.join(name);
        let bytes = store::if_found(fs::read(&path));
        let bytes = bytes.map_err(|error| refused(&path, "read", &error))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A finished run with everything it told, in order, without lines that are cut off or damaged; none if it is not
    /// finished.
    ///
    /// # Errors
    /// If a file is damaged, so that epochs that the summary counts are missing; if one cannot be read.
    pub fn told(&self) -> Result<Option<(RunSummary, Vec<Event>)>, UnreadRun> {
        let Some(about) = self.summary()? else { return Ok(None) };
        let text = self.text(EVENTS)?.unwrap_or_default();
        let events: Vec<Event> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if let Some(missing) = missing_epochs(&about.summary, &events) {
            let path = self.path.join(EVENTS);
            return Err(UnreadRun::Damaged(format!(
                "{} {missing}; remove it and summary.json, and the run's end is made again",
                path.display()
            )));
        }
        Ok(Some((about, events)))
    }

    /// A finished run with how the experiments see it; none if it is not finished.
    ///
    /// # Errors
    /// As [`Self::told`].
    pub fn finished(&self) -> Result<Option<(RunSummary, Outcome)>, UnreadRun> {
        let Some((about, events)) = self.told()? else { return Ok(None) };
        let RunSummary { summary, test_images, .. } = about.clone();
        Ok(Some((about, Outcome { summary, epochs: epochs_of(events), test_images })))
    }

    /// The checkpoint, if there is one.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>, CliError> {
        self.checkpoint_file().read_if_there()
    }

    /// Begins the record of a run, or goes on with it behind what was told up to `step`. `history` stands in where the
    /// record has lost epochs.
    pub(super) fn begin(
        &self,
        recipe: &Recipe,
        origin: &Origin,
        step: u64,
        history: &[Event],
    ) -> Result<EventLog, CliError> {
        let path = self.path.join(EVENTS);
        let told = self.text(EVENTS)?.unwrap_or_default();
        self.replace("recipe.toml", &recipe_file(recipe, origin))?;
        self.replace(EVENTS, &told_up_to(&told, step, history))?;
        let open = OpenOptions::new().append(true).open(&path);
        Ok(EventLog { file: open.map_err(|error| refused(&path, "opened", &error))?, path })
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

/// The epochs among what a run told, in order.
pub fn epochs_of(events: impl IntoIterator<Item = Event>) -> Vec<EpochMetrics> {
    let epoch = |event| if let Event::Epoch(epoch) = event { Some(epoch) } else { None };
    events.into_iter().filter_map(epoch).collect()
}

/// Of what told fewer epochs than the run's end counts: `holds 3 of 10 epochs`.
pub fn missing_epochs(end: &Summary, events: &[Event]) -> Option<String> {
    let told = events.iter().filter(|event| matches!(event, Event::Epoch(_))).count() as u64;
    (told < end.epochs).then(|| format!("holds {told} of {} epochs", end.epochs))
}

/// The recipe with every setting, and above it, as comments, what computes it.
fn recipe_file(recipe: &Recipe, origin: &Origin) -> String {
    let Origin { numerics, version, revision, data_sha256, device } = origin;
    format!(
        "# rote {version} {revision}, numerics {numerics}\n# {device}\n# data SHA-256 {data_sha256}\n{}",
        recipe.to_full_toml()
    )
}

/// The lines of a record that belong to a run as it was after `step`: none that it will tell again.
fn told_up_to(record: &str, step: u64, history: &[Event]) -> String {
    if step == 0 {
        return String::new();
    }
    let mut lines: Vec<&str> = Vec::new();
    let mut last_told = 0;
    for line in record.lines() {
        match serde_json::from_str(line) {
            Ok(Event::Started { step: at, .. }) if at > step => break,
            Ok(Event::Epoch(epoch)) if epoch.step > step => break,
            Ok(Event::Epoch(epoch)) => {
                last_told = epoch.step;
                lines.push(line);
            }
            Ok(Event::Started { .. } | Event::Warning { .. }) => lines.push(line),
            // The end is told again; a line that is cut off is no line.
            Ok(_) | Err(_) => {}
        }
    }
    let last = history.iter().rev().find_map(|event| match event {
        Event::Epoch(epoch) => Some(epoch.step),
        _ => None,
    });
    let json = |event: &Event| {
        serde_json::to_string(event).expect("an event holds nothing JSON cannot") + "\n"
    };
    if last.is_some_and(|last| last != last_told) {
        // The file was lost or damaged; what the checkpoint remembers is all there is.
        let first = lines.first().filter(|line| line.contains("\"started\""));
        let first = first.map_or_else(String::new, |line| format!("{line}\n"));
        return first + &history.iter().map(json).collect::<String>();
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(super) fn refused(path: &Path, action: &str, error: &io::Error) -> CliError {
    let first = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give yourself the right to write there"
        }
        _ => "see whether that place answers",
    };
    let advice = "or choose another folder with --out, then run the same command again";
    CliError::Failed(format!("{} could not be {action}: {error}; {first} {advice}", path.display()))
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

    fn epoch(step: u64) -> Event {
        Event::Epoch(EpochMetrics {
            epoch: step / 10,
            step,
            learning_rate: 0.1,
            train_loss: 1.0,
            accuracy: None,
            seconds: 1.0,
            images_per_second: 1.0,
        })
    }

    fn started(step: u64) -> Event {
        Event::Started {
            format: 1,
            recipe: Recipe::default(),
            origin: Origin::default(),
            parameters: 1,
            images: 1,
            corrupted_labels: 0,
            test_images: 1,
            steps_per_epoch: 10,
            last_step: 100,
            step,
        }
    }

    fn lines(events: &[Event]) -> String {
        events.iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
    }

    #[test]
    fn a_record_is_gone_on_with_behind_its_first_line_and_tells_nothing_twice() {
        let warning = Event::Warning { message: "slow".into() };
        let told = [started(0), epoch(10), warning.clone(), epoch(20), epoch(30)];
        let history = [epoch(10), epoch(20)];
        // The checkpoint is of step 25: what was told of step 30 will be told again.
        let kept = told_up_to(&lines(&told), 25, &history);
        assert_eq!(kept, lines(&[started(0), epoch(10), warning, epoch(20)]));
        assert_eq!(told_up_to(&lines(&told), 0, &[]), "");
    }

    #[test]
    fn a_record_that_lost_epochs_is_filled_from_the_checkpoint() {
        let damaged = lines(&[started(0), epoch(10)]) + "{\"event\": \"epo";
        let history = [epoch(10), epoch(20)];
        let filled = told_up_to(&damaged, 25, &history);
        assert_eq!(filled, lines(&[started(0), epoch(10), epoch(20)]));
        assert_eq!(told_up_to("", 25, &history), lines(&history));
    }

    #[test]
    fn what_another_process_is_writing_is_swept_under_a_lock_only() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(runs.path());
        let claim = folder.claim().unwrap().unwrap();
        let half_written = runs.path().join(".rote-4711-0.tmp");
        fs::write(&half_written, "half of a chec").unwrap();
        let claim = claim.without_lock();
        folder.tidy(&claim).unwrap();
        assert!(half_written.exists());
        drop(claim);
        folder.claim().unwrap().unwrap();
        assert!(!half_written.exists());
    }

    #[test]
    fn runs_are_alike_if_computed_alike_from_data_that_are_not_known_to_differ() {
        let of = |numerics, data: &str| Origin {
            numerics,
            data_sha256: data.into(),
            version: data.into(),
            ..Origin::default()
        };
        assert!(is_alike(&of(1, "a"), &of(1, "a")) && is_alike(&of(1, ""), &of(1, "a")));
        assert!(!is_alike(&of(1, "a"), &of(2, "a")) && !is_alike(&of(1, "a"), &of(1, "b")));
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
