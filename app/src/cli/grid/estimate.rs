//! How long runs will take here, from a few timed steps of each network.

use std::collections::HashMap;

use crate::cli::CliError;
use crate::data::Tier;
use crate::kernels::Device;
use crate::models::ModelName;
use crate::models::timing::Timing;
use crate::train::Recipe;

/// Of a step, what measuring as many images costs: a forward pass without the two backward ones.
const SHARE_OF_MEASURING: f64 = 1.0 / 3.0;
const TIMED_STEPS: usize = 3;

/// Times steps as it is asked, each kind once.
pub(super) struct Estimate<'a> {
    device: &'a Device,
    step_seconds: HashMap<(ModelName, u64), f64>,
}

impl<'a> Estimate<'a> {
    pub(super) fn new(device: &'a Device) -> Self {
        Self { device, step_seconds: HashMap::new() }
    }

    /// Seconds for a whole run, if nothing but `epochs` and `steps` ends it.
    pub(super) fn seconds(&mut self, recipe: &Recipe) -> Result<f64, CliError> {
        let step_seconds = self.step_seconds(recipe.model, recipe.batch_size)?;
        let test_images = Tier::holding(recipe.images as usize).map_or(0, |tier| tier.test) as u64;
        let measured = measurements(recipe) as f64;
        let batches =
            recipe.images.div_ceil(recipe.batch_size) + test_images.div_ceil(recipe.batch_size);
        Ok(step_seconds
            * (recipe.last_step() as f64 + measured * batches as f64 * SHARE_OF_MEASURING))
    }

    fn step_seconds(&mut self, model: ModelName, batch_size: u64) -> Result<f64, CliError> {
        if let Some(&known) = self.step_seconds.get(&(model, batch_size)) {
            return Ok(known);
        }
        let batch = batch_size as usize;
        let mut timing = Timing::new(model, batch, batch, self.device);
        let lost = |reason| CliError::Train(crate::train::TrainError::Device { step: 0, reason });
        let mut time = |steps| pollster::block_on(timing.run(steps, steps)).map_err(lost);
        time(1)?;
        let seconds = time(TIMED_STEPS)?.milliseconds / 1000.0 / TIMED_STEPS as f64;
        self.step_seconds.insert((model, batch_size), seconds);
        Ok(seconds)
    }
}

/// How often the accuracies are measured: after every so many epochs, and at the end, which may be in the middle of one.
fn measurements(recipe: &Recipe) -> u64 {
    let epochs = recipe.last_step().div_ceil(recipe.steps_per_epoch());
    epochs.div_ceil(recipe.evaluate_every.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_run_early_ends_its_measurements_too() {
        // 100 images in batches of 10: ten steps an epoch.
        let recipe = |epochs, steps, evaluate_every| Recipe {
            images: 100,
            batch_size: 10,
            epochs,
            steps,
            evaluate_every,
            ..Recipe::default()
        };
        assert_eq!(measurements(&recipe(60, None, 1)), 60);
        assert_eq!(measurements(&recipe(60, None, 25)), 3);
        // Epochs 1, 2 and the end in the third, of a thousand that are never run.
        assert_eq!(measurements(&recipe(1000, Some(25), 1)), 3);
        assert_eq!(measurements(&recipe(1000, Some(25), 2)), 2);
        assert_eq!(measurements(&recipe(1000, Some(5), 50)), 1);
    }
}
