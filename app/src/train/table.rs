//! Runs as tables for spreadsheets and data frames: a row for each run or each epoch, with every setting and what the run was
//! made by in columns of their own. `docs/formats.md` says what each column is.

use std::borrow::Cow;

use super::{EpochMetrics, Event, Record, SETTINGS, SettingKind, StopReason};

/// What stands in a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(Option<Cow<'static, str>>),
    /// A whole number.
    Whole(Option<u64>),
    /// A number, perhaps none (NaN).
    Number(Option<f64>),
    /// Yes or no.
    Switch(Option<bool>),
}

impl Cell {
    fn words(text: &str) -> Self {
        Self::Text((!text.is_empty()).then(|| Cow::Owned(text.to_owned())))
    }
}

/// Names of columns with what a row has in them.
pub type TableRow = Vec<(Cow<'static, str>, Cell)>;

/// Columns of one kind each.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Their names, each with an empty cell of its kind.
    pub columns: TableRow,
    /// The cells of each row, in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of rows that all have the columns of `sample`, which need not be one of them.
    pub fn new(sample: TableRow, rows: impl IntoIterator<Item = TableRow>) -> Self {
        let rows = rows.into_iter().map(|row| row.into_iter().map(|(_, cell)| cell).collect());
        Self { columns: sample, rows: rows.collect() }
    }

    /// As comma-separated values with the columns' names in the first line.
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        for (at, (name, _)) in self.columns.iter().enumerate() {
            csv += if at > 0 { "," } else { "" };
            csv += name;
        }
        csv += "\n";
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                csv += if at > 0 { "," } else { "" };
                match cell {
                    Cell::Text(Some(text)) => csv += &quoted(text),
                    Cell::Whole(Some(number)) => csv += &number.to_string(),
                    // As JSON writes it: with a point or an exponent, or a reader takes it for a whole number that no type
                    // holds.
                    Cell::Number(Some(number)) if number.is_finite() && number.abs() >= 1e15 => {
                        csv += &serde_json::to_string(number).unwrap_or_default();
                    }
                    Cell::Number(Some(number)) => csv += &number.to_string(),
                    Cell::Switch(Some(is_on)) => csv += if *is_on { "true" } else { "false" },
                    _ => {}
                }
            }
            csv += "\n";
        }
        csv
    }
}

/// A row for each run: settings, what it was made by, how it ended. A run that has no end has empty cells there.
pub fn runs_table(records: &[Record]) -> Table {
    let row = |record: &Record| {
        let mut row = about(record);
        row.extend(outcome(record));
        row
    };
    Table::new(row(&Record::default()), records.iter().map(row))
}

/// A row for each epoch of each run, with the run's settings and what it was made by in every one.
pub fn epochs_table(records: &[Record]) -> Table {
    let epochs = |record: &Record| -> Vec<EpochMetrics> {
        let epochs = record.events.iter().filter_map(|event| match event {
            Event::Epoch(epoch) => Some(epoch.clone()),
            _ => None,
        });
        epochs.collect()
    };
    let rows = records.iter().flat_map(|record| {
        let own = about(record);
        epochs(record).into_iter().map(move |epoch| [own.clone(), measured(Some(&epoch))].concat())
    });
    Table::new([about(&Record::default()), measured(None)].concat(), rows)
}

/// Which run it is and everything it was made by.
fn about(record: &Record) -> TableRow {
    let name = |name: &'static str| Cow::Borrowed(name);
    let mut row = vec![
        (name("run"), Cell::words(&record.id())),
        (name("folder"), Cell::words(&record.folder)),
        (name("row"), Cell::words(&record.name)),
    ];
    let recipe = record.recipe.resolved();
    row.extend(SETTINGS.iter().map(|setting| {
        let text = setting.get(&recipe);
        let cell = match setting.kind {
            SettingKind::Choice(_) => Cell::words(&text),
            SettingKind::Switch => Cell::Switch(Some(text == "true")),
            // The word for none is no number.
            SettingKind::Integer { .. } => Cell::Whole(text.parse().ok()),
            SettingKind::Number { .. } => Cell::Number(text.parse().ok()),
        };
        (Cow::Owned(setting.key.replace('-', "_")), cell)
    }));
    let origin = &record.origin;
    row.extend([
        (name("numerics"), Cell::Whole(Some(origin.numerics.into()))),
        (name("version"), Cell::words(&origin.version)),
        (name("revision"), Cell::words(&origin.revision)),
        (name("data_sha256"), Cell::words(&origin.data_sha256)),
        (name("device"), Cell::words(&origin.device)),
        (name("date"), Cell::words(&record.date)),
    ]);
    row
}

