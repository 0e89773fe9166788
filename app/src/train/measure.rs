//! What the network predicts for images it is not being trained on at the moment: accuracies, and what became of the images
//! with corrupted labels.

use super::event::{Accuracy, CorruptedCounts};
use crate::data::{CIFAR10_CLASSES, Fate, RunImages, predicted_class};

/// Images measured in one piece of work: small enough that a browser's worker answers in between.
pub(super) const IMAGES_PER_MEASUREMENT: usize = 100;

/// What the network predicts for some images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The likeliest class of each.
    pub classes: Vec<u8>,
    /// The probability of every class, `[images, 10]`.
    pub probabilities: Vec<f32>,
}

/// What is known of the images measured so far.
#[derive(Default)]
pub(super) struct Measurement {
    pub(super) predictions: Predictions,
    loss_sum: f64,
}

impl Measurement {
    /// Adds the logits, `[images, 10]`, of the next images, whose labels are `labels`.
    pub(super) fn add(&mut self, logits: &[f32], labels: &[u8]) {
        for (logits, &label) in logits.chunks_exact(CIFAR10_CLASSES).zip(labels) {
            let (max, sum) = max_and_sum(logits);
            self.predictions.classes.push(predicted_class(logits));
            let probability = |&logit: &f32| (f64::from(logit - max).exp() / sum) as f32;
            self.predictions.probabilities.extend(logits.iter().map(probability));
            self.loss_sum += sum.ln() - f64::from(logits[usize::from(label)] - max);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.predictions.classes.len()
    }

    fn mean_loss(&self) -> f32 {
        (self.loss_sum / self.count().max(1) as f64) as f32
    }
}

/// Of a softmax: the max of the logits, and the sum of the exponentials relative to it. A NaN among the logits makes the sum
/// NaN.
fn max_and_sum(logits: &[f32]) -> (f32, f64) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (max, logits.iter().map(|&logit| f64::from(logit - max).exp()).sum())
}

/// The fraction of `labels` that are predicted.
fn accuracy(predicted: &[u8], labels: &[u8]) -> f64 {
    let equal =
        predicted.iter().zip(labels).filter(|(predicted, label)| predicted == label).count();
    equal as f64 / labels.len().max(1) as f64
}

impl Accuracy {
    /// Whether the network gives numbers that are none. The last update may have been too large: the loss before it, which
    /// is all that a training step tells, is still a number.
    pub(super) fn has_diverged(&self) -> bool {
        self.test_loss.is_nan()
    }
}

/// Accuracies from the measurements of both splits.
pub(super) fn accuracies(
    train: &RunImages,
    on_train: &Measurement,
    test: &RunImages,
    on_test: &Measurement,
) -> Accuracy {
    Accuracy {
        train_accuracy: accuracy(&on_train.predictions.classes, &train.shown),
        test_accuracy: accuracy(&on_test.predictions.classes, &test.shown),
        test_loss: on_test.mean_loss(),
        corrupted: corrupted(&on_train.predictions.classes, &train.shown, &train.clean),
    }
}

/// What became of the images whose shown label is corrupted; none where no label is.
fn corrupted(predicted: &[u8], shown: &[u8], clean: &[u8]) -> Option<CorruptedCounts> {
    let mut found = CorruptedCounts { count: 0, memorized: 0, still_clean: 0 };
    for ((&predicted, &shown), &clean) in predicted.iter().zip(shown).zip(clean) {
        found.count += u64::from(shown != clean);
        match Fate::of(predicted, shown, clean) {
            Fate::Memorized => found.memorized += 1,
            Fate::StillClean => found.still_clean += 1,
            Fate::FittedClean | Fate::Neither => {}
        }
    }
    (found.count > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_is_the_fraction_of_labels_that_are_predicted() {
        assert_eq!(accuracy(&[1, 2, 3, 4], &[1, 2, 3, 9]), 0.75);
    }

    #[test]
    fn corrupted_images_are_sorted_into_memorized_still_clean_and_neither() {
        let (shown, clean) = ([0, 1, 2, 3, 4], [0, 9, 8, 7, 6]);
        let found = corrupted(&[0, 1, 8, 5, 4], &shown, &clean);
        assert_eq!(found, Some(CorruptedCounts { count: 4, memorized: 2, still_clean: 1 }));
        assert_eq!(corrupted(&[1, 2], &[3, 4], &[3, 4]), None);
    }

    fn measured(logits: &[f32], label: u8) -> Measurement {
        let mut measurement = Measurement::default();
        measurement.add(logits, &[label]);
        measurement
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_ten() {
        let equal = measured(&[3.0; 10], 4);
        assert!((equal.loss_sum - 10f64.ln()).abs() < 1e-12);
        assert!(equal.predictions.probabilities.iter().all(|share| (share - 0.1).abs() < 1e-7));
    }

    #[test]
    fn a_confident_right_answer_costs_little_and_a_wrong_one_its_margin() {
        let mut logits = [0.0f32; 10];
        logits[2] = 100.0;
        let right = measured(&logits, 2);
        assert!(right.loss_sum < 1e-40);
        assert_eq!((right.predictions.classes[0], right.predictions.probabilities[2]), (2, 1.0));
        assert!((measured(&logits, 3).loss_sum - 100.0).abs() < 1e-9);
    }
}
