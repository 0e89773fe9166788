//! Ready-made links.

use crate::lab::facts::link::START;

/// The name and the query of each, in the order of the row.
pub const PRESETS: [(&str, &str); 8] = [
    ("Race: true vs random labels", START),
    ("Half the labels random", "race=off&label-corruption=0.5&stop-at-train-loss=0.1"),
    ("More and more random", "race=corruption&images=500&stop-at-train-loss=0.1"),
    ("Five kinds of data", "race=conditions&images=500&stop-at-train-loss=0.1"),
    ("Shuffled pixels", "race=off&condition=shuffled-pixels&stop-at-train-loss=0.1"),
    ("Random pixels", "race=off&condition=random-pixels&stop-at-train-loss=0.1"),
    ("Gaussian noise", "race=off&condition=gaussian&stop-at-train-loss=0.1"),
    (
        "A small CNN",
        "race=off&model=cnn-small&condition=random-labels&images=500&stop-at-train-loss=0.1",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::FIT_LOSS;
    use crate::lab::facts::link;

    #[test]
    fn every_run_of_every_preset_stops_where_it_counts_as_fitted() {
        for (name, query) in PRESETS {
            let (choices, _) = link::read(query);
            for plan in choices.race.plans(&choices.recipe) {
                assert_eq!(plan.recipe.stop_at_train_loss, Some(FIT_LOSS), "{name}");
                assert_eq!(plan.recipe.stop_at_train_accuracy, None, "{name}: a second clock");
            }
        }
    }

    #[test]
    fn every_preset_can_be_taken_as_it_is_and_is_told_from_the_others() {
        let links = PRESETS.map(|(name, query)| {
            let (choices, sentences) = link::read(query);
            assert_eq!(sentences, Vec::<String>::new(), "{name}");
            link::write(&choices)
        });
        for (at, link) in links.iter().enumerate() {
            assert!(!links[..at].contains(link), "{}: as one before it", PRESETS[at].0);
        }
    }
}
