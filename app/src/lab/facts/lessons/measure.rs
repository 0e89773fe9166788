//! What a student predicts, and how it is read off a run.

use crate::lab::facts::format::{epochs_words, percent};
use crate::lab::facts::history::History;
use crate::train::{StopReason, Summary};

/// What is measured of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Training images predicted as shown, in the end.
    TrainAccuracy,
    /// Test images predicted correctly, in the end.
    TestAccuracy,
    /// Steps until it is fitted, by the clock of the comparison, as a multiple of those of its first run.
    TimeToFit,
    /// Of the images with a corrupted label, the largest share that was ever said to be what they are.
    MostTruth,
    /// The same, in the end.
    LastTruth,
}

/// What a run that is over says to a guess.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The number.
    Number(f64),
    /// There is none, and why: `not within 60 epochs`.
    Nothing(String),
}

impl Found {
    /// The number, if there is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Nothing(_) => None,
        }
    }
}

impl Measure {
    /// The right end of the scale.
    pub fn most(self) -> f64 {
        if self == Self::TimeToFit { 3.0 } else { 1.0 }
    }

    /// The step of the slider.
    pub fn step(self) -> f64 {
        if self == Self::TimeToFit { 0.1 } else { 0.01 }
    }

    /// As a person reads it.
    pub fn words(self, value: f64) -> String {
        if self == Self::TimeToFit { format!("{value:.1} times") } else { percent(value) }
    }

    /// Read off a run; none before it is over. `first` is the first run of its comparison.
    pub fn of(self, history: &History, first: Option<&History>) -> Option<Found> {
        let summary = history.summary.as_ref()?;
        let found = match self {
            Self::TrainAccuracy => Some(summary.train_accuracy),
            Self::TestAccuracy => Some(summary.test_accuracy),
            Self::TimeToFit => {
                let first_run = first.filter(|first| first.summary.is_some())?;
                if history.steps_to_fit().is_none() {
                    return Some(Found::Nothing(not_fitted(summary)));
                }
                let times = history.times_to_fit(first_run);
                let why = || first_run.summary.as_ref().map(was_not_fitted).unwrap_or_default();
                return Some(times.map_or_else(
                    || Found::Nothing(format!("cannot be compared: the first run {}", why())),
                    Found::Number,
                ));
            }
            Self::MostTruth => truths(history).map(|(_, share)| share).reduce(f64::max),
            Self::LastTruth => truths(history).map(|(_, share)| share).last(),
        };
        Some(found.map_or_else(|| Found::Nothing("no label is wrong".into()), Found::Number))
    }
}

/// Of the images with a corrupted label, the share said to be what they are, whenever it was measured: `(step, share)`.
pub fn truths(history: &History) -> impl Iterator<Item = (u64, f64)> {
    history.epochs.iter().filter_map(|epoch| {
        let found = epoch.accuracy.as_ref()?.corrupted.filter(|found| found.count > 0)?;
        Some((epoch.step, found.still_clean as f64 / found.count as f64))
    })
}

/// That a run did not fit its training set, and in how much.
pub fn not_fitted(summary: &Summary) -> String {
    match summary.stopped_by {
        StopReason::Diverged => "never, its loss is no number any more".into(),
        _ => format!("not within {}", epochs(summary)),
    }
}

/// The same, to follow "the first run".
fn was_not_fitted(summary: &Summary) -> String {
    match summary.stopped_by {
        StopReason::Diverged => "was never fitted, its loss is no number any more".into(),
        _ => format!("was not fitted within {}", epochs(summary)),
    }
}

/// How long a run was: `60 epochs`.
pub fn epochs(summary: &Summary) -> String {
    epochs_words(summary.epochs)
}
