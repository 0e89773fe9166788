//! A lesson as data: a question, numbers to predict, what came of them, how it is understood, and something to try.

use super::measure::Measure;
use crate::experiments::published_row;
use crate::lab::facts::format::grouped;
use crate::lab::facts::history::History;
use crate::lab::facts::race::{LanePlan, Race, of_query};
use crate::train::{Recipe, SETTINGS};

/// The settings that make the data of a lesson what it asks about. With others its question is another one.
pub const ASKED_ABOUT: [&str; 3] = ["condition", "label-corruption", "corrupt-test-labels"];

/// A chapter.
pub struct Lesson {
    /// What it is called.
    pub title: &'static str,
    /// The same in the row of chapters.
    pub short: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// What is going to happen, in a few sentences; `{images}` stands for the number of training images.
    pub lead: &'static str,
    /// Its settings, as a link.
    pub query: &'static str,
    /// What the student predicts.
    pub guesses: &'static [Guess],
    /// What came of its runs, in sentences that are written from them; they are in the order of the comparison, and over.
    pub told: fn(&[History]) -> Vec<String>,
    /// How it is understood. It states nothing that a run could contradict.
    pub why: &'static str,
    /// What the paper has of it.
    pub paper: &'static str,
    /// What to do next, and its link, once these runs are over; without runs, before that.
    pub next: fn(&[History]) -> (String, String),
}

impl Lesson {
    /// What is going to happen with so many training images, which a link may have changed.
    pub fn lead_with(&self, images: u64) -> String {
        self.lead.replace("{images}", &grouped(images))
    }

    /// The runs of a comparison, once all are there, if they are those that the lesson asks about: of its own comparison and
    /// on its own data, whatever else a link has changed of them. Of others it has nothing to say.
    pub fn own_runs(
        &self,
        race: Race,
        plans: &[LanePlan],
        histories: Vec<Option<History>>,
    ) -> Vec<History> {
        let (recipe, own_race) = of_query(self.query);
        let own = own_race.plans(&recipe);
        let is_own = race == own_race
            && plans.len() == own.len()
            && plans.iter().zip(&own).all(|(plan, own)| has_data_of(&plan.recipe, &own.recipe));
        let all = is_own.then(|| histories.into_iter().collect::<Option<_>>());
        all.flatten().unwrap_or_default()
    }
}

/// Whether what is asked about is the same in two recipes.
fn has_data_of(recipe: &Recipe, other: &Recipe) -> bool {
    SETTINGS
        .iter()
        .filter(|setting| ASKED_ABOUT.contains(&setting.key))
        .all(|setting| setting.get(recipe) == setting.get(other))
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

impl Guess {
    /// What the paper has, as a share.
    pub fn paper(&self) -> Option<f64> {
        let (table, name) = self.row?;
        let published = published_row(table, name)?;
        let number =
            if self.measure == Measure::TestAccuracy { published.test } else { published.train };
        number.map(|number| number.percent / 100.0)
    }
}
