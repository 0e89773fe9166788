//! `rote train`: one run, drawn in the terminal.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::checkpoint_file::CheckpointFile;
use super::report::{Output, RunReport};
use super::{CliError, interrupt, store_options};
use crate::data::store;
use crate::device::{self, DeviceChoice, OpenDevice};
use crate::train::{
    Checkpoint, Event, Group, Kind, Recipe, SETTINGS, Session, Setting, TrainError,
};

/// Between two checkpoints, on disk with `--save`, else in memory.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// The command and its flags; those of the recipe come from its one declaration.
pub fn command() -> Command {
    let settings = SETTINGS.iter().map(setting_flag);
    Command::new("train")
        .about("Train one network, on true labels or on noise")
        .long_about(
            "Train one network, on true labels or on noise.\n\nThe paper's question in two commands:\n  \
             rote train --stop-at-train-accuracy 1\n  \
             rote train --stop-at-train-accuracy 1 --condition random-labels\n\
             Both reach 100 % on the training images. Only one of them knows anything about other images.",
        )
        .args(settings)
        .args([
            path("recipe", "FILE", "Read settings from a recipe file (`setting = value` lines); flags win over it"),
            path("save", "FILE", "Write a checkpoint here at the start, every minute and at the end"),
            path("resume", "FILE", "Go on from a checkpoint, and keep it up to date unless --save names another; only the stop rules may change"),
            device_argument(),
            Arg::new("events")
                .long("events")
                .value_name("FORMAT")
                .value_parser(["jsonl"])
                .help("Write every event to standard output, one JSON object a line"),
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("End standard output with one JSON object that sums the run up"),
        ])
        .args(store_options())
}

fn path(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(value)
        .value_parser(clap::value_parser!(PathBuf))
        .help(help)
}

fn setting_flag(setting: &'static Setting) -> Arg {
    let default = setting.get(&Recipe::default());
    let heading = match setting.group {
        Group::Model => "Model",
        Group::Data => "Data",
        Group::Optimization => "Optimization",
        Group::Stop => "When to stop",
        Group::Start => "Chance",
    };
    let allowed = match setting.kind {
        Kind::Choice(words) => words.join(", "),
        kind => kind.allowed(),
    };
    let flag = Arg::new(setting.key)
        .long(setting.key)
        .value_name("VALUE")
        .help(format!("{} [{allowed}; default: {default}]", setting.help.trim()))
        .help_heading(heading);
    match setting.kind {
        Kind::Switch => flag.num_args(0..=1).default_missing_value("true"),
        // So that -0.1 gets the sentence about its range, not one about an unknown flag.
        _ => flag.allow_hyphen_values(true),
    }
}

/// Trains.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let resumed = matches
        .get_one::<PathBuf>("resume")
        .map(|file| CheckpointFile::new(file).read())
        .transpose()?;
    let base =
        resumed.as_ref().map_or_else(Recipe::default, |checkpoint| checkpoint.recipe.clone());
    let recipe = recipe_of(matches, base)?;
    if let Some(checkpoint) = &resumed {
        checkpoint
            .continued_as(&recipe)
            .map_err(|error| CliError::in_file(matches, "resume", error))?;
    }
    let folder = store::data_folder(matches.get_one::<PathBuf>("data-dir").map(PathBuf::as_path))?;
    let data = store::load_images(recipe.images as usize, &folder)?;
    let opened = open_device(matches)?;
    let mut session = match &resumed {
        Some(checkpoint) => Session::resume(checkpoint, &recipe, &data, &opened.device)?,
        None => Session::new(&recipe, &data, &opened.device)?,
    };
    drop(data);
    let output = Output {
        events: matches.contains_id("events"),
        json: matches.get_flag("json"),
        device: opened.name.clone(),
    };
    let save = matches.get_one::<PathBuf>("save").map(CheckpointFile::new);
    if let Some(file) = &save {
        file.refuse_another_run(&recipe)?;
    }
    // A run that is gone on with stays where it was kept.
    let save = save.or_else(|| matches.get_one::<PathBuf>("resume").map(CheckpointFile::new));
    // What Ctrl-C or a lost device leaves behind.
    let rescue = save.clone().unwrap_or_else(|| CheckpointFile::for_recipe(&recipe));
    drive(&mut session, &opened, output, save, &rescue)
}

