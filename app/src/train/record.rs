//! A run as text that can be kept, sent and read back.

use serde::{Deserialize, Serialize};

use super::{Event, FORMAT as FORMAT_VERSION, Origin, Recipe, Summary};

/// What the JSON calls itself.
const FORMAT: &str = "rote-runs";

/// A run with what it was made by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What its owner calls it; of a grid its row.
    pub name: String,
    /// The folder of runs it was made in, such as its scale; empty where there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// What was run, with its seed.
    #[serde(rename = "settings")]
    pub recipe: Recipe,
    /// What it was made by.
    #[serde(flatten)]
    pub origin: Origin,
    /// When it ended, in UTC: `2026-11-24T08:15:00.000Z`.
    pub date: String,
    /// What it said, but for its single steps.
    pub events: Vec<Event>,
}

impl Record {
    /// Tells it from every other run: its name, its seed, a hash of its settings.
    pub fn id(&self) -> String {
        let settings = Recipe { seed: 0, ..self.recipe.clone() }.identity();
        let hash = settings.iter().fold(FNV_BASIS, |hash, (key, value)| fnv(fnv(hash, key), value));
        format!("{} seed {} {hash:08x}", self.name, self.recipe.seed)
    }

    /// How it ended; none if it has not.
    pub fn summary(&self) -> Option<&Summary> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Finished(summary) => Some(summary),
            _ => None,
        })
    }
}

/// Fowler, Noll and Vo's hash (FNV-1a) of 32 bits.
const FNV_BASIS: u32 = 0x811c_9dc5;

fn fnv(hash: u32, text: &str) -> u32 {
    // The zero keeps a text apart from the next one.
    text.bytes()
        .chain([0])
        .fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    format_version: u32,
    runs: Vec<Record>,
}

/// Writes runs as JSON.
pub fn to_json(runs: &[Record]) -> String {
    let file = File { format: FORMAT.into(), format_version: FORMAT_VERSION, runs: runs.to_vec() };
    // Strings, numbers and lists: nothing that JSON cannot hold.
    serde_json::to_string(&file).unwrap_or_default()
}

/// Reads what [`to_json`] wrote.
///
/// # Errors
/// One sentence that says why the text is not such a file.
pub fn from_json(text: &str) -> Result<Vec<Record>, String> {
    let file: File = serde_json::from_str(text).map_err(|error| {
        format!("this is no file of runs ({error}); choose a JSON file that was exported here")
    })?;
    if file.format != FORMAT || file.format_version > FORMAT_VERSION {
        return Err(format!(
            "this is `{}` of version {}, and `{FORMAT}` up to version {FORMAT_VERSION} can be read; export it again with \
             this version",
            file.format, file.format_version
        ));
    }
    Ok(file.runs)
}

#[derive(Serialize, Deserialize)]
struct RecordLine<Run> {
    format: u32,
    #[serde(flatten)]
    run: Run,
}

/// Writes a run as one line of JSON; a file of such lines grows by appending and is compared line by line.
pub fn to_json_line(run: &Record) -> String {
    serde_json::to_string(&RecordLine { format: FORMAT_VERSION, run }).unwrap_or_default()
}

