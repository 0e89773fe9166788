//! Tables of the document.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::link::link;
use super::load::Runs;
use super::recipes::RecipeSeeds;
use crate::cli::run_output::{duration, grouped};
use crate::experiments::{Confidence, EXPERIMENTS, Names, Number, Row, Scale, mean_and_deviation};
use crate::models::parameter_count;
use crate::train::{Recipe, StopReason, Summary};

/// What the runs have in common, in a sentence or two.
pub(super) fn about(scales: &[&Names], runs: &Runs) -> String {
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
    let seconds: f64 = runs.about.iter().map(|(_, about)| about.summary.seconds).sum();
    let (mut of_rows, mut rows) = (0, Vec::new());
    for names in scales {
        let found = names.rows().iter().map(|row| runs.of(&row.recipe).len());
        let (have, all) = (found.clone().filter(|seeds| *seeds > 0).count(), names.rows().len());
        of_rows += found.sum::<usize>();
        rows.push(format!(
            "{have} of the {all} rows of `rote run all --scale {}`",
            names.scale().key()
        ));
    }
    let rows =
        if rows.is_empty() { String::new() } else { format!(" They have {}.", rows.join(" and ")) };
    let others = match runs.count() - of_rows {
        0 => String::new(),
        1 => " One run is of other settings.".into(),
        count => format!(" {count} runs are of other settings."),
    };
    let again = match &runs.again[..] {
        [] => String::new(),
        [(one, first)] => {
            format!(
                " {} is the run {} under another name, and counts once.",
                folder(one),
                folder(first)
            )
        }
        all => {
            let each =
                all.iter().map(|(one, first)| format!("{} is {}", folder(one), folder(first)));
            let each = each.collect::<Vec<_>>().join(", ");
            format!(" {} folders are a run under another name, and count once: {each}.", all.len())
        }
    };
    format!(
        "{} with version {} on {}, {between}; {} of training in all.{rows}{others}{again} Each run's recipe, epochs and \
         summary are in the folder or file that its row links to.",
        counted(runs.count(), "run"),
        distinct(&|at| runs.about[at].1.origin.version.clone()),
        distinct(&|at| runs.about[at].1.origin.device.clone()),
        duration(seconds),
    )
}

