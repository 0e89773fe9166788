//! What stands in the controls, and the recipe it means.

use std::collections::BTreeMap;

use crate::train::{Recipe, SETTINGS, Setting, SettingError};

/// What stands in each control, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Drafts {
    texts: BTreeMap<&'static str, String>,
    /// The batch size that the reader chose, while there are too few images for it.
    wanted_batch: Option<u64>,
}

/// The sentence of each setting that cannot be taken.
pub type Refusals = BTreeMap<&'static str, String>;

impl Drafts {
    /// A recipe as it stands in the controls.
    pub fn of(recipe: &Recipe) -> Self {
        let mut texts = BTreeMap::new();
        // To collect would bring a sort of its own into the page.
        texts.extend(SETTINGS.iter().map(|setting| (setting.key, setting.get(recipe))));
        Self { texts, wanted_batch: None }
    }

    /// What stands in a control.
    pub fn get(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", String::as_str)
    }

    /// Puts text into a control. A batch size that nobody touches follows the images down, and up again.
    pub fn put(&mut self, key: &'static str, text: String) {
        let text = understood(key, &text);
        match key {
            "batch-size" => self.wanted_batch = None,
            "images" => self.follow(text.parse().ok()),
            _ => {}
        }
        self.texts.insert(key, text);
    }

    fn follow(&mut self, images: Option<u64>) {
        let wanted = self.wanted_batch.or_else(|| self.get("batch-size").parse().ok());
        if let (Some(images), Some(wanted)) = (images.filter(|images| *images > 0), wanted) {
            self.wanted_batch = (wanted > images).then_some(wanted);
            self.texts.insert("batch-size", wanted.min(images).to_string());
        }
    }
}

/// A text as its setting is written: `0,5` and `50 %` are 0.5, `2,000` is 2000. What is not understood stays as it is.
fn understood(key: &str, text: &str) -> String {
    let text = text.trim();
    let meant = Setting::find(key)
        .ok()
        .filter(|setting| !setting.allows(text))
        .and_then(|setting| setting.kind.meant(text));
    meant.unwrap_or_else(|| text.into())
}

/// A share that stands in a control, in percent; what is no share stays as it was written.
pub fn in_percent(draft: &str) -> String {
    draft
        .parse()
        .map_or_else(|_| draft.to_owned(), |share: f64| ((share * 1e6).round() / 1e4).to_string())
}

/// What was written in percent, with or without its sign, as its setting has it.
pub fn as_share(text: &str) -> String {
    let number = text.trim().trim_end_matches('%').trim_end().replace(',', ".");
    number.parse().map_or_else(|_| text.to_owned(), |percent: f64| (percent / 100.0).to_string())
}

/// That what stands in a control that is written in percent cannot be taken.
pub fn not_a_percentage(draft: &str) -> String {
    format!("“{}” must be a number between 0 and 100 %.", in_percent(draft))
}

/// The recipe of the texts, and the sentence for each that cannot be taken, by its setting. `available_images` is what there
/// is to train on, where that is known.
pub fn recipe_of(drafts: &Drafts, available_images: Option<u64>) -> (Recipe, Refusals) {
    let mut recipe = Recipe::default();
    let mut errors = Refusals::new();
    for (key, text) in &drafts.texts {
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
        assert_eq!(recipe_of(&Drafts::of(&recipe), Some(2000)), (recipe, Refusals::new()));
    }

    #[test]
    fn what_cannot_be_taken_has_its_sentence_and_stays_at_its_default() {
        let mut drafts = Drafts::of(&Recipe::default());
        drafts.put("seed", "many".into());
        drafts.put("dropout", " 0.25 ".into());
        let (recipe, errors) = recipe_of(&drafts, None);
        assert_eq!((recipe.seed, recipe.dropout), (Recipe::default().seed, 0.25));
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["seed"]);
        assert!(errors["seed"].contains("many"), "{}", errors["seed"]);
    }

    #[test]
    fn more_images_than_the_server_has_are_refused_with_how_many_it_has() {
        let recipe = Recipe { images: 5000, ..Recipe::default() };
        let (_, errors) = recipe_of(&Drafts::of(&recipe), Some(2000));
        assert!(errors["images"].contains("2000"), "{}", errors["images"]);
        assert_eq!(recipe_of(&Drafts::of(&recipe), None).1, Refusals::new(), "not known yet");
    }

    #[test]
    fn a_number_is_understood_as_it_is_written_in_many_countries() {
        let mut drafts = Drafts::of(&Recipe::default());
        for (text, share) in [
            ("0,5", 0.5),
            ("50 %", 0.5),
            ("50%", 0.5),
            ("7 %", 0.07),
            ("12,5 %", 0.125),
            ("1", 1.0),
        ] {
            drafts.put("label-corruption", text.into());
            let (recipe, errors) = recipe_of(&drafts, None);
            assert_eq!((recipe.label_corruption, errors), (share, Refusals::new()), "{text}");
        }
        drafts.put("images", "1,500".into());
        assert_eq!(recipe_of(&drafts, None).0.images, 1500);
        drafts.put("learning-rate", "auto".into());
        assert_eq!(recipe_of(&drafts, None).0.learning_rate, None);
        drafts.put("label-corruption", "150 %".into());
        assert!(recipe_of(&drafts, None).1.contains_key("label-corruption"));
    }

    #[test]
    fn what_is_written_in_percent_is_understood_and_refused_in_percent() {
        for (text, share, shown) in
            [("25", "0.25", "25"), ("7 %", "0.07", "7"), ("12,5%", "0.125", "12.5")]
        {
            assert_eq!(as_share(text), share, "{text}");
            assert_eq!(in_percent(share), shown, "{text}");
        }
        for (text, shown) in [("150", "150"), ("-5 %", "-5"), ("half", "half"), ("", "")] {
            let mut drafts = Drafts::of(&Recipe::default());
            drafts.put("label-corruption", as_share(text));
            assert!(recipe_of(&drafts, None).1.contains_key("label-corruption"), "{text}");
            assert_eq!(
                not_a_percentage(drafts.get("label-corruption")),
                format!("“{shown}” must be a number between 0 and 100 %.")
            );
        }
    }

    #[test]
    fn a_batch_that_nobody_touched_follows_the_images_down_and_up_again() {
        let mut drafts = Drafts::of(&Recipe::default());
        let batches = ["100", "20", "many", "1000"].map(|images| {
            drafts.put("images", images.into());
            drafts.get("batch-size").to_owned()
        });
        assert_eq!(batches, ["100", "20", "20", "128"]);
        // One that was named is not touched, and says that it cannot be.
        drafts.put("images", "100".into());
        drafts.put("batch-size", "128".into());
        assert!(recipe_of(&drafts, None).1.contains_key("batch-size"));
    }
}