/// What an epoch measured; empty without.
fn measured(epoch: Option<&EpochMetrics>) -> TableRow {
    let accuracy = epoch.and_then(|epoch| epoch.accuracy.as_ref());
    let corrupted = accuracy.and_then(|accuracy| accuracy.corrupted);
    let whole = |number: Option<u64>| Cell::Whole(number);
    [
        ("epoch", whole(epoch.map(|epoch| epoch.epoch))),
        ("step", whole(epoch.map(|epoch| epoch.step))),
        ("epoch_learning_rate", Cell::Number(epoch.map(|epoch| epoch.learning_rate))),
        ("train_loss", Cell::Number(epoch.map(|epoch| as_written(epoch.train_loss)))),
        ("train_accuracy", Cell::Number(accuracy.map(|accuracy| accuracy.train_accuracy))),
        ("test_accuracy", Cell::Number(accuracy.map(|accuracy| accuracy.test_accuracy))),
        ("test_loss", Cell::Number(accuracy.map(|accuracy| as_written(accuracy.test_loss)))),
        ("corrupted", whole(corrupted.map(|corrupted| corrupted.count))),
        ("memorized", whole(corrupted.map(|corrupted| corrupted.memorized))),
        ("still_clean", whole(corrupted.map(|corrupted| corrupted.still_clean))),
        ("seconds", Cell::Number(epoch.map(|epoch| epoch.seconds))),
        ("images_per_second", Cell::Number(epoch.map(|epoch| epoch.images_per_second))),
    ]
    .map(|(name, cell)| (Cow::Borrowed(name), cell))
    .into()
}

/// What a run came to.
fn outcome(record: &Record) -> TableRow {
    let (mut parameters, mut corrupted_labels, mut test_images) = (None, None, None);
    for event in &record.events {
        if let Event::Started {
            parameters: weights,
            corrupted_labels: corrupted,
            test_images: tested,
            ..
        } = event
        {
            (parameters, corrupted_labels, test_images) =
                (Some(*weights), Some(*corrupted), Some(*tested));
        }
    }
    let summary = record.summary();
    let corrupted = summary.and_then(|summary| summary.corrupted);
    [
        ("parameters", Cell::Whole(parameters)),
        ("corrupted_labels", Cell::Whole(corrupted_labels)),
        ("test_images", Cell::Whole(test_images)),
        ("train_accuracy", Cell::Number(summary.map(|summary| summary.train_accuracy))),
        ("test_accuracy", Cell::Number(summary.map(|summary| summary.test_accuracy))),
        ("train_loss", Cell::Number(summary.map(|summary| as_written(summary.train_loss)))),
        ("corrupted", Cell::Whole(corrupted.map(|corrupted| corrupted.count))),
        ("memorized", Cell::Whole(corrupted.map(|corrupted| corrupted.memorized))),
        ("still_clean", Cell::Whole(corrupted.map(|corrupted| corrupted.still_clean))),
        ("steps_done", Cell::Whole(summary.map(|summary| summary.steps))),
        ("epochs_done", Cell::Whole(summary.map(|summary| summary.epochs))),
        ("seconds", Cell::Number(summary.map(|summary| summary.seconds))),
        ("stopped_by", Cell::Text(summary.map(|summary| Cow::Borrowed(word(summary.stopped_by))))),
    ]
    .map(|(name, cell)| (Cow::Borrowed(name), cell))
    .into()
}

fn word(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Epochs => "epochs",
        StopReason::Steps => "steps",
        StopReason::TrainAccuracy => "train-accuracy",
        StopReason::TrainLoss => "train-loss",
        StopReason::Patience => "patience",
        StopReason::Diverged => "diverged",
    }
}

