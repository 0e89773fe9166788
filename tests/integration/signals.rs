//! What a run survives from outside: signals, the same command given again, outputs that are closed or full.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rote::train::Checkpoint;
use serde_json::Value;

use crate::command_line::rote;

const RUN: [&str; 10] = [
    "train",
    "--images",
    "100",
    "--batch-size",
    "10",
    "--epochs",
    "40",
    "--device",
    "cpu",
    "--json",
];

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn summary(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(told.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {told} {}", stderr(output)))
}

/// Everything of a summary that no clock made.
fn numbers(summary: &Value) -> Vec<&Value> {
    ["train_accuracy", "test_accuracy", "train_loss", "steps", "epochs", "stopped_by", "recipe"]
        .iter()
        .map(|key| &summary[key])
        .collect()
}

/// Starts the run and sends it a signal once it has told two epochs.
fn signalled(folder: &Path, arguments: &[&str], signal: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rote"))
        .args(arguments)
        .args(["--events", "jsonl"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut epochs = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        epochs += u32::from(line.unwrap().contains("\"event\":\"epoch\""));
        if epochs == 2 {
            let id = child.id();
            let kills: Vec<_> = signal.split(' ').map(|one| format!("kill {one} {id}")).collect();
            // One shell, so that there is no time between two of them.
            let sent = Command::new("sh").args(["-c", &kills.join("; ")]).status();
            assert!(sent.unwrap().success());
            epochs += 1;
        }
    }
    child.wait_with_output().unwrap()
}

fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "rote")).collect()
}

fn step(file: &Path) -> u64 {
    Checkpoint::from_bytes(&fs::read(file).unwrap()).unwrap().progress.step
}

#[test]
fn every_signal_leaves_a_checkpoint_from_which_the_same_command_goes_on_to_the_bit() {
    let calm = tempfile::tempdir().unwrap();
    let undisturbed = summary(&rote(calm.path(), &[&RUN[..], &["--save", "run.rote"]].concat()));
    for (signal, code, name) in
        [("-TERM", 143, "SIGTERM"), ("-HUP", 129, "SIGHUP"), ("-INT", 130, "Ctrl-C")]
    {
        let folder = tempfile::tempdir().unwrap();
        let stopped = signalled(folder.path(), &RUN, signal);
        let told = stderr(&stopped);
        assert_eq!(stopped.status.code(), Some(code), "{told}");
        assert!(told.contains(&format!("stopped by {name}")), "{told}");
        let [file] = &checkpoints(folder.path())[..] else { panic!("one checkpoint: {told}") };
        let before = step(file);
        assert!(before >= 20);
        let resumed = rote(folder.path(), &RUN);
        assert!(stderr(&resumed).contains(&format!("up to step {before}")), "{}", stderr(&resumed));
        assert_eq!(numbers(&summary(&resumed)), numbers(&undisturbed), "{signal}");
        let network =
            |file: &Path| Checkpoint::from_bytes(&fs::read(file).unwrap()).unwrap().network;
        assert!(network(file) == network(&calm.path().join("run.rote")), "{signal}");
    }
}

#[test]
fn a_signal_that_is_sent_to_the_process_and_to_its_group_stops_a_run_once() {
    let folder = tempfile::tempdir().unwrap();
    // As `timeout` does: both within a moment.
    let stopped = signalled(folder.path(), &RUN, "-TERM -TERM");
    assert_eq!(stopped.status.code(), Some(143), "{}", stderr(&stopped));
    assert!(stderr(&stopped).contains("stopped by SIGTERM"), "{}", stderr(&stopped));
    assert_eq!(checkpoints(folder.path()).len(), 1);
}

#[test]
fn a_saved_run_given_again_never_has_fewer_steps_than_before() {
    let folder = tempfile::tempdir().unwrap();
    let run = [&RUN[..], &["--save", "run.rote"]].concat();
    let file = folder.path().join("run.rote");
    signalled(folder.path(), &run, "-TERM");
    let first = step(&file);
    assert!((20..400).contains(&first));
    signalled(folder.path(), &run, "-TERM");
    let second = step(&file);
    assert!(second > first, "{second} after {first}");
    let end = summary(&rote(folder.path(), &run));
    assert_eq!((&end["steps"], step(&file)), (&400.into(), 400));
    // Finished: told again, not made again.
    let again = rote(folder.path(), &run);
    assert!(stderr(&again).contains("up to step 400"), "{}", stderr(&again));
    assert_eq!(numbers(&summary(&again)), numbers(&end));

    let short = ["--save", "run.rote", "--restart", "--steps", "5"];
    assert!(rote(folder.path(), &[&RUN[..], &short].concat()).status.success());
    assert_eq!(step(&file), 5);
}

