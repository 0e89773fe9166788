//! What a run has said so far, small enough to keep: this is what charts and number panels are read off.

use crate::charts::{LaneCurves, Point};
use crate::lab::facts::fit_clock::FitClock;
use crate::train::{Accuracy, CorruptedCounts, EpochMetrics, Event, Origin, Summary};

/// Batch losses kept; beyond, every second one is dropped.
const MAX_LOSSES: usize = 4096;

/// The facts of [`Event::Started`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Trainable parameters.
    pub parameters: u64,
    /// Training images.
    pub images: u64,
    /// Of these, shown with a label that is not their own.
    pub corrupted_labels: u64,
    /// Test images.
    pub test_images: u64,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// The step after which the run ends at the latest.
    pub last_step: u64,
}

/// A run as far as it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// What was said at its start.
    pub facts: Option<Facts>,
    /// Steps done.
    pub step: u64,
    /// The last batch's loss.
    loss: Option<f32>,
    /// The epochs so far.
    pub epochs: Vec<EpochMetrics>,
    /// Its end.
    pub summary: Option<Summary>,
    /// [`Event::Started`] as it was.
    started: Option<Event>,
    losses: Vec<(u64, f32)>,
    every: u64,
}

impl History {
    /// Takes in one event.
    pub fn push(&mut self, event: Event) {
        if matches!(event, Event::Started { .. }) {
            self.started = Some(event.clone());
        }
        match event {
            Event::Started {
                parameters,
                images,
                corrupted_labels,
                test_images,
                steps_per_epoch,
                last_step,
                step,
                ..
            } => {
                self.go_back_to(step);
                self.facts = Some(Facts {
                    parameters,
                    images,
                    corrupted_labels,
                    test_images,
                    steps_per_epoch,
                    last_step,
                });
            }
            Event::Step { step, loss, .. } => self.push_loss(step, loss),
            Event::Epoch(metrics) => {
                self.step = self.step.max(metrics.step);
                self.epochs.push(metrics);
            }
            Event::Finished(summary) => self.summary = Some(summary),
            Event::Warning { .. } => {}
        }
    }

    /// The last measured accuracies.
    pub fn accuracy(&self) -> Option<&Accuracy> {
        self.epochs.iter().rev().find_map(|epoch| epoch.accuracy.as_ref())
    }

    /// Train and test accuracy now.
    pub fn accuracies(&self) -> Option<(f64, f64)> {
        let ended =
            self.summary.as_ref().map(|summary| (summary.train_accuracy, summary.test_accuracy));
        ended.or_else(|| {
            self.accuracy().map(|accuracy| (accuracy.train_accuracy, accuracy.test_accuracy))
        })
    }

    /// What became of the corrupted labels.
    pub fn corrupted(&self) -> Option<CorruptedCounts> {
        let ended = self.summary.as_ref().and_then(|summary| summary.corrupted);
        ended.or_else(|| self.accuracy().and_then(|accuracy| accuracy.corrupted))
    }

    /// Epochs done.
    pub fn epoch(&self) -> u64 {
        self.epochs.last().map_or(0, |epoch| epoch.epoch)
    }

    /// What says when it is fitted: the rule that it stops by.
    pub fn clock(&self) -> FitClock {
        match &self.started {
            Some(Event::Started { recipe, .. }) => FitClock::of(recipe),
            _ => FitClock::default(),
        }
    }

    /// Steps until the training set was fitted, by the run's own clock.
    pub fn steps_to_fit(&self) -> Option<u64> {
        self.steps_by(self.clock())
    }

    /// The same by any clock.
    fn steps_by(&self, clock: FitClock) -> Option<u64> {
        self.epochs.iter().find(|epoch| clock.is_fitted(epoch)).map(|epoch| epoch.step)
    }

    /// The same as a multiple of those of `first`, the first run of its comparison.
    pub fn times_to_fit(&self, first: &Self) -> Option<f64> {
        Some(self.steps_to_fit()? as f64 / first.steps_to_fit()? as f64)
    }

    /// The last loss that is known: of a batch, or of an epoch.
    pub fn loss(&self) -> Option<f32> {
        self.loss.or_else(|| self.epochs.last().map(|epoch| epoch.train_loss))
    }

    /// The steps of the run that are known, but for the single ones.
    pub fn events(&self) -> Vec<Event> {
        let started = self.started.clone();
        let epochs = self.epochs.iter().cloned().map(Event::Epoch);
        started.into_iter().chain(epochs).chain(self.summary.clone().map(Event::Finished)).collect()
    }

    /// The same with single steps, as many as are kept, so that the run can be gone on with.
    pub fn events_with_steps(&self) -> Vec<Event> {
        let Some(Event::Started { recipe, steps_per_epoch, .. }) = &self.started else {
            return Vec::new();
        };
        let mut epochs = self.epochs.iter().peekable();
        let mut events: Vec<Event> = self.started.clone().into_iter().collect();
        // The last step is told even where every second one is left out.
        let last = self.loss.map(|loss| (self.step, loss));
        let last = last.filter(|last| self.losses.last().is_none_or(|(step, _)| *step < last.0));
        for (step, loss) in self.losses.iter().copied().chain(last) {
            while let Some(before) = epochs.next_if(|epoch| epoch.step < step) {
                events.push(Event::Epoch(before.clone()));
            }
            let epoch = step.saturating_sub(1) / (*steps_per_epoch).max(1);
            let learning_rate = recipe.learning_rate_in(epoch);
            events.push(Event::Step { step, epoch, loss, learning_rate });
        }
        events.extend(epochs.cloned().map(Event::Epoch));
        events.extend(self.summary.clone().map(Event::Finished));
        events
    }

