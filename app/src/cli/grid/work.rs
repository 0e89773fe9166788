//! One run of a grid: from where it stands to its end, with everything it needs to be gone on with on disk.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::folder::{Claimed, RunFolder, RunSummary};
use crate::cli::CliError;
use crate::data::{DataSet, store};
use crate::device::OpenDevice;
use crate::train::{Checkpoint, Event, Recipe, Session, Summary, TrainError};

/// How an attempt at a run ended.
pub(super) enum Ended {
    /// It had been finished before.
    Already(RunSummary),
    /// It is finished now.
    Now(RunSummary),
    /// Ctrl-C; it can be gone on with.
    Interrupted,
}

/// What all runs of a grid have in common.
pub(super) struct Place<'a> {
    pub(super) opened: &'a OpenDevice,
    pub(super) data_folder: &'a Path,
    pub(super) interrupted: &'a AtomicBool,
    /// Between two checkpoints.
    pub(super) save_every: Duration,
}

/// Runs a row that was claimed, or goes on with it. `watch` sees every event, and what is survived as a warning.
pub(super) fn run(
    folder: &RunFolder,
    _claimed: &Claimed,
    row: &str,
    recipe: &Recipe,
    place: &Place,
    watch: &mut dyn FnMut(&Event),
) -> Result<Ended, CliError> {
    let mut warn = |message: String| watch(&Event::Warning { message });
    match folder.finished() {
        Ok(Some((summary, _))) => return Ok(Ended::Already(summary)),
        Ok(None) => {}
        Err(error) => warn(format!("{error}; making it again")),
    }
    let saved = match folder.checkpoint() {
        Ok(saved) => saved,
        // Any other failure may pass, and the work behind the checkpoint with it.
        Err(error @ CliError::Checkpoint { error: TrainError::Damaged { .. }, .. }) => {
            warn(format!("{error}; this run starts anew"));
            None
        }
        Err(error) => return Err(error),
    };
    let data = store::load_images(recipe.images as usize, place.data_folder)?;
    let mut session = start(saved.as_ref(), recipe, &data, place, &mut warn)?;
    drop(data);
    let mut log = folder.begin(recipe, session.history())?;
    let mut test_images = 0;
    let mut finished: Option<Summary> = None;
    let mut saved_at = Instant::now();
    while !session.is_finished() {
        for event in pollster::block_on(session.advance())? {
            watch(&event);
            log.add(&event)?;
            match event {
                Event::Started { test_images: count, .. } => test_images = count,
                Event::Finished(summary) => finished = Some(summary),
                _ => {}
            }
        }
        let is_interrupted = place.interrupted.load(Ordering::SeqCst);
        if is_interrupted || saved_at.elapsed() >= place.save_every || session.is_finished() {
            let (checkpoint, events) = pollster::block_on(session.checkpoint())?;
            events.iter().for_each(&mut *watch);
            folder.checkpoint_file().write(&checkpoint)?;
            saved_at = Instant::now();
        }
        if is_interrupted && !session.is_finished() {
            return Ok(Ended::Interrupted);
        }
    }
    let summary = finished
        .ok_or_else(|| CliError::Failed(format!("{row} ended without a result; run it again")))?;
    let summary = RunSummary {
        row: row.into(),
        summary,
        test_images,
        device: place.opened.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
    };
    log.sync()?;
    folder.finish(&summary)?;
    Ok(Ended::Now(summary))
}

/// The run from its checkpoint, or from its beginning where there is none that fits.
fn start(
    saved: Option<&Checkpoint>,
    recipe: &Recipe,
    data: &DataSet,
    place: &Place,
    warn: &mut dyn FnMut(String),
) -> Result<Session, CliError> {
    let device = &place.opened.device;
    match saved.map(|checkpoint| Session::resume(checkpoint, recipe, data, device)) {
        Some(Ok(session)) => return Ok(session),
        Some(Err(error @ (TrainError::Damaged { .. } | TrainError::OtherRecipe { .. }))) => {
            warn(format!("{error}; this run starts anew"));
        }
        Some(Err(error)) => return Err(error.into()),
        None => {}
    }
    Ok(Session::new(recipe, data, device)?)
}
