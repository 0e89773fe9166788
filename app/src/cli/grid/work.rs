//! One run of a grid: from where it stands to its end, with everything it needs to be gone on with on disk.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::claim::RunLock;
use super::folder::{RunFolder, RunSummary, UnreadRun};
use super::options::Job;
use super::workbench::{Bench, Workbench};
use crate::cli::CliError;
use crate::cli::images_record::{FILE, ImagesLog};
use crate::cli::interrupt::Interrupt;
use crate::data::{DataSet, data_sha256, store};
use crate::train::{
    Checkpoint, Event, FORMAT, Origin, Recipe, Session, Summary, TrainError, numerics,
};

/// How an attempt at a run ended.
pub(super) enum Ended {
    /// It had been finished before.
    Already(RunSummary),
    /// It is finished now.
    Now(RunSummary),
    /// A signal came; it can be gone on with.
    Interrupted,
}

/// What all runs of a grid have in common.
pub(super) struct GridContext<'a> {
    pub(super) workbench: &'a Workbench,
    /// `--data-dir`, if it is given.
    pub(super) data_dir: Option<&'a Path>,
    pub(super) interrupt: &'a Interrupt,
    /// Between two checkpoints.
    pub(super) save_every: Duration,
    /// Whether the checkpoint of a finished run stays.
    pub(super) keeps_checkpoints: bool,
    /// Whether runs keep what becomes of every training image.
    pub(super) records_images: bool,
    /// Whether it was said that the file system has no locks.
    pub(super) has_warned: AtomicBool,
}

/// Runs a row that was claimed, or goes on with it. `watch` sees every event, and what is survived as a warning.
pub(super) fn run(
    folder: &RunFolder,
    claim: &RunLock,
    job: &Job,
    place: &GridContext,
    bench: &Bench,
    watch: &mut dyn FnMut(&Event),
) -> Result<Ended, CliError> {
    let Job { row, recipe, .. } = job;
    let mut warn = |message: String| watch(&Event::Warning { message });
    match folder.finished() {
        Ok(Some((summary, _))) => {
            refuse_to_replace(folder, &summary, recipe, place.records_images)?;
            return Ok(Ended::Already(summary));
        }
        Ok(None) => {}
        Err(UnreadRun::Damaged(message)) => warn(format!("{message}; making it again")),
        Err(UnreadRun::Refused(error)) => return Err(error),
    }
    let saved = match folder.checkpoint() {
        Ok(saved) => saved,
        // Any other failure may pass, and the work behind the checkpoint with it.
        Err(error @ CliError::Checkpoint { error: TrainError::Damaged { .. }, .. }) => {
            warn(format!("{error}; this run starts anew"));
            None
        }
        Err(CliError::Checkpoint { error, .. }) => return Err(of_another(folder, &error)),
        Err(error) => return Err(error),
    };
    let data = store::load_images(recipe.images as usize, place.data_dir)?;
    let mut session = start(saved.as_ref(), recipe, &data, bench, &mut warn)?;
    session
        .computed_by(&bench.opened.name, data_sha256(recipe.images as usize)?)
        .map_err(|error| of_another(folder, &error))?;
    drop(data);
    let mut log = folder.begin(recipe, session.origin(), session.step(), session.history())?;
    let images_file = folder.path().join(FILE);
    let mut images =
        place.records_images.then(|| ImagesLog::open(images_file, &session)).transpose()?;
    if let Some(message) = images.as_mut().and_then(ImagesLog::take_warning) {
        watch(&Event::Warning { message });
    }
    let mut test_images = 0;
    let mut finished: Option<Summary> = None;
    let mut saved_at = Instant::now();
    let mut is_unsaved = false;
    while !session.is_finished() {
        for event in pollster::block_on(session.advance())? {
            watch(&event);
            log.add(&event)?;
            if let Some(images) = &mut images {
                images.add(&event, &session);
            }
            match event {
                Event::Started { test_images: count, .. } => test_images = count,
                Event::Finished(summary) => finished = Some(summary),
                _ => {}
            }
        }
        let signal = place.interrupt.signal().filter(|_| !session.is_finished());
        let is_due = !session.is_finished() && saved_at.elapsed() >= place.save_every;
        if signal.is_some() || is_due {
            // A checkpoint must not be ahead of what was told.
            log.sync()?;
            let (checkpoint, events) = pollster::block_on(session.checkpoint())?;
            events.iter().for_each(&mut *watch);
            claim.check()?;
            let saved = images.as_ref().map_or(Ok(()), ImagesLog::write);
            let saved = saved.and_then(|()| folder.checkpoint_file().write(&checkpoint));
            saved_at = Instant::now();
            match (saved, signal) {
                (Ok(()), _) => is_unsaved = false,
                // Nothing is lost yet, and room may be made; it is said once.
                (Err(error), None) => {
                    if !is_unsaved {
                        watch(&Event::Warning { message: format!("{error}; the run goes on") });
                    }
                    is_unsaved = true;
                }
                (Err(error), Some(_)) => return Err(error),
            }
        }
        if signal.is_some() {
            return Ok(Ended::Interrupted);
        }
    }
    let summary = finished
        .ok_or_else(|| CliError::Failed(format!("{row} ended without a result; run it again")))?;
    let summary = RunSummary {
        format: FORMAT,
        row: row.clone(),
        summary,
        test_images,
        origin: session.origin().clone(),
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
    };
    log.sync()?;
    claim.check()?;
    // First of all that is still to be written: on a full disk a run must not be lost to what comes with it.
    folder.finish(&summary)?;
    keep_the_rest(folder, &mut session, images.as_ref(), place.keeps_checkpoints, watch);
    Ok(Ended::Now(summary))
}

