//! What claims are judged by: the runs of rows, every seed of them, and whether they are what a claim speaks of.

use crate::data::Condition;
use crate::experiments::outcome::{Outcome, Results, mean};
use crate::experiments::table1::plain_row;
use crate::experiments::{EXPERIMENTS, Published, Row, Scale};
use crate::models::ModelName;
use crate::train::{Recipe, StopReason};

/// The runs of a scale.
pub(super) struct On<'a> {
    pub(super) results: &'a Results,
    pub(super) scale: Scale,
}

/// Why a claim cannot be judged.
#[derive(Debug)]
pub(super) enum Open {
    /// The rows of which there is no run.
    NotRun(Vec<String>),
    /// The runs that are there are not what it speaks of.
    Because(String),
}

/// Whether a claim holds and by which figures, or why that cannot be said.
pub(super) type Judged = Result<(bool, String), Open>;

/// The runs of a row, one a seed.
pub(super) struct RowSeeds<'a> {
    pub(super) row: Row,
    pub(super) runs: Vec<&'a Outcome>,
}

impl<'a> On<'a> {
    pub(super) fn seeds(&self, row: Row) -> RowSeeds<'a> {
        let runs = self.results.of(&row.recipe);
        RowSeeds { row, runs }
    }

    /// The row of a network with nothing regularized.
    pub(super) fn plain(&self, model: ModelName, condition: Condition) -> RowSeeds<'a> {
        let row = plain_row(self.scale, model, true, condition).unwrap_or_else(|| Row {
            name: format!("{}/{}", model.key(), condition.key()),
            recipe: Recipe { condition, ..self.scale.recipe(model) },
            published: Published::default(),
        });
        self.seeds(row)
    }

    /// Rows of an experiment.
    pub(super) fn rows(
        &self,
        experiment: &str,
        wanted: impl Fn(&Row) -> bool,
    ) -> Vec<RowSeeds<'a>> {
        let experiment = EXPERIMENTS.iter().find(|known| known.name == experiment);
        let rows = experiment.map_or_else(Vec::new, |experiment| (experiment.rows)(self.scale));
        rows.into_iter().filter(wanted).map(|row| self.seeds(row)).collect()
    }
}

impl RowSeeds<'_> {
    pub(super) fn mean(&self, what: impl Fn(&Outcome) -> f64) -> f64 {
        // None of no runs, which no claim comes to: see `run`.
        mean(&self.runs.iter().map(|run| what(run)).collect::<Vec<_>>()).unwrap_or(f64::NAN)
    }

    pub(super) fn train(&self) -> f64 {
        self.mean(|run| run.summary.train_accuracy)
    }

    pub(super) fn test(&self) -> f64 {
        self.mean(|run| run.summary.test_accuracy)
    }

    /// Guesses that the mean test accuracy is of where nothing was learned: each seed's network guesses for itself on
    /// every test image.
    pub(super) fn guesses(&self) -> u64 {
        self.runs.iter().map(|run| run.test_images).sum()
    }

    /// Variance of its mean test accuracy from one draw of the test images to another. All seeds are tested on the same
    /// images, and an image that is hard for one is hard for all: more seeds are not more images.
    pub(super) fn test_variance(&self) -> f64 {
        let accuracy = self.test();
        let images = self.runs.iter().map(|run| run.test_images).min().unwrap_or(0);
        accuracy * (1.0 - accuracy) / images.max(1) as f64
    }

    pub(super) fn all_fitted(&self) -> bool {
        self.runs.iter().all(|run| run.is_fitted())
    }

    /// Its training accuracy in words; with several seeds the least of them too, which a mean would hide.
    pub(super) fn train_text(&self) -> String {
        let diverged = self.diverged();
        if diverged > 0 {
            return format!("{diverged} of {} diverged", counted(self.runs.len()));
        }
        let each = self.runs.iter().map(|run| run.summary.train_accuracy);
        let least = each.fold(f64::INFINITY, f64::min);
        match self.runs.len() {
            1 => percent(least),
            _ => format!("{}, the least {}", percent(self.train()), percent(least)),
        }
    }

    /// The mean steps to a loss of 0.1.
    pub(super) fn steps_to_fit(&self) -> Result<f64, Open> {
        let each: Option<Vec<f64>> = self.runs.iter().map(|run| run.steps_to_fit()).collect();
        each.and_then(|each| mean(&each)).ok_or_else(|| {
            let name = &self.row.name;
            Open::Because(format!("{name} never came to a mean loss of 0.1 with every seed"))
        })
    }

    pub(super) fn diverged(&self) -> usize {
        let is_diverged = |run: &&&Outcome| run.summary.stopped_by == StopReason::Diverged;
        self.runs.iter().filter(is_diverged).count()
    }
}

/// Every row has a run.
pub(super) fn run(rows: &[RowSeeds]) -> Result<(), Open> {
    let missing = rows.iter().filter(|row| row.runs.is_empty()).map(|row| row.row.name.clone());
    let missing: Vec<_> = missing.collect();
    if missing.is_empty() && !rows.is_empty() { Ok(()) } else { Err(Open::NotRun(missing)) }
}

/// Every row has a run, and every seed of every row fitted its training set: of another one, a claim about fitted networks
/// says nothing.
pub(super) fn fitted(rows: &[RowSeeds]) -> Result<(), Open> {
    run(rows)?;
    let Some(row) = rows.iter().find(|row| !row.all_fitted()) else { return Ok(()) };
    let (name, count) = (&row.row.name, counted(row.runs.len()));
    let diverged = row.diverged();
    if diverged > 0 {
        return Err(Open::Because(format!("{name} diverged with {diverged} of {count}")));
    }
    let short: Vec<f64> = row
        .runs
        .iter()
        .filter(|run| !run.is_fitted())
        .map(|run| run.summary.train_accuracy)
        .collect();
    let least = short.iter().copied().fold(f64::INFINITY, f64::min);
    Err(Open::Because(format!(
        "{name} did not fit its training set with {} of {count}: training accuracy {}",
        short.len(),
        percent(least)
    )))
}

/// On which side of a bound a figure lies, given how far above it and its deviation from one draw of the test images to
/// another: above or below by more than two deviations; within them the images cannot tell, whichever side it is.
pub(super) fn is_above(difference: f64, deviation: f64) -> Option<bool> {
    (difference.abs() > 2.0 * deviation).then_some(difference > 0.0)
}

/// By how many seeds a claim was judged, to stand behind its figures.
pub(super) fn by_seeds(rows: &[RowSeeds]) -> String {
    let counts = rows.iter().map(|row| row.runs.len());
    match (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0)) {
        (least, most) if least == most => format!("; {}", counted(most)),
        (least, most) => format!("; {least} to {most} seeds a row"),
    }
}

pub(super) fn counted(seeds: usize) -> String {
    format!("{seeds} seed{}", if seeds == 1 { "" } else { "s" })
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

pub(super) fn points(share: f64) -> String {
    // Without this, what rounds to nothing from below is "-0.0".
    format!("{:.1}", (1000.0 * share).round() / 10.0 + 0.0)
}
