//! Table 1: the four networks with and without explicit regularization, and on random labels.

use super::{Confidence, Published, Row, Scale, explicit_weight_decay};
use crate::data::Condition;
use crate::models::ModelName::{self, AlexnetSmall, InceptionSmall, Mlp1x512, Mlp3x512};
use crate::train::Recipe;

/// How a row of the table differs from the plain run of its network.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    CropDecay,
    Crop,
    Decay,
    Plain,
    Random,
}
use Variant::{Crop, CropDecay, Decay, Plain, Random};

/// A row of the table as printed: network, batch norm, variant, accuracy on training and test images in percent.
type Printed = (ModelName, bool, Variant, f64, f64);

/// The 19 rows. All three copies that were found agree.
const PRINTED: [Printed; 19] = [
    (InceptionSmall, true, CropDecay, 100.0, 89.05),
    (InceptionSmall, true, Crop, 100.0, 89.31),
    (InceptionSmall, true, Decay, 100.0, 86.03),
    (InceptionSmall, true, Plain, 100.0, 85.75),
    (InceptionSmall, true, Random, 100.0, 9.78),
    (InceptionSmall, false, Decay, 100.0, 83.00),
    (InceptionSmall, false, Plain, 100.0, 82.00),
    (InceptionSmall, false, Random, 100.0, 10.12),
    (AlexnetSmall, true, CropDecay, 99.90, 81.22),
    (AlexnetSmall, true, Crop, 99.82, 79.66),
    (AlexnetSmall, true, Decay, 100.0, 77.36),
    (AlexnetSmall, true, Plain, 100.0, 76.07),
    (AlexnetSmall, true, Random, 99.82, 9.86),
    (Mlp3x512, true, Decay, 100.0, 53.35),
    (Mlp3x512, true, Plain, 100.0, 52.39),
    (Mlp3x512, true, Random, 100.0, 10.48),
    (Mlp1x512, true, Decay, 99.80, 50.39),
    (Mlp1x512, true, Plain, 100.0, 50.51),
    (Mlp1x512, true, Random, 99.34, 10.61),
];

/// How many rows the table has.
pub const PAPER_TABLE_1: usize = PRINTED.len();

/// The table's grid.
pub(super) fn rows(scale: Scale) -> Vec<Row> {
    PRINTED.map(|printed| row(scale, printed)).into()
}

/// The row of a network with nothing regularized, on true labels or on random ones.
pub(super) fn plain_row(
    scale: Scale,
    model: ModelName,
    batch_norm: bool,
    condition: Condition,
) -> Option<Row> {
    let variant = if condition == Condition::RandomLabels { Random } else { Plain };
    let is_it =
        |printed: &&Printed| (printed.0, printed.1, printed.2) == (model, batch_norm, variant);
    PRINTED.iter().find(is_it).map(|&printed| row(scale, printed))
}

fn row(scale: Scale, (model, batch_norm, variant, train, test): Printed) -> Row {
    let recipe = Recipe { batch_norm, ..scale.recipe(model) };
    let cropped = |recipe| Recipe { random_crop: true, ..recipe };
    let (word, recipe) = match variant {
        CropDecay => ("crop+decay", explicit_weight_decay(cropped(recipe))),
        Crop => ("crop", cropped(recipe)),
        Decay => ("decay", explicit_weight_decay(recipe)),
        Plain => ("plain", recipe),
        Random => ("random-labels", Recipe { condition: Condition::RandomLabels, ..recipe }),
    };
    let network =
        if batch_norm { model.key().to_owned() } else { format!("{}-no-bn", model.key()) };
    Row {
        name: format!("{network}/{word}"),
        recipe,
        published: Published::accuracies(train, test, Confidence::Copied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_every_regularizer_costs_inception_three_and_a_third_points_in_the_printed_table() {
        let test = |name: &str| {
            rows(Scale::Paper).iter().find(|row| row.name == name).unwrap().published.test.unwrap()
        };
        let cost =
            test("inception-small/crop+decay").percent - test("inception-small/plain").percent;
        assert!((cost - 3.30).abs() < 1e-9);
        let batch_norm =
            test("inception-small/plain").percent - test("inception-small-no-bn/plain").percent;
        assert!((batch_norm - 3.75).abs() < 1e-9);
    }

    #[test]
    fn only_the_rows_with_decay_decay_and_only_those_with_crop_crop() {
        for row in rows(Scale::Paper) {
            assert_eq!(row.recipe.weight_decay > 0.0, row.name.contains("decay"), "{}", row.name);
            assert_eq!(row.recipe.random_crop, row.name.contains("crop"), "{}", row.name);
            assert_eq!(
                row.recipe.condition == Condition::RandomLabels,
                row.name.ends_with("random-labels")
            );
        }
    }
}
