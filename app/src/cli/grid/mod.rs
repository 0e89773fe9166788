//! `rote list` and `rote run`: the grids of the experiments, run into folders.

mod estimate;
mod folder;
mod options;
mod progress;
mod work;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use clap::{ArgMatches, Command};

use super::CliError;
use super::report::{duration, grouped};
use super::train::open_device;
use crate::data::store;
use crate::experiments::{EXPERIMENTS, OPEN_SETTINGS, Scale, distinct_rows};
use estimate::Estimate;
pub use folder::{RunFolder, RunSummary};
pub use options::run_command;
use options::{Job, Options};
use progress::GridProgress;
use work::{Ended, Place};

/// `rote list`.
pub fn list_command() -> Command {
    Command::new("list").about("List the paper's experiments, their sizes, and what the paper leaves open")
}

/// Prints the experiments.
pub fn list() -> Result<(), CliError> {
    println!("{:<8} {:<10} {:>5} {:>5} {:>5}  what it shows", "name", "paper", "smoke", "desk", "paper");
    for experiment in EXPERIMENTS {
        let runs = |scale| (experiment.rows)(scale).len();
        println!(
            "{:<8} {:<10} {:>5} {:>5} {:>5}  {}",
            experiment.name,
            experiment.place,
            runs(Scale::Smoke),
            runs(Scale::Desk),
            runs(Scale::Paper),
            experiment.about
        );
    }
    let all: Vec<_> = EXPERIMENTS.iter().collect();
    let counts = Scale::ALL.iter().map(|&scale| distinct_rows(&all, scale).len().to_string()).collect::<Vec<_>>();
    println!("{:<19} {:>5} {:>5} {:>5}  everything, each shared run once", "all", counts[0], counts[1], counts[2]);
    println!("\nSmoke takes seconds, desk under an hour on a laptop's CPU, paper is the paper's 50,000 images.");
    println!(
        "`rote run NAME --scale desk` runs one, `--dry-run` says first what it would take.\n\nWhat the paper leaves open:"
    );
    for setting in OPEN_SETTINGS {
        println!("  {}: {}\n    {}", setting.what, setting.choice, setting.reason);
    }
    Ok(())
}

/// Runs a grid.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let options = Options::read(matches)?;
    let opened = open_device(matches)?;
    let mut estimate = Estimate::new(&opened.device);
    let mut jobs = Vec::new();
    for job in options.jobs()? {
        let seconds = estimate.seconds(&job.recipe)?;
        jobs.push((job, seconds));
    }
    if options.is_dry_run {
        dry_run(&jobs, &options, &opened.name);
        return Ok(());
    }
    let data_folder = store::data_folder(options.data_dir.as_deref())?;
    let interrupted = crate::cli::interrupt::watch()?;
    let place =
        Place { opened: &opened, data_folder: &data_folder, interrupted: &interrupted, save_every: options.save_every };
    let progress = GridProgress::new(&jobs, &opened);
    let queue: Mutex<VecDeque<_>> = Mutex::new(jobs.into_iter().collect());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.workers {
            scope.spawn(|| work_through(&queue, &place, &progress, &failures, &options));
        }
    });
    progress.close();
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    end(&failures, &interrupted, &progress)
}

type Failures = Mutex<Vec<String>>;

/// One worker: takes runs off the queue until there is none. A run that fails is told and left behind.
fn work_through(
    queue: &Mutex<VecDeque<(Job, f64)>>,
    place: &Place,
    progress: &GridProgress,
    failures: &Failures,
    options: &Options,
) {
    while !place.interrupted.load(Ordering::SeqCst) {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((job, seconds)) = next else { return };
        let folder = RunFolder::of(&options.out, &job.row, &job.recipe);
        let mut bar = progress.begin(&job, seconds);
        let ended = work::run(&folder, &job.row, &job.recipe, place, &mut |event| bar.event(event));
        bar.close();
        match ended {
            Ok(Ended::Already(summary)) => progress.done(&job, seconds, &summary, true),
            Ok(Ended::Now(summary)) => progress.done(&job, seconds, &summary, false),
            Ok(Ended::Elsewhere) => progress.elsewhere(&job, seconds),
            Ok(Ended::Interrupted) => {}
            Err(error) => {
                progress.failed(&job, seconds, &error);
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(job.name());
            }
        }
    }
}

fn end(failures: &[String], interrupted: &AtomicBool, progress: &GridProgress) -> Result<(), CliError> {
    if interrupted.load(Ordering::SeqCst) {
        return Err(CliError::Failed("interrupted; the same command goes on where it was".into()));
    }
    progress.summarize();
    if failures.is_empty() {
        return Ok(());
    }
    let (count, names) = (failures.len(), failures.join(", "));
    let what = if count == 1 { "1 run".into() } else { format!("{count} runs") };
    Err(CliError::Failed(format!("{what} failed: {names}; the reasons are above, and the same command tries again")))
}

fn dry_run(jobs: &[(Job, f64)], options: &Options, device: &str) {
    println!("{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}", "run", "seed", "images", "epochs", "steps", "about");
    for (job, seconds) in jobs {
        println!(
            "{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}",
            job.row,
            job.recipe.seed,
            grouped(job.recipe.images),
            job.recipe.epochs,
            grouped(job.recipe.last_step()),
            duration(*seconds)
        );
    }
    let total: f64 = jobs.iter().map(|(_, seconds)| seconds).sum();
    println!(
        "\n{} runs, about {} on {device}, one at a time, if none were done; results would be in {}",
        jobs.len(),
        duration(total),
        options.out.display()
    );
}
