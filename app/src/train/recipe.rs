//! The one declaration of every setting of a run. Command-line flags, recipe files, the page's URL and the page's
//! controls are read off [`SETTINGS`]; none of them knows a setting by name.

use crate::data::{CIFAR10_TRAIN_IMAGES, Condition};
use crate::models::{Initialization, ModelName};
use crate::train::decay::DecayOn;
use crate::train::setting::{Group, Setting, SettingError, SettingKind};
use crate::words::TextValue;

macro_rules! recipe {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr; $key:literal, $label:literal, $group:ident, $kind:expr;)+) => {
        /// What is run: model, data, optimization, stop rules. Where it is run (the device) is not part of it.
        ///
        /// Two recipes are equal if they are the same run: `auto` equals what it stands for.
        #[derive(Clone, Debug)]
        pub struct Recipe {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl PartialEq for Recipe {
            fn eq(&self, other: &Self) -> bool {
                let (one, other) = (self.resolved(), other.resolved());
                $(one.$field == other.$field)&&+
            }
        }

        impl Default for Recipe {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// Every setting of a [`Recipe`], in the order a person meets them.
        pub static SETTINGS: &[Setting] = &[$(Setting {
            key: $key,
            label: $label,
            help: concat!($($doc),+),
            group: Group::$group,
            kind: $kind,
            read: |recipe| recipe.$field.write(),
            write: |recipe, text| {
                recipe.$field = TextValue::parse(text)?;
                Some(())
            },
        },)+];
    };
}

recipe! {
    /// The network: an MLP, the paper's small AlexNet or small Inception, or a small CNN.
    model: ModelName = ModelName::Mlp1x512; "model", "Model", Model, SettingKind::Choice(ModelName::KEYS);
    /// Normalize each channel over the batch (cnn-small and inception-small only; the others have no such layer).
    batch_norm: bool = true; "batch-norm", "Batch norm", Model, SettingKind::Switch;
    /// How weights are drawn at the start; biases start at zero.
    initialization: Initialization = Initialization::Glorot; "initialization", "Initialization", Model,
        SettingKind::Choice(Initialization::KEYS);

    /// What is done to the data before training: the randomization tests of section 2.1.
    condition: Condition = Condition::TrueLabels; "condition", "Data", Data, SettingKind::Choice(Condition::KEYS);
    /// Each training label is replaced with this probability by a uniformly drawn class (one time in ten its own). Random labels mean 1.
    label_corruption: f64 = 0.0; "label-corruption", "Label corruption", Data, SettingKind::number(0.0, 1.0);
    /// Corrupt the test labels in the same way too; otherwise they stay clean.
    corrupt_test_labels: bool = false; "corrupt-test-labels", "Corrupt test labels", Data, SettingKind::Switch;
    /// Number of training images: up to 2,000 come with the program (and 500 for the test), more need the full data.
    images: u64 = 1000; "images", "Training images", Data, SettingKind::integer(10, CIFAR10_TRAIN_IMAGES as u64);
    /// Train on a fresh random 28x28 window of each 32x32 image every epoch, instead of the central one.
    random_crop: bool = false; "random-crop", "Random crop", Data, SettingKind::Switch;
    /// Mirror half of the training images and turn each by up to 25 degrees, afresh every epoch (appendix E).
    augmentation: bool = false; "augmentation", "Mirror and turn", Data, SettingKind::Switch;

    /// Images in one step.
    batch_size: u64 = 128; "batch-size", "Batch size", Optimization, SettingKind::integer(1, CIFAR10_TRAIN_IMAGES as u64);
    /// Step size at the start; auto is 0.1 for inception-small and 0.01 for alexnet-small and the MLPs, as in the paper, and 0.02 for cnn-small.
    learning_rate: Option<f64> = None; "learning-rate", "Learning rate", Optimization,
        SettingKind::optional_number("auto", 1e-6, 10.0);
    /// The learning rate is multiplied by this after every epoch.
    learning_rate_decay: f64 = 0.95; "learning-rate-decay", "Rate decay an epoch", Optimization,
        SettingKind::number(0.0, 1.0);
    /// Share of the last update that is kept (no dampening, as in the paper).
    momentum: f64 = 0.9; "momentum", "Momentum", Optimization, SettingKind::number(0.0, 0.999);
    /// Pull of every touched weight towards zero: this times the weight is added to its gradient.
    weight_decay: f64 = 0.0; "weight-decay", "Weight decay", Optimization, SettingKind::number(0.0, 1.0);
    /// Which parameters weight decay touches.
    weight_decay_on: DecayOn = DecayOn::Weights; "weight-decay-on", "Weight decay on", Optimization,
        SettingKind::Choice(DecayOn::KEYS);
    /// Chance that a hidden unit feeding a dense layer is dropped in a training step.
    dropout: f64 = 0.0; "dropout", "Dropout", Optimization, SettingKind::number(0.0, 0.95);

    /// Stop after this many passes over the training images.
    epochs: u64 = 100; "epochs", "Epochs at most", Stop, SettingKind::integer(1, 1_000_000);
    /// Stop after this many steps.
    steps: Option<u64> = None; "steps", "Steps at most", Stop, SettingKind::optional_integer("unlimited", 1, 1_000_000_000);
    /// Stop when this share of the training images is predicted as shown (1 = every one).
    stop_at_train_accuracy: Option<f64> = None; "stop-at-train-accuracy", "Stop at train accuracy", Stop,
        SettingKind::optional_number("never", 0.0, 1.0);
    /// Stop after the first epoch with a mean training loss of at most this, in nats (0.1 counts as fitted).
    stop_at_train_loss: Option<f64> = None; "stop-at-train-loss", "Stop at train loss", Stop, SettingKind::optional_number("never", 1e-6, 10.0);
    /// Stop after this many epochs in which the training loss found no new minimum.
    patience: Option<u64> = None; "patience", "Patience in epochs", Stop, SettingKind::optional_integer("never", 1, 1_000_000);
    /// Measure the accuracies after every so many epochs (and at the end).
    evaluate_every: u64 = 1; "evaluate-every", "Evaluate every (epochs)", Stop, SettingKind::integer(1, 1_000_000);

    /// Everything drawn at random (weights, order, crops, dropout, corruption) follows from this number.
    seed: u64 = 1; "seed", "Seed", Start, SettingKind::integer(0, 9_007_199_254_740_991);
}

/// Settings that came when there were runs already. Where they are at their default, runs are called what they were before.
const CAME_LATER: [&str; 1] = ["stop-at-train-loss"];

impl Recipe {
    /// Whether `other` is the same run, perhaps with another seed.
    pub fn is_same_but_for_seed(&self, other: &Self) -> bool {
        Self { seed: other.seed, ..self.clone() } == *other
    }

    /// The learning rate of the first epoch, with `auto` resolved for the model (paper, appendix A).
    pub fn initial_learning_rate(&self) -> f64 {
        self.learning_rate.unwrap_or_else(|| self.model.default_learning_rate())
    }

    /// The same run with every `auto` written out: what it was identified by stays true when defaults change.
    pub fn resolved(&self) -> Self {
        Self { learning_rate: Some(self.initial_learning_rate()), ..self.clone() }
    }

    /// The learning rate in `epoch`, counted from 0.
    pub fn learning_rate_in(&self, epoch: u64) -> f64 {
        self.initial_learning_rate()
            * self.learning_rate_decay.powi(epoch.min(i32::MAX as u64) as i32)
    }

    /// Steps in one epoch; the last batch of an epoch may be smaller than the others.
    pub fn steps_per_epoch(&self) -> u64 {
        self.images.div_ceil(self.batch_size)
    }

    /// The step after which the run ends at the latest.
    pub fn last_step(&self) -> u64 {
        let by_epochs = self.epochs.saturating_mul(self.steps_per_epoch());
        self.steps.map_or(by_epochs, |steps| steps.min(by_epochs))
    }

    /// Whether the run ends where its training set is fitted.
    pub fn stops_once_fitted(&self) -> bool {
        self.stop_at_train_accuracy.is_some() || self.stop_at_train_loss.is_some()
    }

    /// Whether the run may end before its last step: then its time is a limit.
    pub fn may_stop_sooner(&self) -> bool {
        self.stops_once_fitted() || self.patience.is_some()
    }

    /// Checks what no setting can check alone.
    pub fn check(&self) -> Result<(), SettingError> {
        if self.batch_size > self.images {
            return Err(SettingError::OutOfRange {
                key: "batch-size",
                value: self.batch_size.to_string(),
                allowed: format!(
                    "between 1 and {}, the number of images{}",
                    self.images,
                    if self.batch_size == Self::default().batch_size {
                        " (it is the default: name a smaller one)"
                    } else {
                        ""
                    }
                ),
            });
        }
        Ok(())
    }

    /// The settings that differ from the default, as `(key, value)`; a value that `auto` would give is no difference.
    pub fn differences(&self) -> Vec<(&'static str, String)> {
        let default = Self { model: self.model, ..Self::default() }.resolved();
        let own = self.resolved();
        let differs = |setting: &&Setting| {
            setting.key == "model" && self.model != Self::default().model
                || setting.get(&own) != setting.get(&default)
        };
        SETTINGS.iter().filter(differs).map(|setting| (setting.key, setting.get(&own))).collect()
    }

    /// Every setting as `(key, value)`, with `auto` resolved: the whole run, whatever the defaults are.
    pub fn every_setting(&self) -> Vec<(&'static str, String)> {
        let own = self.resolved();
        SETTINGS.iter().map(|setting| (setting.key, setting.get(&own))).collect()
    }

    /// What a run is named and found by: every setting, but for those that came later and are at their default, so that a new
    /// setting does not part a program from the runs of the one before.
    pub fn identity(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let is_named = |(key, value): &(&str, String)| {
            let at_default = |setting: &Setting| setting.get(&default) == *value;
            !CAME_LATER.contains(key) || !Setting::find(key).is_ok_and(at_default)
        };
        self.every_setting().into_iter().filter(is_named).collect()
    }

    /// Every setting that a run keeps when it is gone on with, as `(key, value)`: all but the rules for its end.
    pub fn settings_that_stay(&self) -> impl Iterator<Item = (&'static str, String)> {
        let own = self.resolved();
        let stays = SETTINGS.iter().filter(|setting| setting.group != Group::Stop);
        stays.map(move |setting| (setting.key, setting.get(&own)))
    }

    /// Sets one setting from text.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let setting = Setting::find(key)?;
        setting.set(self, value)
    }

    /// A recipe file: one `key = value` a line, only what differs from the default.
    pub fn to_toml(&self) -> String {
        lines(&self.differences())
    }

    /// A recipe file of the run's [`identity`](Self::identity), which does not change with the defaults.
    pub fn to_full_toml(&self) -> String {
        lines(&self.identity())
    }

    /// Reads a recipe file over the default recipe; an unknown key is an error.
    pub fn from_toml(text: &str) -> Result<Self, SettingError> {
        let mut recipe = Self::default();
        recipe.read_toml(text)?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Takes over the settings a recipe file names; on an error some of them may have been taken.
    pub fn read_toml(&mut self, text: &str) -> Result<(), SettingError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            SettingError::Syntax { reason: error.message().into() }
        })?;
        for (key, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
                    value.to_string()
                }
                other => {
                    return Err(SettingError::Syntax {
                        reason: format!("{key} is a {}", other.type_str()),
                    });
                }
            };
            self.set(&key, &text)?;
        }
        Ok(())
    }

    /// The part of a URL after `?`: only what differs from the default.
    pub fn to_query(&self) -> String {
        let pairs: Vec<_> =
            self.differences().iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join("&")
    }

    /// Reads `(key, value)` pairs of a URL. A pair that cannot be used is skipped and reported, so that a damaged link
    /// still opens the page.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<SettingError>) {
        let mut recipe = Self::default();
        let mut errors = Vec::new();
        for (key, value) in pairs {
            if let Err(error) = recipe.set(key, value) {
                errors.push(error);
            }
        }
        if let Err(error) = recipe.check() {
            errors.push(error);
            recipe.batch_size = recipe.images.min(Self::default().batch_size);
        }
        (recipe, errors)
    }
}

