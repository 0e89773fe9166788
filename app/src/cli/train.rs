//! `rote train`: one run, drawn in the terminal.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::checkpoint_file::CheckpointFile;
use super::error::Again;
use super::images_record::ImagesLog;
use super::interrupt::Interrupt;
use super::run_output::{Output, RunReport};
use super::{CliError, store_options};
use crate::data::{data_sha256, store};
use crate::device::{self, DeviceChoice, OpenDevice};
use crate::train::{
    Checkpoint, Event, Fit, Group, InMemory, Recipe, SETTINGS, Session, Setting, SettingKind,
    TrainError, check_fit,
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
             rote train --stop-at-train-loss 0.1\n  \
             rote train --stop-at-train-loss 0.1 --condition random-labels\n\
             Both fit the training images, random labels after more steps. Only one of them knows anything about other images.",
        )
        .args(settings)
        .args([
            path("recipe", "FILE", "Read settings from a recipe file (`setting = value` lines); flags win over it"),
            path("save", "FILE", "Write a checkpoint here at the start, every minute and at the end; if it holds this run already, go on from it"),
            path("resume", "FILE", "Go on from a checkpoint, and keep it up to date unless --save names another; only the stop rules may change"),
            Arg::new("restart")
                .long("restart")
                .action(ArgAction::SetTrue)
                .conflicts_with("resume")
                .help("Begin anew, also where this run has been saved; what was saved is replaced"),
            path("record-images", "FILE", "Keep what becomes of every training image in this CSV file, written whenever a checkpoint is"),
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
        SettingKind::Choice(words) => words.join(", "),
        kind => kind.allowed(),
    };
    let flag = Arg::new(setting.key)
        .long(setting.key)
        .value_name("VALUE")
        .help(format!("{} [{allowed}; default: {default}]", setting.help.trim()))
        .help_heading(heading);
    match setting.kind {
        SettingKind::Switch => flag.num_args(0..=1).default_missing_value("true"),
        // So that -0.1 gets the sentence about its range, not one about an unknown flag.
        _ => flag.allow_hyphen_values(true),
    }
}

/// Trains.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let file = |name: &str| matches.get_one::<PathBuf>(name).map(CheckpointFile::new);
    let resumed = file("resume").map(|file| file.read()).transpose()?;
    let base =
        resumed.as_ref().map_or_else(Recipe::default, |checkpoint| checkpoint.recipe.clone());
    let recipe = recipe_of(matches, base)?;
    if let Some(checkpoint) = &resumed {
        checkpoint
            .continued_as(&recipe)
            .map_err(|error| CliError::in_file(matches, "resume", error))?;
    }
    // A run that is gone on with stays where it was kept.
    let save = file("save").or_else(|| file("resume"));
    // What a signal or a lost device leaves behind.
    let rescue = save.clone().unwrap_or_else(|| CheckpointFile::for_recipe(&recipe));
    let restarts = matches.get_flag("restart");
    let found = rescue.of_run(&recipe)?.filter(|_| !restarts);
    // The same command again goes on, from wherever the run is further.
    let step = |checkpoint: &Checkpoint| checkpoint.progress.step;
    let is_found = found.as_ref().map(step) > resumed.as_ref().map(step);
    let saved = if is_found { found } else { resumed };
    if is_found && let Some(checkpoint) = &saved {
        rescue.refuse_too_far(checkpoint, &recipe)?;
    }
    let opened = open_device(matches)?;
    // Before the images are read: they are a part of what may not fit.
    let fit = Fit { recipe: &recipe, in_memory: InMemory::Nothing, at_a_time: 1 };
    check_fit(fit, &opened.device)?;
    let data_dir = matches.get_one::<PathBuf>("data-dir").map(PathBuf::as_path);
    let data = store::load_images(recipe.images as usize, data_dir)?;
    let mut session = match &saved {
        Some(checkpoint) => Session::resume(checkpoint, &recipe, &data, &opened.device)?,
        None => Session::new(&recipe, &data, &opened.device)?,
    };
    session.computed_by(&opened.name, data_sha256(recipe.images as usize)?)?;
    drop(data);
    let output = Output { events: matches.contains_id("events"), json: matches.get_flag("json") };
    let mut report = RunReport::new(output);
    if is_found {
        let step = session.step();
        report.note(&format!(
            "{rescue} holds this run up to step {step}: going on from there (--restart begins anew)"
        ));
    }
    // A run that was found in the file of an earlier stop is kept up to date there.
    let save = save.or_else(|| saved.is_some().then(|| rescue.clone()));
    if let Some(note) = &opened.note {
        report.event(&Event::Warning { message: note.clone() });
    }
    let images = matches.get_one::<PathBuf>("record-images");
    if let Some(file) = images.filter(|_| session.step() == 0 && !restarts) {
        refuse_to_replace(file)?;
    }
    let mut images = images.map(|file| ImagesLog::open(file.clone(), &session)).transpose()?;
    if let Some(message) = images.as_mut().and_then(ImagesLog::take_warning) {
        report.event(&Event::Warning { message });
    }
    let again = if restarts { Again::Resume } else { Again::SameCommand };
    Drive { session, report, save, rescue, images, again }.run()
}

