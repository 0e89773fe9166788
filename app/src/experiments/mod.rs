//! The paper as data: each table or figure is a grid of recipes beside the numbers that were published, and the
//! statements of its text are checks on what runs report. Nothing here knows how a run is executed or drawn.

mod claims;
mod figure1;
mod figure2;
mod names;
mod open_settings;
mod outcome;
mod published;
mod scale;
mod table1;
mod table4;

pub use claims::{Claim, Verdict, check_claims};
pub use figure1::{CONDITIONS, CORRUPTED_MODELS, corruption_levels, corruption_row};
pub use names::{Name, Names};
pub use open_settings::{OPEN_SETTINGS, OpenSetting, explicit_weight_decay};
pub use outcome::{
    FIT_ACCURACY, FIT_LOSS, Outcome, Results, chance_band, mean, mean_and_deviation, steps_to_fit,
};
pub use published::{Confidence, Number, Published};
pub use scale::{Scale, Size};
pub use table1::PAPER_TABLE_1;

use crate::train::Recipe;

/// One table, figure or statement of the paper.
pub struct Experiment {
    /// What `rote run` calls it: `table1`.
    pub name: &'static str,
    /// Where it stands in the paper.
    pub place: &'static str,
    /// What it is about, in one sentence.
    pub about: &'static str,
    /// Its grid at a scale.
    pub rows: fn(Scale) -> Vec<Row>,
}

/// One run of a grid, but for its seed.
#[derive(Clone, Debug)]
pub struct Row {
    /// What `--only` calls it: `inception-small/crop`.
    pub name: String,
    /// What is run.
    pub recipe: Recipe,
    /// What the paper reports of it.
    pub published: Published,
}

/// Everything in the paper on CIFAR-10 that is trained, in its order.
pub static EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "fig1a",
        place: "Figure 1a",
        about: "training loss of the Inception on true labels and on four kinds of randomized data",
        rows: figure1::conditions,
    },
    Experiment {
        name: "fig1b",
        place: "Figure 1b",
        about: "time to fit the training set against the share of corrupted labels",
        rows: figure1::corruption,
    },
    Experiment {
        name: "fig1c",
        place: "Figure 1c",
        about: "test error of the fitted networks against the share of corrupted labels (the runs of fig1b)",
        rows: figure1::corruption,
    },
    Experiment {
        name: "table1",
        place: "Table 1",
        about: "training and test accuracy with and without explicit regularization, and on random labels",
        rows: table1::rows,
    },
    Experiment {
        name: "fig2b",
        place: "Figure 2b",
        about: "accuracies of the Inception with and without batch norm, nothing else regularized",
        rows: figure2::rows,
    },
    Experiment {
        name: "table4",
        place: "Table 4",
        about: "whether random labels are fitted in spite of weight decay, crops and augmentation",
        rows: table4::rows,
    },
];

/// The experiments that a name stands for: one, or all of them.
pub fn find(name: &str) -> Option<Vec<&'static Experiment>> {
    if name == "all" {
        return Some(EXPERIMENTS.iter().collect());
    }
    EXPERIMENTS.iter().find(|experiment| experiment.name == name).map(|experiment| vec![experiment])
}

/// What the paper reports of a row of an experiment.
pub fn published_row(experiment: &str, row: &str) -> Option<Published> {
    let experiment = EXPERIMENTS.iter().find(|known| known.name == experiment)?;
    (experiment.rows)(Scale::Paper)
        .into_iter()
        .find(|known| known.name == row)
        .map(|row| row.published)
}

/// The rows of several experiments, each recipe once: figures share runs with tables.
pub fn distinct_rows(experiments: &[&Experiment], scale: Scale) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for row in experiments.iter().flat_map(|experiment| (experiment.rows)(scale)) {
        match rows.iter_mut().find(|known| known.recipe == row.recipe) {
            Some(known) if known.published == Published::default() => *known = row,
            Some(_) => {}
            None => rows.push(row),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_can_be_run_and_names_are_unique_within_a_grid() {
        for &scale in Scale::ALL {
            for experiment in EXPERIMENTS {
                let rows = (experiment.rows)(scale);
                for (at, row) in rows.iter().enumerate() {
                    assert!(row.recipe.check().is_ok(), "{} {}", experiment.name, row.name);
                    assert_eq!(Recipe::from_toml(&row.recipe.to_toml()).unwrap(), row.recipe);
                    assert!(rows[..at].iter().all(|other| other.name != row.name), "{}", row.name);
                }
            }
        }
    }

    #[test]
    fn a_published_number_is_found_by_its_row() {
        let number = |row, of: fn(Published) -> Option<Number>| {
            published_row("table1", row).and_then(of).unwrap().percent
        };
        assert_eq!(number("mlp-1x512/random-labels", |row| row.train), 99.34);
        assert_eq!(number("mlp-1x512/plain", |row| row.test), 50.51);
        assert_eq!(
            published_row("table4", "mlp-1x512/random-labels+decay")
                .unwrap()
                .train
                .unwrap()
                .percent,
            99.21
        );
        assert!(published_row("table1", "resnet/plain").is_none());
    }

    #[test]
    fn figures_share_their_runs_with_the_table() {
        let all = distinct_rows(&find("all").unwrap(), Scale::Paper);
        let separately: usize =
            EXPERIMENTS.iter().map(|experiment| (experiment.rows)(Scale::Paper).len()).sum();
        // 1b and 1c have the same runs, of which 2 are in 1a; the ends of three curves and both runs of 2b are in the table.
        assert_eq!((separately, all.len()), (5 + 33 + 33 + 19 + 2 + 6, 5 + 31 + 13 + 6));
        assert!(find("table2").is_none());
    }
}
