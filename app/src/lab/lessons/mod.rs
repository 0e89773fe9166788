//! Six short chapters. Each is a question, a prediction, the run, what came of it beside the paper, why, and something to
//! try. What they say is in `text`; here is how a prediction is made and measured.

mod prediction;
mod text;
mod view;

use leptos::prelude::Get;

use super::history::History;
use super::page::Page;
use super::race::LanePlan;
use crate::experiments::published_row;

pub use prediction::storage;
pub use text::LESSONS;
pub use view::LessonView;

/// A chapter.
pub struct Lesson {
    /// What it is called.
    pub title: &'static str,
    /// The same in the row of chapters.
    pub short: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// What is going to happen, in a few sentences.
    pub lead: &'static str,
    /// Its settings, as a link.
    pub query: &'static str,
    /// What the student predicts.
    pub guesses: &'static [Guess],
    /// Why it is so, in two sentences.
    pub why: &'static str,
    /// What the paper has of it.
    pub paper: &'static str,
    /// What to do next, and its link.
    pub next: (&'static str, &'static str),
}

/// One number to predict.
pub struct Guess {
    /// What it is.
    pub label: &'static str,
    /// Of which run of the comparison.
    pub place: usize,
    /// Which number.
    pub measure: Measure,
    /// The row of the paper's table that has it: table and row.
    pub row: Option<(&'static str, &'static str)>,
}

/// What is measured of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Training images predicted as shown, in the end.
    TrainAccuracy,
    /// Test images predicted correctly, in the end.
    TestAccuracy,
    /// Steps until an epoch's mean loss is small, as a multiple of those of the first run of the comparison.
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
        if self == Self::TimeToFit {
            format!("{value:.1} times")
        } else {
            super::format::percent(value)
        }
    }

    /// Read off a run that is over.
    fn of(self, history: &History, first: Option<&History>) -> Option<f64> {
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
            Self::TimeToFit => Some(history.steps_to_fit()? / first?.steps_to_fit()?),
            Self::MostTruth => truths().reduce(f64::max),
            Self::LastTruth => truths().next_back(),
        }
    }
}

impl Guess {
    /// What the run of this page says; none before it is over.
    pub fn here(&self, page: Page) -> Option<f64> {
        let plans = page.plans.get();
        let first = plans.first().and_then(|plan| history_of(page, plan));
        history_of(page, plans.get(self.place)?)
            .and_then(|history| self.measure.of(&history, first.as_ref()))
    }

    /// What the paper has.
    pub fn paper(&self) -> Option<f64> {
        let (table, name) = self.row?;
        let published = published_row(table, name)?;
        let number =
            if self.measure == Measure::TestAccuracy { published.test } else { published.train };
        number.map(|number| number.percent / 100.0)
    }
}

fn history_of(page: Page, plan: &LanePlan) -> Option<History> {
    page.with_history_of(plan, Clone::clone)
}