/// Reads what [`to_json_line`] wrote.
///
/// # Errors
/// One sentence that says why the line is no such run.
pub fn from_json_line(line: &str) -> Result<Record, String> {
    let RecordLine { format, run } = serde_json::from_str(line).map_err(|error| {
        format!("this is no run ({error}); choose a file that `rote export --format jsonl` wrote")
    })?;
    if format > FORMAT_VERSION {
        return Err(format!(
            "this run is of format {format}, and formats up to {FORMAT_VERSION} can be read; export it again with this \
             version"
        ));
    }
    Ok(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Accuracy, CorruptedCounts, EpochMetrics};

    fn record() -> Record {
        let epoch = EpochMetrics {
            epoch: 1,
            step: 16,
            learning_rate: 0.01,
            train_loss: 2.5,
            accuracy: Some(Accuracy {
                train_accuracy: 0.25,
                test_accuracy: 0.125,
                test_loss: f32::NAN,
                corrupted: Some(CorruptedCounts { count: 90, memorized: 20, still_clean: 10 }),
            }),
            seconds: 0.5,
            images_per_second: 2000.0,
        };
        let recipe = Recipe { label_corruption: 0.5, seed: 7, ..Recipe::default() };
        Record {
            name: "half, \"random\"".into(),
            folder: "desk".into(),
            origin: Origin {
                device: "CPU".into(),
                version: "0.1.0".into(),
                ..Origin::here(&recipe)
            },
            recipe,
            date: "2026-11-24T08:15:00.000Z".into(),
            events: vec![Event::Epoch(epoch)],
        }
    }

    #[test]
    fn runs_survive_being_written_and_read() {
        let mut run = record();
        let read = from_json(&to_json(&[run.clone(), run.clone()])).unwrap();
        assert_eq!(read.len(), 2);
        // What is no number is written as nothing and read as no number again; all else is the same.
        let Event::Epoch(epoch) = &read[0].events[0] else { panic!() };
        assert!(epoch.accuracy.as_ref().unwrap().test_loss.is_nan());
        run.events.clear();
        assert_eq!(Record { events: Vec::new(), ..read[1].clone() }, run);
    }

    #[test]
    fn every_setting_of_its_identity_is_written_whether_it_is_the_default_or_not() {
        let file: serde_json::Value = serde_json::from_str(&to_json(&[record()])).unwrap();
        let settings = file["runs"][0]["settings"].as_object().unwrap();
        assert_eq!(settings.len(), record().recipe.identity().len());
        assert!(settings.len() > 20 && !settings.contains_key("stop-at-train-loss"));
        assert_eq!(
            (&settings["seed"], &settings["epochs"]),
            (&"7".into(), &Recipe::default().epochs.to_string().into())
        );
    }

    #[test]
    fn a_line_holds_a_run_and_says_its_format() {
        let mut run = record();
        let Event::Epoch(epoch) = &mut run.events[0] else { panic!() };
        // An awkward one: the nearest double of its shortest digits is not the number itself.
        epoch.train_loss = 2.299_999_7;
        epoch.accuracy = None;
        let line = to_json_line(&run);
        assert!(line.starts_with("{\"format\":1,") && !line.contains('\n'), "{line}");
        assert_eq!(from_json_line(&line).unwrap(), run);
        let newer = line.replace("{\"format\":1,", "{\"format\":9,");
        assert!(from_json_line(&newer).unwrap_err().contains("format 9"));
        assert!(from_json_line("{}").unwrap_err().contains("rote export"));
    }

    #[test]
    fn runs_of_other_settings_seeds_or_rows_have_other_ids() {
        let run = record();
        let other = |change: fn(&mut Record)| {
            let mut other = record();
            change(&mut other);
            other.id()
        };
        let ids = [
            other(|run| run.recipe.momentum = 0.5),
            other(|run| run.recipe.seed = 8),
            other(|run| run.name = "other".into()),
        ];
        assert!(ids.iter().all(|id| *id != run.id()), "{ids:?}");
        // `auto` and what it stands for are the same run.
        assert_eq!(other(|run| run.recipe.learning_rate = Some(0.01)), run.id());
        // FNV-1a's own test vectors, but for the closing zero: fnv("a") is e40c292c.
        assert_eq!((FNV_BASIS ^ u32::from(b'a')).wrapping_mul(0x0100_0193), 0xe40c_292c);
    }

    #[test]
    fn what_is_no_file_of_runs_is_refused_with_a_reason() {
        let newer = to_json(&[]).replace("\"format_version\":1", "\"format_version\":9");
        let other = to_json(&[]).replace(FORMAT, "cats");
        let broken = to_json(&[Record {
            recipe: Recipe { momentum: 2.0, ..Recipe::default() },
            ..record()
        }]);
        for (text, expected) in [
            ("{}", "no file of runs"),
            ("rubbish", "no file of runs"),
            (&newer, "version 9"),
            (&other, "cats"),
            (&broken, "momentum"),
        ] {
            let error = from_json(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
