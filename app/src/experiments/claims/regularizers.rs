//! Section 3: what regularizers, explicit and implicit, have to do with it.

use super::evidence::{
    Judged, On, Open, RowSeeds, by_seeds, fitted, is_above, percent, points, run,
};
use crate::data::Condition;
use crate::experiments::outcome::chance_band;
use crate::models::ModelName::{self, AlexnetSmall};
use crate::train::Recipe;

/// The least part of what is above chance that a network must keep without a regularizer for the regularizer to be the
/// small matter that section 3 calls it. In the paper's Table 1 it is 92.8 % (AlexNet without decay and crops) and more:
/// three deviations of 0.8 % above this, as chance has it on 10,000 test images.
const KEPT: f64 = 0.90;
/// What is not yet a gain of stopping early: a peak over many measurements lies above the end by chance alone.
const EARLY_STOPPING_GAIN: f64 = 0.03;
/// Accuracies without which there is no earlier moment to stop at.
const MEASUREMENTS: usize = 5;

impl On<'_> {
    /// Table 4. AlexNet with weight decay is the paper's exception.
    pub(super) fn regularizers_do_not_prevent_fitting(&self) -> Judged {
        let rows = self.rows("table4", |row| row.recipe.model != AlexnetSmall);
        run(&rows)?;
        let each: Vec<_> =
            rows.iter().map(|row| format!("{} {}", row.row.name, row.train_text())).collect();
        let figures = format!("training accuracy: {}{}", each.join(", "), by_seeds(&rows));
        Ok((rows.iter().all(RowSeeds::all_fitted), figures))
    }

    /// Regularizers are the smaller part of generalization: see [`keeps`].
    pub(super) fn generalizes_without_regularizers(&self, model: ModelName) -> Judged {
        let mut rows = self.rows("table1", |row| {
            let Recipe { random_crop, weight_decay, batch_norm, condition, .. } = row.recipe;
            let is_network =
                row.recipe.model == model && batch_norm && condition == Condition::TrueLabels;
            is_network && (random_crop || weight_decay > 0.0)
        });
        rows.insert(0, self.plain(model, Condition::TrueLabels));
        fitted(&rows)?;
        let (plain, regularized) = (&rows[0], &rows[1..]);
        let best = regularized.iter().max_by(|one, other| one.test().total_cmp(&other.test()));
        let best = best.ok_or_else(|| Open::NotRun(Vec::new()))?;
        let figures = format!(
            "test accuracy {} without, {} with the best of {}",
            percent(plain.test()),
            percent(best.test()),
            regularized.len()
        );
        keeps(plain, best, figures, &by_seeds(&rows))
    }

    /// Figure 2b: the accuracy is greater with batch norm, and most of it is there without. It helps, or harms, where the
    /// two accuracies lie more than two deviations of chance apart; nearer, that is open. For the rest see [`keeps`].
    pub(super) fn batch_norm_helps(&self) -> Judged {
        let rows = self.rows("fig2b", |_| true);
        fitted(&rows)?;
        let of = |batch_norm| rows.iter().find(|row| row.row.recipe.batch_norm == batch_norm);
        let (with, without) = of(true).zip(of(false)).ok_or_else(|| Open::NotRun(Vec::new()))?;
        let gain = with.test() - without.test();
        let deviation = (with.test_variance() + without.test_variance()).sqrt();
        let figures = format!(
            "test accuracy {} with, {} without, {} ± {} points more",
            percent(with.test()),
            percent(without.test()),
            points(gain),
            points(deviation)
        );
        let seeds = by_seeds(&rows);
        let helps = is_above(gain, deviation);
        if helps == Some(false) {
            return Ok((false, figures + &seeds));
        }
        match keeps(without, with, figures, &seeds)? {
            (true, figures) if helps.is_none() => Err(too_few(&figures)),
            judged => Ok(judged),
        }
    }

    /// Section 3.1: no gain on CIFAR-10.
    pub(super) fn no_gain_of_early_stopping(&self, model: ModelName) -> Judged {
        let rows = [self.plain(model, Condition::TrueLabels)];
        fitted(&rows)?;
        let measured = rows[0].runs.iter().map(|run| run.measurements()).min().unwrap_or(0);
        if measured < MEASUREMENTS {
            return Err(Open::Because(format!(
                "{} was measured {measured} time{}; there is an earlier moment to stop at from {MEASUREMENTS} on",
                rows[0].row.name,
                if measured == 1 { "" } else { "s" }
            )));
        }
        let gain = rows[0].mean(|run| run.best_test_accuracy() - run.summary.test_accuracy);
        let figures = format!(
            "best minus last test accuracy: {} points of {} that a peak may have, {measured} measurements{}",
            points(gain),
            points(EARLY_STOPPING_GAIN),
            by_seeds(&rows)
        );
        Ok((gain <= EARLY_STOPPING_GAIN, figures))
    }
}

/// Whether `plain` is above chance and keeps more than [`KEPT`] of what `best` has above it. That holds where the part kept
/// lies above [`KEPT`] by more than two deviations of chance and fails where it lies below by more than two. Between, on
/// either side, other test images might have said otherwise, and it is open. The two are taken for independent; tested on
/// the same images they differ by less, so what is told here is told by more than two.
fn keeps(plain: &RowSeeds, best: &RowSeeds, figures: String, seeds: &str) -> Judged {
    let above = best.test() - 0.1;
    if plain.test() - 0.1 <= chance_band(plain.guesses()) || above <= 0.0 {
        return Ok((false, format!("{figures}: not above chance{seeds}")));
    }
    let kept = (plain.test() - 0.1) / above;
    let deviation = (plain.test_variance() + best.test_variance()).sqrt() / above;
    let figures = format!(
        "{figures}: keeps {:.0} % ± {:.0} of what is above chance, {:.0} % asked{seeds}",
        100.0 * kept,
        100.0 * deviation,
        100.0 * KEPT
    );
    match is_above(kept - KEPT, deviation) {
        Some(holds) => Ok((holds, figures)),
        None => Err(too_few(&figures)),
    }
}

fn too_few(figures: &str) -> Open {
    Open::Because(format!("{figures}; the test images are too few to tell"))
}
