//! When a run counts as fitted. All runs of a comparison have one clock, and it is the rule that stops them: what stops by
//! one rule and is measured by another can come out in the other order.

use crate::experiments::FIT_LOSS;
use crate::lab::facts::format::percent;
use crate::train::{EpochMetrics, Recipe, reaches_loss};

/// What says that a training set is fitted. It is looked at after each epoch, as the rules are that stop a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FitClock {
    /// The mean training loss of an epoch is at most this, in nats.
    Loss(f64),
    /// At least this share of the training images is predicted as shown. A single image can decide.
    Accuracy(f64),
}

/// That of runs which no such rule stops.
impl Default for FitClock {
    fn default() -> Self {
        Self::Loss(FIT_LOSS)
    }
}

impl FitClock {
    /// The rule that a run stops by; of the loss where there are two.
    pub fn of(recipe: &Recipe) -> Self {
        let by_loss = recipe.stop_at_train_loss.map(Self::Loss);
        by_loss.or(recipe.stop_at_train_accuracy.map(Self::Accuracy)).unwrap_or_default()
    }

    /// Whether the training set is fitted after this epoch.
    pub fn is_fitted(self, epoch: &EpochMetrics) -> bool {
        match self {
            Self::Loss(goal) => reaches_loss(epoch.train_loss, goal),
            Self::Accuracy(goal) => {
                epoch.accuracy.as_ref().is_some_and(|accuracy| accuracy.train_accuracy >= goal)
            }
        }
    }

    /// To follow "fitted means that".
    pub fn words(self) -> String {
        match self {
            Self::Loss(goal) => format!("the mean training loss of an epoch is at most {goal}"),
            Self::Accuracy(goal) => {
                format!("{} of the training pictures are named as it is told", percent(goal))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Accuracy;

    fn epoch(train_loss: f32, train_accuracy: Option<f64>) -> EpochMetrics {
        let accuracy = train_accuracy.map(|train_accuracy| Accuracy {
            train_accuracy,
            test_accuracy: 0.1,
            test_loss: 2.3,
            corrupted: None,
        });
        EpochMetrics {
            epoch: 1,
            step: 8,
            learning_rate: 0.01,
            train_loss,
            accuracy,
            seconds: 1.0,
            images_per_second: 1.0,
        }
    }

    #[test]
    fn a_run_is_measured_by_the_rule_that_stops_it() {
        let recipe = Recipe::default();
        assert_eq!(FitClock::of(&recipe), FitClock::Loss(0.1));
        let accuracy = Recipe { stop_at_train_accuracy: Some(1.0), ..recipe };
        assert_eq!(FitClock::of(&accuracy), FitClock::Accuracy(1.0));
        let both = Recipe { stop_at_train_loss: Some(0.01), ..accuracy };
        assert_eq!(FitClock::of(&both), FitClock::Loss(0.01));
    }

    #[test]
    fn one_stubborn_image_holds_up_the_accuracy_and_not_the_loss() {
        let stubborn = epoch(0.09, Some(0.999));
        assert!(FitClock::Loss(0.1).is_fitted(&stubborn));
        assert!(!FitClock::Accuracy(1.0).is_fitted(&stubborn));
        let sure_of_nothing = epoch(0.11, Some(1.0));
        assert!(!FitClock::Loss(0.1).is_fitted(&sure_of_nothing));
        assert!(FitClock::Accuracy(1.0).is_fitted(&sure_of_nothing));
        assert!(!FitClock::Accuracy(0.0).is_fitted(&epoch(0.1, None)), "it was not measured");
    }
}
