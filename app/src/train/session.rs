//! A run: the loop that turns a recipe into events, one bounded piece of work at a time, so that whoever drives it can
//! draw, pause or save in between.

mod epoch_end;

use web_time::Instant;

use super::batches::{Batches, varied};
use super::checkpoint::Progress;
use super::event::{Accuracy, reaches_loss};
use super::fit::{Fit, InMemory, check_fit, network_options};
use super::inputs::InputCache;
use super::measure::{IMAGES_PER_MEASUREMENT, Measurement, Predictions, accuracies};
use super::{Checkpoint, Event, FORMAT, Origin, Recipe, TrainError};
use crate::data::{Condition, DataSet, Randomization, RunImages, Split, Variation};
use crate::kernels::SgdStep;
use crate::kernels::{Device, Images, Loss};
use crate::models::Network;

/// Losses stay on the device for so many steps and are read together, because a read waits for all work before it.
const STEPS_BETWEEN_READS: usize = 8;

/// A run under way.
pub struct Session {
    recipe: Recipe,
    origin: Origin,
    train: RunImages,
    test: RunImages,
    /// Cut at the centre.
    train_inputs: Images,
    test_inputs: Images,
    network: Network,
    progress: Progress,
    batches: Batches,
    unread_losses: Vec<(Event, Loss)>,
    phase: Phase,
    predictions: Predictions,
    /// When the piece of work under way began.
    piece_began: Instant,
    /// Whether the run had ended before it was taken up: it is only measured once more.
    was_finished: bool,
}

enum Phase {
    Beginning,
    Training,
    Measuring { on_train: Measurement, on_test: Measurement },
    Finished,
}

impl Session {
    /// A run at its beginning. `data` must hold at least as many training images as the recipe names.
    pub fn new(recipe: &Recipe, data: &DataSet, device: &Device) -> Result<Self, TrainError> {
        Self::sharing(&InputCache::default(), recipe, data, device)
    }

    /// A run at its beginning that shares its images with other runs of `inputs` on the same device.
    pub fn sharing(
        inputs: &InputCache,
        recipe: &Recipe,
        data: &DataSet,
        device: &Device,
    ) -> Result<Self, TrainError> {
        recipe.check()?;
        let in_memory =
            if inputs.make_way(recipe, data) { InMemory::Inputs } else { InMemory::Data };
        check_fit(Fit { recipe, in_memory, at_a_time: 1 }, device)?;
        let randomization = Randomization {
            condition: recipe.condition,
            label_corruption: recipe.label_corruption,
            corrupt_test_labels: recipe.corrupt_test_labels,
            seed: recipe.seed,
        };
        let [train, test] = RunImages::of_run(data, recipe.images as usize, randomization)?;
        let options = network_options(recipe);
        let largest = IMAGES_PER_MEASUREMENT.max(recipe.batch_size as usize);
        let network =
            Network::new(options, |role| recipe.weight_decay_on.touches(role), device, largest);
        let [train_inputs, test_inputs] = inputs.inputs(recipe, data, || {
            // One by one: a second copy of all of them would be half a gigabyte.
            [&train, &test].map(|run_images| {
                network.images_from(run_images.count(), |index, input| {
                    run_images.write_input(index, Variation::CENTRAL, input);
                })
            })
        });
        Ok(Self {
            recipe: recipe.resolved(),
            origin: Origin::here(recipe),
            train,
            test,
            train_inputs,
            test_inputs,
            network,
            progress: Progress::default(),
            batches: Batches::default(),
            unread_losses: Vec::new(),
            phase: Phase::Beginning,
            predictions: Predictions::default(),
            piece_began: Instant::now(),
            was_finished: false,
        })
    }

    /// A run that goes on from a checkpoint. `recipe` may differ from the checkpoint's in its stop rules only.
    pub fn resume(
        checkpoint: &Checkpoint,
        recipe: &Recipe,
        data: &DataSet,
        device: &Device,
    ) -> Result<Self, TrainError> {
        Self::new(&checkpoint.continued_as(recipe)?, data, device)?.after(checkpoint)
    }

    /// The run as it was when `checkpoint` was taken.
    ///
    /// # Errors
    /// If the checkpoint is of another run.
    pub fn after(self, checkpoint: &Checkpoint) -> Result<Self, TrainError> {
        let mut session = self;
        checkpoint.continued_as(&session.recipe)?;
        if !session.network.restore(&checkpoint.network) {
            return Err(TrainError::Damaged {
                reason: "its vectors are not those of its model".into(),
            });
        }
        session.progress = checkpoint.progress.clone();
        session.origin = checkpoint.origin.clone();
        Ok(session)
    }

