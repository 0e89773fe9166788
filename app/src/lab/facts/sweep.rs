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