/// Writes what is kept of a finished run beside its end, and removes what is not; what fails is told.
fn keep_the_rest(
    folder: &RunFolder,
    session: &mut Session,
    images: Option<&ImagesLog>,
    keeps_checkpoint: bool,
    watch: &mut dyn FnMut(&Event),
) {
    if let Some(Err(error)) = images.map(ImagesLog::write) {
        // What stands there is of an earlier step and would pass for the end.
        let _ = fs::remove_file(folder.path().join(FILE));
        let message = format!(
            "this run is finished and kept without its images ({error} with another --out)"
        );
        watch(&Event::Warning { message });
    }
    let checkpoint = folder.checkpoint_file();
    let kept = if keeps_checkpoint {
        pollster::block_on(session.checkpoint()).map_err(CliError::from).and_then(
            |(saved, events)| {
                events.iter().for_each(&mut *watch);
                checkpoint.write(&saved)
            },
        )
    } else {
        checkpoint.remove()
    };
    if let Err(error) = kept {
        watch(&Event::Warning { message: format!("{error}; the run is finished and kept") });
    }
}

/// What a run of these settings would be made by here.
pub(super) fn made_here(recipe: &Recipe) -> Origin {
    let data_sha256 = data_sha256(recipe.images as usize).unwrap_or_default().into();
    Origin { data_sha256, ..Origin::here(recipe) }
}

/// Whether a finished run kept nothing of its images where that is wanted.
pub(super) fn lacks_images(folder: &RunFolder, records_images: bool) -> bool {
    records_images && !folder.path().join(FILE).is_file()
}

/// Refuses a run whose folder holds a finished one that is not what is asked for: its place is taken until somebody
/// decides otherwise.
fn refuse_to_replace(
    folder: &RunFolder,
    summary: &RunSummary,
    recipe: &Recipe,
    records_images: bool,
) -> Result<(), CliError> {
    let path = folder.path().display();
    let why = if !summary.is_like(&made_here(recipe)) {
        let Origin { numerics: theirs, version, .. } = &summary.origin;
        let ours = numerics(recipe);
        format!(
            "was computed by Rote {version} with numerics {theirs} (here {ours}) or from other data, and would come to \
             other digits here"
        )
    } else if lacks_images(folder, records_images) {
        "kept nothing of its images".into()
    } else {
        return Ok(());
    };
    Err(CliError::Failed(format!(
        "{path} is finished and stays as it is, but it {why}; name another folder with --out to make it again, or move \
         that one away"
    )))
}

/// The error for a checkpoint that this program cannot go on from, and that may be days of work.
fn of_another(folder: &RunFolder, error: &TrainError) -> CliError {
    let file = folder.checkpoint_file();
    CliError::Failed(format!("{file}: {error}; to start anew, remove that file"))
}

/// The run from its checkpoint, or from its beginning where there is none that fits.
fn start(
    saved: Option<&Checkpoint>,
    recipe: &Recipe,
    data: &DataSet,
    bench: &Bench,
    warn: &mut dyn FnMut(String),
) -> Result<Session, CliError> {
    let new = || Session::sharing(&bench.inputs, recipe, data, &bench.opened.device);
    match saved.map(|checkpoint| new()?.after(checkpoint)) {
        Some(Ok(session)) => return Ok(session),
        Some(Err(error @ (TrainError::Damaged { .. } | TrainError::OtherRecipe { .. }))) => {
            warn(format!("{error}; this run starts anew"));
        }
        Some(Err(error)) => return Err(error.into()),
        None => {}
    }
    Ok(new()?)
}
