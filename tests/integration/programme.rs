//! The whole programme at its smallest, and the document that is made of it.

use std::fs;
use std::path::Path;

use crate::command_line::rote;

/// What a command that succeeds says on standard output.
fn run_in(folder: &Path, line: &str) -> String {
    let output = rote(folder, &line.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The names of what is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Claims that must hold even on a few dozen images. The others are about what takes more images to be seen.
const HOLD_AT_ANY_SIZE: [&str; 8] = [
    "inception-small fits random labels",
    "alexnet-small fits random labels",
    "mlp-3x512 fits random labels",
    "mlp-1x512 fits random labels",
    "inception-small is at chance on test images after random labels",
    "alexnet-small is at chance on test images after random labels",
    "mlp-3x512 is at chance on test images after random labels",
    "mlp-1x512 is at chance on test images after random labels",
];

#[test]
fn every_experiment_runs_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| run_in(folder.path(), line);
    run("run all --scale smoke --device cpu");
    run("report");
    let text = fs::read_to_string(folder.path().join("docs/results.md")).unwrap();
    assert!(!text.contains("Not run:"), "{text}");
    for claim in HOLD_AT_ANY_SIZE {
        let line =
            text.lines().find(|line| line.contains(&format!("| {claim} |"))).unwrap_or_default();
        assert!(line.contains("| holds |"), "{claim}: {line}");
    }
    // True labels teach something about new images even at 200 images; random ones do not.
    let test = |row: &str| -> f64 {
        let line =
            text.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap_or_default();
        line.split('|')
            .nth(6)
            .and_then(|cell| cell.trim().parse().ok())
            .unwrap_or_else(|| panic!("{row}: {line}"))
    };
    for network in ["mlp-1x512", "mlp-3x512"] {
        assert!(
            test(&format!("{network}/plain")) > test(&format!("{network}/random-labels")) + 5.0,
            "{network}"
        );
    }
    for figure in ["fig1a", "fig1b", "fig1c", "fig2b"] {
        for look in ["light", "dark"] {
            let svg = fs::read_to_string(
                folder.path().join(format!("docs/results/smoke-{figure}-{look}.svg")),
            )
            .unwrap();
            assert!(
                svg.starts_with("<svg") && svg.contains("</svg>") && !svg.contains("NaN"),
                "{figure}"
            );
        }
    }
    let compared = run("compare results/smoke results/smoke");
    assert!(compared.contains(" 0 only in A, 0 only in B"), "{compared}");
}

#[test]
fn a_readers_own_settings_stand_in_names_tables_and_a_chart() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| run_in(folder.path(), line);
    let told =
        run("run table1 --only mlp-1x512/plain --scale smoke --device cpu --seeds 2 --out mine \
                    --set weight-decay=0,0.001,0.01 --set epochs=5");
    assert!(told.contains("mlp-1x512/plain weight-decay=0.001 epochs=5 seed 2"), "{told}");
    assert!(told.contains("(paper for the row 50.51)"), "{told}");
    let runs = names(&folder.path().join("mine"));
    assert_eq!(runs.len(), 6);
    let is_named = |run: &String| {
        run.starts_with("mlp-1x512.plain.weight-decay=0.001.epochs=5-") && run.ends_with("-seed2")
    };
    assert!(runs.iter().any(is_named), "{runs:?}");

    // Any folder of runs is reported, into any other.
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    run("report --results mine --out deep/er/../docs");
    let text = fs::read_to_string(folder.path().join("deep/docs/results.md")).unwrap();
    assert!(text.contains("## The runs in `mine`"), "{text}");
    assert!(text.contains("| mlp-1x512/plain | weight-decay=0.001 epochs=5 |"), "{text}");
    let link = text.split("](").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
    assert!(link.starts_with("../../mine/mlp-1x512.plain."), "{link}");
    assert!(folder.path().join("deep/docs").join(link).is_dir(), "{link}");
    let chart = "results/mine-sweep-mlp-1x512.plain.epochs=5-by-weight-decay-light.svg";
    assert!(text.contains(chart), "{text}");
    let svg = fs::read_to_string(folder.path().join("deep/docs").join(chart)).unwrap();
    assert!(svg.contains("weight-decay") && svg.contains("<polygon"), "no band over seeds");

    let compared = run("compare mine mine");
    assert!(compared.contains("mlp-1x512/plain weight-decay=0.01 epochs=5"), "{compared}");
    assert!(compared.contains("6 runs in both"), "{compared}");
}

#[test]
fn a_finished_run_is_found_by_its_recipe_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let line =
        "run table1 --only mlp-1x512/plain --scale smoke --device cpu --set epochs=2 --out runs";
    run_in(folder.path(), line);
    let runs = folder.path().join("runs");
    let made = runs.join(&names(&runs)[0]);
    fs::rename(&made, runs.join("mlp-1x512.plain-01234567-seed1")).unwrap();
    let again = run_in(folder.path(), line);
    assert!(again.contains("done before"), "{again}");
    assert_eq!(names(&runs), ["mlp-1x512.plain-01234567-seed1"]);
}

#[test]
fn two_checkpoints_are_laid_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let train = "train --images 40 --batch-size 20 --device cpu";
    run_in(folder.path(), &format!("{train} --epochs 2 --save a.rote"));
    run_in(folder.path(), &format!("{train} --epochs 3 --momentum 0.5 --save b.rote"));
    let compared = run_in(folder.path(), "compare a.rote b.rote");
    let line = |what: &str| -> Vec<String> {
        let line = compared.lines().find(|line| line.starts_with(what)).unwrap_or_default();
        line.split_whitespace().map(String::from).collect()
    };
    assert_eq!(line("momentum"), ["momentum", "0.9", "0.5"]);
    assert_eq!(line("steps done"), ["steps", "done", "4", "6"]);
    assert_eq!(line("epochs done"), ["epochs", "done", "2", "3"]);
    assert!(line("test accuracy").len() == 6, "{compared}");
    assert!(!compared.contains("images"), "{compared}");
    let mixed = rote(folder.path(), &["compare", "a.rote", "."]);
    let told = String::from_utf8_lossy(&mixed.stderr).into_owned();
    assert!(told.contains("compare two checkpoints, or two folders"), "{told}");
}
