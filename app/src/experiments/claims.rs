//! What the paper says in words (sections 2 and 3), checked on the runs of a scale. A claim of which the runs are missing
//! stays open; one that fails says by how much.

use super::figure1::{CORRUPTED_MODELS, corruption_levels, corruption_row};
use super::outcome::{Outcome, Results, chance_band};
use super::table1::plain_row;
use super::{EXPERIMENTS, Row, Scale};
use crate::data::Condition;
use crate::models::ModelName::{self, AlexnetSmall, InceptionSmall, Mlp1x512, Mlp3x512};
use crate::train::Recipe;

/// Training accuracy from which a set counts as memorized: the least the paper reports of a network that fits is 99.21 %.
const MEMORIZED: f64 = 0.99;
/// "A small constant factor": Figure 1b ends below 4.
const SMALL_FACTOR: f64 = 5.0;
/// What is not yet a gain of stopping early: a peak over many measurements lies above the end by chance alone.
const EARLY_STOPPING_GAIN: f64 = 0.03;

/// A statement of the paper, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Where it stands.
    pub place: &'static str,
    /// What is said.
    pub statement: String,
    /// Whether it holds here.
    pub verdict: Verdict,
    /// The figures it was judged by.
    pub figures: String,
}

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verdict {
    Holds,
    Fails,
    /// Runs are missing, or did not come to what would be compared.
    Open,
}

/// Judges every claim on the runs of a scale.
pub fn check_claims(results: &Results, scale: Scale) -> Vec<Claim> {
    let on = On { results, scale };
    let mut claims = Vec::new();
    for model in [InceptionSmall, AlexnetSmall, Mlp3x512, Mlp1x512] {
        claims.push(on.fits_random_labels(model));
        claims.push(on.knows_nothing_after(model));
    }
    for model in CORRUPTED_MODELS {
        claims.push(on.time_grows_by_a_small_factor(model));
        claims.push(on.error_rises_to_chance(model));
    }
    claims.push(on.true_labels_first_random_labels_last());
    claims.push(on.noise_is_fitted_sooner_than_random_labels());
    claims.push(on.regularizers_do_not_prevent_fitting());
    for model in [InceptionSmall, AlexnetSmall, Mlp3x512, Mlp1x512] {
        claims.push(on.generalizes_without_regularizers(model));
    }
    claims.push(on.batch_norm_helps());
    for model in [InceptionSmall, AlexnetSmall, Mlp3x512, Mlp1x512] {
        claims.push(on.no_gain_of_early_stopping(model));
    }
    claims
}

/// The runs of a scale.
struct On<'a> {
    results: &'a Results,
    scale: Scale,
}

/// What was found of a claim: whether it holds, and by which figures.
type Judged = Option<(bool, String)>;

