//! Grids of runs: killed, shared, damaged and short of something, as they will be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rote::data::Stream;
#[cfg(unix)]
use rote::train::Checkpoint;
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

/// The records of all runs.
fn logs(runs: &Path) -> Vec<String> {
    let read = |path: PathBuf| fs::read_to_string(path.join("events.jsonl")).ok();
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
    for log in logs(&runs) {
        let events: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("whole lines")).collect();
        assert_eq!((&events[0]["event"], &events[0]["step"]), (&"started".into(), &0.into()));
        let of_epochs = events.iter().filter(|event| event["event"] == "epoch");
        let rates = of_epochs.map(|epoch| epoch["images_per_second"].as_f64().unwrap());
        assert!(rates.into_iter().all(|rate| rate > 0.0), "an epoch lost its rate: {log}");
    }
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

#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_read_fails_its_run_and_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &format!("{GRID} --keep-checkpoints")).status.success());
    let runs = folder.path().join("runs");
    let blocked = &folders(&runs)[0];
    fs::remove_file(blocked.join("summary.json")).unwrap();
    // A link to itself cannot be opened, by root neither: as little "absent" as a disk that does not answer.
    let checkpoint = blocked.join("checkpoint.rote");
    fs::remove_file(&checkpoint).unwrap();
    std::os::unix::fs::symlink("checkpoint.rote", &checkpoint).unwrap();
    let output = run(folder.path(), GRID);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("FAILED") && told.contains("checkpoint.rote could not be read"),
        "{told}"
    );
    assert!(fs::symlink_metadata(&checkpoint).unwrap().is_symlink());
    assert!(!blocked.join("summary.json").exists());
}

/// Every file of a folder with its bytes; a link as where it leads.
#[cfg(unix)]
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    let content = |path: &PathBuf| match fs::read_link(path) {
        Ok(target) => target.as_os_str().as_bytes().to_vec(),
        Err(_) => fs::read(path).unwrap(),
    };
    // Who was at a run last is no part of it.
    let kept = folders(folder).into_iter().filter(|path| !path.ends_with("lock"));
    kept.map(|path| (path.clone(), content(&path))).collect()
}

#[cfg(unix)]
#[test]
fn a_finished_run_that_cannot_be_read_now_fails_alone_and_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), GRID).status.success());
    let runs = folder.path().join("runs");
    let expected = summaries(&runs);
    let finished = &folders(&runs)[0];
    for name in ["summary.json", "events.jsonl"] {
        let (path, aside) = (finished.join(name), folder.path().join(name));
        fs::rename(&path, &aside).unwrap();
        // A link to itself cannot be opened, by root neither: as little "absent" as a disk that does not answer.
        std::os::unix::fs::symlink(name, &path).unwrap();
        let before = contents(finished);
        let output = run(folder.path(), GRID);
        let told = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("FAILED"), "{told}");
        assert!(told.contains(&format!("{name} could not be read")), "{told}");
        assert_eq!(told.matches("done before").count(), 2, "{told}");
        assert_eq!(contents(finished), before);
        fs::rename(&aside, &path).unwrap();
    }
    let again = stdout(&run(folder.path(), GRID));
    assert_eq!(again.matches("done before").count(), 3, "{again}");
    assert_eq!(summaries(&runs), expected);
}

#[cfg(unix)]
#[test]
fn a_run_of_other_numerics_is_neither_done_before_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &format!("{GRID} --keep-checkpoints")).status.success());
    let runs = folder.path().join("runs");
    let [finished, begun, _] = &folders(&runs)[..] else { panic!("three runs") };
    let summary = finished.join("summary.json");
    let text = fs::read_to_string(&summary).unwrap();
    let other = text.replace("\"numerics\": 1,", "\"numerics\": 0,");
    assert_ne!(text, other);
    fs::write(&summary, other).unwrap();
    fs::remove_file(begun.join("summary.json")).unwrap();
    let file = begun.join("checkpoint.rote");
    let mut checkpoint = Checkpoint::from_bytes(&fs::read(&file).unwrap()).unwrap();
    checkpoint.origin.numerics = 0;
    fs::write(&file, checkpoint.to_bytes()).unwrap();
    let before = (contents(finished), contents(begun));

    let output = run(folder.path(), GRID);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let counts = (told.matches("FAILED").count(), told.matches("done before").count());
    assert_eq!(counts, (2, 1), "{told}");
    assert!(told.contains("numerics 0 (here 1)") && told.contains("--out"), "{told}");
    assert!(told.contains("checkpoint.rote: the checkpoint is of Rote"), "{told}");
    assert!(told.contains("remove that file"), "{told}");
    assert_eq!((contents(finished), contents(begun)), before);

    // Nor do reports count it among the others.
    let reported = run(folder.path(), "report --results runs --out report");
    let told = stdout(&reported) + &String::from_utf8_lossy(&reported.stderr);
    let page = fs::read_to_string(folder.path().join("report/results.md")).unwrap_or_default();
    assert!((told + &page).contains("of numerics 0"), "{page}");
}

#[test]
fn a_run_whose_images_cannot_be_written_is_finished_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), GRID).status.success());
    let runs = folder.path().join("runs");
    let expected = summaries(&runs);
    let blocked = &folders(&runs)[0];
    for name in ["summary.json", "events.jsonl"] {
        fs::remove_file(blocked.join(name)).unwrap();
    }
    for path in &folders(&runs)[1..] {
        fs::remove_dir_all(path).unwrap();
    }
    // No file can be put where a folder is.
    fs::create_dir(blocked.join("images.csv")).unwrap();
    let output = run(folder.path(), &format!("{GRID} --record-images --keep-checkpoints"));
    let told = stdout(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("finished and kept without its images"), "{told}");
    assert_eq!(summaries(&runs), expected);
    assert!(folders(&runs).iter().all(|path| path.join("checkpoint.rote").is_file()));
    assert_eq!(folders(&runs).iter().filter(|path| path.join("images.csv").is_file()).count(), 2);
}

#[test]
fn checkpoints_of_finished_runs_are_deleted_unless_they_are_wanted() {
    for (flag, expected) in [("", 0), ("--keep-checkpoints", 3)] {
        let folder = tempfile::tempdir().unwrap();
        assert!(run(folder.path(), &format!("{GRID} {flag}")).status.success());
        let left = folders(&folder.path().join("runs"))
            .into_iter()
            .filter(|path| path.join("checkpoint.rote").exists());
        assert_eq!(left.count(), expected);
    }
}

#[test]
fn a_summary_says_all_settings_and_what_computed_them() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), GRID).status.success());
    let runs = folder.path().join("runs");
    for path in folders(&runs) {
        let text = fs::read_to_string(path.join("summary.json")).unwrap();
        let summary: Value = serde_json::from_str(&text).unwrap();
        let recipe = summary["recipe"].as_object().unwrap();
        // Not `auto`: that could mean something else tomorrow.
        assert_eq!(recipe["learning-rate"], "0.01");
        assert_eq!((&summary["format"], &summary["numerics"]), (&1.into(), &1.into()));
        assert_eq!(summary["data_sha256"].as_str().unwrap().len(), 64);
        let toml = fs::read_to_string(path.join("recipe.toml")).unwrap();
        for rote::train::Setting { key, .. } in rote::train::SETTINGS {
            // What came later is said where it is used, so that other runs are what they were before.
            let is_said = *key != "stop-at-train-loss";
            assert_eq!(toml.contains(&format!("\n{key} = ")), is_said, "{key}: {toml}");
            assert_eq!(recipe.contains_key(*key), is_said, "{key}: {recipe:?}");
        }
    }
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