/// `--device`.
pub(super) fn device_argument() -> Arg {
    Arg::new("device")
        .long("device")
        .value_name("DEVICE")
        .default_value("auto")
        .help("Where to compute: auto (a GPU if there is a real one), gpu or cpu; `rote devices` lists them")
}

/// Opens the device of `--device`.
pub(super) fn open_device(matches: &ArgMatches) -> Result<OpenDevice, CliError> {
    let word = matches.get_one::<String>("device").map_or("auto", String::as_str);
    let index = DeviceChoice::KEYS.iter().position(|key| *key == word).ok_or_else(|| {
        CliError::Usage(format!(
            "`device` is {word}, but it must be one of {}",
            DeviceChoice::KEYS.join(", ")
        ))
    })?;
    Ok(device::open(DeviceChoice::ALL[index])?)
}

/// The recipe of a file and flags over `recipe`; flags win.
fn recipe_of(matches: &ArgMatches, recipe: Recipe) -> Result<Recipe, CliError> {
    let mut recipe = recipe;
    if let Some(file) = matches.get_one::<PathBuf>("recipe") {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            CliError::Usage(format!("{name} could not be read: {error}; name a recipe file"))
        })?;
        recipe.read_toml(&text).map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    }
    for setting in SETTINGS {
        if let Some(value) = matches.get_one::<String>(setting.key) {
            setting.set(&mut recipe, value)?;
        }
    }
    recipe.check()?;
    Ok(recipe)
}

fn drive(
    session: &mut Session,
    opened: &OpenDevice,
    output: Output,
    save: Option<CheckpointFile>,
    rescue: &CheckpointFile,
) -> Result<(), CliError> {
    let interrupted = interrupt::watch()?;
    let mut report = RunReport::new(output);
    if let Some(note) = &opened.note {
        report.event(&Event::Warning { message: note.clone() });
    }
    let mut last = checkpoint(session, &mut report)?;
    // Saving once at the start finds an unwritable path before anything is computed.
    if let Some(file) = &save {
        file.write(&last)?;
    }
    let mut taken = Instant::now();
    while !session.is_finished() {
        match pollster::block_on(session.advance()) {
            Ok(events) => events.iter().for_each(|event| report.event(event)),
            Err(error @ TrainError::Device { .. }) => {
                report.close();
                rescue.write(&last)?;
                let (step, file) = (last.progress.step, rescue.to_string());
                return Err(CliError::Failed(format!(
                    "{error}; `rote train --resume {file}` goes on after step {step}"
                )));
            }
            Err(error) => return Err(error.into()),
        }
        if interrupted.load(Ordering::SeqCst) || report.is_closed_pipe() {
            last = checkpoint(session, &mut report)?;
            report.close();
            rescue.write(&last)?;
            return Err(CliError::Interrupted { step: session.step(), file: rescue.to_string() });
        }
        if taken.elapsed() >= SAVE_EVERY {
            last = checkpoint(session, &mut report)?;
            // A disk that fills up later must not end the run.
            if let Some(Err(error)) = save.as_ref().map(|file| file.write(&last)) {
                report.event(&Event::Warning { message: error.to_string() });
            }
            taken = Instant::now();
        }
    }
    // The result first: it must not be lost to a disk that is full.
    report.finish();
    match save {
        Some(file) => file.write(&checkpoint(session, &mut report)?),
        None => Ok(()),
    }
}

fn checkpoint(session: &mut Session, report: &mut RunReport) -> Result<Checkpoint, CliError> {
    let (checkpoint, events) = pollster::block_on(session.checkpoint())?;
    events.iter().for_each(|event| report.event(event));
    Ok(checkpoint)
}