impl On<'_> {
    /// A claim about some rows.
    fn claim(
        &self,
        place: &'static str,
        statement: impl Into<String>,
        rows: &[Row],
        judged: Judged,
    ) -> Claim {
        let (verdict, figures) = match judged {
            Some((true, figures)) => (Verdict::Holds, figures),
            Some((false, figures)) => (Verdict::Fails, figures),
            None => (Verdict::Open, self.why_open(rows)),
        };
        Claim { place, statement: statement.into(), verdict, figures }
    }

    fn why_open(&self, rows: &[Row]) -> String {
        let missing = rows.iter().filter(|row| self.results.of(&row.recipe).is_empty());
        let missing: Vec<_> = missing.map(|row| row.name.as_str()).collect();
        match missing[..] {
            [] => "a run diverged, or did not fit its training set".into(),
            [one] => format!("{one} is not run"),
            [one, other] => format!("{one} and {other} are not run"),
            [first, .., last] => format!("{first} to {last}: {} rows are not run", missing.len()),
        }
    }

    fn mean(&self, row: &Row, what: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        self.results.mean(&row.recipe, what)
    }

    fn train(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.summary.train_accuracy))
    }

    fn test(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.summary.test_accuracy))
    }

    fn steps_to_fit(&self, row: &Row) -> Option<f64> {
        self.mean(row, Outcome::steps_to_fit)
    }

    /// How far guessing strays from a tenth on the test images of a row.
    fn band(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.test_images as f64)).map(|images| chance_band(images as u64))
    }

    /// The plain row of a network. The table has it for all of them with batch norm.
    fn plain(&self, model: ModelName, condition: Condition) -> Vec<Row> {
        plain_row(self.scale, model, true, condition).into_iter().collect()
    }

    /// Rows of an experiment by their names.
    fn rows(&self, experiment: &str, wanted: impl Fn(&Row) -> bool) -> Vec<Row> {
        let experiment = EXPERIMENTS.iter().find(|known| known.name == experiment);
        let rows = experiment.map_or_else(Vec::new, |experiment| (experiment.rows)(self.scale));
        rows.into_iter().filter(wanted).collect()
    }

    fn fits_random_labels(&self, model: ModelName) -> Claim {
        let rows = self.plain(model, Condition::RandomLabels);
        let train = rows.first().and_then(|row| self.train(row));
        let judged = train
            .map(|train| (train >= MEMORIZED, format!("training accuracy {}", percent(train))));
        self.claim("2.1", format!("{} fits random labels", model.key()), &rows, judged)
    }

    fn knows_nothing_after(&self, model: ModelName) -> Claim {
        let rows = self.plain(model, Condition::RandomLabels);
        let judged = rows.first().and_then(|row| {
            // A network that has not fitted its labels has not been put to the test.
            self.train(row).filter(|train| *train >= MEMORIZED)?;
            let (test, band) = (self.test(row)?, self.band(row)?);
            let figures =
                format!("test accuracy {}, chance 10 % ± {}", percent(test), percent(band));
            Some(((test - 0.1).abs() <= band, figures))
        });
        self.claim(
            "2.1",
            format!("{} is at chance on test images after random labels", model.key()),
            &rows,
            judged,
        )
    }

    /// Figure 1b.
    fn time_grows_by_a_small_factor(&self, model: ModelName) -> Claim {
        let rows = [0.0, 1.0].map(|level| corruption_row(self.scale, model, level));
        let judged =
            self.steps_to_fit(&rows[0]).zip(self.steps_to_fit(&rows[1])).map(|(clean, random)| {
                let factor = random / clean;
                (
                    (1.0..=SMALL_FACTOR).contains(&factor),
                    format!("{clean:.0} to {random:.0} steps, {factor:.2} times"),
                )
            });
        let statement =
            format!("{} takes longer for random labels, by a small factor", model.key());
        self.claim("2.1, Figure 1b", statement, &rows, judged)
    }

    /// Figure 1c.
    fn error_rises_to_chance(&self, model: ModelName) -> Claim {
        let levels = corruption_levels(self.scale, model).into_iter();
        let rows: Vec<Row> = levels.map(|level| corruption_row(self.scale, model, level)).collect();
        let errors: Option<Vec<f64>> = rows.iter().map(|row| Some(1.0 - self.test(row)?)).collect();
        let judged = errors.zip(self.unevenness(&rows)).map(|(errors, unevenness)| {
            let (first, last) = (errors[0], errors[errors.len() - 1]);
            let deepest = errors.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f64::max);
            let figures = format!(
                "test error {} to {} over {} levels, greatest fall between two {} of {} allowed",
                percent(first),
                percent(last),
                errors.len(),
                percent(deepest),
                percent(unevenness)
            );
            (deepest <= unevenness && last > first && (last - 0.9).abs() <= unevenness, figures)
        });
        self.claim(
            "2.1, Figure 1c",
            format!("test error of {} rises steadily to chance", model.key()),
            &rows,
            judged,
        )
    }

    /// How much a test error may fall from one level to the next and still count as rising: what two accuracies on as
    /// many images differ by chance, three deviations at their widest.
    fn unevenness(&self, rows: &[Row]) -> Option<f64> {
        let images =
            rows.iter().filter_map(|row| self.mean(row, |run| Some(run.test_images as f64)));
        images.reduce(f64::min).map(|images| 3.0 * (2.0 * 0.25 / images.max(1.0)).sqrt())
    }

    /// Figure 1a: the order of the first and the last of its five curves.
    fn true_labels_first_random_labels_last(&self) -> Claim {
        let rows = self.rows("fig1a", |_| true);
        let times: Option<Vec<(&str, f64)>> = rows
            .iter()
            .map(|row| Some((row.recipe.condition.key(), self.steps_to_fit(row)?)))
            .collect();
        let judged = times.filter(|times| !times.is_empty()).map(|mut times| {
            times.sort_by(|one, other| one.1.total_cmp(&other.1));
            let ends = (times[0].0, times[times.len() - 1].0);
            let figures: Vec<_> =
                times.iter().map(|(name, steps)| format!("{name} {steps:.0}")).collect();
            (
                ends == ("true-labels", "random-labels"),
                format!("steps to fit: {}", figures.join(", ")),
            )
        });
        self.claim(
            "2.1, Figure 1a",
            "true labels are fitted first and random labels last",
            &rows,
            judged,
        )
    }

    /// Section 2.1: random pixels and Gaussian noise lie farther apart than photographs do.
    fn noise_is_fitted_sooner_than_random_labels(&self) -> Claim {
        let is_noise = |row: &Row| {
            matches!(row.recipe.condition, Condition::RandomPixels | Condition::Gaussian)
        };
        let noise = self.rows("fig1a", is_noise);
        let rows = [noise, self.plain(InceptionSmall, Condition::RandomLabels)].concat();
        let times: Option<Vec<f64>> = rows.iter().map(|row| self.steps_to_fit(row)).collect();
        let judged = times.and_then(|times| {
            let (random_labels, noise) = times.split_last()?;
            let slowest = noise.iter().copied().reduce(f64::max)?;
            let figures = format!(
                "{slowest:.0} steps for the slower noise, {random_labels:.0} for random labels"
            );
            Some((slowest < *random_labels, figures))
        });
        let statement = "random pixels and Gaussian noise are fitted sooner than random labels";
        self.claim("2.1", statement, &rows, judged)
    }

    /// Table 4. AlexNet with weight decay is the paper's exception.
    fn regularizers_do_not_prevent_fitting(&self) -> Claim {
        let rows = self.rows("table4", |row| row.recipe.model != AlexnetSmall);
        let trains: Option<Vec<(&str, f64)>> =
            rows.iter().map(|row| Some((row.name.as_str(), self.train(row)?))).collect();
        let judged = trains.map(|trains| {
            let figures: Vec<_> =
                trains.iter().map(|(name, train)| format!("{name} {}", percent(*train))).collect();
            (trains.iter().all(|(_, train)| *train >= MEMORIZED), figures.join(", "))
        });
        let statement = "weight decay, crops and augmentation do not prevent fitting random labels";
        self.claim("3, Table 4", statement, &rows, judged)
    }

    /// Section 3: regularizers are the smaller part of generalization.
    fn generalizes_without_regularizers(&self, model: ModelName) -> Claim {
        let is_regularized = |row: &Row| {
            let Recipe { random_crop, weight_decay, batch_norm, condition, .. } = row.recipe;
            let is_network =
                row.recipe.model == model && batch_norm && condition == Condition::TrueLabels;
            is_network && (random_crop || weight_decay > 0.0)
        };
        let rows = [self.plain(model, Condition::TrueLabels), self.rows("table1", is_regularized)]
            .concat();
        let tests: Option<Vec<f64>> = rows.iter().map(|row| self.test(row)).collect();
        let judged = tests.and_then(|tests| {
            let (&plain, regularized) = tests.split_first()?;
            let best = regularized.iter().copied().reduce(f64::max)?;
            let (gained, there) = (best - plain, plain - 0.1);
            let figures = format!(
                "test accuracy {} without, {} with the best: {} points of regularizers, {} above chance",
                percent(plain),
                percent(best),
                points(gained),
                points(there)
            );
            Some((there > self.band(&rows[0])? && gained < there, figures))
        });
        let statement =
            format!("{} generalizes without regularizers; they add the smaller part", model.key());
        self.claim("3", statement, &rows, judged)
    }

    /// Figure 2b.
    fn batch_norm_helps(&self) -> Claim {
        let rows = self.rows("fig2b", |_| true);
        let judged = rows.iter().find(|row| row.recipe.batch_norm).and_then(|with| {
            let without = rows.iter().find(|row| !row.recipe.batch_norm)?;
            let (helped, alone) = (self.test(with)?, self.test(without)?);
            let figures =
                format!("test accuracy {} with, {} without", percent(helped), percent(alone));
            Some((helped > alone && alone > 0.1 + self.band(without)?, figures))
        });
        let statement =
            "batch norm helps the Inception by some points and is not what makes it generalize";
        self.claim("3, Figure 2b", statement, &rows, judged)
    }

    /// Section 3.1: no gain on CIFAR-10.
    fn no_gain_of_early_stopping(&self, model: ModelName) -> Claim {
        let rows = self.plain(model, Condition::TrueLabels);
        let gain = |run: &Outcome| Some(run.best_test_accuracy() - run.summary.test_accuracy);
        let judged = rows.first().and_then(|row| self.mean(row, gain)).map(|gain| {
            (
                gain <= EARLY_STOPPING_GAIN,
                format!("best minus last test accuracy: {} points", points(gain)),
            )
        });
        self.claim(
            "3.1",
            format!("{} would gain little from stopping early on CIFAR-10", model.key()),
            &rows,
            judged,
        )
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn points(share: f64) -> String {
    // Without this, what rounds to nothing from below is "-0.0".
    format!("{:.1}", (1000.0 * share).round() / 10.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::distinct_rows;
    use crate::train::{Accuracy, EpochMetrics, StopReason, Summary};

    /// A finished run of a row, measured on 500 test images.
    fn run(row: &Row, train_accuracy: f64, test_accuracy: f64, steps_to_fit: u64) -> Outcome {
        let epoch = EpochMetrics {
            epoch: 1,
            step: steps_to_fit,
            learning_rate: 0.1,
            train_loss: 0.05,
            accuracy: None,
            seconds: 1.0,
            images_per_second: 1.0,
        };
        let summary = Summary {
            recipe: row.recipe.clone(),
            train_accuracy,
            test_accuracy,
            train_loss: 0.05,
            corrupted: None,
            steps: steps_to_fit,
            epochs: 1,
            seconds: 1.0,
            stopped_by: StopReason::Epochs,
        };
        Outcome { summary, epochs: vec![epoch], test_images: 500 }
    }

    /// Everything as the paper has it: fitted, at chance where labels are random, slower the more of them are.
    fn as_in_the_paper() -> Results {
        let all: Vec<_> = EXPERIMENTS.iter().collect();
        let outcome = |row: &Row| {
            let Recipe { condition, label_corruption, batch_norm, .. } = row.recipe;
            let is_random = condition != Condition::TrueLabels;
            let lied = if is_random { 1.0 } else { label_corruption };
            let test = 0.1 + (if batch_norm { 0.7 } else { 0.6 }) * (1.0 - lied);
            let steps = match condition {
                Condition::TrueLabels => 100 + (100.0 * lied) as u64,
                Condition::RandomLabels => 300,
                _ => 150,
            };
            run(row, 1.0, test, steps)
        };
        Results(distinct_rows(&all, Scale::Desk).iter().map(outcome).collect())
    }

    fn verdicts(results: &Results, words: &str) -> Vec<Verdict> {
        let claims = check_claims(results, Scale::Desk).into_iter();
        claims.filter(|claim| claim.statement.contains(words)).map(|claim| claim.verdict).collect()
    }

    /// The results with the runs of one row changed.
    fn with(name: &str, change: impl Fn(&mut Outcome)) -> Results {
        let mut results = as_in_the_paper();
        let all: Vec<_> = EXPERIMENTS.iter().collect();
        let row =
            distinct_rows(&all, Scale::Desk).into_iter().find(|row| row.name == name).unwrap();
        results.0.iter_mut().filter(|run| run.summary.recipe == row.recipe).for_each(change);
        results
    }

    #[test]
    fn every_claim_holds_of_the_papers_results_and_is_open_without_any() {
        for claim in check_claims(&as_in_the_paper(), Scale::Desk) {
            assert_eq!(claim.verdict, Verdict::Holds, "{claim:?}");
        }
        for &scale in Scale::ALL {
            for claim in check_claims(&Results::default(), scale) {
                assert_eq!(claim.verdict, Verdict::Open, "{claim:?}");
                assert!(claim.figures.contains("not run"), "{claim:?}");
            }
        }
    }

    #[test]
    fn each_claim_fails_where_it_should() {
        let low = |run: &mut Outcome| run.summary.train_accuracy = 0.98;
        let random = "mlp-1x512/random-labels";
        assert_eq!(verdicts(&with(random, low), "mlp-1x512 fits"), [Verdict::Fails]);
        // What is not memorized says nothing about chance.
        assert_eq!(verdicts(&with(random, low), "mlp-1x512 is at chance"), [Verdict::Open]);
        let knowing = with(random, |run| run.summary.test_accuracy = 0.2);
        assert_eq!(verdicts(&knowing, "mlp-1x512 is at chance"), [Verdict::Fails]);
        assert_eq!(verdicts(&knowing, "test error of mlp-1x512"), [Verdict::Fails]);
        let slow = with(random, |run| run.epochs[0].step = 501);
        assert_eq!(verdicts(&slow, "mlp-1x512 takes longer"), [Verdict::Fails]);
        let dip = with("mlp-1x512/corruption-0.5", |run| run.summary.test_accuracy += 0.2);
        assert_eq!(verdicts(&dip, "test error of mlp-1x512"), [Verdict::Fails]);
        let noise = with("inception-small/gaussian", |run| run.epochs[0].step = 301);
        assert_eq!(verdicts(&noise, "fitted"), [Verdict::Fails, Verdict::Fails]);
        let prevented = with("mlp-3x512/random-labels+decay", low);
        assert_eq!(verdicts(&prevented, "do not prevent"), [Verdict::Fails]);
        let exception = with("alexnet-small/random-labels+decay", low);
        assert_eq!(verdicts(&exception, "do not prevent"), [Verdict::Holds]);
        let needed = with("alexnet-small/plain", |run| run.summary.test_accuracy = 0.3);
        assert_eq!(verdicts(&needed, "alexnet-small generalizes"), [Verdict::Fails]);
        let useless = with("inception-small-no-bn/plain", |run| run.summary.test_accuracy = 0.12);
        assert_eq!(verdicts(&useless, "batch norm"), [Verdict::Fails]);
        let no_help = with("inception-small-no-bn/plain", |run| run.summary.test_accuracy = 0.8);
        assert_eq!(verdicts(&no_help, "batch norm"), [Verdict::Fails]);
        let peaked = with("mlp-3x512/plain", |run| {
            let peak = Accuracy {
                train_accuracy: 0.9,
                test_accuracy: 0.9,
                test_loss: 0.5,
                corrupted: None,
            };
            run.epochs[0].accuracy = Some(peak);
        });
        assert_eq!(verdicts(&peaked, "mlp-3x512 would gain little"), [Verdict::Fails]);
    }

    #[test]
    fn a_diverged_run_leaves_its_claims_open() {
        let diverged =
            with("mlp-1x512/random-labels", |run| run.summary.stopped_by = StopReason::Diverged);
        assert_eq!(verdicts(&diverged, "mlp-1x512 fits"), [Verdict::Open]);
    }
}