    /// What it was made by, as the program that trained it said.
    pub fn origin(&self) -> Option<&Origin> {
        match &self.started {
            Some(Event::Started { origin, .. }) => Some(origin),
            _ => None,
        }
    }

    /// The curves to draw, named `name`, in lane colour `lane`, and marked where it was fitted by `clock`, the one of all runs
    /// in the chart.
    pub fn curves(&self, name: &str, lane: usize, clock: FitClock) -> LaneCurves {
        let accuracy = |of: fn(&Accuracy) -> f64| -> Vec<Point> {
            let measured = self
                .epochs
                .iter()
                .filter_map(|epoch| Some((epoch.step as f64, of(epoch.accuracy.as_ref()?))));
            measured.collect()
        };
        let corrupted = |of: fn(&CorruptedCounts) -> u64| -> Vec<Point> {
            let measured = self.epochs.iter().filter_map(|epoch| {
                let corrupted =
                    epoch.accuracy.as_ref()?.corrupted.filter(|corrupted| corrupted.count > 0)?;
                Some((epoch.step as f64, of(&corrupted) as f64 / corrupted.count as f64))
            });
            measured.collect()
        };
        LaneCurves {
            name: name.into(),
            lane,
            fitted: self.steps_by(clock).map(|step| step as f64),
            batch_loss: self
                .losses
                .iter()
                .map(|&(step, loss)| (step as f64, f64::from(loss)))
                .collect(),
            epoch_loss: self
                .epochs
                .iter()
                .map(|epoch| (epoch.step as f64, f64::from(epoch.train_loss)))
                .collect(),
            train_accuracy: accuracy(|accuracy| accuracy.train_accuracy),
            test_accuracy: accuracy(|accuracy| accuracy.test_accuracy),
            memorized: corrupted(|corrupted| corrupted.memorized),
            still_clean: corrupted(|corrupted| corrupted.still_clean),
        }
    }

    fn push_loss(&mut self, step: u64, loss: f32) {
        self.step = step;
        self.loss = Some(loss);
        self.every = self.every.max(1);
        if step.is_multiple_of(self.every) || self.losses.is_empty() {
            self.losses.push((step, loss));
        }
        if self.losses.len() > MAX_LOSSES {
            self.every *= 2;
            let every = self.every;
            self.losses.retain(|(step, _)| step.is_multiple_of(every));
        }
    }

    /// Forgets what comes after `step`: the run goes on from a checkpoint taken there and will say it again.
    fn go_back_to(&mut self, step: u64) {
        self.losses.retain(|(of, _)| *of <= step);
        self.epochs.retain(|epoch| epoch.step <= step);
        self.summary = self.summary.take().filter(|summary| summary.steps == step);
        self.loss = self.losses.last().map(|(_, loss)| *loss);
        self.step = step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Recipe;

    /// A run that is right about everything after 8 steps and has a small loss after 16, as its recipe says it is to stop.
    fn run(recipe: Recipe) -> History {
        let mut history = History::default();
        history.push(Event::Started {
            format: 1,
            recipe,
            origin: Origin::default(),
            parameters: 1,
            images: 1000,
            corrupted_labels: 0,
            test_images: 500,
            steps_per_epoch: 8,
            last_step: 800,
            step: 0,
        });
        for (epoch, train_loss) in [(1, 0.5), (2, 0.1)] {
            history.push(Event::Epoch(EpochMetrics {
                epoch,
                step: 8 * epoch,
                learning_rate: 0.01,
                train_loss: train_loss as f32 / 1.01,
                accuracy: Some(Accuracy {
                    train_accuracy: 1.0,
                    test_accuracy: 0.1,
                    test_loss: 2.3,
                    corrupted: None,
                }),
                seconds: 1.0,
                images_per_second: 1.0,
            }));
        }
        history
    }

    #[test]
    fn a_run_is_fitted_at_the_step_its_rule_stops_it_at() {
        let by_loss = Recipe { stop_at_train_loss: Some(0.1), ..Recipe::default() };
        let by_accuracy = Recipe { stop_at_train_accuracy: Some(1.0), ..Recipe::default() };
        assert_eq!(run(by_loss.clone()).steps_to_fit(), Some(16));
        assert_eq!(run(by_accuracy.clone()).steps_to_fit(), Some(8));
        assert_eq!(run(Recipe::default()).steps_to_fit(), Some(16));
        assert_eq!(run(by_loss.clone()).times_to_fit(&run(by_accuracy)), Some(2.0));
        let stricter = Recipe { stop_at_train_loss: Some(0.01), ..by_loss };
        assert_eq!(run(stricter).steps_to_fit(), None);
    }

    #[test]
    fn all_runs_of_a_chart_are_marked_by_one_clock_whatever_stopped_them() {
        let recipe = Recipe { stop_at_train_accuracy: Some(1.0), ..Recipe::default() };
        let curves = run(recipe).curves("laid over", 1, FitClock::Loss(0.1));
        assert_eq!(curves.fitted, Some(16.0));
    }
}