/// The number with the digits that JSON has, not those of its binary places: 2.3, not 2.299999952316284.
fn as_written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// A text as a field of a CSV file.
fn quoted(text: &str) -> String {
    // A spreadsheet would compute what begins like a formula.
    let text =
        if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Accuracy, CorruptedCounts, Origin, Recipe, Summary};

    fn record() -> Record {
        let epoch = EpochMetrics {
            epoch: 1,
            step: 16,
            learning_rate: 0.01,
            train_loss: 2.3,
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
        let summary = Summary {
            recipe: recipe.clone(),
            train_accuracy: 0.25,
            test_accuracy: 0.125,
            train_loss: 2.3,
            corrupted: None,
            steps: 16,
            epochs: 1,
            seconds: 0.5,
            stopped_by: StopReason::TrainAccuracy,
        };
        Record {
            name: "half, \"random\"".into(),
            folder: "desk".into(),
            origin: Origin {
                device: "CPU".into(),
                version: "0.1.0".into(),
                ..Origin::here(&recipe)
            },
            recipe,
            date: "2026-11-24".into(),
            events: vec![Event::Epoch(epoch), Event::Finished(summary)],
        }
    }

    fn cell(table: &Table, row: usize, name: &str) -> Cell {
        let at = table.columns.iter().position(|column| column.0 == name);
        table.rows[row][at.unwrap_or_else(|| panic!("there is no column {name}"))].clone()
    }

    #[test]
    fn every_setting_and_every_origin_has_a_column_of_its_own_and_no_name_stands_twice() {
        for table in [runs_table(&[record()]), epochs_table(&[record()])] {
            let mut names: Vec<_> = table.columns.iter().map(|(name, _)| name.as_ref()).collect();
            let own = SETTINGS.iter().map(|setting| setting.key.replace('-', "_"));
            for name in own.chain(["numerics", "revision", "data_sha256", "date"].map(String::from))
            {
                assert!(names.contains(&name.as_str()), "{name} is missing");
            }
            assert!(table.rows.iter().all(|row| row.len() == names.len()));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "a name stands twice");
        }
    }

    #[test]
    fn numbers_are_numbers_with_their_own_digits_and_what_is_left_open_is_empty() {
        let table = epochs_table(&[record()]);
        assert_eq!(cell(&table, 0, "train_loss"), Cell::Number(Some(2.3)));
        assert_eq!(cell(&table, 0, "learning_rate"), Cell::Number(Some(0.01)), "auto is resolved");
        assert_eq!(cell(&table, 0, "steps"), Cell::Whole(None), "unlimited is no number");
        assert_eq!(cell(&table, 0, "batch_norm"), Cell::Switch(Some(true)));
        assert_eq!(cell(&table, 0, "memorized"), Cell::Whole(Some(20)));
        let runs = runs_table(&[record()]);
        assert_eq!(cell(&runs, 0, "stopped_by"), Cell::Text(Some("train-accuracy".into())));
        assert_eq!(cell(&runs, 0, "steps_done"), Cell::Whole(Some(16)));
    }

    #[test]
    fn a_very_large_number_of_csv_is_no_whole_number_with_thirty_digits() {
        let numbers = [5.2154795e27, -2e15, 999_999.5, f64::INFINITY];
        let row = numbers.map(|number| ("loss".into(), Cell::Number(Some(number))));
        let csv = Table::new(row.to_vec(), [row.to_vec()]).to_csv();
        assert_eq!(csv.lines().nth(1), Some("5.2154795e+27,-2000000000000000.0,999999.5,inf"));
    }

    #[test]
    fn csv_has_a_head_and_a_line_a_row_and_quotes_what_must_be() {
        let csv = epochs_table(&[record()]).to_csv();
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("run,folder,row,model,batch_norm,"));
        assert!(
            lines[1].contains(",desk,\"half, \"\"random\"\"\",mlp-1x512,true,"),
            "{}",
            lines[1]
        );
        assert!(
            lines[1].ends_with(",1,16,0.01,2.3,0.25,0.125,NaN,90,20,10,0.5,2000"),
            "{}",
            lines[1]
        );
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(epochs_table(&[]).to_csv().lines().count(), 1);
    }
}