#[test]
fn a_run_that_is_saved_further_on_elsewhere_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |steps: &'static str, file: &'static str| {
        let run = [&RUN[..], &["--steps", steps, "--save", file]].concat();
        assert!(rote(folder.path(), &run).status.success());
    };
    saved("5", "less.rote");
    saved("9", "more.rote");
    let onto = ["train", "--resume", "less.rote", "--save", "more.rote", "--device", "cpu"];
    let asked =
        |steps: &'static str| rote(folder.path(), &[&onto[..], &["--steps", steps]].concat());
    let file = folder.path().join("more.rote");
    // What it came to would stand under `steps = 5`.
    let refused = asked("5");
    assert_eq!(refused.status.code(), Some(2));
    let told = stderr(&refused);
    assert!(told.contains("more.rote holds this run up to step 9, and only 5 steps"), "{told}");
    assert_eq!(step(&file), 9);
    let further = asked("12");
    assert!(stderr(&further).contains("more.rote holds this run up to step 9"));
    assert_eq!((further.status.code(), step(&file)), (Some(0), 12));
}

#[test]
fn a_run_that_was_begun_anew_is_not_told_to_be_begun_anew_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = [&RUN[..], &["--save", "run.rote", "--restart"]].concat();
    let told = stderr(&signalled(folder.path(), &run, "-TERM"));
    assert!(told.contains("in run.rote: go on with `rote train --resume run.rote`"), "{told}");
    assert!(!told.contains("same command"), "{told}");
}

#[test]
fn of_two_processes_at_one_run_the_one_that_is_less_far_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = [&RUN[..], &["--save", "run.rote"]].concat();
    let file = folder.path().join("run.rote");
    let end = tempfile::tempdir().unwrap();
    assert!(rote(end.path(), &run).status.success());
    // Another process has come to the end of the run when this one is stopped.
    let mut child = Command::new(env!("CARGO_BIN_EXE_rote"))
        .args(&run)
        .args(["--events", "jsonl"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().take(3).all(|line| line.is_ok()));
    fs::copy(end.path().join("run.rote"), &file).unwrap();
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("another process is at the same run"), "{}", stderr(&output));
    assert_eq!(step(&file), 400);
}

#[test]
fn a_record_of_images_replaces_no_file_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    let run = [&RUN[..], &["--record-images", "notes.txt"]].concat();
    let refused = rote(folder.path(), &run);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("notes.txt is there already"), "{}", stderr(&refused));
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert!(rote(folder.path(), &[&run[..], &["--restart"]].concat()).status.success());
    assert!(fs::read_to_string(&notes).unwrap().starts_with("index"));
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_an_error_and_not_a_fresh_start() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("run.rote", folder.path().join("run.rote")).unwrap();
    let output = rote(folder.path(), &[&RUN[..], &["--save", "run.rote"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("run.rote could not be read"), "{}", stderr(&output));
}

/// Runs `rote` with its outputs as a shell redirects them.
fn redirected(folder: &Path, arguments: &[&str], redirection: &str) -> Output {
    let line = format!("exec \"$0\" \"$@\" {redirection}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_rote")]).args(arguments);
    shell.current_dir(folder).output().unwrap()
}

#[test]
fn a_closed_or_full_standard_error_ends_no_run() {
    let folder = tempfile::tempdir().unwrap();
    // A closed one is opened as /dev/null before a Rust program begins; a full one refuses every write.
    for redirection in ["2>&-", "2>/dev/full"] {
        let restarted = [&RUN[..], &["--restart"]].concat();
        let output = redirected(folder.path(), &restarted, redirection);
        assert_eq!(output.status.code(), Some(0), "{redirection}");
        assert_eq!(summary(&output)["steps"], 400);
        // An error that cannot be told is still one.
        let wrong = redirected(folder.path(), &["train", "--images", "1"], redirection);
        assert_eq!(wrong.status.code(), Some(2), "{redirection}");
        let missing = ["export", "--results", "nowhere"];
        assert_eq!(redirected(folder.path(), &missing, redirection).status.code(), Some(1));
    }
    let grid = "run table1 --scale smoke --only mlp-1x512/plain --device cpu --out runs";
    let grid: Vec<_> = grid.split(' ').collect();
    assert_eq!(redirected(folder.path(), &grid, "2>/dev/full").status.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_ends_no_run_and_is_not_called_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        redirected(folder.path(), &[&RUN[..], &["--save", "run.rote"]].concat(), "> /dev/full");
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("No space left on device"), "{told}");
    assert!(
        !told.contains("everything so far is in"),
        "a run that went on was called stopped: {told}"
    );
    assert_eq!(step(&folder.path().join("run.rote")), 400);
}

#[test]
fn a_reader_that_goes_away_stops_the_run_where_it_can_be_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let long = ["train", "--images", "100", "--batch-size", "10", "--epochs", "100000"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_rote"))
        .args([&long[..], &["--device", "cpu", "--events", "jsonl"]].concat())
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().take(3).all(|line| line.is_ok()));
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nobody reads standard output"), "{}", stderr(&output));
    assert_eq!(checkpoints(folder.path()).len(), 1);
}
