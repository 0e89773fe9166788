//! The recipes of runs, each with its seeds and what it is called.

use super::load::Runs;
use crate::experiments::{Name, Names, Outcome, Scale};
use crate::train::{Recipe, StopReason};

/// The scales, the largest first.
pub(super) const SCALES: [Scale; 3] = [Scale::Paper, Scale::Desk, Scale::Smoke];

/// What recipes are called, at the scale of their folder or at the one they are nearest to.
pub(super) struct Naming(Vec<Names>);

impl Naming {
    pub(super) fn of(scale: Option<Scale>) -> Self {
        let scales = scale.map_or_else(|| SCALES.to_vec(), |scale| vec![scale]);
        Self(scales.into_iter().map(Names::at).collect())
    }

    /// The name of a recipe that was made of the row called `row`, and its scale.
    pub(super) fn name(&self, row: &str, recipe: &Recipe) -> (Scale, Name) {
        let named = self.0.iter().map(|names| (names.scale(), names.of(row, recipe)));
        named.min_by_key(|(_, name)| name.changed.len()).unwrap_or((Scale::Desk, Name::default()))
    }

    /// The scales of which there is a row among the runs.
    pub(super) fn with_rows(&self, runs: &Runs) -> Vec<&Names> {
        let is_there = |names: &&Names| {
            runs.results.0.iter().any(|run| names.row(&run.summary.recipe).is_some())
        };
        self.0.iter().filter(is_there).collect()
    }
}

/// A recipe, with every seed of it.
pub(super) struct RecipeSeeds<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) scale: Scale,
    pub(super) called: Name,
    pub(super) runs: Vec<&'a Outcome>,
}

impl RecipeSeeds<'_> {
    pub(super) fn has_diverged(&self) -> bool {
        self.runs.iter().any(|run| run.summary.stopped_by == StopReason::Diverged)
    }
}

/// Every recipe of the runs, by its name.
pub(super) fn recipes<'a>(runs: &'a Runs, naming: &Naming) -> Vec<RecipeSeeds<'a>> {
    let mut all: Vec<RecipeSeeds> = Vec::new();
    for (run, (_, about)) in runs.results.0.iter().zip(&runs.about) {
        let recipe = &run.summary.recipe;
        match all.iter_mut().find(|known| known.recipe.is_same_but_for_seed(recipe)) {
            Some(known) => known.runs.push(run),
            None => {
                let (scale, called) = naming.name(&about.row, recipe);
                all.push(RecipeSeeds { recipe, scale, called, runs: vec![run] });
            }
        }
    }
    all.sort_by(|one, other| one.called.row.cmp(&other.called.row));
    all
}
