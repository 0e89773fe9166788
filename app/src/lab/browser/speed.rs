//! How fast this browser trains, and after how many epochs runs end, remembered from run to run, so that the next one can be
//! announced with its time.

use super::storage::storage;
use crate::train::{Group, Recipe, SETTINGS};

/// Remembers the images a second of a run.
pub fn remember(recipe: &Recipe, device: &str, images_per_second: f64) {
    note(&speed_key(recipe, device), images_per_second);
}

/// Remembers what computes where the reader has chosen this engine.
pub fn remember_device(engine: &str, device: &str) {
    if let Some(storage) = storage() {
        // Without storage there is no announcement.
        let _ = storage.set_item(&format!("rote-device {engine}"), device);
    }
}

/// What computed the last time with this engine.
pub fn usual_device(engine: &str) -> Option<String> {
    storage()?.get_item(&format!("rote-device {engine}")).ok()?
}

/// Remembers after how many epochs a run came to its end.
pub fn remember_end(recipe: &Recipe, epochs: u64) {
    note(&end_key(recipe), epochs as f64);
}

/// Seconds that so many steps of a run take, as far as its like was made here before.
pub fn expected_seconds(recipe: &Recipe, device: &str, steps: f64) -> Option<f64> {
    let images_per_second = noted(&speed_key(recipe, device))?;
    Some(steps * recipe.batch_size.min(recipe.images) as f64 / images_per_second)
}

/// Epochs after which a run that stops where it is fitted is guessed to do so, before one of its like did: on the page as
/// it opens random labels take 24, true ones 17.
const FIRST_GUESS_EPOCHS: f64 = 25.0;

/// Steps after which a run usually ends: as its like did here before, or else at a guess where it stops once it is fitted.
pub fn usual_steps(recipe: &Recipe) -> Option<f64> {
    let guess = recipe.stops_once_fitted().then_some(FIRST_GUESS_EPOCHS);
    let epochs = noted(&end_key(recipe)).or(guess)?;
    Some((epochs * recipe.steps_per_epoch() as f64).min(recipe.last_step() as f64))
}

fn note(key: &str, number: f64) {
    if let Some(storage) = storage() {
        // Without storage there is no announcement.
        let _ = storage.set_item(key, &number.to_string());
    }
}

fn noted(key: &str) -> Option<f64> {
    let number: f64 = storage()?.get_item(key).ok()??.parse().ok()?;
    (number > 0.0).then_some(number)
}

/// What the speed hangs on most. Small batches are slower by the image.
fn speed_key(recipe: &Recipe, device: &str) -> String {
    let batch = recipe.batch_size.next_power_of_two();
    format!("rote-speed {} {batch} {device}", recipe.model.key())
}

/// What the number of epochs hangs on most: the network, the data, and the rules for the end.
fn end_key(recipe: &Recipe) -> String {
    let mut key = format!("rote-end {}", recipe.images.next_power_of_two());
    let is_meant = |key: &str| matches!(key, "model" | "condition" | "label-corruption");
    for setting in SETTINGS {
        if setting.group == Group::Stop || is_meant(setting.key) {
            key = format!("{key} {}", setting.get(recipe));
        }
    }
    key
}