    /// Says what computes the run from here on and the SHA-256 of its data, where it is known. Both are told and saved; the
    /// session itself does not know them.
    ///
    /// # Errors
    /// If the run was begun by a program that computes otherwise, or with other data.
    pub fn computed_by(&mut self, device: &str, data_sha256: &str) -> Result<(), TrainError> {
        self.origin = self.origin.continued_on(&self.recipe, device, data_sha256)?;
        Ok(())
    }

    /// What computes the run.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What is run.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Steps done.
    pub fn step(&self) -> u64 {
        self.progress.step
    }

    /// Whether the next piece of work measures, rather than trains.
    pub fn is_measuring(&self) -> bool {
        matches!(self.phase, Phase::Measuring { .. })
    }

    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Finished)
    }

    /// The training images.
    pub fn train_images(&self) -> &RunImages {
        &self.train
    }

    /// The epochs reported so far, before a resume too.
    pub fn history(&self) -> &[Event] {
        &self.progress.history
    }

    /// What the network predicted for the training images when it was last measured; empty before.
    pub fn predictions(&self) -> &Predictions {
        &self.predictions
    }

    /// Does one piece of work, a training step or some measuring, and returns what there is to tell. A finished session
    /// does nothing.
    pub async fn advance(&mut self) -> Result<Vec<Event>, TrainError> {
        self.piece_began = Instant::now();
        let events = match std::mem::replace(&mut self.phase, Phase::Training) {
            Phase::Beginning => self.begin(),
            Phase::Training => self.train_step().await,
            Phase::Measuring { on_train, on_test } => self.measure(on_train, on_test).await,
            Phase::Finished => {
                self.phase = Phase::Finished;
                return Ok(Vec::new());
            }
        };
        // A finished run that is measured once more has not trained any longer.
        if !self.was_finished {
            self.progress.seconds += self.piece_began.elapsed().as_secs_f64();
        }
        events
    }

    /// The run as it is now. Reads the device, and changes nothing that is computed.
    pub async fn checkpoint(&mut self) -> Result<(Checkpoint, Vec<Event>), TrainError> {
        let events = self.flush().await?;
        let step = self.progress.step;
        let lost = |reason| TrainError::Device { step, reason };
        let network = self.network.state().await.map_err(lost)?;
        let (recipe, origin) = (self.recipe.clone(), self.origin.clone());
        let progress = self.progress.clone();
        Ok((Checkpoint { recipe, origin, progress, network }, events))
    }

    fn begin(&mut self) -> Result<Vec<Event>, TrainError> {
        // A checkpoint may have been taken after an epoch's last step and before its measurement, or after the end.
        if !self.end_of_epoch_reached() && self.had_stopped() {
            self.phase = Phase::Measuring {
                on_train: Measurement::default(),
                on_test: Measurement::default(),
            };
        }
        let last = self.progress.history.last();
        let is_told = matches!(last, Some(Event::Epoch(last)) if last.step == self.progress.step);
        self.was_finished = is_told && matches!(self.phase, Phase::Measuring { .. });
        let started = Event::Started {
            format: FORMAT,
            recipe: self.recipe.clone(),
            origin: self.origin.clone(),
            parameters: self.network.parameter_count() as u64,
            images: self.train.count() as u64,
            corrupted_labels: self.train.corrupted_labels() as u64,
            test_images: self.test.count() as u64,
            steps_per_epoch: self.recipe.steps_per_epoch(),
            last_step: self.recipe.last_step(),
            step: self.progress.step,
        };
        let is_ignored = self.recipe.condition == Condition::RandomLabels
            && self.recipe.label_corruption > 0.0
            && self.recipe.label_corruption < 1.0;
        let warning = is_ignored.then(|| Event::Warning {
            message: format!(
                "`label-corruption` {} has no effect with `condition` random-labels, which replaces every label; \
                 choose true-labels to corrupt a part",
                self.recipe.label_corruption
            ),
        });
        Ok(std::iter::once(started).chain(warning).collect())
    }

    async fn train_step(&mut self) -> Result<Vec<Event>, TrainError> {
        let step = self.progress.step;
        let epoch = step / self.recipe.steps_per_epoch();
        let batch = self.batches.of_step(&self.recipe, self.train.count(), step);
        let labels: Vec<u8> = batch.iter().map(|&index| self.train.shown[index as usize]).collect();
        let learning_rate = self.recipe.learning_rate_in(epoch);
        let sgd = SgdStep {
            learning_rate: learning_rate as f32,
            momentum: self.recipe.momentum as f32,
            weight_decay: self.recipe.weight_decay as f32,
        };
        let loss = if self.recipe.random_crop || self.recipe.augmentation {
            let inputs = varied(&self.recipe, &self.train, &batch, step);
            self.network.train_step_on(&inputs, &labels, step, sgd)
        } else {
            self.network.train_step(&self.train_inputs, &batch, &labels, step, sgd)
        };
        self.progress.step += 1;
        let event = Event::Step { step: self.progress.step, epoch, loss: f32::NAN, learning_rate };
        self.unread_losses.push((event, loss));
        let ended = self.end_of_epoch_reached();
        let events = if ended || self.unread_losses.len() >= STEPS_BETWEEN_READS {
            self.flush().await?
        } else {
            Vec::new()
        };
        self.progress.epoch_images += batch.len() as u64;
        self.progress.epoch_seconds += self.piece_began.elapsed().as_secs_f64();
        Ok(events)
    }

    /// Whether the run this one goes on from had ended by a rule that still stands.
    fn had_stopped(&self) -> bool {
        let Some(Event::Epoch(last)) = self.progress.history.last() else { return false };
        let reached = last.accuracy.as_ref().is_some_and(|accuracy| self.reaches_goal(accuracy));
        let ran_out = self
            .recipe
            .patience
            .is_some_and(|patience| self.progress.epochs_since_best >= patience);
        let fitted = self.reaches_loss(last.train_loss);
        let has_diverged = !last.train_loss.is_finite()
            || last.accuracy.as_ref().is_some_and(Accuracy::has_diverged);
        last.step == self.progress.step && (reached || fitted || ran_out || has_diverged)
    }

    fn reaches_goal(&self, accuracy: &Accuracy) -> bool {
        self.recipe.stop_at_train_accuracy.is_some_and(|goal| accuracy.train_accuracy >= goal)
    }

    fn reaches_loss(&self, train_loss: f32) -> bool {
        self.recipe.stop_at_train_loss.is_some_and(|goal| reaches_loss(train_loss, goal))
    }

    /// Reads the losses that are still on the device and tells them.
    pub async fn flush(&mut self) -> Result<Vec<Event>, TrainError> {
        if self.unread_losses.is_empty() {
            return Ok(Vec::new());
        }
        let (mut events, losses): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.unread_losses).into_iter().unzip();
        let step = self.progress.step;
        let read = self
            .network
            .losses(&losses)
            .await
            .map_err(|reason| TrainError::Device { step, reason })?;
        for (event, value) in events.iter_mut().zip(read) {
            if let Event::Step { loss, .. } = event {
                *loss = value;
            }
            self.progress.epoch_loss_sum += f64::from(value);
            self.progress.epoch_losses += 1;
        }
        Ok(events)
    }

    /// Whether the last step ended an epoch or the run, in which case measuring comes next.
    fn end_of_epoch_reached(&mut self) -> bool {
        let Progress { step, epochs_reported, .. } = self.progress;
        let steps_per_epoch = self.recipe.steps_per_epoch();
        let last = step >= self.recipe.last_step();
        let epoch_ended =
            step.is_multiple_of(steps_per_epoch) && step / steps_per_epoch > epochs_reported;
        if last || epoch_ended {
            self.phase = Phase::Measuring {
                on_train: Measurement::default(),
                on_test: Measurement::default(),
            };
        }
        last || epoch_ended
    }

    /// Measures the next images of the training set, then of the test set; after the last, ends the epoch.
    async fn measure(
        &mut self,
        mut on_train: Measurement,
        mut on_test: Measurement,
    ) -> Result<Vec<Event>, TrainError> {
        let end = self.epoch_end();
        if end.is_measured && on_train.count() < self.train.count() {
            self.measure_some(Split::Train, &mut on_train).await?;
        } else if end.is_measured && on_test.count() < self.test.count() {
            self.measure_some(Split::Test, &mut on_test).await?;
        } else {
            let accuracy =
                end.is_measured.then(|| accuracies(&self.train, &on_train, &self.test, &on_test));
            self.predictions = on_train.predictions;
            return Ok(self.end_epoch(end, accuracy));
        }
        self.phase = Phase::Measuring { on_train, on_test };
        Ok(Vec::new())
    }

    async fn measure_some(
        &mut self,
        split: Split,
        measurement: &mut Measurement,
    ) -> Result<(), TrainError> {
        let (run_images, inputs) = match split {
            Split::Train => (&self.train, &self.train_inputs),
            Split::Test => (&self.test, &self.test_inputs),
        };
        let from = measurement.count();
        let to = run_images.count().min(from + IMAGES_PER_MEASUREMENT);
        let rows: Vec<u32> = (from as u32..to as u32).collect();
        let step = self.progress.step;
        let logits = self
            .network
            .evaluate(inputs, &rows)
            .await
            .map_err(|reason| TrainError::Device { step, reason })?;
        measurement.add(&logits, &run_images.shown[from..to]);
        Ok(())
    }
}
