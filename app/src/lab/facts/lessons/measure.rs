//! What a student predicts, and how it is read off a run.

use crate::lab::facts::format::percent;
use crate::lab::facts::history::History;

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
    pub fn of(self, history: &History, first: Option<&History>) -> Option<f64> {
        let summary = history.summary.as_ref()?;
        let truths = || {
            let measured =
                history.epochs.iter().filter_map(|epoch| epoch.accuracy.as_ref()?.corrupted);
            measured
                .filter(|found| found.count > 0)
                .map(|found| found.still_clean as f64 / found.count as f64)
        };
        match self {
            Self::TrainAccuracy => Some(summary.train_accuracy),
            Self::TestAccuracy => Some(summary.test_accuracy),
            Self::TimeToFit => history.times_to_fit(first?),
            Self::MostTruth => truths().reduce(f64::max),
            Self::LastTruth => truths().next_back(),
        }
    }
}
