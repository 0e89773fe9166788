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

    /// Seconds for a whole run, if every epoch is run.
    pub(super) fn seconds(&mut self, recipe: &Recipe) -> Result<f64, CliError> {
        let step_seconds = self.step_seconds(recipe.model, recipe.batch_size)?;
        let test_images = Tier::holding(recipe.images as usize).map_or(0, |tier| tier.test) as u64;
        let measured = (recipe.epochs / recipe.evaluate_every.max(1)).max(1) as f64;
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
