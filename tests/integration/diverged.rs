//! Numbers that are none: a run that diverges can be saved, read, gone on with and sent in every moment of it, and a network
//! that no longer learns is told from one that has not begun to.

use std::fs;
use std::path::{Path, PathBuf};

use rote::data::CIFAR10_CLASSES;
use rote::device;
use rote::train::{Checkpoint, Event, Session, StopReason};

use crate::command_line::rote;
use crate::support::{bundled, finish, losses, session, summary};

/// Ten steps an epoch; the loss is not a number before the first has ended.
const DIVERGES: &str = "model = \"mlp-3x512\"\nimages = 200\nbatch-size = 20\nlearning-rate = 3\nlearning-rate-decay = 1";

/// A run in the middle of an epoch whose losses are not numbers any more.
fn diverged_in_the_middle_of_an_epoch() -> (Session, Checkpoint) {
    let mut run = session(DIVERGES);
    while run.step() < 7 {
        pollster::block_on(run.advance()).unwrap();
    }
    let (saved, told) = pollster::block_on(run.checkpoint()).unwrap();
    assert!(losses(&told).iter().any(|loss| !loss.is_finite()), "it has not diverged: {told:?}");
    assert!(!saved.progress.epoch_loss_sum.is_finite(), "{:?}", saved.progress);
    (run, saved)
}

#[test]
fn a_checkpoint_of_a_diverged_run_reads_back_as_what_it_was_and_goes_on_to_its_end() {
    let (mut undisturbed, saved) = diverged_in_the_middle_of_an_epoch();
    let bytes = saved.to_bytes();
    let read = Checkpoint::from_bytes(&bytes).expect("it reads what it wrote");
    // NaN is not equal to itself; its bytes are.
    assert!(read.to_bytes() == bytes);
    assert_eq!(format!("{:?}", read.progress), format!("{:?}", saved.progress));
    let mut resumed =
        Session::resume(&read, &read.recipe, &bundled(), &device::cpu().device).unwrap();
    let (found, expected) = (finish(&mut resumed), finish(&mut undisturbed));
    assert_eq!(summary(&found).stopped_by, StopReason::Diverged);
    assert_eq!(summary(&found).steps, summary(&expected).steps);
    let bits = |events: &[Event]| losses(events).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&expected));
    // Its end can be saved too, and measured once more.
    let (ended, _) = pollster::block_on(resumed.checkpoint()).unwrap();
    let ended = Checkpoint::from_bytes(&ended.to_bytes()).expect("it reads its end");
    let mut again =
        Session::resume(&ended, &ended.recipe, &bundled(), &device::cpu().device).unwrap();
    assert_eq!(summary(&finish(&mut again)).stopped_by, StopReason::Diverged);
}

#[test]
fn every_way_of_not_being_a_number_survives_a_checkpoint() {
    let (_, saved) = diverged_in_the_middle_of_an_epoch();
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2] {
        let mut changed = saved.clone();
        let progress = &mut changed.progress;
        progress.epoch_loss_sum = value;
        progress.best_epoch_loss = Some(value);
        (progress.seconds, progress.epoch_seconds) = (value, value);
        let read = Checkpoint::from_bytes(&changed.to_bytes()).unwrap().progress;
        let found = [
            read.epoch_loss_sum,
            read.best_epoch_loss.expect("it is not none"),
            read.seconds,
            read.epoch_seconds,
        ];
        assert_eq!(found.map(f64::to_bits), [value.to_bits(); 4], "{value}");
    }
}

#[test]
fn a_diverged_run_is_saved_by_the_command_line_and_the_same_command_goes_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let train = |steps: &str| {
        let line = format!(
            "train --model mlp-3x512 --images 200 --batch-size 20 --learning-rate 3 --learning-rate-decay 1 --device cpu \
             --steps {steps} --save run.rote --events jsonl"
        );
        rote(folder.path(), &line.split_whitespace().collect::<Vec<_>>())
    };
    let stopped = train("7");
    assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    let kept = Checkpoint::from_bytes(&fs::read(folder.path().join("run.rote")).unwrap())
        .expect("what --save wrote is read");
    assert_eq!(kept.progress.step, 7);
    assert!(!kept.progress.epoch_loss_sum.is_finite(), "{:?}", kept.progress);
    // What was streamed is JSON that says which losses are no numbers.
    let lines = String::from_utf8(stopped.stdout).unwrap();
    assert!(lines.contains("\"loss\":\"NaN\""), "{lines}");
    let read = |lines: &str| -> Vec<Event> {
        lines.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect()
    };
    assert_eq!(losses(&read(&lines)).len(), 7);

    let went_on = train("40");
    let said = String::from_utf8_lossy(&went_on.stderr).into_owned();
    assert!(went_on.status.success(), "{said}");
    let events = read(std::str::from_utf8(&went_on.stdout).unwrap());
    assert!(said.contains("going on after step 7"), "{said}");
    assert_eq!((summary(&events).steps, summary(&events).stopped_by), (7, StopReason::Diverged));
}

