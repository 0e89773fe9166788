//! What the paper says in words (sections 2 and 3) and in numbers (Tables 1 and 4), checked on the runs of a scale. A claim
//! of which the runs are missing, or are not what it speaks of, stays open and says why; one that fails says by how much.

mod evidence;
mod published_numbers;
mod random_labels;
mod regularizers;
#[cfg(test)]
mod tests;

use super::figure1::CORRUPTED_MODELS;
use super::outcome::Results;
use super::{Row, Scale, table1, table4};
use crate::models::ModelName::{self, AlexnetSmall, InceptionSmall, Mlp1x512, Mlp3x512};
use evidence::{Judged, On, Open};

const MODELS: [ModelName; 4] = [InceptionSmall, AlexnetSmall, Mlp3x512, Mlp1x512];

/// A statement of the paper, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Where it stands.
    pub place: &'static str,
    /// What is said.
    pub statement: String,
    /// Whether it holds here.
    pub verdict: Verdict,
    /// The figures it was judged by and the number of seeds, or why it is open.
    pub figures: String,
    /// The rows it speaks of that are not run.
    pub missing: Vec<String>,
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
    let mut add = |place, statement: String, judged| claims.push(claim(place, statement, judged));
    for model in MODELS {
        let name = model.key();
        add("2.1", format!("{name} fits random labels"), on.fits_random_labels(model));
        add(
            "2.1",
            format!("{name} is at chance on test images after random labels"),
            on.knows_nothing_after(model),
        );
    }
    for model in CORRUPTED_MODELS {
        let name = model.key();
        add(
            "2.1, Figure 1b",
            format!("{name} takes longer for random labels, by a small factor"),
            on.time_grows_by_a_small_factor(model),
        );
        add(
            "2.1, Figure 1c",
            format!("test error of {name} rises steadily to chance"),
            on.error_rises_to_chance(model),
        );
    }
    add(
        "2.1, Figure 1a",
        "true labels are fitted first and random labels last".into(),
        on.true_labels_first_random_labels_last(),
    );
    add(
        "2.1",
        "random pixels and Gaussian noise are fitted sooner than random labels".into(),
        on.noise_is_fitted_sooner_than_random_labels(),
    );
    add(
        "3, Table 4",
        "weight decay, crops and augmentation do not prevent fitting random labels".into(),
        on.regularizers_do_not_prevent_fitting(),
    );
    for model in MODELS {
        add(
            "3",
            format!("{} generalizes almost as well without regularizers", model.key()),
            on.generalizes_without_regularizers(model),
        );
    }
    add(
        "3, Figure 2b",
        "batch norm helps the Inception by some points and is not what makes it generalize".into(),
        on.batch_norm_helps(),
    );
    for model in MODELS {
        add(
            "3.1",
            format!("{} would gain little from stopping early on CIFAR-10", model.key()),
            on.no_gain_of_early_stopping(model),
        );
    }
    // At another size than the paper's, its numbers are no claim about these runs.
    if scale == Scale::Paper {
        for Row { name, .. } in &table1::rows(scale) {
            add("Table 1", format!("{name} comes to the paper's accuracies"), on.table1(name));
        }
        for row in &table4::rows(scale) {
            let statement = match row.published.remark {
                None => format!("{} fits random labels to the paper's accuracy", row.name),
                Some(remark) => format!("{} {remark}", row.name),
            };
            add("Table 4", statement, on.table4(row));
        }
    }
    claims
}

fn claim(place: &'static str, statement: String, judged: Judged) -> Claim {
    let (verdict, figures, missing) = match judged {
        Ok((true, figures)) => (Verdict::Holds, figures, Vec::new()),
        Ok((false, figures)) => (Verdict::Fails, figures, Vec::new()),
        Err(Open::Because(reason)) => (Verdict::Open, reason, Vec::new()),
        Err(Open::NotRun(rows)) => (Verdict::Open, not_run(&rows), rows),
    };
    Claim { place, statement, verdict, figures, missing }
}

fn not_run(rows: &[String]) -> String {
    match rows {
        [] => "no row is about it".into(),
        [one] => format!("{one} is not run"),
        [one, other] => format!("{one} and {other} are not run"),
        [first, .., last] => format!("{first} to {last}: {} rows are not run", rows.len()),
    }
}
