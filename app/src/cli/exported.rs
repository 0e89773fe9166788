//! Runs in files: what `rote export` wrote, read back; and the run folders that it writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::CliError;
use super::grid::{RunFolder, RunSummary, UnreadRun, epochs_of, is_alike, missing_epochs};
use crate::data::store;
use crate::experiments::Outcome;
use crate::train::{Event, FORMAT, Origin, Recipe, Record, from_json, from_json_line};

/// The file of runs that belongs to a folder of runs: `results/desk.jsonl` to `results/desk`.
pub fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".jsonl");
    name.into()
}

/// Runs that were read, and a sentence for each that was not.
#[derive(Default)]
pub struct RecordsFound {
    /// The runs.
    pub records: Vec<Record>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// Reads a file of runs: a run a line (`.jsonl`), or one object that holds them all (`.json`). No file is no runs.
///
/// # Errors
/// If the file is there and cannot be read.
pub fn read(path: &Path) -> Result<RecordsFound, CliError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(RecordsFound::default()),
        Err(error) => {
            let path = path.display();
            return Err(CliError::Failed(format!(
                "{path} could not be read: {error}; mend that, or name another file of runs"
            )));
        }
    };
    let mut found = RecordsFound::default();
    if path.extension().is_some_and(|ending| ending == "json") {
        match from_json(&text) {
            Ok(records) => found.records = records,
            Err(problem) => found.problems.push(format!("{}: {problem}", path.display())),
        }
        return Ok(found);
    }
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match from_json_line(line) {
            Ok(record) => found.records.push(record),
            Err(problem) => {
                found.problems.push(format!("{}, line {}: {problem}", path.display(), at + 1));
            }
        }
    }
    Ok(found)
}

/// A finished run's record as the grid and the experiments see it; none if it has no end.
///
/// # Errors
/// One sentence, if events are missing that its end counts.
pub fn finished(record: &Record) -> Result<Option<(RunSummary, Outcome)>, String> {
    let Some(summary) = record.summary().cloned() else { return Ok(None) };
    let export_again =
        |what: &str| format!("{} {what}; export it again from its run folder", record.id());
    if let Some(missing) = missing_epochs(&summary, &record.events) {
        return Err(export_again(&missing));
    }
    let test_images = record.events.iter().rev().find_map(|event| match event {
        Event::Started { test_images, .. } => Some(*test_images),
        _ => None,
    });
    let test_images =
        test_images.ok_or_else(|| export_again("does not say how many images tested it"))?;
    let epochs = epochs_of(record.events.iter().cloned());
    let about = RunSummary {
        format: FORMAT,
        row: record.name.clone(),
        summary: summary.clone(),
        test_images,
        origin: record.origin.clone(),
        date: record.date.clone(),
    };
    Ok(Some((about, Outcome { summary, epochs, test_images })))
}

/// A finished run of a run folder with everything it said; none if it is not finished. `folder` is what the folder of runs is
/// called.
///
/// # Errors
/// If its files are damaged or cannot be read.
pub fn of_run_folder(path: &Path, folder: &str) -> Result<Option<Record>, UnreadRun> {
    let Some((about, events)) = RunFolder::at(path).told()? else { return Ok(None) };
    Ok(Some(Record {
        name: about.row,
        folder: folder.to_owned(),
        recipe: about.summary.recipe,
        origin: about.origin,
        date: about.date,
        events,
    }))
}

/// Every finished run of a folder of runs and of the file beside it, each once.
///
/// # Errors
/// If there is such a file or folder and it cannot be read.
pub fn of_runs(folder: &Path) -> Result<RecordsFound, CliError> {
    let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    let mut found = RecordsFound::default();
    for path in entries(folder)?.unwrap_or_default().iter().filter(|path| has(path, "summary.json"))
    {
        match of_run_folder(path, &name) {
            Ok(record) => found.records.extend(record),
            Err(error) => found.problems.push(error.to_string()),
        }
    }
    let exported = read(&beside(folder))?;
    found.problems.extend(exported.problems);
    for record in exported.records {
        let is_same = |known: &Record| {
            known.recipe == record.recipe && is_alike(&known.origin, &record.origin)
        };
        if !found.records.iter().any(is_same) {
            found.records.push(record);
        }
    }
    Ok(found)
}

/// What is in a folder, by name; none if there is no such folder.
///
/// # Errors
/// If it is there and cannot be listed.
pub fn entries(folder: &Path) -> Result<Option<Vec<PathBuf>>, CliError> {
    let listed = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
    let listed = store::if_found(listed).map_err(|error| {
        CliError::Failed(format!("{} could not be read: {error}; mend that", folder.display()))
    })?;
    Ok(listed.map(|mut paths| {
        paths.sort();
        paths
    }))
}

