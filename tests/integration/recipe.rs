//! A recipe's faces: what is written as a file or a link reads back as the same recipe.

use proptest::prelude::*;
use rote::train::{Recipe, SETTINGS, SettingError, SettingKind};

/// Any allowed value of a setting, as text.
fn allowed_value(kind: SettingKind) -> BoxedStrategy<String> {
    let number = match kind {
        SettingKind::Choice(words) => {
            return prop::sample::select(words).prop_map(str::to_owned).boxed();
        }
        SettingKind::Switch => return any::<bool>().prop_map(|on| on.to_string()).boxed(),
        SettingKind::Integer { min, max, .. } => {
            (min..=max).prop_map(|value| value.to_string()).boxed()
        }
        SettingKind::Number { min, max, .. } => {
            (min..=max).prop_map(|value| value.to_string()).boxed()
        }
    };
    match kind.none() {
        Some(none) => prop_oneof![number, Just(none.to_owned())].boxed(),
        None => number,
    }
}

fn any_recipe() -> impl Strategy<Value = Recipe> {
    let values: Vec<_> = SETTINGS.iter().map(|setting| allowed_value(setting.kind)).collect();
    values.prop_map(|values| {
        let mut recipe = Recipe::default();
        for (setting, value) in SETTINGS.iter().zip(values) {
            setting.set(&mut recipe, &value).expect("the value is allowed");
        }
        recipe.batch_size = recipe.batch_size.min(recipe.images);
        recipe
    })
}

fn pairs(query: &str) -> Vec<(&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter_map(|pair| pair.split_once('='))
        .collect()
}

proptest! {
    #[test]
    fn a_recipe_file_reads_back_as_the_same_recipe(recipe in any_recipe()) {
        prop_assert_eq!(Recipe::from_toml(&recipe.to_toml()), Ok(recipe));
    }

    #[test]
    fn a_link_reads_back_as_the_same_recipe(recipe in any_recipe()) {
        let (read, errors) = Recipe::from_pairs(pairs(&recipe.to_query()));
        prop_assert_eq!(errors, vec![]);
        prop_assert_eq!(read, recipe);
    }

    #[test]
    fn a_link_with_rubbish_opens_with_a_runnable_recipe_and_a_sentence_each(key in "[a-z-]{0,12}", value in "\\PC{0,20}") {
        let (read, errors) = Recipe::from_pairs([(key.as_str(), value.as_str()), ("images", "many"), ("seed", "7")]);
        prop_assert_eq!(read.check(), Ok(()));
        prop_assert_eq!(read.seed, 7);
        let named = errors.iter().any(|error| matches!(error, SettingError::OutOfRange { key: "images", .. }));
        prop_assert!(named, "{errors:?}");
    }
}

#[test]
fn the_default_recipe_writes_nothing() {
    assert_eq!(
        (Recipe::default().to_toml(), Recipe::default().to_query()),
        (String::new(), String::new())
    );
}

#[test]
fn only_what_differs_is_written() {
    let recipe = Recipe { images: 500, stop_at_train_accuracy: Some(1.0), ..Recipe::default() };
    assert_eq!(recipe.to_query(), "images=500&stop-at-train-accuracy=1");
    assert_eq!(recipe.to_toml(), "images = 500\nstop-at-train-accuracy = 1\n");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    let error = Recipe::from_toml("label-coruption = 0.5").unwrap_err().to_string();
    assert_eq!(error, "there is no setting `label-coruption`; did you mean `label-corruption`?");
}

#[test]
fn settings_out_of_range_are_refused_with_the_range() {
    let refused =
        |key: &str, value: &str| Recipe::default().set(key, value).unwrap_err().to_string();
    assert_eq!(
        refused("label-corruption", "1.5"),
        "`label-corruption` is 1.5, but it must be a number between 0 and 1"
    );
    assert_eq!(
        refused("label-corruption", "NaN"),
        "`label-corruption` is NaN, but it must be a number between 0 and 1"
    );
    assert_eq!(
        refused("batch-size", "0"),
        "`batch-size` is 0, but it must be a whole number between 1 and 50000"
    );
    assert_eq!(
        refused("model", "resnet"),
        "`model` is resnet, but it must be one of mlp-1x512, mlp-3x512, cnn-small, alexnet-small, inception-small"
    );
    assert_eq!(
        refused("steps", ""),
        "`steps` is empty, but it must be unlimited or a whole number between 1 and 1000000000"
    );
}

#[test]
fn a_batch_larger_than_the_training_set_is_refused() {
    let error = Recipe::from_toml("images = 100").unwrap_err().to_string();
    assert_eq!(
        error,
        "`batch-size` is 128, but it must be between 1 and 100, the number of images (it is the default: name a smaller one)"
    );
}

#[test]
fn the_learning_rate_falls_by_its_factor_each_epoch() {
    let recipe = Recipe::default();
    assert_eq!(recipe.learning_rate_in(0), 0.01);
    assert!((recipe.learning_rate_in(2) - 0.01 * 0.95 * 0.95).abs() < 1e-15);
    let inception = Recipe { model: rote::models::ModelName::InceptionSmall, ..Recipe::default() };
    assert_eq!(inception.learning_rate_in(0), 0.1);
}
