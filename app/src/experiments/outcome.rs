//! What runs came to, and the numbers that are read off them.

use crate::train::{EpochMetrics, Recipe, StopReason, Summary, reaches_loss};

/// An epoch's mean loss at which a training set counts as fitted (Figure 1b; the paper names no criterion).
pub const FIT_LOSS: f64 = 0.1;
/// Training accuracy from which a training set counts as fitted, and random labels as memorized: the least the paper
/// reports of a network that fits is 99.21 %.
pub const FIT_ACCURACY: f64 = 0.99;

/// A finished run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its end.
    pub summary: Summary,
    /// Its epochs, in order.
    pub epochs: Vec<EpochMetrics>,
    /// Test images it was measured on.
    pub test_images: u64,
}

impl Outcome {
    /// Steps until its training set was fitted: see [`steps_to_fit`].
    pub fn steps_to_fit(&self) -> Option<f64> {
        steps_to_fit(&self.epochs)
    }

    /// Whether it ended with its training set fitted: see [`FIT_ACCURACY`].
    pub fn is_fitted(&self) -> bool {
        self.summary.stopped_by != StopReason::Diverged
            && self.summary.train_accuracy >= FIT_ACCURACY
    }

    /// How often its accuracies were measured.
    pub fn measurements(&self) -> usize {
        self.epochs.iter().filter(|epoch| epoch.accuracy.is_some()).count()
    }

    /// The largest test accuracy that was measured in the run: what stopping early at the right moment would have had.
    pub fn best_test_accuracy(&self) -> f64 {
        let measured =
            self.epochs.iter().filter_map(|epoch| Some(epoch.accuracy.as_ref()?.test_accuracy));
        measured.fold(self.summary.test_accuracy, f64::max)
    }
}

/// Steps until an epoch's mean loss was [`FIT_LOSS`], between two epochs in proportion; none if it never was.
pub fn steps_to_fit(epochs: &[EpochMetrics]) -> Option<f64> {
    let at = epochs.iter().position(|epoch| reaches_loss(epoch.train_loss, FIT_LOSS))?;
    let (step, loss) = (epochs[at].step as f64, f64::from(epochs[at].train_loss));
    let Some(before) = at.checked_sub(1).map(|before| &epochs[before]) else { return Some(step) };
    let (earlier, higher) = (before.step as f64, f64::from(before.train_loss));
    Some(earlier + (step - earlier) * (higher - FIT_LOSS) / (higher - loss))
}

/// Finished runs, found by what was run.
#[derive(Clone, Debug, Default)]
pub struct Results(pub Vec<Outcome>);

impl Results {
    /// The runs of a recipe with any seed, in the order of their seeds.
    pub fn of(&self, recipe: &Recipe) -> Vec<&Outcome> {
        let is_it = |outcome: &&Outcome| outcome.summary.recipe.is_same_but_for_seed(recipe);
        let mut found: Vec<_> = self.0.iter().filter(is_it).collect();
        found.sort_by_key(|outcome| outcome.summary.recipe.seed);
        found
    }

    /// The mean of something over the seeds of a recipe, if every seed has it. A run that diverged has nothing: its
    /// network guesses, which would pass for knowing nothing.
    pub fn mean(&self, recipe: &Recipe, what: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        let value = |run: &Outcome| {
            (run.summary.stopped_by != StopReason::Diverged).then(|| what(run)).flatten()
        };
        let values: Option<Vec<f64>> = self.of(recipe).into_iter().map(value).collect();
        mean(&values?)
    }
}

/// The mean; none of no numbers.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Mean and the deviation of a sample, which one number alone does not have.
pub fn mean_and_deviation(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())))
}

/// How far guessing among ten classes strays from a tenth in so many guesses: four deviations of the count. Networks of
/// different seeds guess for themselves, so a mean over seeds is of the guesses of all of them.
pub fn chance_band(guesses: u64) -> f64 {
    4.0 * (0.1 * 0.9 / guesses.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(losses: &[f32]) -> Outcome {
        let epoch = |(at, &train_loss): (usize, &f32)| EpochMetrics {
            epoch: at as u64 + 1,
            step: 10 * (at as u64 + 1),
            learning_rate: 0.1,
            train_loss,
            accuracy: None,
            seconds: 1.0,
            images_per_second: 1.0,
        };
        let summary = Summary {
            recipe: Recipe::default(),
            train_accuracy: 1.0,
            test_accuracy: 0.3,
            train_loss: 0.0,
            corrupted: None,
            steps: 30,
            epochs: 3,
            seconds: 1.0,
            stopped_by: StopReason::Epochs,
        };
        Outcome {
            summary,
            epochs: losses.iter().enumerate().map(epoch).collect(),
            test_images: 500,
        }
    }

    #[test]
    fn the_time_to_fit_lies_between_two_epochs() {
        assert!((outcome(&[2.0, 0.3, 0.05]).steps_to_fit().unwrap() - 28.0).abs() < 1e-4);
        assert_eq!(outcome(&[0.05, 0.3]).steps_to_fit(), Some(10.0));
        assert_eq!(outcome(&[2.0, 0.3]).steps_to_fit(), None);
    }

    #[test]
    fn a_mean_over_seeds_needs_every_seed() {
        let mut results = Results(vec![outcome(&[0.1]), outcome(&[2.0])]);
        results.0[1].summary.recipe.seed = 2;
        assert_eq!(results.of(&Recipe::default()).len(), 2);
        assert_eq!(
            results.mean(&Recipe::default(), |run| Some(run.summary.test_accuracy)),
            Some(0.3)
        );
        assert_eq!(results.mean(&Recipe::default(), Outcome::steps_to_fit), None);
    }

    #[test]
    fn a_diverged_run_is_no_evidence() {
        let mut results = Results(vec![outcome(&[0.1])]);
        results.0[0].summary.stopped_by = StopReason::Diverged;
        assert_eq!(results.mean(&Recipe::default(), |run| Some(run.summary.test_accuracy)), None);
    }

    #[test]
    fn a_run_is_fitted_from_99_percent_on_if_it_did_not_diverge() {
        let mut run = outcome(&[0.1]);
        let mut is_fitted = |accuracy, stopped_by| {
            (run.summary.train_accuracy, run.summary.stopped_by) = (accuracy, stopped_by);
            run.is_fitted()
        };
        assert!(is_fitted(0.99, StopReason::Epochs));
        assert!(!is_fitted(0.9899, StopReason::Epochs) && !is_fitted(1.0, StopReason::Diverged));
    }

    #[test]
    fn guessing_strays_half_as_far_on_four_times_the_images() {
        // sqrt(0.1 * 0.9 / 10,000) is 0.3 points.
        assert!((chance_band(10_000) - 0.012).abs() < 1e-12);
        assert!((chance_band(40_000) - 0.006).abs() < 1e-12);
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        assert_eq!(mean_and_deviation(&[1.0, 3.0]), Some((2.0, Some(2f64.sqrt()))));
        assert_eq!(
            (mean_and_deviation(&[1.0]), mean_and_deviation(&[])),
            (Some((1.0, None)), None)
        );
    }
}