/// Whether there is something of that name in what may be a folder. What the system does not let one look at is there: who
/// reads it says what is wrong.
pub fn has(folder: &Path, name: &str) -> bool {
    let looked_at = fs::metadata(folder.join(name));
    !looked_at.is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    })
}

/// The finished runs of the file beside a folder of runs, for a grid that need not make them again.
pub struct Done {
    runs: Vec<RunSummary>,
    /// What could not be read and is made again, one sentence each.
    pub problems: Vec<String>,
}

impl Done {
    /// Reads the file beside `folder`.
    ///
    /// # Errors
    /// If there is one and it cannot be read.
    pub fn beside(folder: &Path) -> Result<Self, CliError> {
        let path = beside(folder);
        let RecordsFound { records, problems } = read(&path)?;
        let mut done = Self { runs: Vec::new(), problems };
        for record in &records {
            match finished(record) {
                Ok(run) => done.runs.extend(run.map(|(about, _)| about)),
                Err(problem) => done.problems.push(format!("{}: {problem}", path.display())),
            }
        }
        Ok(done)
    }

    /// The run of a recipe that came to what `origin` would come to.
    pub fn find(&self, recipe: &Recipe, origin: &Origin) -> Option<&RunSummary> {
        self.runs.iter().find(|done| done.summary.recipe == *recipe && done.is_like(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{StopReason, Summary};

    #[test]
    fn a_damaged_line_is_named_and_the_others_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.jsonl");
        let line = crate::train::to_json_line(&Record { name: "row".into(), ..Record::default() });
        fs::write(&path, format!("{line}\n{}\n\n{line}\n", &line[..line.len() / 2])).unwrap();
        let found = read(&beside(&folder.path().join("desk"))).unwrap();
        assert_eq!((found.records.len(), found.problems.len()), (2, 1));
        assert!(found.problems[0].contains("desk.jsonl, line 2"), "{}", found.problems[0]);
    }

    #[test]
    fn no_file_is_no_runs_and_a_file_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("none.jsonl")).unwrap().records.is_empty());
        // A folder where a file is expected: there, but not to be read.
        assert!(
            read(folder.path()).is_err_and(|error| error.to_string().contains("could not be read"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_listed_is_an_error_and_a_summary_that_cannot_be_read_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert!(entries(&folder.path().join("none")).unwrap().is_none());
        let runs = folder.path().join("runs");
        fs::create_dir_all(runs.join("one")).unwrap();
        // Links to themselves: neither there nor absent, for root neither.
        std::os::unix::fs::symlink("summary.json", runs.join("one/summary.json")).unwrap();
        let found = of_runs(&runs).unwrap();
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert!(problem.contains("summary.json could not be read"), "{problem}");
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        assert!(of_runs(&folder.path().join("loop")).is_err());
    }

    /// A run that ended before its first epoch did.
    fn ended(numerics: u32, data_sha256: &str) -> Record {
        let origin = Origin { numerics, data_sha256: data_sha256.into(), ..Origin::default() };
        let started = Event::Started {
            format: 1,
            recipe: Recipe::default(),
            origin: origin.clone(),
            parameters: 1,
            images: 1,
            corrupted_labels: 0,
            test_images: 1,
            steps_per_epoch: 10,
            last_step: 10,
            step: 0,
        };
        let end = Summary {
            recipe: Recipe::default(),
            train_accuracy: 1.0,
            test_accuracy: 0.5,
            train_loss: 0.01,
            corrupted: None,
            steps: 5,
            epochs: 0,
            seconds: 1.0,
            stopped_by: StopReason::Steps,
        };
        Record { origin, events: vec![started, Event::Finished(end)], ..Record::default() }
    }

    #[test]
    fn a_run_of_other_numerics_or_data_was_not_done_before_and_a_damaged_line_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("desk");
        let line = crate::train::to_json_line(&ended(7, "aa"));
        fs::write(beside(&runs), format!("{line}\n{}\n", &line[..line.len() / 2])).unwrap();
        let done = Done::beside(&runs).unwrap();
        let is_done = |numerics, data: &str| {
            let origin = Origin { numerics, data_sha256: data.into(), ..Origin::default() };
            done.find(&Recipe::default(), &origin).is_some()
        };
        assert!(is_done(7, "aa") && is_done(7, ""));
        assert!(!is_done(8, "aa") && !is_done(7, "bb"));
        let [problem] = &done.problems[..] else { panic!("{:?}", done.problems) };
        assert!(problem.contains("desk.jsonl, line 2"), "{problem}");
    }
}