#[test]
fn events_of_a_diverged_run_read_back_as_the_same_text() {
    let events = finish(&mut session(DIVERGES));
    let written: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert!(written.iter().any(|text| text.contains("\"train_loss\":\"NaN\"")), "{written:?}");
    for text in &written {
        let read: Event = serde_json::from_str(text).expect("an event reads back");
        assert_eq!(serde_json::to_string(&read).unwrap(), *text);
    }
}

#[test]
fn a_run_whose_last_update_was_too_large_has_diverged_too() {
    // The losses of both steps are those before their updates: numbers. What is measured behind them is not.
    let text = "model = \"mlp-3x512\"\nimages = 200\nbatch-size = 20\nlearning-rate = 10\nlearning-rate-decay = 1";
    let mut steps = 0;
    let told = loop {
        steps += 1;
        let told = finish(&mut session(&format!("{text}\nsteps = {steps}")));
        if summary(&told).stopped_by == StopReason::Diverged || steps == 20 {
            break told;
        }
    };
    assert!(losses(&told).iter().all(|loss| loss.is_finite()), "{:?}", losses(&told));
    let end = summary(&told);
    assert_eq!((end.stopped_by, end.steps), (StopReason::Diverged, steps));
    assert!(warnings(&told)[0].contains("not a number any more after step"), "{told:?}");
}

// ---- A network that no longer learns --------------------------------------------------------------------------------

/// The warnings of a run.
fn warnings(events: &[Event]) -> Vec<&str> {
    let mut found = Vec::new();
    for event in events {
        if let Event::Warning { message } = event {
            found.push(message.as_str());
        }
    }
    found
}

fn epoch_losses(events: &[Event]) -> Vec<f32> {
    let loss = |event: &Event| match event {
        Event::Epoch(epoch) => Some(epoch.train_loss),
        _ => None,
    };
    events.iter().filter_map(loss).collect()
}

#[test]
fn a_network_whose_units_have_all_died_ends_with_a_warning_that_says_what_to_do() {
    for (text, advice) in [
        (
            "batch-norm = false\nlearning-rate = 0.3",
            "`learning-rate` than 0.3, or another `initialization`",
        ),
        (
            "learning-rate = 1\nweight-decay = 0.0001",
            "`learning-rate` than 1, or a smaller `weight-decay` than 0.0001, or another `initialization`",
        ),
    ] {
        let events = finish(&mut session(&format!(
            "model = \"cnn-small\"\nimages = 200\nbatch-size = 20\nepochs = 8\nlearning-rate-decay = 1\n{text}"
        )));
        let (ended, said) = (summary(&events), warnings(&events));
        assert_eq!(ended.stopped_by, StopReason::Epochs, "{text}");
        // Every class is as frequent as the others, and every image is given the same one.
        assert_eq!(ended.train_accuracy, 0.1, "{text}: {said:?}");
        assert_eq!(said.len(), 1, "{text}: {said:?}");
        assert!(said[0].contains("no longer learns") && said[0].ends_with(advice), "{said:?}");
    }
}

#[test]
fn random_labels_that_have_not_begun_to_be_fitted_are_no_reason_to_warn() {
    // All epochs cost what guessing costs, and more: the loss alone would say that nothing is learned.
    for model in ["mlp-1x512", "cnn-small"] {
        let events = finish(&mut session(&format!(
            "model = \"{model}\"\ncondition = \"random-labels\"\nimages = 1000\nepochs = 6\nlearning-rate = 0.0001"
        )));
        let guessing = (CIFAR10_CLASSES as f32).ln();
        let told = epoch_losses(&events);
        assert!(told.iter().all(|loss| *loss > 0.99 * guessing), "{model}: {told:?}");
        assert_eq!(warnings(&events), Vec::<&str>::new(), "{model}");
    }
}

