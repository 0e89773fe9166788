//! Section 2.1: random labels, corrupted ones and noise are fitted, it takes little longer, and nothing is learned of test
//! images.

use super::evidence::{Judged, On, Open, RowSeeds, by_seeds, fitted, percent, run};
use crate::data::Condition;
use crate::experiments::figure1::{corruption_levels, corruption_row};
use crate::experiments::outcome::chance_band;
use crate::models::ModelName::{self, InceptionSmall};

/// "A small constant factor": Figure 1b ends below 4.
const SMALL_FACTOR: f64 = 5.0;

impl On<'_> {
    pub(super) fn fits_random_labels(&self, model: ModelName) -> Judged {
        let rows = [self.plain(model, Condition::RandomLabels)];
        run(&rows)?;
        let figures = format!("training accuracy {}{}", rows[0].train_text(), by_seeds(&rows));
        Ok((rows[0].all_fitted(), figures))
    }

    /// A network that has not fitted its labels has not been put to the test.
    pub(super) fn knows_nothing_after(&self, model: ModelName) -> Judged {
        let rows = [self.plain(model, Condition::RandomLabels)];
        fitted(&rows)?;
        let (test, band) = (rows[0].test(), chance_band(rows[0].guesses()));
        let figures = format!(
            "test accuracy {}, chance 10 % ± {}{}",
            percent(test),
            percent(band),
            by_seeds(&rows)
        );
        Ok(((test - 0.1).abs() <= band, figures))
    }

    /// Figure 1b.
    pub(super) fn time_grows_by_a_small_factor(&self, model: ModelName) -> Judged {
        let rows = [0.0, 1.0].map(|level| self.seeds(corruption_row(self.scale, model, level)));
        fitted(&rows)?;
        let (clean, random) = (rows[0].steps_to_fit()?, rows[1].steps_to_fit()?);
        let factor = random / clean;
        let figures =
            format!("{clean:.0} to {random:.0} steps, {factor:.2} times{}", by_seeds(&rows));
        Ok(((1.0..=SMALL_FACTOR).contains(&factor), figures))
    }

    /// Figure 1c.
    pub(super) fn error_rises_to_chance(&self, model: ModelName) -> Judged {
        let levels = corruption_levels(self.scale, model).into_iter();
        let rows: Vec<_> =
            levels.map(|level| self.seeds(corruption_row(self.scale, model, level))).collect();
        fitted(&rows)?;
        let ends = rows.first().zip(rows.last());
        let (first, last) = ends.ok_or_else(|| Open::NotRun(Vec::new()))?;
        // How much the error falls from one level to the next, beside how much it may by chance.
        let falls = rows.windows(2).map(|pair| {
            let deviation = (pair[0].test_variance() + pair[1].test_variance()).sqrt();
            (pair[1].test() - pair[0].test(), 3.0 * deviation)
        });
        let is_steady = falls.clone().all(|(fall, allowed)| fall <= allowed);
        let (deepest, allowed) =
            falls.fold((0.0, 0.0), |most, one| if one.0 > most.0 { one } else { most });
        let deepest = match deepest {
            0.0 => "never falling".to_owned(),
            _ => format!(
                "falling by {} at most between two, where chance allows {}",
                percent(deepest),
                percent(allowed)
            ),
        };
        let band = chance_band(last.guesses());
        let (start, end) = (1.0 - first.test(), 1.0 - last.test());
        let figures = format!(
            "test error {} to {} over {} levels, {deepest}; chance 90 % ± {}{}",
            percent(start),
            percent(end),
            rows.len(),
            percent(band),
            by_seeds(&rows)
        );
        Ok((is_steady && end > start && (end - 0.9).abs() <= band, figures))
    }

    /// Figure 1a: the order of the first and the last of its five curves.
    pub(super) fn true_labels_first_random_labels_last(&self) -> Judged {
        let rows = self.rows("fig1a", |_| true);
        fitted(&rows)?;
        let mut times = self.times(&rows)?;
        times.sort_by(|one, other| one.1.total_cmp(&other.1));
        let ends = [times.first(), times.last()].map(|end| end.map(|(name, _)| *name));
        let each: Vec<_> = times.iter().map(|(name, steps)| format!("{name} {steps:.0}")).collect();
        let figures = format!("steps to fit: {}{}", each.join(", "), by_seeds(&rows));
        Ok((ends == [Some("true-labels"), Some("random-labels")], figures))
    }

    /// Random pixels and Gaussian noise lie farther apart than photographs do.
    pub(super) fn noise_is_fitted_sooner_than_random_labels(&self) -> Judged {
        let mut rows = self.rows("fig1a", |row| {
            matches!(row.recipe.condition, Condition::RandomPixels | Condition::Gaussian)
        });
        rows.push(self.plain(InceptionSmall, Condition::RandomLabels));
        fitted(&rows)?;
        let times = self.times(&rows)?;
        let random_labels = times[times.len() - 1].1;
        let noise = times[..times.len() - 1].iter().map(|(_, steps)| *steps);
        let slowest = noise.fold(0.0, f64::max);
        let figures = format!(
            "{slowest:.0} steps for the slower noise, {random_labels:.0} for random labels{}",
            by_seeds(&rows)
        );
        Ok((slowest < random_labels, figures))
    }

    fn times(&self, rows: &[RowSeeds]) -> Result<Vec<(&'static str, f64)>, Open> {
        rows.iter().map(|row| Ok((row.row.recipe.condition.key(), row.steps_to_fit()?))).collect()
    }
}
