//! Two runs, or two folders of runs, side by side.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::load::Runs;
use crate::cli::CliError;
use crate::cli::report::duration;
use crate::experiments::Outcome;
use crate::train::{Recipe, SETTINGS};

/// Prints the comparison.
pub fn compare(matches: &ArgMatches) -> Result<(), CliError> {
    let path = |name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let (one, other) = (load(&path("A"))?, load(&path("B"))?);
    for problem in one.problems.iter().chain(&other.problems) {
        eprintln!("warning: {problem}");
    }
    match (&one.results.0[..], &other.results.0[..]) {
        ([a], [b]) => two_runs(a, b),
        _ => two_folders(&one, &other)?,
    }
    Ok(())
}

/// The runs in a folder, or the run whose folder it is.
fn load(path: &Path) -> Result<Runs, CliError> {
    let mut runs = Runs::load(path);
    if runs.is_empty() {
        runs.add(path);
    }
    if runs.count() == 0 {
        let problems = runs.problems.join("; ");
        let why = if problems.is_empty() { "holds no finished run" } else { problems.as_str() };
        return Err(CliError::Failed(format!(
            "{} {why}; name a folder that `rote run` wrote",
            path.display()
        )));
    }
    Ok(runs)
}

fn two_runs(a: &Outcome, b: &Outcome) {
    say!("{:<28} {:>16} {:>16}", "", "A", "B");
    let (one, other) = (&a.summary, &b.summary);
    for setting in SETTINGS {
        let (left, right) = (setting.get(&one.recipe), setting.get(&other.recipe));
        if left != right {
            say!("{:<28} {left:>16} {right:>16}", setting.key);
        }
    }
    let steps = |run: &Outcome| {
        run.steps_to_fit().map_or_else(|| "never".into(), |steps| format!("{steps:.0}"))
    };
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let lines = [
        ("train accuracy", percent(one.train_accuracy), percent(other.train_accuracy)),
        ("test accuracy", percent(one.test_accuracy), percent(other.test_accuracy)),
        ("best test accuracy", percent(a.best_test_accuracy()), percent(b.best_test_accuracy())),
        ("training loss", format!("{:.4}", one.train_loss), format!("{:.4}", other.train_loss)),
        ("steps to a loss of 0.1", steps(a), steps(b)),
        ("steps", one.steps.to_string(), other.steps.to_string()),
        ("time", duration(one.seconds), duration(other.seconds)),
    ];
    for (what, left, right) in lines {
        say!("{what:<28} {left:>16} {right:>16}");
    }
}

fn two_folders(one: &Runs, other: &Runs) -> Result<(), CliError> {
    say!(
        "{:<44} {:>4} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "run",
        "seed",
        "train A",
        "train B",
        "test A",
        "test B",
        "test B - A"
    );
    let (mut shared, mut only_a) = (0, 0);
    for (outcome, (_, about)) in one.results.0.iter().zip(&one.about) {
        let a = &outcome.summary;
        let Some(b) = other.results.0.iter().map(|run| &run.summary).find(|b| b.recipe == a.recipe)
        else {
            only_a += 1;
            continue;
        };
        shared += 1;
        say!(
            "{:<44} {:>4} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>+11.2}",
            about.row,
            a.recipe.seed,
            100.0 * a.train_accuracy,
            100.0 * b.train_accuracy,
            100.0 * a.test_accuracy,
            100.0 * b.test_accuracy,
            100.0 * (b.test_accuracy - a.test_accuracy)
        );
    }
    let has = |recipe: &Recipe| one.results.0.iter().any(|run| run.summary.recipe == *recipe);
    let only_b = other.results.0.iter().filter(|run| !has(&run.summary.recipe)).count();
    say!("\n{shared} runs in both, {only_a} only in A, {only_b} only in B; percent");
    if shared == 0 {
        return Err(CliError::Failed(
            "the two folders have no run in common; runs are matched by their recipes".into(),
        ));
    }
    Ok(())
}
