//! Which pictures a step sees, and how they are turned: drawn from named streams, so that nothing of it is saved.

use super::Recipe;
use crate::data::{CROP_POSITIONS, Examples, INPUT_VALUES, Stream, View};

/// Of `augmentation` (paper, appendix E).
const GREATEST_TURN_DEGREES: f64 = 25.0;

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

/// The pictures of a batch, each cut at a random corner or mirrored and turned, `[batch, 3, 28, 28]`.
pub(super) fn varied(recipe: &Recipe, examples: &Examples, batch: &[u32], step: u64) -> Vec<f32> {
    let mut crops = Stream::new(recipe.seed, "crops", step);
    let mut turns = Stream::new(recipe.seed, "turns", step);
    let mut pictures = vec![0.0; batch.len() * INPUT_VALUES];
    for (&index, picture) in batch.iter().zip(pictures.chunks_exact_mut(INPUT_VALUES)) {
        let mut view = View::CENTRAL;
        if recipe.random_crop {
            let mut offset = || crops.below(CROP_POSITIONS as u32) as usize;
            view.corner = (offset(), offset());
        }
        if recipe.augmentation {
            view.is_mirrored = turns.below(2) == 1;
            view.degrees = GREATEST_TURN_DEGREES * (2.0 * turns.uniform() - 1.0);
        }
        examples.write_input(index as usize, view, picture);
    }
    pictures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_sees_every_image_once_and_each_epoch_in_another_order() {
        let recipe = Recipe { images: 10, batch_size: 4, ..Recipe::default() };
        let mut batches = Batches::default();
        let epoch = |batches: &mut Batches, first: u64| -> Vec<u32> {
            (first..first + 3).flat_map(|step| batches.of_step(&recipe, 10, step)).collect()
        };
        let (one, other) = (epoch(&mut batches, 0), epoch(&mut batches, 3));
        let sorted = |order: &[u32]| {
            let mut order = order.to_vec();
            order.sort_unstable();
            order
        };
        assert_eq!((sorted(&one), sorted(&other)), ((0..10).collect(), (0..10).collect()));
        assert!(one != other);
        // A run that goes on from a checkpoint sees what the undisturbed one would have.
        assert_eq!(Batches::default().of_step(&recipe, 10, 4), batches.of_step(&recipe, 10, 4));
        assert_eq!(batches.of_step(&recipe, 10, 5).len(), 2);
    }
}