fn folder(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The rows without a run in one line, network by network; nothing if there are none.
pub(super) fn not_run(names: &Names, runs: &Runs) -> String {
    let missing = names.rows().iter().filter(|row| runs.of(&row.recipe).is_empty());
    let mut networks: Vec<(&str, usize)> = Vec::new();
    for row in missing {
        let network = row.name.split('/').next().unwrap_or_default();
        match networks.iter_mut().find(|(known, _)| *known == network) {
            Some((_, count)) => *count += 1,
            None => networks.push((network, 1)),
        }
    }
    let each =
        networks.iter().map(|(network, count)| format!("{network} ({})", counted(*count, "row")));
    let each = each.collect::<Vec<_>>().join(", ");
    if each.is_empty() { each } else { format!("\nNot run: {each}.\n") }
}

/// Table 1: the rows that were run; nothing if none was.
pub(super) fn table1(scale: Scale, runs: &Runs, out: &Path) -> String {
    let mut lines = String::new();
    for row in grid("table1", scale) {
        let Some(found) = RowResult::of(&row.recipe, runs, out) else { continue };
        let parameters =
            grouped(parameter_count(&row.recipe.model.layers(row.recipe.batch_norm)) as u64);
        let _ = writeln!(
            lines,
            "| {} | {parameters} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            grouped(row.recipe.images),
            found.train_text,
            published(row.published.train),
            found.test_text,
            published(row.published.test),
            found.difference(row.published.test),
            found.seeds,
            found.time,
            found.link
        );
    }
    if lines.is_empty() {
        return lines;
    }
    let smaller = match scale {
        Scale::Paper => "",
        _ => {
            "\nThe paper's numbers are for 50,000 images; a difference here is first of all one of size.\n"
        }
    };
    format!(
        "Table 1: the effect of explicit regularizers\n\n\
         | network and row | parameters | images | train | paper | test | paper | difference | seeds | time a run | |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n{lines}{smaller}"
    )
}

/// Table 4: the rows that were run; nothing if none was.
pub(super) fn table4(scale: Scale, runs: &Runs, out: &Path) -> String {
    let mut lines = String::new();
    for row in grid("table4", scale) {
        let Some(found) = RowResult::of(&row.recipe, runs, out) else { continue };
        let paper = row.published.remark.map_or_else(|| published(row.published.train), Into::into);
        let _ = writeln!(
            lines,
            "| {} | {} | {} | {paper} | {} | {} | {} |",
            row.name,
            grouped(row.recipe.images),
            found.train_text,
            found.seeds,
            found.time,
            found.link
        );
    }
    if lines.is_empty() {
        return lines;
    }
    format!(
        "Table 4: random labels with explicit regularizers\n\n\
         | network and regularizer | images | train | paper | seeds | time a run | |\n\
         |---|---:|---:|---:|---:|---:|---|\n{lines}\n\
         A star: from lecture notes about the paper, not from a copy of its table.\n"
    )
}

/// Runs of other settings than a row's, each beside what the paper has of that row; nothing if there are none.
pub(super) fn others(all: &[RecipeSeeds], runs: &Runs, out: &Path) -> String {
    let mut lines = String::new();
    for RecipeSeeds { recipe, called, .. } in all.iter().filter(|seeds| !seeds.called.is_row()) {
        let Some(found) = RowResult::of(recipe, runs, out) else { continue };
        let paper = called.published;
        let remark = paper.remark.map_or_else(|| published(paper.train), Into::into);
        let _ = writeln!(
            lines,
            "| {} | {} | {} | {remark} | {} | {} | {} | {} | {} | {} |",
            called.row,
            called.changes(),
            found.train_text,
            found.test_text,
            published(paper.test),
            found.difference(paper.test),
            found.seeds,
            found.time,
            found.link
        );
    }
    if lines.is_empty() {
        return lines;
    }
    format!(
        "Other settings\n\n\
         | nearest row | changed | train | paper's row | test | paper's row | difference | seeds | time a run | |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---|\n{lines}\n\
         The paper's numbers are of the row as it is, and not of these settings.\n"
    )
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

/// What the runs of a recipe say.
struct RowResult {
    train_text: String,
    test_text: String,
    test: Option<f64>,
    seeds: usize,
    time: String,
    link: String,
}

impl RowResult {
    /// None of no runs.
    fn of(recipe: &Recipe, runs: &Runs, out: &Path) -> Option<Self> {
        let found = runs.of(recipe);
        let (_, first, _) = found.first()?;
        let diverged =
            found.iter().filter(|(run, ..)| run.summary.stopped_by == StopReason::Diverged).count();
        let values = |what: fn(&Summary) -> f64| -> Vec<f64> {
            found.iter().map(|(outcome, ..)| what(&outcome.summary)).collect()
        };
        let test = mean_and_deviation(&values(|summary| summary.test_accuracy));
        let time = mean_and_deviation(&values(|summary| summary.seconds));
        let places: BTreeSet<String> = found
            .iter()
            .map(|(.., about)| format!("{}, {}", about.origin.device, about.date))
            .collect();
        let found_text = |numbers| match diverged {
            0 => accuracy(numbers),
            // Its network guesses, which would pass for knowing nothing.
            count => format!("*{count} of {} diverged*", found.len()),
        };
        let places = places.into_iter().collect::<Vec<_>>().join("; ");
        Some(Self {
            train_text: found_text(mean_and_deviation(&values(|summary| summary.train_accuracy))),
            test_text: found_text(test),
            test: test.map(|(mean, _)| mean).filter(|_| diverged == 0),
            seeds: found.len(),
            time: time.map_or_else(String::new, |(mean, _)| duration(mean)),
            link: format!("[{places}]({})", link(first, out)),
        })
    }

    /// Ours less the paper's, in points.
    fn difference(&self, paper: Option<Number>) -> String {
        self.test.zip(paper).map_or_else(String::new, |(test, paper)| {
            format!("{:+.2}", 100.0 * test - paper.percent)
        })
    }
}

fn accuracy(found: Option<(f64, Option<f64>)>) -> String {
    match found {
        None => String::new(),
        Some((mean, None)) => format!("{:.2}", 100.0 * mean),
        Some((mean, Some(deviation))) => format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::tests::finished;
    use super::super::recipes::{Naming, recipes};
    use super::*;

    /// The row `mlp-1x512/plain` at a desk with changes `key=value`.
    fn recipe(changes: &[&str], seed: u64) -> Recipe {
        let row = grid("table1", Scale::Desk).into_iter().find(|row| row.name == "mlp-1x512/plain");
        let mut recipe = Recipe { seed, ..row.unwrap().recipe };
        for (key, value) in changes.iter().filter_map(|change| change.split_once('=')) {
            recipe.set(key, value).unwrap();
        }
        recipe
    }

    fn runs(of: &[(&[&str], u64, f64)]) -> Runs {
        let mut runs = Runs::default();
        for (at, (changes, seed, test)) in of.iter().enumerate() {
            let (about, outcome) = finished(&recipe(changes, *seed), *test);
            runs.add(Path::new(&format!("/runs/{at}")), about, outcome);
        }
        runs
    }

    #[test]
    fn rows_that_are_not_run_are_one_line_and_no_table() {
        let runs = runs(&[(&[], 1, 0.35)]);
        let names = Names::at(Scale::Desk);
        let told = not_run(&names, &runs);
        assert!(told.contains("inception-small (") && told.lines().count() == 2, "{told}");
        let rows: usize = names.rows().len();
        let counts = told.split(['(', ' ']).filter_map(|word| word.parse::<usize>().ok());
        assert_eq!(counts.sum::<usize>(), rows - 1);
        let table = table1(Scale::Desk, &runs, Path::new("/docs"));
        assert_eq!(table.matches("| mlp-1x512/plain |").count(), 1);
        assert!(!table.contains("inception") && table.contains("(../runs/0)"), "{table}");
        assert_eq!(table4(Scale::Desk, &runs, Path::new("/docs")), "");
    }

    #[test]
    fn other_settings_have_a_line_each_with_mean_deviation_and_the_papers_row() {
        let of: [(&[&str], u64, f64); 4] = [
            (&[], 1, 0.35),
            (&["weight-decay=0.001"], 1, 0.5),
            (&["weight-decay=0.001"], 2, 0.52),
            (&["images=1000"], 1, 0.3),
        ];
        let runs = runs(&of);
        let text = others(&recipes(&runs, &Naming::of(None)), &runs, Path::new("/docs"));
        let line = "| mlp-1x512/plain | weight-decay=0.001 | 100.00 ± 0.00 | 100.00 | 51.00 ± 1.41 | 50.51 | +0.49 | 2 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| mlp-1x512/plain | images=1000 | 100.00 |"), "{text}");
        assert_eq!(text.matches("| mlp-1x512/plain |").count(), 2);
        let summary = about(&[&Names::at(Scale::Desk)], &runs);
        assert!(summary.contains("They have 1 of the 44 rows"), "{summary}");
        assert!(summary.contains("3 runs are of other settings"), "{summary}");
    }

    #[test]
    fn a_run_under_two_names_is_told() {
        let runs = runs(&[(&[], 1, 0.35), (&[], 1, 0.35)]);
        let summary = about(&[&Names::at(Scale::Desk)], &runs);
        assert!(summary.contains("1 is the run 0 under another name"), "{summary}");
    }
}