/// Refuses a file of images that a new run would replace: it may be another run's, or no record at all.
fn refuse_to_replace(file: &Path) -> Result<(), CliError> {
    if store::if_found(file.symlink_metadata())
        .map_err(|error| {
            CliError::Failed(format!("{} could not be looked at: {error}", file.display()))
        })?
        .is_none()
    {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{} is there already, and this run begins anew: name another file with --record-images, or add --restart to replace it",
        file.display()
    )))
}

/// `--device`.
pub(super) fn device_argument() -> Arg {
    Arg::new("device")
        .long("device")
        .value_name("DEVICE")
        .default_value("auto")
        .help("Where to compute: auto (a GPU if there is a real one), cpu, gpu, or gpu:N of several; `rote devices` lists them")
}

/// Opens the device of `--device`.
pub(super) fn open_device(matches: &ArgMatches) -> Result<OpenDevice, CliError> {
    Ok(device::open(device_choice(matches)?)?)
}

/// What `--device` says.
pub(super) fn device_choice(matches: &ArgMatches) -> Result<DeviceChoice, CliError> {
    let word = matches.get_one::<String>("device").map_or("auto", String::as_str);
    word.parse().map_err(|()| {
        let allowed = DeviceChoice::ALLOWED;
        CliError::Usage(format!("`device` is {word}, but it must be one of {allowed}"))
    })
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

/// A run under way, and where it is kept.
struct Drive {
    session: Session,
    report: RunReport,
    save: Option<CheckpointFile>,
    rescue: CheckpointFile,
    images: Option<ImagesLog>,
    again: Again,
}

impl Drive {
    fn run(mut self) -> Result<(), CliError> {
        let interrupt = Interrupt::watch()?;
        let mut last = self.checkpoint()?;
        // Saving once at the start finds an unwritable path before anything is computed. What is replaced was found to be
        // less far, or is not wanted.
        if let Some(file) = &self.save {
            file.write(&last)?;
        }
        let mut taken = Instant::now();
        while !self.session.is_finished() {
            match pollster::block_on(self.session.advance()) {
                Ok(events) => self.tell(&events),
                Err(error) => return Err(self.failed(error.into(), &last)),
            }
            if let Some(signal) = interrupt.signal() {
                let (step, file) = self.stop(&last)?;
                return Err(CliError::Interrupted { signal, step, file, again: self.again });
            }
            if self.report.is_closed_pipe() {
                let (step, file) = self.stop(&last)?;
                let again = self.again.advice(&file);
                return Err(CliError::Failed(format!(
                    "nobody reads standard output any more, so the run was stopped after step {step}; everything so far \
                     is in {file}: {again}"
                )));
            }
            if taken.elapsed() >= SAVE_EVERY {
                last = self.checkpoint().map_err(|error| self.failed(error, &last))?;
                // A disk that fills up later must not end the run.
                if let Some(Err(error)) = self.save.as_ref().map(|file| file.write_further(&last)) {
                    self.report.event(&Event::Warning { message: error.to_string() });
                }
                taken = Instant::now();
            }
        }
        // The result first: it must not be lost to a disk that is full.
        self.report.finish();
        let (checkpoint, _) = pollster::block_on(self.session.checkpoint())
            .map_err(|error| self.failed(error.into(), &last))?;
        let saved = self.save.as_ref().map_or(Ok(()), |file| file.write_further(&checkpoint));
        let images = self.images.as_ref().map_or(Ok(()), ImagesLog::write);
        saved.and(images).and(self.report.check_output())
    }

    fn tell(&mut self, events: &[Event]) {
        for event in events {
            self.report.event(event);
            if let Some(images) = &mut self.images {
                images.add(event, &self.session);
            }
        }
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, CliError> {
        let (checkpoint, events) = pollster::block_on(self.session.checkpoint())?;
        events.iter().for_each(|event| self.report.event(event));
        // Before the checkpoint: what is said again counts once, what was never written is lost.
        if let Some(Err(error)) = self.images.as_ref().map(ImagesLog::write) {
            self.report.event(&Event::Warning { message: error.to_string() });
        }
        Ok(checkpoint)
    }

    /// Saves the run as it is; says after which step, and where.
    fn stop(&mut self, last: &Checkpoint) -> Result<(u64, String), CliError> {
        let checkpoint = self.checkpoint().map_err(|error| self.failed(error, last))?;
        self.report.close();
        self.rescue.write_further(&checkpoint)?;
        Ok((checkpoint.progress.step, self.rescue.to_string()))
    }

    /// What ended the run. If it is the device, what was known before is saved.
    fn failed(&self, error: CliError, last: &Checkpoint) -> CliError {
        if !matches!(error, CliError::Train(TrainError::Device { .. })) {
            return error;
        }
        self.report.close();
        let (step, file) = (last.progress.step, &self.rescue);
        CliError::Failed(match file.write_further(last) {
            Ok(()) => format!("{error}; `rote train --resume {file}` goes on after step {step}"),
            Err(unsaved) => format!("{error}; and what was known of it is not saved: {unsaved}"),
        })
    }
}