#[test]
fn a_run_that_has_fitted_its_images_is_not_warned_of() {
    let events = finish(&mut session("images = 100\nbatch-size = 20\nstop-at-train-accuracy = 1"));
    assert_eq!(warnings(&events), Vec::<&str>::new());
}

// ---- Every float has the adapter ------------------------------------------------------------------------------------

/// Where a float of `source` is written as JSON without `crate::number`: the lines of its fields.
fn bare_floats(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<&str> = source.lines().collect();
    let is_derived =
        |line: &str| line.trim_start().starts_with("#[derive(") && line.contains("Serialize");
    for (at, derive) in lines.iter().enumerate().filter(|(_, line)| is_derived(line)) {
        let indent = derive.len() - derive.trim_start().len();
        let closing = |line: &&&str| {
            let is_end = line.trim_start().starts_with('}') || line.trim_end().ends_with(';');
            line.len() - line.trim_start().len() == indent && is_end
        };
        let end =
            lines[at..].iter().position(|line| closing(&line)).unwrap_or(lines.len() - 1 - at);
        let mut has_adapter = false;
        for line in &lines[at + 1..=at + end] {
            // What rustfmt broke in two stays one attribute here, because only a field or a doc ends one.
            let code = line.split("//").next().unwrap_or_default();
            let words: Vec<&str> =
                code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
            if code.contains("crate::number") {
                has_adapter = true;
            } else if words.iter().any(|word| ["f32", "f64"].contains(word)) {
                if !has_adapter {
                    found.push(line.trim().to_owned());
                }
                has_adapter = false;
            } else if code.trim_end().ends_with([',', '{']) {
                has_adapter = false;
            }
        }
    }
    found
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        (file, text)
    };
    rust_files(&root).into_iter().map(read).collect()
}

#[test]
fn every_float_that_is_written_as_json_goes_through_the_one_adapter() {
    let mut structs = 0;
    for (file, source) in sources() {
        structs += source.matches("Serialize").count();
        let bare = bare_floats(&source);
        assert!(
            bare.is_empty(),
            "{}: JSON cannot hold every value of {bare:?}; put #[serde(with = \"crate::number\")] on it",
            file.display()
        );
    }
    assert!(structs > 20, "the sources were not found");
}

#[test]
fn a_float_without_the_adapter_would_be_found_wherever_it_stands() {
    let derive = "#[derive(Clone, serde::Serialize)]";
    let adapted = "    #[serde(with = \"crate::number\")]\n    a: f64,\n";
    let cases = [
        (format!("{derive}\nstruct A {{\n    a: f64,\n}}\n"), 1),
        (format!("{derive}\npub struct A {{\n{adapted}}}\n"), 0),
        // The adapter of the field before does not count.
        (
            format!(
                "{derive}\nstruct A {{\n{adapted}    /// As f64.\n    pub b: Option<f32>,\n}}\n"
            ),
            1,
        ),
        (
            format!(
                "{derive}\nenum A {{\n    B {{\n        a: Vec<f64>,\n    }},\n    C(f32),\n}}\n"
            ),
            2,
        ),
        (format!("{derive}\nstruct A(f32);\n\nfn b(c: f64) {{}}\n"), 1),
        // What is not written as JSON may hold what it likes.
        ("#[derive(Clone)]\nstruct A {\n    a: f64,\n}\n".to_owned(), 0),
        (format!("{derive}\nstruct A {{\n    a: u64,\n}}\n\nstruct B {{\n    b: f64,\n}}\n"), 0),
    ];
    for (source, expected) in cases {
        assert_eq!(bare_floats(&source).len(), expected, "{source}");
    }
}

#[test]
fn nothing_else_writes_json_by_hand() {
    // A hand-written Serialize or a `Value` made of a float could pass by the adapter; those that there are do not.
    let may = |file: &Path, word: &str| match word {
        "Serialize for " => file.ends_with("number.rs") || file.ends_with("train/recipe.rs"),
        // A table's cells, through `crate::number`.
        "Value::from" => file.ends_with("cli/export/lines.rs"),
        _ => false,
    };
    for (file, source) in sources() {
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        // `JsValue` is no JSON.
        let code = code.replace("JsValue", "");
        for word in ["Serialize for ", "Value::from", "json!("] {
            assert!(
                !code.contains(word) || may(&file, word),
                "{} writes JSON by `{word}`: see to it that no float of it is written bare, then name it here",
                file.display()
            );
        }
    }
}
