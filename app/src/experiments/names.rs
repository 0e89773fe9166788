//! What a run is called: the row of the paper's grids that it is, or is nearest to, and what of that row was changed.

use std::fmt;

use super::{EXPERIMENTS, Published, Row, Scale, distinct_rows};
use crate::train::{Recipe, SETTINGS};

/// What a run is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Name {
    /// The row: `mlp-1x512/plain`.
    pub row: String,
    /// The settings in which the run differs from it, each with the run's value; none where it is the row.
    pub changed: Vec<(&'static str, String)>,
    /// What the paper reports of the row.
    pub published: Published,
}

impl Name {
    /// Whether the run is of the row as the grids have it, and not of other settings.
    pub fn is_row(&self) -> bool {
        self.changed.is_empty()
    }

    /// What was changed, as `weight-decay=0.001 batch-size=32`.
    pub fn changes(&self) -> String {
        let each: Vec<_> =
            self.changed.iter().map(|(key, value)| format!("{key}={value}")).collect();
        each.join(" ")
    }
}

/// `mlp-1x512/plain weight-decay=0.001`.
impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.row)?;
        if self.is_row() { Ok(()) } else { write!(formatter, " {}", self.changes()) }
    }
}

/// The names of runs at a scale.
pub struct Names {
    scale: Scale,
    rows: Vec<Row>,
}

impl Names {
    /// The rows of all experiments at a scale.
    pub fn at(scale: Scale) -> Self {
        let all: Vec<_> = EXPERIMENTS.iter().collect();
        Self { scale, rows: distinct_rows(&all, scale) }
    }

    /// The scale they are of.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// All rows, each recipe once.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row that a recipe is, with any seed; none if it is of other settings.
    pub fn row(&self, recipe: &Recipe) -> Option<&Row> {
        self.rows.iter().find(|row| row.recipe.is_same_but_for_seed(recipe))
    }

    /// The name of a recipe that was made of the row called `row`, or of the one it is itself. Another network makes it a
    /// row of that network; the seed is no part of a name.
    pub fn of(&self, row: &str, recipe: &Recipe) -> Name {
        if let Some(row) = self.row(recipe) {
            return Name { row: row.name.clone(), changed: Vec::new(), published: row.published };
        }
        let variant = row.split_once('/').map_or("plain", |(_, variant)| variant);
        let model = recipe.model.key();
        let without = (!recipe.batch_norm).then(|| format!("{model}-no-bn/{variant}"));
        let of_its_network = format!("{model}/{variant}");
        let named = |name: &str| self.rows.iter().find(|row| row.name == name);
        let base = without.as_deref().and_then(named).or_else(|| named(&of_its_network));
        if let Some(base) = base {
            let changed = differences(&base.recipe, recipe);
            return Name { row: base.name.clone(), changed, published: base.published };
        }
        // A network that the paper does not have, or not in this row: like the row it was made of.
        let made_of =
            named(row).map_or_else(|| self.scale.recipe(recipe.model), |row| row.recipe.clone());
        let made_of = Recipe { model: recipe.model, ..made_of };
        let changed = differences(&made_of, recipe);
        Name { row: of_its_network, changed, published: Published::default() }
    }
}

fn differences(row: &Recipe, recipe: &Recipe) -> Vec<(&'static str, String)> {
    let (row, recipe) = (row.resolved(), recipe.resolved());
    let differs = |setting: &&crate::train::Setting| {
        setting.key != "seed" && setting.get(&row) != setting.get(&recipe)
    };
    SETTINGS.iter().filter(differs).map(|setting| (setting.key, setting.get(&recipe))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a row's recipe after changes `key=value`.
    fn name(scale: Scale, row: &str, changes: &[&str]) -> Name {
        let names = Names::at(scale);
        let mut recipe =
            names.rows().iter().find(|known| known.name == row).unwrap().recipe.clone();
        recipe.seed = 7;
        for (key, value) in changes.iter().filter_map(|change| change.split_once('=')) {
            recipe.set(key, value).unwrap();
        }
        names.of(row, &recipe)
    }

    #[test]
    fn a_row_is_called_by_its_name_whatever_the_seed() {
        let plain = name(Scale::Desk, "mlp-1x512/plain", &[]);
        assert_eq!((plain.to_string().as_str(), plain.is_row()), ("mlp-1x512/plain", true));
        assert_eq!(plain.published.test.unwrap().percent, 50.51);
        // What it is already is no change.
        assert!(name(Scale::Desk, "mlp-1x512/plain", &["batch-size=64"]).is_row());
        assert!(name(Scale::Desk, "mlp-1x512/plain", &["learning-rate=0.01"]).is_row());
    }

    #[test]
    fn what_was_changed_stands_in_the_name() {
        let changed = ["weight-decay=0.001", "batch-size=32"];
        let found = name(Scale::Desk, "mlp-1x512/plain", &changed);
        assert_eq!(found.to_string(), "mlp-1x512/plain batch-size=32 weight-decay=0.001");
        assert!(!found.is_row() && found.published.test.is_some());
    }

    #[test]
    fn a_change_that_makes_it_another_row_makes_it_that_row() {
        let found = name(Scale::Desk, "mlp-1x512/plain", &["weight-decay=0.00004"]);
        assert_eq!(found.to_string(), "mlp-1x512/decay");
        let found = name(Scale::Paper, "inception-small/plain", &["batch-norm=false"]);
        assert_eq!(found.to_string(), "inception-small-no-bn/plain");
    }

    #[test]
    fn another_network_is_named_as_what_it_is() {
        let other = |scale, model| name(scale, "mlp-1x512/plain", &[model]).to_string();
        assert_eq!(other(Scale::Desk, "model=mlp-3x512"), "mlp-3x512/plain");
        assert_eq!(other(Scale::Paper, "model=mlp-3x512"), "mlp-3x512/plain batch-size=64");
        let small = name(Scale::Desk, "mlp-1x512/plain", &["model=cnn-small", "momentum=0.5"]);
        assert_eq!(small.to_string(), "cnn-small/plain momentum=0.5");
        assert_eq!(small.published, Published::default());
    }

    #[test]
    fn a_recipe_of_no_known_row_is_named_after_its_network() {
        let recipe =
            Recipe { momentum: 0.5, ..Scale::Desk.recipe(crate::models::ModelName::Mlp1x512) };
        let found = Names::at(Scale::Desk).of("from elsewhere", &recipe);
        assert_eq!(found.to_string(), "mlp-1x512/plain momentum=0.5");
    }
}
