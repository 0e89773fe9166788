//! Which images a step sees, and how they are turned: drawn from named streams, so that nothing of it is saved.

use super::Recipe;
use crate::data::{CROP_POSITIONS, INPUT_VALUES, RunImages, Stream, Variation};

/// Of `augmentation` (paper, appendix E).
const MAX_TURN_DEGREES: f64 = 25.0;

/// The batches of a run.
#[derive(Default)]
pub(super) struct Batches {
    /// An epoch's order of the training images, and the epoch it is for.
    order: Option<(u64, Vec<u32>)>,
}

impl Batches {
    /// The indices of the batch of a step among `count` images: the next slice of the epoch's order.
    pub(super) fn of_step(&mut self, recipe: &Recipe, count: usize, step: u64) -> Vec<u32> {
        let steps_per_epoch = recipe.steps_per_epoch();
        let (epoch, within) = (step / steps_per_epoch, (step % steps_per_epoch) as usize);
        if self.order.as_ref().is_none_or(|(of, _)| *of != epoch) {
            self.order = Some((epoch, Stream::new(recipe.seed, "order", epoch).permutation(count)));
        }
        let order = self.order.as_ref().map_or(&[][..], |(_, order)| order);
        order.chunks(recipe.batch_size as usize).nth(within).map_or_else(Vec::new, <[u32]>::to_vec)
    }
}

/// The images of a batch, each cut at a random corner or mirrored and turned, `[batch, 3, 28, 28]`.
pub(super) fn varied(
    recipe: &Recipe,
    run_images: &RunImages,
    batch: &[u32],
    step: u64,
) -> Vec<f32> {
    let mut crops = Stream::new(recipe.seed, "crops", step);
    let mut turns = Stream::new(recipe.seed, "turns", step);
    let mut inputs = vec![0.0; batch.len() * INPUT_VALUES];
    for (&index, input) in batch.iter().zip(inputs.chunks_exact_mut(INPUT_VALUES)) {
        let mut variation = Variation::CENTRAL;
        if recipe.random_crop {
            let mut offset = || crops.below(CROP_POSITIONS as u32) as usize;
            variation.corner = (offset(), offset());
        }
        if recipe.augmentation {
            variation.is_mirrored = turns.below(2) == 1;
            variation.degrees = MAX_TURN_DEGREES * (2.0 * turns.uniform() - 1.0);
        }
        run_images.write_input(index as usize, variation, input);
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images in batches of four: three steps an epoch, the last with two images.
    fn recipe(seed: u64) -> Recipe {
        Recipe { images: 10, batch_size: 4, seed, ..Recipe::default() }
    }

    /// The batches of some steps, drawn one after the other.
    fn batches(seed: u64, steps: std::ops::Range<u64>) -> Vec<Vec<u32>> {
        let mut batches = Batches::default();
        steps.map(|step| batches.of_step(&recipe(seed), 10, step)).collect()
    }

    #[test]
    fn an_epoch_sees_every_image_exactly_once_and_its_last_batch_is_what_remains() {
        for (seed, epoch) in [(1, 0), (1, 1), (1, 7), (2, 0)] {
            let drawn = batches(seed, 3 * epoch..3 * epoch + 3);
            assert_eq!(drawn.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
            let mut seen = drawn.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>(), "seed {seed}, epoch {epoch}");
        }
    }

    #[test]
    fn every_epoch_and_every_seed_has_an_order_of_its_own() {
        let orders = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)]
            .map(|(seed, epoch)| batches(seed, 3 * epoch..3 * epoch + 3).concat());
        for (at, order) in orders.iter().enumerate() {
            assert!(!orders[..at].contains(order), "{order:?} stands twice");
        }
    }

    #[test]
    fn a_run_that_goes_on_in_the_middle_of_an_epoch_sees_the_batches_it_would_have_seen() {
        let undisturbed = batches(1, 0..9);
        for first in 0..9 {
            assert_eq!(batches(1, first..9), undisturbed[first as usize..], "from step {first}");
        }
    }
}
