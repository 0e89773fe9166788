//! Figures 1b and 1c of the paper, point by point: what the runs of the corruption sweep came to.

use crate::charts::Point;
use crate::lab::facts::format::percent;
use crate::lab::facts::history::History;
use crate::lab::facts::race::LEVELS;

/// What the figures take from a run that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepRun {
    /// The share of the test images that it names wrongly in the end.
    pub test_error: f64,
    /// Steps until it was fitted, if it was.
    pub steps_to_fit: Option<u64>,
}

impl SweepRun {
    /// Read off a run; none before it is over.
    pub fn of(history: &History) -> Option<Self> {
        let test_error = 1.0 - history.summary.as_ref()?.test_accuracy;
        Some(Self { test_error, steps_to_fit: history.steps_to_fit() })
    }

    /// The steps as a multiple of those of the run with true labels.
    pub fn times_to_fit(&self, clean: Option<&Self>) -> Option<f64> {
        Some(self.steps_to_fit? as f64 / clean?.steps_to_fit? as f64)
    }
}

/// Of each run of the sweep that is over: the share of random labels, and what `read` takes from it and from the run with
/// true labels; no number where it takes nothing, as from a run that never fitted. `runs` are those of the sweep in their
/// order.
pub fn points(
    runs: &[Option<SweepRun>],
    read: impl Fn(&SweepRun, Option<&SweepRun>) -> Option<f64>,
) -> Vec<Point> {
    let clean = runs.first().and_then(Option::as_ref);
    let point = |(level, run): (f64, &Option<SweepRun>)| {
        Some((level, read(run.as_ref()?, clean).unwrap_or(f64::NAN)))
    };
    LEVELS.into_iter().zip(runs).filter_map(point).collect()
}

/// A multiple as a person reads it.
pub fn times_words(times: f64) -> String {
    format!("{times:.1} times")
}

/// A figure in sentences: what `points` has, each with `number` in words and `what` it is.
pub fn sentences(points: Vec<Point>, number: fn(f64) -> String, what: &str) -> String {
    if points.is_empty() {
        return "No run of the comparison is over yet.".into();
    }
    let sentences = points.into_iter().map(|(level, value)| {
        if value.is_nan() {
            return format!("{} random labels: not fitted.", percent(level));
        }
        format!("{} random labels: {} {what}.", percent(level), number(value))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Event, Recipe, StopReason, Summary};

    #[test]
    fn a_time_is_a_multiple_of_that_of_the_run_with_true_labels() {
        let run = |steps_to_fit| Some(SweepRun { test_error: 0.5, steps_to_fit });
        let runs = [run(Some(100)), None, run(Some(250))];
        assert_eq!(points(&runs, SweepRun::times_to_fit), [(0.0, 1.0), (0.5, 2.5)]);
    }

    /// A run that ended with a test accuracy, or one under way.
    fn run(test_accuracy: Option<f64>) -> Option<SweepRun> {
        let mut history = History::default();
        if let Some(test_accuracy) = test_accuracy {
            history.push(Event::Finished(Summary {
                recipe: Recipe::default(),
                train_accuracy: 1.0,
                test_accuracy,
                train_loss: 0.5,
                corrupted: None,
                steps: 10,
                epochs: 1,
                seconds: 1.0,
                stopped_by: StopReason::Epochs,
            }));
        }
        SweepRun::of(&history)
    }

    #[test]
    fn a_run_that_is_over_is_a_point_at_its_level() {
        let runs = [run(Some(0.5)), run(None), None, run(Some(0.25)), None];
        let errors = points(&runs, |run, _| Some(run.test_error));
        assert_eq!(errors, [(0.0, 0.5), (0.75, 0.75)]);
        assert_eq!(
            sentences(errors, percent, "test error"),
            "0 % random labels: 50 % test error. 75 % random labels: 75 % test error."
        );
    }

    #[test]
    fn a_run_that_never_fitted_is_said_to_be_so() {
        let times = points(&[run(Some(0.5))], SweepRun::times_to_fit);
        assert_eq!(sentences(times, times_words, "the time"), "0 % random labels: not fitted.");
        assert_eq!(
            sentences(vec![], times_words, "the time"),
            "No run of the comparison is over yet."
        );
    }
}
