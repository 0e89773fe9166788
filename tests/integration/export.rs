//! What is written for other programs: `rote export`, read back by `rote` and by this test; and frozen files of format 1,
//! as they were first written, which every later version must read and whose fields none may lose.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rote::train::{Checkpoint, Event, Recipe, Record, SETTINGS, from_json, from_json_line};
use serde_json::Value;

use crate::command_line::rote;

/// A few runs of a second each; one of them has corrupted labels.
const GRID: &str = "run table1 --scale smoke --only mlp-1x512 --device cpu --out runs/tiny --set images=60 \
                    --set batch-size=20 --set epochs=3 --set evaluate-every=1";

fn run(folder: &Path, line: &str) -> (String, String) {
    let output = rote(folder, &line.split_whitespace().collect::<Vec<_>>());
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn refused(folder: &Path, line: &str) -> String {
    let output = rote(folder, &line.split_whitespace().collect::<Vec<_>>());
    assert!(!output.status.success(), "{line} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The cells of a CSV file by column, for texts without quotes.
fn columns(csv: &str) -> Vec<(String, Vec<String>)> {
    let mut lines = csv.lines();
    let names = lines.next().unwrap_or_default().split(',');
    let mut columns: Vec<_> = names.map(|name| (name.to_owned(), Vec::new())).collect();
    for line in lines {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!(cells.len(), columns.len(), "{line}");
        for (column, cell) in columns.iter_mut().zip(cells) {
            column.1.push(cell.to_owned());
        }
    }
    columns
}

fn column<'a>(columns: &'a [(String, Vec<String>)], name: &str) -> &'a [String] {
    let found = columns.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("there is no column {name}")).1
}

fn events(run_folder: &Path) -> Vec<Event> {
    let text = fs::read_to_string(run_folder.join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run_folders(runs: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn an_exported_file_stands_for_the_folder_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    run(path, GRID);
    run(path, "export --results runs --format jsonl --out kept.jsonl");
    // Everything that was told is there, number for number.
    let text = fs::read_to_string(path.join("kept.jsonl")).unwrap();
    let records: Vec<Record> = text.lines().map(|line| from_json_line(line).unwrap()).collect();
    let folders = run_folders(&path.join("runs/tiny"));
    assert_eq!(records.len(), folders.len());
    for own in &folders {
        assert!(records.iter().any(|record| record.events == events(own)), "{}", own.display());
    }
    // Without the folder the same grid has nothing left to do, and two ways to name the runs compare as the same.
    fs::rename(path.join("runs/tiny"), path.join("runs/moved")).unwrap();
    fs::rename(path.join("kept.jsonl"), path.join("runs/tiny.jsonl")).unwrap();
    let (compared, _) = run(path, "compare runs/moved runs/tiny.jsonl");
    assert!(compared.contains(" 0 only in A, 0 only in B"), "{compared}");
    let (dry, _) = run(path, &format!("{GRID} --dry-run"));
    assert!(dry.contains("all done"), "{dry}");
    run(path, GRID);
    assert!(
        !path.join("runs/tiny").exists() || run_folders(&path.join("runs/tiny")).is_empty(),
        "a run was made again"
    );
    // Exported again, it is the same file.
    let (again, _) = run(path, "export --results runs/tiny.jsonl --format jsonl");
    assert_eq!(again, fs::read_to_string(path.join("runs/tiny.jsonl")).unwrap());
}

#[test]
fn a_report_reads_run_folders_and_exported_files_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    run(path, "run table1 --scale smoke --only mlp-1x512 --device cpu");
    run(path, "report --out folders");
    run(path, "export --results results --format jsonl --out kept.jsonl");
    fs::remove_dir_all(path.join("results/smoke")).unwrap();
    fs::rename(path.join("kept.jsonl"), path.join("results/smoke.jsonl")).unwrap();
    run(path, "report --out files");
    let read = |folder: &str| fs::read_to_string(path.join(folder).join("results.md")).unwrap();
    // Only where a run is kept differs.
    let without_links = |text: String| -> String {
        text.split("](").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect()
    };
    assert_eq!(without_links(read("folders")), without_links(read("files")));
}

#[test]
fn the_page_reads_what_the_command_line_exports() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), GRID);
    let (json, _) = run(folder.path(), "export --results runs --format json");
    let runs = from_json(&json).unwrap();
    let folders = run_folders(&folder.path().join("runs/tiny"));
    assert_eq!(runs.len(), folders.len());
    for own in &folders {
        assert!(runs.iter().any(|run| run.events == events(own)), "{}", own.display());
    }
}

