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
