//! Figures 1b and 1c of the paper, point by point: what the runs of the corruption sweep came to.

use crate::charts::Point;
use crate::lab::facts::format::percent;
use crate::lab::facts::history::History;
use crate::lab::facts::race::LEVELS;

/// Of each run of the sweep that is over: the share of random labels, and what `read` takes from it and from the run with
/// true labels; no number where it takes nothing, as from a run that never fitted. `histories` are the sweep's runs in their
/// order, as far as they were begun.
pub fn points(
    histories: Vec<Option<History>>,
    read: impl Fn(&History, Option<&History>) -> Option<f64>,
) -> Vec<Point> {
    let is_over = |history: &History| history.summary.is_some();
    let histories: Vec<_> = histories.into_iter().map(|history| history.filter(is_over)).collect();
    let clean = histories.first().and_then(Option::as_ref);
    let point = |(level, history): (f64, &Option<History>)| {
        Some((level, read(history.as_ref()?, clean).unwrap_or(f64::NAN)))
    };
    LEVELS.into_iter().zip(&histories).filter_map(point).collect()
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

    /// A run that ended with a test accuracy, or one under way.
    fn run(test_accuracy: Option<f64>) -> Option<History> {
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
        Some(history)
    }

    #[test]
    fn a_run_that_is_over_is_a_point_at_its_level() {
        let histories = vec![run(Some(0.5)), run(None), None, run(Some(0.25)), None];
        let errors =
            points(histories, |history, _| Some(1.0 - history.summary.as_ref()?.test_accuracy));
        assert_eq!(errors, [(0.0, 0.5), (0.75, 0.75)]);
        assert_eq!(
            sentences(errors, percent, "test error"),
            "0 % random labels: 50 % test error. 75 % random labels: 75 % test error."
        );
    }

    #[test]
    fn a_run_that_never_fitted_is_said_to_be_so() {
        let times = points(vec![run(Some(0.5))], |history, clean| history.times_to_fit(clean?));
        assert_eq!(sentences(times, times_words, "the time"), "0 % random labels: not fitted.");
        assert_eq!(
            sentences(vec![], times_words, "the time"),
            "No run of the comparison is over yet."
        );
    }
}