#[test]
fn the_table_of_epochs_has_every_setting_and_every_epoch() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), GRID);
    let (csv, _) = run(folder.path(), "export --results runs");
    let columns = columns(&csv);
    for setting in SETTINGS {
        column(&columns, &setting.key.replace('-', "_"));
    }
    let told: usize = run_folders(&folder.path().join("runs/tiny"))
        .iter()
        .map(|own| events(own).iter().filter(|event| matches!(event, Event::Epoch(_))).count())
        .sum();
    assert_eq!(column(&columns, "epoch").len(), told);
    assert!(column(&columns, "folder").iter().all(|folder| folder == "tiny"));
    let mut losses: Vec<f64> =
        column(&columns, "train_loss").iter().map(|loss| loss.parse().unwrap()).collect();
    let mut expected: Vec<f64> = run_folders(&folder.path().join("runs/tiny"))
        .iter()
        .flat_map(|own| {
            fs::read_to_string(own.join("events.jsonl"))
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|line| serde_json::from_str::<Value>(&line).unwrap())
        .filter(|event| event["event"] == "epoch")
        .map(|event| event["train_loss"].as_f64().unwrap())
        .collect();
    losses.sort_by(f64::total_cmp);
    expected.sort_by(f64::total_cmp);
    assert_eq!(losses, expected);
}

#[test]
fn what_cannot_be_exported_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for (line, expected) in [
        ("export", "no finished run"),
        ("export --format parquet", "--out"),
        ("export --format json --table runs", "--format jsonl"),
    ] {
        let said = refused(folder.path(), line);
        assert!(said.contains(expected), "{line}: {said}");
    }
    run(folder.path(), GRID);
    let said = refused(folder.path(), "export --results runs --images");
    assert!(said.contains("--record-images"), "{said}");
}

#[test]
fn runs_that_were_finished_without_their_images_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), GRID);
    let files = || {
        let runs = run_folders(&folder.path().join("runs/tiny"));
        let read = |run: &PathBuf| {
            ["summary.json", "events.jsonl"].map(|name| fs::read(run.join(name)).unwrap())
        };
        runs.iter().map(read).collect::<Vec<_>>()
    };
    let before = files();
    let line = format!("{GRID} --record-images");
    let output = rote(folder.path(), &line.split_whitespace().collect::<Vec<_>>());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("kept nothing of its images; name another folder with --out"), "{told}");
    assert_eq!(files(), before);
}

#[test]
fn every_image_is_recorded_on_request() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &format!("{GRID} --record-images"));
    let (csv, _) = run(folder.path(), "export --results runs --images");
    let columns = columns(&csv);
    let runs = run_folders(&folder.path().join("runs/tiny")).len();
    assert_eq!(column(&columns, "index").len(), 60 * runs);
    // As many say what they are shown as the run's end counts.
    let said = column(&columns, "predicted").iter().zip(column(&columns, "shown"));
    let fitted = said.filter(|(predicted, shown)| predicted == shown).count();
    let (csv, _) = run(folder.path(), "export --results runs --table runs");
    let ends = self::columns(&csv);
    let accuracies = column(&ends, "train_accuracy").iter();
    let counted: f64 = accuracies.map(|share| 60.0 * share.parse::<f64>().unwrap()).sum();
    assert_eq!(fitted, counted.round() as usize);

    // One that is damaged is left out, and told.
    let damaged = run_folders(&folder.path().join("runs/tiny"))[0].join("images.csv");
    fs::write(&damaged, "index,shown\n0,").unwrap();
    let (csv, said) = run(folder.path(), "export --results runs --images");
    assert_eq!(csv.lines().count(), 1 + 60 * (runs - 1));
    assert!(said.contains("left out") && said.contains("images.csv is damaged"), "{said}");
}

#[test]
fn what_is_recorded_of_images_goes_on_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let train = "train --images 60 --batch-size 20 --device cpu --condition random-labels";
    run(folder.path(), &format!("{train} --epochs 6 --record-images calm.csv"));
    run(folder.path(), &format!("{train} --epochs 3 --record-images broken.csv --save run.rote"));
    let (_, said) = run(
        folder.path(),
        "train --resume run.rote --epochs 6 --device cpu --record-images broken.csv",
    );
    assert!(!said.contains("count from here"), "{said}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("broken.csv"), read("calm.csv"));
    // Without what was recorded before it is said that counting begins late.
    let (_, said) = run(
        folder.path(),
        "train --resume run.rote --epochs 7 --device cpu --record-images late.csv",
    );
    assert!(said.contains("count from here"), "{said}");
}

