//! A run as text that can be kept, sent and read back: JSON for programs, CSV for spreadsheets.

use serde::{Deserialize, Serialize};

use super::{Event, Recipe};

/// What the JSON calls itself.
const FORMAT: &str = "rote-runs";
/// Raised when what is written changes so that older readers would misread it.
const FORMAT_VERSION: u32 = 1;

/// A run with what it was made by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What its owner calls it.
    pub name: String,
    /// What was run, with its seed.
    #[serde(rename = "settings", with = "every_setting")]
    pub recipe: Recipe,
    /// The device's name.
    pub device: String,
    /// Rote's version.
    pub version: String,
    /// When it ended, in UTC: `2026-11-24T08:15:00.000Z`.
    pub date: String,
    /// What it said, but for its single steps.
    pub events: Vec<Event>,
}

/// A recipe as the text of each setting by its key. All are written, for readers who have no list of the defaults.
mod every_setting {
    use std::fmt;

    use serde::de::{Deserializer, Error, MapAccess, Visitor};
    use serde::ser::Serializer;

    use crate::train::{Recipe, SETTINGS};

    pub fn serialize<S: Serializer>(recipe: &Recipe, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(SETTINGS.iter().map(|setting| (setting.key, setting.get(recipe))))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recipe, D::Error> {
        deserializer.deserialize_map(Settings)
    }

    struct Settings;

    impl<'de> Visitor<'de> for Settings {
        type Value = Recipe;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("settings by their keys")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut settings: A) -> Result<Recipe, A::Error> {
            let mut recipe = Recipe::default();
            while let Some((key, value)) = settings.next_entry::<String, String>()? {
                recipe.set(&key, &value).map_err(A::Error::custom)?;
            }
            recipe.check().map_err(A::Error::custom)?;
            Ok(recipe)
        }
    }
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

/// Writes the epochs of runs as CSV, a line each.
pub fn to_csv(runs: &[Record]) -> String {
    let mut csv = String::from(
        "run,recipe,seed,device,version,date,epoch,step,learning_rate,train_loss,train_accuracy,test_accuracy,\
         test_loss,wrong_labels,memorized,still_clean,seconds\n",
    );
    for run in runs {
        let about = [
            &run.name,
            &run.recipe.to_query(),
            &run.recipe.seed.to_string(),
            &run.device,
            &run.version,
            &run.date,
        ];
        let about = about.map(|text| quoted(text)).join(",");
        let epochs = run
            .events
            .iter()
            .filter_map(|event| if let Event::Epoch(epoch) = event { Some(epoch) } else { None });
        for epoch in epochs {
            let accuracy = epoch.accuracy.as_ref();
            let corrupted = accuracy.and_then(|accuracy| accuracy.corrupted);
            let numbers: [Option<f64>; 11] = [
                Some(epoch.epoch as f64),
                Some(epoch.step as f64),
                Some(epoch.learning_rate),
                Some(epoch.train_loss.into()),
                accuracy.map(|accuracy| accuracy.train_accuracy),
                accuracy.map(|accuracy| accuracy.test_accuracy),
                accuracy.map(|accuracy| accuracy.test_loss.into()),
                corrupted.map(|corrupted| corrupted.count as f64),
                corrupted.map(|corrupted| corrupted.memorized as f64),
                corrupted.map(|corrupted| corrupted.still_clean as f64),
                Some(epoch.seconds),
            ];
            let numbers =
                numbers.map(|number| number.map_or_else(String::new, |number| number.to_string()));
            csv += &format!("{about},{}\n", numbers.join(","));
        }
    }
    csv
}

/// A text as a field of a CSV file.
fn quoted(text: &str) -> String {
    // A spreadsheet would compute what begins like a formula.
    let text =
        if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Accuracy, CorruptedExamples, EpochMetrics};

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
                corrupted: Some(CorruptedExamples { count: 90, memorized: 20, still_clean: 10 }),
            }),
            seconds: 0.5,
            images_per_second: 2000.0,
        };
        let recipe = Recipe { label_corruption: 0.5, seed: 7, ..Recipe::default() };
        Record {
            name: "half, \"random\"".into(),
            recipe,
            device: "CPU".into(),
            version: "0.1.0".into(),
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
    fn every_setting_is_written_whether_it_is_the_default_or_not() {
        let file: serde_json::Value = serde_json::from_str(&to_json(&[record()])).unwrap();
        let settings = file["runs"][0]["settings"].as_object().unwrap();
        assert_eq!(settings.len(), crate::train::SETTINGS.len());
        assert_eq!(
            (&settings["seed"], &settings["epochs"]),
            (&"7".into(), &Recipe::default().epochs.to_string().into())
        );
    }

    #[test]
    fn a_table_has_a_line_an_epoch_and_quotes_what_must_be() {
        let csv = to_csv(&[record()]);
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[1],
            "\"half, \"\"random\"\"\",label-corruption=0.5&seed=7,7,CPU,0.1.0,2026-11-24T08:15:00.000Z,\
             1,16,0.01,2.5,0.25,0.125,NaN,90,20,10,0.5"
        );
        assert_eq!(quoted("=1+1"), "'=1+1");
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
