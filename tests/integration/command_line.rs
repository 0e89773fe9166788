//! The `rote` program as its users run it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rote::train::Event;
use serde_json::Value;

pub fn rote(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rote"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("rote starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("rote writes UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("rote writes UTF-8")
}

fn summary(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_str(stdout(output).lines().last().expect("a last line"))
        .expect("the last line is JSON")
}

#[test]
fn models_lists_the_counts_of_table_1() {
    let folder = tempfile::tempdir().unwrap();
    let listed: Vec<Value> =
        serde_json::from_str(&stdout(&rote(folder.path(), &["models", "--json"]))).unwrap();
    let found: Vec<_> = listed
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["parameters"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("mlp-1x512", 1_209_866),
        ("mlp-3x512", 1_735_178),
        ("cnn-small", 62_090),
        ("alexnet-small", 1_387_786),
        ("inception-small", 1_649_402),
        ("inception-small", 1_649_402),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_short_run_ends_with_one_json_object_and_tells_its_epochs_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "train",
        "--images",
        "40",
        "--batch-size",
        "20",
        "--epochs",
        "3",
        "--device",
        "cpu",
        "--json",
    ];
    let output = rote(folder.path(), &arguments);
    let summary = summary(&output);
    assert_eq!(
        (&summary["steps"], &summary["epochs"], &summary["stopped_by"]),
        (&6.into(), &3.into(), &"epochs".into())
    );
    for key in ["train_accuracy", "test_accuracy", "seconds"] {
        assert!(summary[key].is_number(), "{key}: {summary}");
    }
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stderr(&output).contains("train %"));
}

#[test]
fn events_are_json_lines_from_start_to_summary() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "train",
        "--images",
        "40",
        "--batch-size",
        "20",
        "--epochs",
        "2",
        "--device",
        "cpu",
        "--events",
        "jsonl",
    ];
    let output = rote(folder.path(), &arguments);
    let events: Vec<Event> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event a line"))
        .collect();
    assert!(matches!(events.first(), Some(Event::Started { .. })));
    assert!(matches!(events.last(), Some(Event::Finished(_))));
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Step { .. })).count(), 4);
}

#[test]
fn flags_win_over_the_recipe_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("run.toml"),
        "images = 40\nbatch-size = 20\nepochs = 5\nseed = 3\n",
    )
    .unwrap();
    let output = rote(
        folder.path(),
        &["train", "--recipe", "run.toml", "--epochs", "1", "--device", "cpu", "--json"],
    );
    let summary = summary(&output);
    assert_eq!(summary["epochs"], 1);
    let recipe = &summary["recipe"];
    assert_eq!((&recipe["seed"], &recipe["epochs"]), (&"3".into(), &"1".into()));
}

#[test]
fn a_switch_can_stand_alone_in_front_of_another_flag() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "train",
        "--random-crop",
        "--images",
        "40",
        "--batch-norm",
        "false",
        "--batch-size",
        "20",
        "--epochs",
        "1",
    ];
    let output = rote(folder.path(), &[&arguments[..], &["--device", "cpu", "--json"]].concat());
    let recipe = &summary(&output)["recipe"];
    assert_eq!((&recipe["random-crop"], &recipe["batch-norm"]), (&"true".into(), &"false".into()));
}

#[test]
fn saving_over_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = [
        "train",
        "--images",
        "40",
        "--batch-size",
        "20",
        "--epochs",
        "1",
        "--device",
        "cpu",
        "--save",
        "run.rote",
    ];
    assert!(rote(folder.path(), &run).status.success());
    let before = std::fs::read(folder.path().join("run.rote")).unwrap();
    let output = rote(folder.path(), &[&run[..], &["--seed", "2"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("run.rote is not of this run and would be replaced"),
        "{}",
        stderr(&output)
    );
    assert_eq!(std::fs::read(folder.path().join("run.rote")).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_the_run_and_resuming_ends_as_an_undisturbed_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = [
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
    let undisturbed = summary(&rote(folder.path(), &run));

    let mut child = Command::new(env!("CARGO_BIN_EXE_rote"))
        .args(run)
        .args(["--events", "jsonl", "--save", "run.rote"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut epochs = 0;
    for line in lines {
        epochs += u32::from(line.unwrap().contains("\"event\":\"epoch\""));
        if epochs == 2 {
            let interrupt =
                Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            assert!(interrupt.success());
            epochs += 1;
        }
    }
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("go on with `rote train --resume run.rote`"), "{told}");

    let resumed = summary(&rote(
        folder.path(),
        &["train", "--resume", "run.rote", "--device", "cpu", "--json"],
    ));
    for key in
        ["train_accuracy", "test_accuracy", "train_loss", "steps", "epochs", "stopped_by", "recipe"]
    {
        assert_eq!(resumed[key], undisturbed[key], "{key}");
    }
}

#[test]
fn help_names_every_setting() {
    let folder = tempfile::tempdir().unwrap();
    let help = stdout(&rote(folder.path(), &["train", "--help"]));
    for setting in rote::train::SETTINGS {
        assert!(help.contains(&format!("--{}", setting.key)), "{} is missing", setting.key);
    }
}