// ---- Frozen files ---------------------------------------------------------------------------------------------------

fn frozen(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/integration/frozen").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn frozen_text(name: &str) -> String {
    String::from_utf8(frozen(name)).unwrap()
}

/// Every place of a JSON text, such as `.recipe.seed`, with the values that stand there. What a run told is one place for each
/// kind of event.
fn places(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("event").and_then(Value::as_str).unwrap_or_default();
            for (key, value) in fields {
                places(value, &format!("{at}{kind}.{key}"), found);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| places(item, &format!("{at}[]"), found))
        }
        _ => {
            found.insert(at.to_owned());
        }
    }
}

fn places_of(lines: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines.lines() {
        places(&serde_json::from_str(line).unwrap(), "", &mut found);
    }
    found
}

/// A frozen text with the names that are written today, of the fields that were renamed since.
fn renamed(frozen: &str) -> String {
    frozen.replace("\"changed_labels\"", "\"corrupted_labels\"")
}

/// Fields of the frozen file that are missing from what is written now. Empty ones are written as null, so that they count
/// even where the run has nothing to say.
fn lost(frozen: &str, now: &str) -> Vec<String> {
    let now = places_of(now);
    let is_there = |place: &&String| {
        let below = format!("{place}.");
        now.contains(*place) || now.iter().any(|known| known.starts_with(&below))
    };
    places_of(&renamed(frozen)).iter().filter(|place| !is_there(place)).cloned().collect()
}

/// The settings that the frozen files were made with, so that a run of today can be laid beside them.
fn frozen_recipe() -> Recipe {
    let Event::Started { recipe, .. } =
        serde_json::from_str(frozen_text("events.jsonl").lines().next().unwrap()).unwrap()
    else {
        panic!("the frozen events begin with their start")
    };
    recipe
}

#[test]
fn the_frozen_events_are_read_and_every_field_of_theirs_is_still_written() {
    let text = frozen_text("events.jsonl");
    let events: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let recipe = frozen_recipe();
    assert_eq!((recipe.images, recipe.epochs, recipe.label_corruption), (40, 2, 0.5));
    let losses: Vec<f32> = events
        .iter()
        .filter_map(
            |event| if let Event::Epoch(epoch) = event { Some(epoch.train_loss) } else { None },
        )
        .collect();
    assert_eq!(losses.len(), 2);
    assert!(events.iter().any(|event| matches!(event, Event::Step { step: 4, .. })));
    let Some(Event::Finished(summary)) = events.last() else { panic!("no end: {text}") };
    assert_eq!((summary.steps, summary.epochs), (4, 2));

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("recipe.toml"), recipe.to_toml()).unwrap();
    let (now, _) = run(folder.path(), "train --recipe recipe.toml --device cpu --events jsonl");
    assert_eq!(lost(&text, &now), Vec::<String>::new());
}

#[test]
fn a_frozen_run_has_the_name_it_had_whatever_settings_have_come_since() {
    let named =
        frozen_text("epochs.csv").lines().nth(1).unwrap().split(',').next().map(str::to_owned);
    let record = from_json_line(frozen_text("export.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(Some(record.id()), named);
    let other = Recipe { stop_at_train_loss: Some(0.1), ..record.recipe.clone() };
    assert_ne!(Record { recipe: other, ..record.clone() }.id(), record.id());
}

#[test]
fn null_is_still_read_for_a_loss_that_is_not_a_number() {
    let line = r#"{"event":"step","step":4,"epoch":1,"loss":null,"learning_rate":0.01}"#;
    let read: Event = serde_json::from_str(line).unwrap();
    assert!(matches!(read, Event::Step { loss, .. } if loss.is_nan()));
}

#[test]
fn the_frozen_json_of_a_run_has_no_field_that_is_not_written_any_more() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("recipe.toml"), frozen_recipe().to_toml()).unwrap();
    let (now, _) = run(folder.path(), "train --recipe recipe.toml --device cpu --json");
    let frozen = frozen_text("train.json");
    assert_eq!(lost(frozen.trim(), now.trim()), Vec::<String>::new());
    let frozen: Value = serde_json::from_str(&frozen).unwrap();
    assert_eq!((&frozen["format"], &frozen["steps"]), (&1.into(), &4.into()));
}

