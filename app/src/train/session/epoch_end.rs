//! The end of an epoch, and of the run: what is told of it, what is remembered, and whether it is the end.

use super::{Phase, Session};
use crate::train::Event;
use crate::train::checkpoint::Progress;
use crate::train::event::{Accuracy, EpochMetrics, StopReason, Summary};
use crate::train::stall::Stall;

/// Epochs that are remembered for whoever goes on with the run. Nothing of a run may grow without bound.
const MAX_EPOCHS_REMEMBERED: usize = 2000;

/// An epoch's end before its accuracies are known.
pub(super) struct EpochEnd {
    epoch: u64,
    mean_loss: f64,
    improved: bool,
    without_improvement: u64,
    stop: Option<StopReason>,
    pub(super) is_measured: bool,
}

impl Session {
    /// What is known about the epoch before it is measured.
    pub(super) fn epoch_end(&self) -> EpochEnd {
        let Progress { step, epoch_loss_sum, epoch_losses, .. } = self.progress;
        let steps_per_epoch = self.recipe.steps_per_epoch();
        let epoch = step.div_ceil(steps_per_epoch);
        let mean_loss = match self.progress.history.last() {
            Some(Event::Epoch(last)) if epoch_losses == 0 => f64::from(last.train_loss),
            _ => epoch_loss_sum / epoch_losses as f64,
        };
        // An epoch that was told before the run was saved has been counted.
        let is_new = epoch_losses > 0;
        let improved = is_new && self.progress.best_epoch_loss.is_none_or(|best| mean_loss < best);
        let without_improvement =
            if improved { 0 } else { self.progress.epochs_since_best + u64::from(is_new) };
        let stop = if !mean_loss.is_finite() {
            Some(StopReason::Diverged)
        } else if self.reaches_loss(mean_loss as f32) {
            Some(StopReason::TrainLoss)
        } else if self.recipe.patience.is_some_and(|patience| without_improvement >= patience) {
            Some(StopReason::Patience)
        } else if step >= self.recipe.epochs.saturating_mul(steps_per_epoch) {
            Some(StopReason::Epochs)
        } else {
            (step >= self.recipe.last_step()).then_some(StopReason::Steps)
        };
        let is_measured =
            stop.is_some() || !is_new || epoch.is_multiple_of(self.recipe.evaluate_every);
        EpochEnd { epoch, mean_loss, improved, without_improvement, stop, is_measured }
    }

    /// Adds an epoch to what is known of the run. The beginning of the same epoch, told because the run was to end in its
    /// middle, is replaced by the whole of it.
    fn remember(&mut self, metrics: &EpochMetrics) {
        let history = &mut self.progress.history;
        if matches!(history.last(), Some(Event::Epoch(last)) if last.epoch == metrics.epoch) {
            history.pop();
        }
        if history.len() >= MAX_EPOCHS_REMEMBERED {
            // Every second one goes: a curve of a thousand points looks the same, and a checkpoint stays small.
            let mut is_kept = false;
            history.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
        }
        history.push(Event::Epoch(metrics.clone()));
    }

    /// Tells the end of an epoch, and of the run if this is it.
    pub(super) fn end_epoch(&mut self, end: EpochEnd, accuracy: Option<Accuracy>) -> Vec<Event> {
        let step = self.progress.step;
        let whole_epoch = step.is_multiple_of(self.recipe.steps_per_epoch());
        let piece = if self.was_finished { 0.0 } else { self.piece_began.elapsed().as_secs_f64() };
        let seconds = self.progress.seconds + piece;
        let metrics = EpochMetrics {
            epoch: end.epoch,
            step,
            learning_rate: self.recipe.learning_rate_in(end.epoch.saturating_sub(1)),
            train_loss: end.mean_loss as f32,
            accuracy: accuracy.clone(),
            seconds,
            images_per_second: self.progress.epoch_images as f64
                / self.progress.epoch_seconds.max(1e-9),
        };
        let mut events = Vec::new();
        // A run that had already ended when it was saved has told its last epoch.
        if self
            .progress
            .history
            .last()
            .is_none_or(|last| !matches!(last, Event::Epoch(last) if last.step == step))
        {
            self.remember(&metrics);
            events.push(Event::Epoch(metrics));
        }
        if whole_epoch {
            self.progress.epochs_reported = end.epoch;
            (self.progress.epoch_loss_sum, self.progress.epoch_losses) = (0.0, 0);
            (self.progress.epoch_images, self.progress.epoch_seconds) = (0, 0.0);
            self.progress.epochs_since_best = end.without_improvement;
            if end.improved {
                self.progress.best_epoch_loss = Some(end.mean_loss);
            }
        }
        let reached = accuracy.as_ref().is_some_and(|accuracy| self.reaches_goal(accuracy));
        let stop = if accuracy.as_ref().is_some_and(Accuracy::has_diverged) {
            Some(StopReason::Diverged)
        } else if reached {
            Some(StopReason::TrainAccuracy)
        } else {
            end.stop
        };
        let (Some(stopped_by), Some(accuracy)) = (stop, accuracy) else {
            return events;
        };
        events.extend(self.bad_end(stopped_by).map(|message| Event::Warning { message }));
        self.phase = Phase::Finished;
        // What is told is what is saved: no time is added behind the end.
        (self.progress.seconds, self.was_finished) = (seconds, true);
        events.push(Event::Finished(Summary {
            recipe: self.recipe.clone(),
            train_accuracy: accuracy.train_accuracy,
            test_accuracy: accuracy.test_accuracy,
            train_loss: end.mean_loss as f32,
            corrupted: accuracy.corrupted,
            steps: step,
            epochs: end.epoch,
            seconds,
            stopped_by,
        }));
        events
    }

    /// What went wrong in a run that is over, in a sentence that says what to do; none if nothing did.
    fn bad_end(&self, stopped_by: StopReason) -> Option<String> {
        let (step, recipe) = (self.progress.step, &self.recipe);
        let learning_rate = recipe.initial_learning_rate();
        if stopped_by == StopReason::Diverged {
            return Some(format!(
                "the loss is not a number any more after step {step}; choose a smaller `learning-rate` than {learning_rate}"
            ));
        }
        let Stall { epochs, least_loss, guessing_loss } =
            Stall::at_end(&self.progress.history, &self.predictions, &self.train.shown)?;
        // Decay that is stronger than the gradient ends in the same way, and some initializations begin so.
        let or_less_decay = if recipe.weight_decay > 0.0 {
            format!(", or a smaller `weight-decay` than {}", recipe.weight_decay)
        } else {
            String::new()
        };
        Some(format!(
            "the network no longer learns: after step {step} it gives every training image the same answer, and in the last \
             {epochs} epochs the loss was never below {least_loss:.3} (guessing costs {guessing_loss:.3}); choose a smaller \
             `learning-rate` than {learning_rate}{or_less_decay}, or another `initialization`"
        ))
    }
}
