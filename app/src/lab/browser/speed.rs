//! How fast this browser trains, remembered from run to run, so that the next one can be announced with its time.

use super::storage::storage;
use crate::train::Recipe;

/// Remembers the images a second of a run that is over.
pub fn remember(recipe: &Recipe, device: &str, images_per_second: f64) {
    if let Some(storage) = storage() {
        // Without storage there is no announcement.
        let _ = storage.set_item(&key(recipe, device), &images_per_second.to_string());
    }
}

/// Seconds that a run takes at most, as far as its like was made here before.
pub fn expected_seconds(recipe: &Recipe, device: &str) -> Option<f64> {
    let images_per_second: f64 = storage()?.get_item(&key(recipe, device)).ok()??.parse().ok()?;
    let images = recipe.last_step() as f64 * recipe.batch_size.min(recipe.images) as f64;
    (images_per_second > 0.0).then(|| images / images_per_second)
}

/// What the speed hangs on most. Small batches are slower by the image.
fn key(recipe: &Recipe, device: &str) -> String {
    let batch = recipe.batch_size.next_power_of_two();
    format!("rote-speed {} {batch} {device}", recipe.model.key())
}
