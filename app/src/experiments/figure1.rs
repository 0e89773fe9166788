//! Figure 1: what randomized data cost in time and in test error.

use super::table1::plain_row;
use super::{Published, Row, Scale};
use crate::data::Condition;
use crate::models::ModelName::{self, AlexnetSmall, InceptionSmall, Mlp1x512};
use crate::train::Recipe;

/// The five conditions of Figure 1a, in the order of its legend.
pub const CONDITIONS: [Condition; 5] = [
    Condition::TrueLabels,
    Condition::RandomLabels,
    Condition::ShuffledPixels,
    Condition::RandomPixels,
    Condition::Gaussian,
];

/// The networks of Figures 1b and 1c.
pub const CORRUPTED_MODELS: [ModelName; 3] = [InceptionSmall, AlexnetSmall, Mlp1x512];

/// Figure 1a's grid.
pub(super) fn conditions(scale: Scale) -> Vec<Row> {
    let row = |condition: Condition| {
        plain_row(scale, InceptionSmall, true, condition)
            .filter(|row| row.recipe.condition == condition)
            .unwrap_or_else(|| Row {
                name: format!("{}/{}", InceptionSmall.key(), condition.key()),
                recipe: Recipe { condition, ..scale.recipe(InceptionSmall) },
                published: Published::default(),
            })
    };
    CONDITIONS.map(row).into()
}

/// The shares of corrupted labels a network is trained on; at the paper's scale steps of a tenth.
pub fn corruption_levels(scale: Scale, model: ModelName) -> Vec<f64> {
    let steps = match (scale, model) {
        (Scale::Paper, _) | (Scale::Desk, Mlp1x512) => 10,
        (Scale::Desk, AlexnetSmall) => 5,
        (Scale::Desk, _) => 4,
        (Scale::Smoke, _) => 2,
    };
    (0..=steps).map(|step| f64::from(step) / f64::from(steps)).collect()
}

/// The run of a network at a level: with no label corrupted or all of them it is a row of Table 1.
pub fn corruption_row(scale: Scale, model: ModelName, level: f64) -> Row {
    let end = if level == 0.0 {
        plain_row(scale, model, true, Condition::TrueLabels)
    } else if level == 1.0 {
        plain_row(scale, model, true, Condition::RandomLabels)
    } else {
        None
    };
    end.unwrap_or_else(|| Row {
        name: format!("{}/corruption-{level}", model.key()),
        recipe: Recipe { label_corruption: level, ..scale.recipe(model) },
        published: Published::default(),
    })
}

/// The grid of Figures 1b and 1c.
pub(super) fn corruption(scale: Scale) -> Vec<Row> {
    let of_model = |model| {
        let levels = corruption_levels(scale, model).into_iter();
        levels.map(move |level| corruption_row(scale, model, level))
    };
    CORRUPTED_MODELS.into_iter().flat_map(of_model).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_grid_has_eleven_levels_for_each_of_three_networks() {
        let rows = corruption(Scale::Paper);
        assert_eq!(rows.len(), 33);
        assert_eq!(rows[3].recipe.label_corruption, 0.3);
        assert_eq!(rows[10].recipe.condition, Condition::RandomLabels);
    }

    #[test]
    fn figure_1a_has_each_condition_once() {
        let found: Vec<_> =
            conditions(Scale::Desk).iter().map(|row| row.recipe.condition).collect();
        assert_eq!(found, CONDITIONS);
    }
}
