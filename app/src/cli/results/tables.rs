//! Tables of the document.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path};

use super::load::Runs;
use crate::cli::report::{duration, grouped};
use crate::experiments::{
    Confidence, EXPERIMENTS, Number, Row, Scale, distinct_rows, mean_and_deviation,
};
use crate::models::parameter_count;
use crate::train::StopReason;

/// What the runs have in common, in a sentence or two.
pub(super) fn about(scale: Scale, runs: &Runs) -> String {
    let all = distinct_rows(&EXPERIMENTS.iter().collect::<Vec<_>>(), scale);
    let distinct = |what: &dyn Fn(usize) -> String| {
        let all: BTreeSet<String> = (0..runs.count()).map(what).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let dates: BTreeSet<&str> = runs.about.iter().map(|(_, about)| about.date.as_str()).collect();
    let between = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(day), _) => (*day).to_owned(),
        _ => "no day".to_owned(),
    };
    let of_rows: usize = all.iter().map(|row| runs.of(&row.recipe).len()).sum();
    let others = match runs.count() - of_rows {
        0 => String::new(),
        count => format!("; {count} more try other settings"),
    };
    let seconds: f64 = runs.about.iter().map(|(_, about)| about.summary.seconds).sum();
    let have = all.iter().filter(|row| !runs.of(&row.recipe).is_empty()).count();
    format!(
        "{} runs with version {} on {}, {between}; {} of training in all. {of_rows} of them are for {have} of the {} \
         rows that `rote run all --scale {}` has{others}. Each run's recipe, epochs and summary are in its folder.",
        runs.count(),
        distinct(&|at| runs.about[at].1.version.clone()),
        distinct(&|at| runs.about[at].1.device.clone()),
        duration(seconds),
        all.len(),
        scale.key()
    )
}

/// Table 1.
pub(super) fn table1(scale: Scale, runs: &Runs, out: &Path) -> String {
    let mut text = String::from(
        "\n### Table 1: the effect of explicit regularizers\n\n\
         | network and row | parameters | images | train | paper | test | paper | difference | seeds | time a run | |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for row in grid("table1", scale) {
        let parameters =
            grouped(parameter_count(&row.recipe.model.layers(row.recipe.batch_norm)) as u64);
        let found = Found::of(&row, runs, out);
        let (test, paper) = (found.test, row.published.test);
        let difference = test.zip(paper).map_or_else(String::new, |(test, paper)| {
            format!("{:+.2}", 100.0 * test - paper.percent)
        });
        let _ = writeln!(
            text,
            "| {} | {parameters} | {} | {} | {} | {} | {} | {difference} | {} | {} | {} |",
            row.name,
            grouped(row.recipe.images),
            found.train_text,
            published(row.published.train),
            found.test_text,
            published(paper),
            found.seeds,
            found.time,
            found.link
        );
    }
    if scale != Scale::Paper {
        text += "\nThe paper's numbers are for 50,000 images; a difference here is first of all one of size.\n";
    }
    text
}

/// Table 4.
pub(super) fn table4(scale: Scale, runs: &Runs, out: &Path) -> String {
    let mut text = String::from(
        "\n### Table 4: random labels with explicit regularizers\n\n\
         | network and regularizer | images | train | paper | seeds | time a run | |\n|---|---:|---:|---:|---:|---:|---|\n",
    );
    for row in grid("table4", scale) {
        let found = Found::of(&row, runs, out);
        let paper = row.published.remark.map_or_else(|| published(row.published.train), Into::into);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {paper} | {} | {} | {} |",
            row.name,
            grouped(row.recipe.images),
            found.train_text,
            found.seeds,
            found.time,
            found.link
        );
    }
    text + "\nA star: from lecture notes about the paper, not from a copy of its table.\n"
}

fn grid(name: &str, scale: Scale) -> Vec<Row> {
    let experiment = EXPERIMENTS.iter().find(|experiment| experiment.name == name);
    experiment.map_or_else(Vec::new, |experiment| (experiment.rows)(scale))
}

/// A number of the paper; starred where it comes from notes about it.
fn published(number: Option<Number>) -> String {
    let star = |number: Number| if number.confidence == Confidence::Noted { "*" } else { "" };
    number.map_or_else(String::new, |number| format!("{:.2}{}", number.percent, star(number)))
}

/// What the runs of a row say.
struct Found {
    train_text: String,
    test_text: String,
    test: Option<f64>,
    seeds: usize,
    time: String,
    link: String,
}

impl Found {
    fn of(row: &Row, runs: &Runs, out: &Path) -> Self {
        let found = runs.of(&row.recipe);
        let diverged =
            found.iter().filter(|(run, ..)| run.summary.stopped_by == StopReason::Diverged).count();
        let values = |what: fn(&crate::train::Summary) -> f64| -> Vec<f64> {
            found.iter().map(|(outcome, ..)| what(&outcome.summary)).collect()
        };
        let test = mean_and_deviation(&values(|summary| summary.test_accuracy));
        let time = mean_and_deviation(&values(|summary| summary.seconds));
        let places: BTreeSet<String> =
            found.iter().map(|(.., about)| format!("{}, {}", about.device, about.date)).collect();
        let found_text = |numbers| match diverged {
            0 => accuracy(numbers),
            // Its network guesses, which would pass for knowing nothing.
            count => format!("*{count} of {} diverged*", found.len()),
        };
        Self {
            train_text: found_text(mean_and_deviation(&values(|summary| summary.train_accuracy))),
            test_text: found_text(test),
            test: test.map(|(mean, _)| mean).filter(|_| diverged == 0),
            seeds: found.len(),
            time: time.map_or_else(String::new, |(mean, _)| duration(mean)),
            link: found.first().map_or_else(String::new, |(_, path, _)| {
                format!(
                    "[{}]({})",
                    places.into_iter().collect::<Vec<_>>().join("; "),
                    relative(path, out)
                )
            }),
        }
    }
}

fn accuracy(found: Option<(f64, Option<f64>)>) -> String {
    match found {
        None => "*not run*".into(),
        Some((mean, None)) => format!("{:.2}", 100.0 * mean),
        Some((mean, Some(deviation))) => format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation),
    }
}

/// A path as seen from the folder of the document.
fn relative(path: &Path, out: &Path) -> String {
    let up = if path.is_absolute() {
        0
    } else {
        out.components().filter(|part| matches!(part, Component::Normal(_))).count()
    };
    let parts =
        std::iter::repeat_n("..".to_owned(), up).chain(std::iter::once(path.display().to_string()));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_document_to_the_run() {
        assert_eq!(relative(Path::new("results/desk/a"), Path::new("docs")), "../results/desk/a");
        assert_eq!(relative(Path::new("results/desk/a"), Path::new(".")), "results/desk/a");
        assert_eq!(relative(Path::new("/r/a"), Path::new("docs")), "/r/a");
    }

    #[test]
    fn a_row_without_runs_says_so() {
        let text = table1(Scale::Desk, &Runs::default(), Path::new("docs"));
        assert_eq!(text.matches("*not run*").count(), 2 * crate::experiments::PAPER_TABLE_1);
        assert!(
            text.contains("| inception-small/crop+decay | 1,649,402 | 400 | *not run* | 100.00 | *not run* | 89.05 |")
        );
    }
}
