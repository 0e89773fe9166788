//! Whitened images, kept from one run to the next: the runs of a grid mostly see the same ones, and whitening 60,000 of
//! them takes longer than an epoch of a small network.

use std::sync::{Arc, Mutex, PoisonError};

use super::Recipe;
use crate::data::{Condition, DataSet, LabelledImages};
use crate::kernels::Images;

/// The inputs of the last run that whoever shares this made. One cache serves one device.
#[derive(Default)]
pub struct InputCache(Mutex<Option<Kept>>);

struct Kept {
    /// What they were made from; holding it keeps its address from being used for anything else.
    data: DataSet,
    images: u64,
    /// Of the training set and the test set.
    inputs: [Images; 2],
}

impl InputCache {
    /// Whether the inputs of a run are here; if not, what is here makes way for them: two sets of 60,000 are a gigabyte.
    pub(super) fn make_way(&self, recipe: &Recipe, data: &DataSet) -> bool {
        if !is_shared(recipe) {
            return false;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = kept.take().filter(|known| known.is_of(recipe, data));
        kept.is_some()
    }

    /// The inputs of a run, made by `make` unless the last run had the same.
    pub(super) fn inputs(
        &self,
        recipe: &Recipe,
        data: &DataSet,
        make: impl FnOnce() -> [Images; 2],
    ) -> [Images; 2] {
        if !is_shared(recipe) {
            return make();
        }
        // Held while they are made: a run that asks meanwhile waits, and finds them.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(|known| known.is_of(recipe, data)) {
            return known.inputs.clone();
        }
        *kept = None;
        let inputs = make();
        let (data, images) = (data.clone(), recipe.images);
        *kept = Some(Kept { data, images, inputs: inputs.clone() });
        inputs
    }
}

impl Kept {
    fn is_of(&self, recipe: &Recipe, data: &DataSet) -> bool {
        let is_same = |one: &Arc<LabelledImages>, other| Arc::ptr_eq(one, other);
        self.images == recipe.images
            && is_same(&self.data.train, &data.train)
            && is_same(&self.data.test, &data.test)
    }
}

/// Whether other runs may see the same images: labels are no inputs; other conditions make images of their own a seed.
fn is_shared(recipe: &Recipe) -> bool {
    matches!(recipe.condition, Condition::TrueLabels | Condition::RandomLabels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_on_the_same_images_whiten_them_once() {
        let data = DataSet::default();
        let cache = InputCache::default();
        let made = Mutex::new(0);
        let ask = |recipe: &Recipe, data: &DataSet| {
            cache.inputs(recipe, data, || {
                *made.lock().unwrap() += 1;
                [Images::Cpu(vec![1.0].into()), Images::Cpu(vec![2.0].into())]
            });
            *made.lock().unwrap()
        };
        let plain = Recipe::default();
        let random = Recipe { condition: Condition::RandomLabels, seed: 9, ..plain.clone() };
        let counts = [ask(&plain, &data), ask(&random, &data), ask(&plain, &data.clone())];
        assert_eq!(counts, [1, 1, 1]);
        // Fewer images, another data set, images that are made for the run.
        assert_eq!(ask(&Recipe { images: 500, ..plain.clone() }, &data), 2);
        let others = LabelledImages { pixels: vec![0], labels: vec![0] };
        let other = DataSet { train: Arc::new(others), ..DataSet::default() };
        assert_eq!(ask(&plain, &other), 3);
        let noise = Recipe { condition: Condition::Gaussian, ..plain };
        assert_eq!((ask(&noise, &data), ask(&noise, &data)), (4, 5));
    }
}
