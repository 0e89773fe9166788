//! What stands in the controls, and the recipe it means.

use std::collections::BTreeMap;

use crate::train::{Recipe, SETTINGS, Setting, SettingError};

/// What stands in each control, as text.
pub type Drafts = BTreeMap<&'static str, String>;

/// The sentence of each setting that cannot be taken.
pub type Refusals = BTreeMap<&'static str, String>;

/// A recipe as it stands in the controls.
pub fn drafts_of(recipe: &Recipe) -> Drafts {
    let mut drafts = Drafts::new();
    // To collect would bring a sort of its own into the page.
    drafts.extend(SETTINGS.iter().map(|setting| (setting.key, setting.get(recipe))));
    drafts
}

/// The recipe of the texts, and the sentence for each that cannot be taken, by its setting. `available_images` is what there
/// is to train on, where that is known.
pub fn recipe_of(drafts: &Drafts, available_images: Option<u64>) -> (Recipe, Refusals) {
    let mut recipe = Recipe::default();
    let mut errors = Refusals::new();
    for (key, text) in drafts {
        if let Err(error) =
            Setting::find(key).and_then(|setting| setting.set(&mut recipe, text.trim()))
        {
            errors.insert(*key, error.to_string());
        }
    }
    if let Some(available) = available_images.filter(|available| recipe.images > *available) {
        let allowed = format!(
            "at most {available}, the training images served here (`cargo xtask data` makes more)"
        );
        let error =
            SettingError::OutOfRange { key: "images", value: recipe.images.to_string(), allowed };
        errors.insert("images", error.to_string());
    }
    if let Err(error) = recipe.check() {
        errors.entry("batch-size").or_insert(error.to_string());
    }
    (recipe, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_controls_of_a_recipe_means_that_recipe() {
        let recipe = Recipe { images: 300, weight_decay: 0.5, seed: 9, ..Recipe::default() };
        assert_eq!(recipe_of(&drafts_of(&recipe), Some(2000)), (recipe, Refusals::new()));
    }

    #[test]
    fn what_cannot_be_taken_has_its_sentence_and_stays_at_its_default() {
        let mut drafts = drafts_of(&Recipe::default());
        drafts.insert("seed", "many".into());
        drafts.insert("dropout", " 0.25 ".into());
        let (recipe, errors) = recipe_of(&drafts, None);
        assert_eq!((recipe.seed, recipe.dropout), (Recipe::default().seed, 0.25));
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["seed"]);
        assert!(errors["seed"].contains("many"), "{}", errors["seed"]);
    }

    #[test]
    fn more_images_than_the_server_has_are_refused_with_how_many_it_has() {
        let recipe = Recipe { images: 5000, ..Recipe::default() };
        let (_, errors) = recipe_of(&drafts_of(&recipe), Some(2000));
        assert!(errors["images"].contains("2000"), "{}", errors["images"]);
        assert_eq!(recipe_of(&drafts_of(&recipe), None).1, Refusals::new(), "not known yet");
    }
}