#[test]
fn a_frozen_run_folder_is_reported_and_its_summary_has_lost_no_field() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("runs/old/some-run");
    fs::create_dir_all(&own).unwrap();
    for name in ["summary.json", "events.jsonl"] {
        fs::write(own.join(name), frozen(name)).unwrap();
    }
    let (csv, _) = run(folder.path(), "export --results runs --table runs");
    let columns = columns(&csv);
    assert_eq!(column(&columns, "steps_done"), ["4"]);
    assert_eq!(column(&columns, "label_corruption"), ["0.5"]);

    run(folder.path(), GRID);
    let now = run_folders(&folder.path().join("runs/tiny"));
    let one_line = |text: String| serde_json::from_str::<Value>(&text).unwrap().to_string();
    let now = one_line(fs::read_to_string(now[0].join("summary.json")).unwrap());
    let mut missing = lost(&one_line(frozen_text("summary.json")), &now);
    // The grid's labels are whole.
    missing.retain(|place| !place.starts_with(".corrupted"));
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_run_folder_of_the_first_version_whose_recipe_is_text_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("runs/old/some-run");
    fs::create_dir_all(&own).unwrap();
    let text: Value = "label-corruption = 0.5\nimages = 40\nbatch-size = 20\nepochs = 2\n".into();
    // As that version wrote it: no format, no origin but device and version, only what differs from the defaults.
    let aged = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object_mut().unwrap();
        for name in ["format", "numerics", "revision", "data_sha256", "origin"] {
            fields.remove(name);
        }
        if let Some(recipe) = fields.get_mut("recipe") {
            *recipe = text.clone();
        }
        value.to_string()
    };
    fs::write(own.join("summary.json"), aged(&frozen_text("summary.json"))).unwrap();
    let events: Vec<String> = frozen_text("events.jsonl").lines().map(aged).collect();
    fs::write(own.join("events.jsonl"), events.join("\n")).unwrap();
    let (line, _) = run(folder.path(), "export --results runs --format jsonl");
    let record = from_json_line(&line).unwrap();
    assert_eq!(record.recipe, frozen_recipe());
    assert_eq!((record.origin.numerics, record.origin.version.as_str()), (1, "0.1.0"));
}

#[test]
fn a_frozen_export_is_read_and_written_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.jsonl"), frozen("export.jsonl")).unwrap();
    let (lines, _) = run(folder.path(), "export --results old.jsonl --format jsonl");
    assert_eq!(lines, renamed(&frozen_text("export.jsonl")));
    let (csv, _) = run(folder.path(), "export --results old.jsonl");
    assert_eq!(csv, frozen_text("epochs.csv"));
    // The very bytes that pandas with pyarrow was seen to read. The head of a gzip page names no time.
    run(folder.path(), "export --results old.jsonl --format parquet --out old.parquet");
    assert_eq!(fs::read(folder.path().join("old.parquet")).unwrap(), frozen("epochs.parquet"));
}

#[test]
fn a_frozen_file_of_the_page_is_read() {
    let runs = from_json(&frozen_text("page.json")).unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].recipe, frozen_recipe());
    assert_eq!(runs[0].summary().map(|summary| summary.steps), Some(4));
}

#[test]
fn a_frozen_checkpoint_is_read() {
    let checkpoint = Checkpoint::from_bytes(&frozen("checkpoint.rote")).unwrap();
    assert_eq!(checkpoint.progress.step, 4);
    assert_eq!(checkpoint.recipe.images, 40);
    assert_eq!(checkpoint.origin.numerics, 1);
}

#[test]
fn the_page_about_formats_names_every_field_and_every_column() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats.md");
    let page = fs::read_to_string(page).unwrap();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for lines in
        [frozen_text("events.jsonl"), frozen_text("export.jsonl"), frozen_text("train.json")]
    {
        let last = |place: &String| place.rsplit('.').next().unwrap_or_default().replace("[]", "");
        names.extend(places_of(lines.trim()).iter().map(last));
    }
    names.extend(frozen_text("epochs.csv").lines().next().unwrap().split(',').map(str::to_owned));
    let settings: Vec<String> = SETTINGS
        .iter()
        .flat_map(|setting| [setting.key.to_owned(), setting.key.replace('-', "_")])
        .collect();
    for name in names.iter().filter(|name| !settings.contains(name)) {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/formats.md does not say what `{name}` is"
        );
    }
}
