//! What the network says about images it is not being trained on at the moment: accuracies, and what became of the
//! corrupted examples.

use super::event::{Accuracy, CorruptedExamples};
use crate::data::{CIFAR10_CLASSES, Examples, predicted_class};

/// What the network says of some examples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The likeliest class of each.
    pub classes: Vec<u8>,
    /// The probability of every class, `[examples, 10]`.
    pub probabilities: Vec<f32>,
}

/// What is known of the examples measured so far.
#[derive(Default)]
pub(super) struct Measurement {
    pub(super) predictions: Predictions,
    loss_sum: f64,
}

impl Measurement {
    /// Adds the logits, `[examples, 10]`, of the next examples, whose labels are `labels`.
    pub(super) fn add(&mut self, logits: &[f32], labels: &[u8]) {
        for (logits, &label) in logits.chunks_exact(CIFAR10_CLASSES).zip(labels) {
            let (greatest, sum) = greatest_and_sum(logits);
            self.predictions.classes.push(predicted_class(logits));
            let probability = |&logit: &f32| (f64::from(logit - greatest).exp() / sum) as f32;
            self.predictions.probabilities.extend(logits.iter().map(probability));
            self.loss_sum += sum.ln() - f64::from(logits[usize::from(label)] - greatest);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.predictions.classes.len()
    }

    fn mean_loss(&self) -> f32 {
        (self.loss_sum / self.count().max(1) as f64) as f32
    }
}

/// Of a softmax: the greatest logit, and the sum of the exponentials relative to it.
fn greatest_and_sum(logits: &[f32]) -> (f32, f64) {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (greatest, logits.iter().map(|&logit| f64::from(logit - greatest).exp()).sum())
}

fn share_equal(predicted: &[u8], labels: &[u8]) -> f64 {
    let equal =
        predicted.iter().zip(labels).filter(|(predicted, label)| predicted == label).count();
    equal as f64 / labels.len().max(1) as f64
}

/// Accuracies from the measurements of both splits.
pub(super) fn accuracy(
    train: &Examples,
    on_train: &Measurement,
    test: &Examples,
    on_test: &Measurement,
) -> Accuracy {
    Accuracy {
        train_accuracy: share_equal(&on_train.predictions.classes, &train.shown),
        test_accuracy: share_equal(&on_test.predictions.classes, &test.shown),
        test_loss: on_test.mean_loss(),
        corrupted: corrupted(&on_train.predictions.classes, &train.shown, &train.clean),
    }
}

fn corrupted(predicted: &[u8], shown: &[u8], clean: &[u8]) -> Option<CorruptedExamples> {
    let mut found = CorruptedExamples { count: 0, memorized: 0, still_clean: 0 };
    for ((predicted, shown), clean) in predicted.iter().zip(shown).zip(clean) {
        if shown != clean {
            found.count += 1;
            found.memorized += u64::from(predicted == shown);
            found.still_clean += u64::from(predicted == clean);
        }
    }
    (found.count > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrupted_examples_are_sorted_into_memorized_still_clean_and_neither() {
        let (shown, clean) = ([0, 1, 2, 3, 4], [0, 9, 8, 7, 6]);
        let found = corrupted(&[0, 1, 8, 5, 4], &shown, &clean);
        assert_eq!(found, Some(CorruptedExamples { count: 4, memorized: 2, still_clean: 1 }));
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