/// Settings as the lines of a recipe file.
fn lines(settings: &[(&'static str, String)]) -> String {
    let line = |(key, value): &(&str, String)| {
        let is_bare = value == "true" || value == "false" || value.parse::<f64>().is_ok();
        if is_bare { format!("{key} = {value}\n") } else { format!("{key} = \"{value}\"\n") }
    };
    settings.iter().map(line).collect()
}

/// As an object with the text of every setting by its key: whoever reads it needs no list of the defaults, and what was run
/// does not change with them.
impl serde::Serialize for Recipe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.identity())
    }
}

impl<'de> serde::Deserialize<'de> for Recipe {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingsVisitor)
    }
}

struct SettingsVisitor;

impl<'de> serde::de::Visitor<'de> for SettingsVisitor {
    type Value = Recipe;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("settings by their keys")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Recipe, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry::<String, String>()? {
            pairs.push(pair);
        }
        read(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    /// Version 0.1 wrote the lines of a recipe file, and only what differed from the defaults, which were today's.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Recipe, E> {
        // Exactly what was written. A reader for all of TOML would be a tenth of the page's weight.
        let lines = text.lines().filter_map(|line| line.split_once(" = "));
        read(lines.map(|(key, value)| (key, value.trim_matches('"'))))
    }
}

fn read<'a, E: serde::de::Error>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Recipe, E> {
    let (recipe, errors) = Recipe::from_pairs(pairs);
    errors.into_iter().next().map_or(Ok(recipe), |error| Err(E::custom(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_may_stop_sooner_where_a_rule_says_so() {
        let limited = Recipe { steps: Some(5), epochs: 3, ..Recipe::default() };
        assert!(!limited.may_stop_sooner() && !limited.stops_once_fitted());
        let patient = Recipe { patience: Some(2), ..Recipe::default() };
        assert!(patient.may_stop_sooner() && !patient.stops_once_fitted());
        for fitted in [
            Recipe { stop_at_train_accuracy: Some(1.0), ..Recipe::default() },
            Recipe { stop_at_train_loss: Some(0.1), ..Recipe::default() },
        ] {
            assert!(fitted.may_stop_sooner() && fitted.stops_once_fitted());
        }
    }
}
