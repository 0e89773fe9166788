//! What was measured: a participant's rounds with a model.

use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Failure;

/// A participant's rounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) participant: String,
    /// Milliseconds a step in each round; none where it could not run.
    pub(super) step_ms: Vec<f64>,
    /// The losses of the first steps.
    pub(super) losses: Vec<f64>,
    /// Why there are no rounds.
    pub(super) failed: Option<String>,
}

impl Row {
    /// A row from what a participant printed; the peers' programs and ours name their fields alike.
    pub(super) fn read(value: &Value, participant: &str) -> Option<Self> {
        let numbers = |key: &str| -> Vec<f64> {
            value[key].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        let losses =
            ["first_losses", "losses"].into_iter().map(numbers).find(|losses| !losses.is_empty());
        Some(Self {
            model: value["model"].as_str()?.into(),
            participant: participant.into(),
            step_ms: numbers("step_ms"),
            losses: losses.unwrap_or_default().into_iter().take(3).collect(),
            failed: value["failed"].as_str().map(String::from),
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { model, participant, step_ms, losses, failed } = self;
        json!({ "model": model, "participant": participant, "step_ms": step_ms, "losses": losses, "failed": failed })
    }

    /// The fastest round: others were held up by something else on the machine.
    pub(super) fn best_ms(&self) -> Option<f64> {
        self.step_ms.iter().copied().min_by(f64::total_cmp)
    }
}

/// Adds rows to a file of results; those of the same model and participant are replaced.
pub(super) fn keep(file: &Path, about: &Value, rows: &[Row]) -> Result<(), Failure> {
    let mut all: Vec<Row> = load(file)?.map_or_else(Vec::new, |(_, rows)| rows);
    all.retain(|old| {
        !rows.iter().any(|new| new.model == old.model && new.participant == old.participant)
    });
    all.extend_from_slice(rows);
    let rows: Vec<Value> = all.iter().map(Row::to_json).collect();
    let text =
        serde_json::to_string_pretty(&json!({ "about": about, "rows": rows })).unwrap_or_default();
    replace(file, &(text + "\n"))
}

/// Writes a file of results beside its place and moves it there: an hour's measurements are not lost to a full disk.
pub(super) fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::file("make", folder))?;
    }
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, text).map_err(Failure::file("write", &fresh))?;
    std::fs::rename(&fresh, file).map_err(Failure::file("write", file))
}

/// What a file of results says of itself, and its rows; none if there is no such file.
pub(super) fn load(file: &Path) -> Result<Option<(Value, Vec<Row>)>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file).map_err(Failure::file("read", file))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::setup(
            format!("{} is not JSON: {error}", file.display()),
            "delete it and measure again",
        )
    })?;
    let read = |row: &Value| Row::read(row, row["participant"].as_str()?);
    let rows = value["rows"].as_array().into_iter().flatten().filter_map(read).collect();
    Ok(Some((value["about"].clone(), rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_from_what_a_participant_prints() {
        let printed =
            json!({ "model": "cnn-small", "step_ms": [3.0, 2.0], "losses": [2.5, 2.4, 2.3, 2.2] });
        let row = Row::read(&printed, "PyTorch eager").unwrap();
        assert_eq!((row.best_ms(), row.losses.len()), (Some(2.0), 3));
        assert_eq!(Row::read(&row.to_json(), "PyTorch eager"), Some(row));
        assert_eq!(Row::read(&json!({ "step_ms": [1.0] }), "no model"), None);
    }
}
