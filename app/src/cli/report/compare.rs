//! Two runs, two folders of runs, or two checkpoints side by side.

use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::load::Runs;
use super::recipes::Naming;
use crate::cli::CliError;
use crate::cli::checkpoint_file::CheckpointFile;
use crate::cli::grid::RunSummary;
use crate::cli::run_output::duration;
use crate::experiments::Outcome;
use crate::train::{Accuracy, Checkpoint, EpochMetrics, Event, Origin, Recipe};

/// Prints the comparison.
pub fn compare(matches: &ArgMatches) -> Result<(), CliError> {
    let path = |name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let (one, other) = (path("A"), path("B"));
    if is_checkpoint(&one) || is_checkpoint(&other) {
        return two_checkpoints(&checkpoint(&one)?, &checkpoint(&other)?);
    }
    let (one, other) = (load(&one)?, load(&other)?);
    for problem in one.problems.iter().chain(&other.problems) {
        tell!("warning: {problem}");
    }
    match (&one.results.0[..], &other.results.0[..]) {
        ([a], [b]) => two_runs(a, b),
        _ => two_folders(&one, &other)?,
    }
    Ok(())
}

/// Whether this is to be read as a checkpoint: every file that does not end as exported runs do.
fn is_checkpoint(path: &Path) -> bool {
    let exported = |ending: &std::ffi::OsStr| ending == "jsonl" || ending == "json";
    path.is_file() && !path.extension().is_some_and(exported)
}

/// The runs in a folder or an exported file, or the run whose folder it is.
fn load(path: &Path) -> Result<Runs, CliError> {
    let runs = Runs::load(path);
    if runs.count() == 0 {
        let problems = runs.problems.join("; ");
        let why = if problems.is_empty() { "holds no finished run" } else { problems.as_str() };
        return Err(CliError::Failed(format!(
            "{} {why}; name a folder that `rote run` wrote, or a file that `rote export` did",
            path.display()
        )));
    }
    Ok(runs)
}

fn checkpoint(path: &Path) -> Result<Checkpoint, CliError> {
    if path.exists() && !is_checkpoint(path) {
        return Err(CliError::Usage(format!(
            "{} holds runs and the other is a checkpoint; compare two checkpoints, or two folders or files of runs",
            path.display()
        )));
    }
    CheckpointFile::new(path).read()
}

fn two_checkpoints(a: &Checkpoint, b: &Checkpoint) -> Result<(), CliError> {
    heading();
    differences(&a.recipe, &b.recipe);
    let origin = |of: fn(&Origin) -> &str| (of(&a.origin).to_owned(), of(&b.origin).to_owned());
    let origins = [
        ("device", origin(|origin| &origin.device)),
        ("version", origin(|origin| &origin.version)),
        ("data", origin(|origin| origin.data_sha256.get(..12).unwrap_or_default())),
        ("numerics", (a.origin.numerics.to_string(), b.origin.numerics.to_string())),
    ];
    for (what, (left, right)) in origins.iter().filter(|(_, (left, right))| left != right) {
        two(what, left, right);
    }
    let (one, other) = (State::of(a), State::of(b));
    two("steps done", &one.steps, &other.steps);
    two("epochs done", &one.epochs, &other.epochs);
    two("training loss", &one.train_loss, &other.train_loss);
    two("train accuracy", &one.train_accuracy, &other.train_accuracy);
    two("test accuracy", &one.test_accuracy, &other.test_accuracy);
    two("time", &duration(a.progress.seconds), &duration(b.progress.seconds));
    Ok(())
}

/// Where a checkpoint stands, in words.
struct State {
    steps: String,
    epochs: String,
    train_loss: String,
    train_accuracy: String,
    test_accuracy: String,
}

impl State {
    fn of(checkpoint: &Checkpoint) -> Self {
        let epochs: Vec<&EpochMetrics> = checkpoint
            .progress
            .history
            .iter()
            .filter_map(|event| if let Event::Epoch(epoch) = event { Some(epoch) } else { None })
            .collect();
        let measured = epochs.iter().rev().find_map(|epoch| epoch.accuracy.as_ref());
        let share = |of: fn(&Accuracy) -> f64| {
            measured.map_or_else(|| "not measured".into(), |accuracy| percent(of(accuracy)))
        };
        let loss = epochs.last().map(|epoch| format!("{:.4}", epoch.train_loss));
        Self {
            steps: checkpoint.progress.step.to_string(),
            epochs: checkpoint.progress.epochs_reported.to_string(),
            train_loss: loss.unwrap_or_else(|| "no epoch yet".into()),
            train_accuracy: share(|accuracy| accuracy.train_accuracy),
            test_accuracy: share(|accuracy| accuracy.test_accuracy),
        }
    }
}

fn heading() {
    two("", "A", "B");
}

fn two(what: &str, left: &str, right: &str) {
    say!("{what:<28} {left:>16} {right:>16}");
}

/// The settings that two recipes do not have in common.
fn differences(one: &Recipe, other: &Recipe) {
    for ((key, left), (_, right)) in one.every_setting().iter().zip(&other.every_setting()) {
        if left != right {
            two(key, left, right);
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn two_runs(a: &Outcome, b: &Outcome) {
    heading();
    let (one, other) = (&a.summary, &b.summary);
    differences(&one.recipe, &other.recipe);
    let steps = |run: &Outcome| {
        run.steps_to_fit().map_or_else(|| "never".into(), |steps| format!("{steps:.0}"))
    };
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
        two(what, &left, &right);
    }
}

fn two_folders(one: &Runs, other: &Runs) -> Result<(), CliError> {
    let naming = Naming::of(None);
    let called = |(outcome, (_, about)): (&Outcome, &(PathBuf, RunSummary))| {
        naming.name(&about.row, &outcome.summary.recipe).1.to_string()
    };
    let names: Vec<String> = one.results.0.iter().zip(&one.about).map(called).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0).max(40);
    say!(
        "{:<width$} {:>4} {:>9} {:>9} {:>9} {:>9} {:>11}",
        "run",
        "seed",
        "train A",
        "train B",
        "test A",
        "test B",
        "test B - A"
    );
    let (mut shared, mut only_a) = (0, 0);
    for (outcome, name) in one.results.0.iter().zip(&names) {
        let a = &outcome.summary;
        let Some(b) = other.results.0.iter().map(|run| &run.summary).find(|b| b.recipe == a.recipe)
        else {
            only_a += 1;
            continue;
        };
        shared += 1;
        say!(
            "{name:<width$} {:>4} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>+11.2}",
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
