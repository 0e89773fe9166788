//! Grids of runs: killed, shared, damaged and short of something, as they will be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rote::data::Stream;
use serde_json::Value;

use crate::command_line::rote;

/// Three small rows; a checkpoint after every step, so that a kill has something to go on from.
const GRID: &str = "run table1 --scale smoke --only mlp-1x512 --device cpu --save-every 0 --out runs \
                     --set images=100 --set epochs=10 --set evaluate-every=1";

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn run(folder: &Path, line: &str) -> Output {
    rote(folder, &words(line))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folders(runs: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The summaries by folder, without what a clock made.
fn summaries(runs: &Path) -> BTreeMap<String, Value> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(path.join("summary.json")).ok()?;
        let mut value: Value = serde_json::from_str(&text).ok()?;
        value.as_object_mut()?.remove("seconds");
        Some((path.file_name()?.to_string_lossy().into_owned(), value))
    };
    folders(runs).into_iter().filter_map(read).collect()
}

/// Epochs told so far in all runs.
fn epochs(runs: &Path) -> usize {
    let events = folders(runs)
        .into_iter()
        .filter_map(|path| fs::read_to_string(path.join("events.jsonl")).ok());
    events.map(|text| text.matches("\"event\":\"epoch\"").count()).sum()
}

/// The steps at which runs were begun or gone on with.
fn starts(runs: &Path) -> impl Iterator<Item = u64> {
    let logs = folders(runs)
        .into_iter()
        .filter_map(|path| fs::read_to_string(path.join("events.jsonl")).ok());
    let events: Vec<Value> = logs
        .flat_map(|log| {
            log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<_>>()
        })
        .collect();
    events
        .into_iter()
        .filter(|event| event["event"] == "started")
        .filter_map(|event| event["step"].as_u64())
}

#[test]
fn a_grid_killed_five_times_ends_with_the_numbers_of_an_undisturbed_one() {
    let (calm, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(run(calm.path(), GRID).status.success());
    let expected = summaries(&calm.path().join("runs"));
    assert_eq!(expected.len(), 3);
    let all_epochs = epochs(&calm.path().join("runs"));

    let runs = killed.path().join("runs");
    let mut chance = Stream::new(5, "kills", 0);
    for _ in 0..5 {
        let before = epochs(&runs);
        let more = 1 + chance.below(all_epochs as u32 / 5) as usize;
        let mut child = Command::new(env!("CARGO_BIN_EXE_rote"));
        child
            .args(words(GRID))
            .current_dir(killed.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        while epochs(&runs) < before + more && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        // SIGKILL on Unix.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(run(killed.path(), GRID).status.success());
    assert!(starts(&runs).any(|step| step > 0), "no run went on from its checkpoint");
    assert!(starts(&calm.path().join("runs")).all(|step| step == 0));
    assert_eq!(summaries(&runs), expected);
    assert_eq!(epochs(&runs), all_epochs, "an epoch is told twice or not at all");
}

#[test]
fn two_processes_share_a_grid_and_run_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("{GRID} --seeds 3");
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rote"));
        command
            .args(words(&line))
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [start(), start()];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    assert!(outputs.iter().all(|output| output.status.success()));
    // The one that is done sooner waits for what the other is at.
    assert!(outputs.iter().all(|output| stdout(output).contains("9 of 9 runs are done")));
    let made: usize =
        outputs.iter().map(|output| stdout(output).matches(" epochs in ").count()).sum();
    assert_eq!((made, summaries(&folder.path().join("runs")).len()), (9, 9));
}

#[test]
fn a_finished_grid_is_skipped_and_a_damaged_summary_is_told_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), GRID).status.success());
    let runs = folder.path().join("runs");
    let expected = summaries(&runs);
    let again = stdout(&run(folder.path(), GRID));
    assert_eq!(again.matches("done before").count(), 3, "{again}");

    let damaged = folders(&runs)[1].join("summary.json");
    fs::write(&damaged, "{\"row\": \"mlp").unwrap();
    let mended = run(folder.path(), GRID);
    assert!(mended.status.success());
    assert!(stdout(&mended).contains("summary.json is damaged"), "{}", stdout(&mended));
    assert_eq!(stdout(&mended).matches("done before").count(), 2);
    assert_eq!(summaries(&runs), expected);
}

#[test]
fn a_damaged_checkpoint_is_told_and_the_run_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), GRID).status.success());
    let runs = folder.path().join("runs");
    let expected = summaries(&runs);
    let damaged = &folders(&runs)[0];
    fs::remove_file(damaged.join("summary.json")).unwrap();
    fs::write(damaged.join("checkpoint.rote"), "no checkpoint").unwrap();
    let mended = stdout(&run(folder.path(), GRID));
    assert!(mended.contains("starts anew"), "{mended}");
    assert_eq!(summaries(&runs), expected);
}

#[test]
fn a_run_without_its_data_or_its_folder_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    // 3,000 images need files that are not there.
    let line = format!("{GRID} --set images=200,3000 --data-dir nothing");
    let output = run(folder.path(), &line);
    assert_eq!(output.status.code(), Some(1));
    let told = stdout(&output);
    assert_eq!(
        (told.matches("FAILED").count(), told.matches(" epochs in ").count()),
        (3, 3),
        "{told}"
    );
    assert!(told.contains("rote data fetch"), "{told}");

    let blocked = tempfile::tempdir().unwrap();
    assert!(run(blocked.path(), GRID).status.success());
    let runs = blocked.path().join("runs");
    let name = folders(&runs)[0].clone();
    fs::remove_dir_all(&runs).unwrap();
    fs::create_dir(&runs).unwrap();
    fs::write(&name, "in the way").unwrap();
    let output = run(blocked.path(), GRID);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), summaries(&runs).len()), (Some(1), 2));
    assert!(error.contains("1 run failed"), "{error}");
}

#[test]
fn a_dry_run_lists_every_run_with_a_time_and_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &format!("{GRID} --dry-run --seeds 2"));
    let told = stdout(&output);
    assert_eq!(told.matches("mlp-1x512/").count(), 6, "{told}");
    assert!(told.contains("6 runs, about ") && !folder.path().join("runs").exists(), "{told}");
}
