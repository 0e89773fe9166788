//! Whether a network has stopped learning for good, without any number having become infinite.
//!
//! After too large an update the ReLUs of a layer may be negative for every image. Then nothing of the image reaches the
//! output and no gradient comes back: the network gives every image the same probabilities, those of its last bias, and does
//! so for ever. Its loss stands at the entropy of the labels, ln 10 where ten classes are equally frequent, or above it by as
//! much as the learning rate shakes the bias.
//!
//! The loss alone does not tell this from random labels that have not begun to be fitted: those cost ln 10 for many epochs
//! too. But such a network tells images apart from its first step on, so both are asked for: losses that were never better
//! than guessing, and one answer for all images.

use super::Event;
use super::measure::Predictions;
use crate::data::CIFAR10_CLASSES;

/// So many epochs in a row must have been no better than guessing.
const EPOCHS: usize = 5;
/// A loss counts as no better than guessing from this part of what guessing costs: the mean over an epoch's batches is off by
/// less than that where nothing was learned.
const PART_OF_GUESSING: f64 = 0.99;
/// Probabilities that differ by less than this are the same answer. Networks that learn differ by a hundredth even where they
/// have all but forgotten how they were initialized.
const SAME_PROBABILITY: f32 = 1e-4;

/// A network that has stopped learning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stall {
    /// The epochs at the run's end in which it learned nothing.
    pub(super) epochs: u64,
    /// What they cost at least, in nats.
    pub(super) least_loss: f64,
    /// What the same answer to every image costs at least: the entropy of the labels, in nats.
    pub(super) guessing_loss: f64,
}

impl Stall {
    /// What is to be said of a run that is over: `history` its epochs, `predictions` what it makes of the training images at
    /// the end, `shown` the labels these were trained on. None if it may still learn.
    pub(super) fn at_end(
        history: &[Event],
        predictions: &Predictions,
        shown: &[u8],
    ) -> Option<Self> {
        let guessing_loss = entropy(shown);
        // Images that all have one label are rightly given one answer.
        if guessing_loss <= 0.0 || !is_one_answer(&predictions.probabilities) {
            return None;
        }
        let epochs = history.iter().rev().map_while(|event| match event {
            Event::Epoch(epoch) => Some((epoch.epoch, f64::from(epoch.train_loss))),
            _ => None,
        });
        let no_better: Vec<(u64, f64)> =
            epochs.take_while(|(_, loss)| *loss >= PART_OF_GUESSING * guessing_loss).collect();
        let least_loss = no_better.iter().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
        // Of a very long run some epochs are not remembered, so they are not counted but subtracted.
        let ((last, _), (first, _)) = (no_better.first()?, no_better.last()?);
        let epochs = last - first + 1;
        (no_better.len() >= EPOCHS).then_some(Self { epochs, least_loss, guessing_loss })
    }
}

/// Whether all images have the same probabilities, `[images, 10]`.
fn is_one_answer(probabilities: &[f32]) -> bool {
    let mut images = probabilities.chunks_exact(CIFAR10_CLASSES);
    let Some(first) = images.next() else { return false };
    let is_same = |(one, other): (&f32, &f32)| (one - other).abs() < SAME_PROBABILITY;
    images.all(|image| image.iter().zip(first).all(is_same))
}

/// The entropy of how often each label occurs, in nats: the least mean cross-entropy of one answer for all.
fn entropy(labels: &[u8]) -> f64 {
    let mut counts = [0_u64; CIFAR10_CLASSES];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    let parts = counts.iter().filter(|count| **count > 0);
    parts.map(|&count| count as f64 / labels.len() as f64).map(|part| -part * part.ln()).sum()
}

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_10;

    use super::*;
    use crate::train::EpochMetrics;

    fn epochs(losses: &[f32]) -> Vec<Event> {
        let epoch = |(at, &train_loss): (usize, &f32)| {
            Event::Epoch(EpochMetrics {
                epoch: at as u64 + 1,
                step: 10 * (at as u64 + 1),
                learning_rate: 0.3,
                train_loss,
                accuracy: None,
                seconds: 1.0,
                images_per_second: 100.0,
            })
        };
        losses.iter().enumerate().map(epoch).collect()
    }

    /// A hundred images, ten of each class, with these probabilities of class 0 and the rest in equal parts.
    fn predicted(of_class_0: impl Fn(usize) -> f32) -> Predictions {
        let image = |at: usize| {
            let mut row = [(1.0 - of_class_0(at)) / 9.0; CIFAR10_CLASSES];
            row[0] = of_class_0(at);
            row
        };
        Predictions { classes: vec![0; 100], probabilities: (0..100).flat_map(image).collect() }
    }

    fn labels() -> Vec<u8> {
        (0..100).map(|at| at % 10).collect()
    }

    const AT_GUESSING: [f32; 6] = [4.0, 2.3031, 2.3226, 2.3, 2.31, 2.6];

    #[test]
    fn guessing_costs_the_entropy_of_the_labels() {
        assert!((entropy(&labels()) - 10_f64.ln()).abs() < 1e-12);
        assert!((entropy(&[3, 3, 7, 7]) - 2_f64.ln()).abs() < 1e-12);
        assert_eq!(entropy(&[3; 8]), 0.0);
    }

    #[test]
    fn one_answer_for_all_images_and_losses_like_guessing_are_a_stall() {
        let stall = Stall::at_end(&epochs(&AT_GUESSING), &predicted(|_| 0.2), &labels()).unwrap();
        assert_eq!((stall.epochs, stall.least_loss as f32), (6, 2.3));
    }

    #[test]
    fn images_that_are_told_apart_are_none_however_long_the_loss_is_that_of_guessing() {
        let apart = predicted(|at| 0.1 + 0.001 * (at % 2) as f32);
        assert_eq!(Stall::at_end(&epochs(&[LN_10; 100]), &apart, &labels()), None);
    }

    #[test]
    fn a_loss_that_was_better_than_guessing_lately_or_few_epochs_are_none() {
        let same = predicted(|_| 0.1);
        let better = [2.31, 2.31, 2.2, 2.31, 2.31, 2.31, 2.31];
        assert_eq!(Stall::at_end(&epochs(&better), &same, &labels()), None);
        assert_eq!(Stall::at_end(&epochs(&[LN_10; 4]), &same, &labels()), None);
        assert!(Stall::at_end(&epochs(&[LN_10; 5]), &same, &labels()).is_some());
    }

    #[test]
    fn images_of_one_label_or_none_at_all_are_none() {
        let same = predicted(|_| 0.1);
        assert_eq!(Stall::at_end(&epochs(&AT_GUESSING), &same, &[3; 100]), None);
        assert_eq!(Stall::at_end(&epochs(&AT_GUESSING), &Predictions::default(), &labels()), None);
    }
}
