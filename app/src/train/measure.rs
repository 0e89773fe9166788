//! What the network says about images it is not being trained on at the moment: accuracies, and what became of the
//! corrupted examples.

use super::event::{Accuracy, CorruptedExamples};
use crate::data::{CIFAR10_CLASSES, Examples, predicted_class};

/// Logits of some examples, and what follows from them.
#[derive(Default)]
pub(super) struct Measurement {
    pub(super) predicted: Vec<u8>,
    loss_sum: f64,
}

impl Measurement {
    /// Adds the logits, `[examples, 10]`, of the next examples, whose labels are `labels`.
    pub(super) fn add(&mut self, logits: &[f32], labels: &[u8]) {
        for (logits, &label) in logits.chunks_exact(CIFAR10_CLASSES).zip(labels) {
            self.predicted.push(predicted_class(logits));
            self.loss_sum += cross_entropy(logits, label);
        }
    }

    fn mean_loss(&self) -> f32 {
        (self.loss_sum / self.predicted.len().max(1) as f64) as f32
    }
}

/// `-log softmax(logits)[label]`, in nats.
fn cross_entropy(logits: &[f32], label: u8) -> f64 {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - greatest).exp()).sum();
    sum.ln() - f64::from(logits[usize::from(label)] - greatest)
}

fn share_equal(predicted: &[u8], labels: &[u8]) -> f64 {
    let equal = predicted.iter().zip(labels).filter(|(predicted, label)| predicted == label).count();
    equal as f64 / labels.len().max(1) as f64
}

/// Accuracies from the measurements of both splits.
pub(super) fn accuracy(train: &Examples, on_train: &Measurement, test: &Examples, on_test: &Measurement) -> Accuracy {
    Accuracy {
        train_accuracy: share_equal(&on_train.predicted, &train.shown),
        test_accuracy: share_equal(&on_test.predicted, &test.shown),
        test_loss: on_test.mean_loss(),
        corrupted: corrupted(&on_train.predicted, &train.shown, &train.clean),
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

    #[test]
    fn equal_logits_cost_the_logarithm_of_ten() {
        assert!((cross_entropy(&[3.0; 10], 4) - 10f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_confident_right_answer_costs_little_and_a_wrong_one_its_margin() {
        let mut logits = [0.0f32; 10];
        logits[2] = 100.0;
        assert!(cross_entropy(&logits, 2) < 1e-40);
        assert!((cross_entropy(&logits, 3) - 100.0).abs() < 1e-9);
    }
}
