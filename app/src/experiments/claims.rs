//! What the paper says in words (sections 2 and 3), checked on the runs of a scale. A claim of which the runs are missing
//! stays open; one that fails says by how much.

use super::figure1::{CORRUPTED_MODELS, corruption_levels, corruption_row};
use super::outcome::{Outcome, Results, chance_band};
use super::table1::plain_row;
use super::{EXPERIMENTS, Row, Scale};
use crate::data::Condition;
use crate::models::ModelName::{self, AlexnetSmall, InceptionSmall, Mlp1x512, Mlp3x512};

/// Training accuracy from which a set counts as memorized: the least the paper reports of a network that fits is 99.21 %.
const MEMORIZED: f64 = 0.99;
/// "A small constant factor": Figure 1b ends below 4.
const SMALL_FACTOR: f64 = 5.0;
/// How much a mean test error may fall from one level to the next and still count as rising: two deviations of the
/// difference of two accuracies of 500 images.
const UNEVENNESS: f64 = 0.06;
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

impl On<'_> {
    fn mean(&self, row: &Row, what: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        self.results.mean(&row.recipe, what)
    }

    fn train(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.summary.train_accuracy))
    }

    fn test(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.summary.test_accuracy))
    }

    /// How far guessing strays from a tenth on the test images of a row.
    fn band(&self, row: &Row) -> Option<f64> {
        self.mean(row, |run| Some(run.test_images as f64)).map(|images| chance_band(images as u64))
    }

    fn plain(&self, model: ModelName, condition: Condition) -> Option<Row> {
        plain_row(self.scale, model, true, condition)
    }

    fn row(&self, experiment: &str, name: &str) -> Option<Row> {
        let experiment = EXPERIMENTS.iter().find(|known| known.name == experiment)?;
        (experiment.rows)(self.scale).into_iter().find(|row| row.name == name)
    }

    fn fits_random_labels(&self, model: ModelName) -> Claim {
        let train = self.plain(model, Condition::RandomLabels).and_then(|row| self.train(&row));
        claim(
            "2.1",
            format!("{} fits random labels", model.key()),
            train.map(|train| (train >= MEMORIZED, format!("training accuracy {}", percent(train)))),
        )
    }

    fn knows_nothing_after(&self, model: ModelName) -> Claim {
        let row = self.plain(model, Condition::RandomLabels);
        // A network that has not fitted its labels has not been put to the test.
        let fitted = row.as_ref().and_then(|row| self.train(row)).filter(|train| *train >= MEMORIZED);
        let test = fitted.and_then(|_| self.test(row.as_ref()?));
        let judged = test.zip(row.and_then(|row| self.band(&row))).map(|(test, band)| {
            ((test - 0.1).abs() <= band, format!("test accuracy {}, chance 10 % ± {}", percent(test), percent(band)))
        });
        claim("2.1", format!("{} is at chance on test images after random labels", model.key()), judged)
    }

    /// Figure 1b.
    fn time_grows_by_a_small_factor(&self, model: ModelName) -> Claim {
        let time = |level| self.mean(&corruption_row(self.scale, model, level), Outcome::steps_to_fit);
        let judged = time(0.0).zip(time(1.0)).map(|(clean, random)| {
            let factor = random / clean;
            ((1.0..=SMALL_FACTOR).contains(&factor), format!("{clean:.0} to {random:.0} steps, {factor:.2} times"))
        });
        claim("2.1, Figure 1b", format!("{} takes longer for random labels, by a small factor", model.key()), judged)
    }

    /// Figure 1c.
    fn error_rises_to_chance(&self, model: ModelName) -> Claim {
        let levels = corruption_levels(self.scale, model);
        let errors: Option<Vec<f64>> =
            levels.iter().map(|&level| Some(1.0 - self.test(&corruption_row(self.scale, model, level))?)).collect();
        let judged = errors.map(|errors| {
            let (first, last) = (errors[0], errors[errors.len() - 1]);
            let steadily = errors.windows(2).all(|pair| pair[1] >= pair[0] - UNEVENNESS);
            let deepest = errors.windows(2).map(|pair| pair[0] - pair[1]).fold(0.0, f64::max);
            let figures = format!(
                "test error {} to {} over {} levels, greatest fall between two {}",
                percent(first),
                percent(last),
                errors.len(),
                percent(deepest)
            );
            (steadily && last > first && (last - 0.9).abs() <= UNEVENNESS, figures)
        });
        claim("2.1, Figure 1c", format!("test error of {} rises steadily to chance", model.key()), judged)
    }

    /// Figure 1a.
    fn true_labels_first_random_labels_last(&self) -> Claim {
        let rows = (EXPERIMENTS.iter().find(|experiment| experiment.name == "fig1a"))
            .map_or_else(Vec::new, |experiment| (experiment.rows)(self.scale));
        let times: Option<Vec<(&str, f64)>> =
            rows.iter().map(|row| Some((row.recipe.condition.key(), self.mean(row, Outcome::steps_to_fit)?))).collect();
        let judged = times.filter(|times| !times.is_empty()).map(|mut times| {
            times.sort_by(|one, other| one.1.total_cmp(&other.1));
            let ends = (times[0].0, times[times.len() - 1].0);
            let figures: Vec<_> = times.iter().map(|(name, steps)| format!("{name} {steps:.0}")).collect();
            (ends == ("true-labels", "random-labels"), format!("steps to fit: {}", figures.join(", ")))
        });
        claim("2.1, Figure 1a", "true labels are fitted first and random labels last".into(), judged)
    }

    /// Table 4. AlexNet with weight decay is the paper's exception.
    fn regularizers_do_not_prevent_fitting(&self) -> Claim {
        let names =
            ["inception-small/random-labels+decay", "mlp-3x512/random-labels+decay", "mlp-1x512/random-labels+decay"];
        let names = names
            .into_iter()
            .chain(["inception-small/random-labels+crop", "inception-small/random-labels+augmentation"]);
        let trains: Option<Vec<(&str, f64)>> =
            names.map(|name| Some((name, self.train(&self.row("table4", name)?)?))).collect();
        let judged = trains.map(|trains| {
            let figures: Vec<_> = trains.iter().map(|(name, train)| format!("{name} {}", percent(*train))).collect();
            (trains.iter().all(|(_, train)| *train >= MEMORIZED), figures.join(", "))
        });
        claim("3, Table 4", "weight decay, crops and augmentation do not prevent fitting random labels".into(), judged)
    }

    /// Section 3: regularizers are the smaller part of generalization.
    fn generalizes_without_regularizers(&self, model: ModelName) -> Claim {
        let regularized = ["crop+decay", "crop", "decay"]
            .into_iter()
            .filter_map(|word| self.row("table1", &format!("{}/{word}", model.key())));
        let tests: Option<Vec<f64>> = regularized.map(|row| self.test(&row)).collect();
        let best = tests.and_then(|tests| tests.into_iter().reduce(f64::max));
        let row = self.plain(model, Condition::TrueLabels);
        let plain = row.as_ref().and_then(|row| self.test(row));
        let band = row.and_then(|row| self.band(&row)).unwrap_or_default();
        let judged = plain.zip(best).map(|(plain, best)| {
            let (gained, there) = (best - plain, plain - 0.1);
            let figures = format!(
                "test accuracy {} without, {} with the best: {} points of regularizers, {} above chance",
                percent(plain),
                percent(best),
                points(gained),
                points(there)
            );
            (there > band && gained < there, figures)
        });
        claim("3", format!("{} generalizes without regularizers; they add the smaller part", model.key()), judged)
    }

    /// Figure 2b.
    fn batch_norm_helps(&self) -> Claim {
        let with = self.plain(InceptionSmall, Condition::TrueLabels).and_then(|row| self.test(&row));
        let row = plain_row(self.scale, InceptionSmall, false, Condition::TrueLabels);
        let band = row.as_ref().and_then(|row| self.band(row)).unwrap_or_default();
        let without = row.and_then(|row| self.test(&row));
        let judged = with.zip(without).map(|(with, without)| {
            let figures = format!("test accuracy {} with, {} without", percent(with), percent(without));
            (with >= without && without > 0.1 + band, figures)
        });
        claim(
            "3, Figure 2b",
            "batch norm helps the Inception by some points and is not what makes it generalize".into(),
            judged,
        )
    }

    /// Section 3.1: no gain on CIFAR-10.
    fn no_gain_of_early_stopping(&self, model: ModelName) -> Claim {
        let gain = |run: &Outcome| Some(run.best_test_accuracy() - run.summary.test_accuracy);
        let gain = self.plain(model, Condition::TrueLabels).and_then(|row| self.mean(&row, gain));
        let judged = gain.map(|gain| {
            (gain <= EARLY_STOPPING_GAIN, format!("best minus last test accuracy: {} points", points(gain)))
        });
        claim("3.1", format!("{} would gain little from stopping early on CIFAR-10", model.key()), judged)
    }
}

fn claim(place: &'static str, statement: String, judged: Option<(bool, String)>) -> Claim {
    let (verdict, figures) = match judged {
        Some((true, figures)) => (Verdict::Holds, figures),
        Some((false, figures)) => (Verdict::Fails, figures),
        None => (Verdict::Open, "runs are missing, or a training set was not fitted".into()),
    };
    Claim { place, statement, verdict, figures }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn points(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
