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
use std::time::Duration;

use clap::{ArgMatches, Command};

use super::CliError;
use super::report::{duration, grouped};
use super::train::open_device;
use crate::data::store;
use crate::device::OpenDevice;
use crate::experiments::{EXPERIMENTS, OPEN_SETTINGS, Scale, distinct_rows};
use estimate::Estimate;
pub use folder::{RunFolder, RunSummary};
pub use options::run_command;
use options::{Job, Options};
use progress::GridProgress;
use work::{Ended, Place};

/// `rote list`.
pub fn list_command() -> Command {
    Command::new("list")
        .about("List the paper's experiments, their sizes, and what the paper leaves open")
}

/// Prints the experiments.
pub fn list() -> Result<(), CliError> {
    say!(
        "{:<8} {:<10} {:>5} {:>5} {:>5}  what it shows",
        "name",
        "paper",
        "smoke",
        "desk",
        "paper"
    );
    for experiment in EXPERIMENTS {
        let runs = |scale| (experiment.rows)(scale).len();
        say!(
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
    let counts = Scale::ALL
        .iter()
        .map(|&scale| distinct_rows(&all, scale).len().to_string())
        .collect::<Vec<_>>();
    say!(
        "{:<19} {:>5} {:>5} {:>5}  everything, each shared run once",
        "all",
        counts[0],
        counts[1],
        counts[2]
    );
    say!(
        "\nSmoke takes seconds, desk under an hour on a laptop's CPU, paper is the paper's 50,000 images."
    );
    say!(
        "`rote run NAME --scale desk` runs one, `--dry-run` says first what it would take.\n\nWhat the paper leaves open:"
    );
    for setting in OPEN_SETTINGS {
        say!("  {}: {}\n    {}", setting.what, setting.choice, setting.reason);
    }
    Ok(())
}

/// Runs a grid.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let options = Options::read(matches)?;
    let opened = open_device(matches)?;
    let jobs = timed(options.jobs()?, &options, &opened)?;
    if options.is_dry_run {
        dry_run(&jobs, &options, &opened.name);
        return Ok(());
    }
    let data_folder = store::data_folder(options.data_dir.as_deref())?;
    let interrupted = crate::cli::interrupt::watch()?;
    let place = Place {
        opened: &opened,
        data_folder: &data_folder,
        interrupted: &interrupted,
        save_every: options.save_every,
    };
    let progress = GridProgress::new(&jobs, &opened);
    let queue: Queue =
        Mutex::new(jobs.into_iter().map(|timed| Queued { timed, is_elsewhere: false }).collect());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.workers {
            scope.spawn(|| work_through(&queue, &place, &progress, &failures));
        }
    });
    progress.close();
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    end(&failures, &interrupted, &progress)
}

/// A run and what it will take.
struct Timed {
    job: Job,
    folder: RunFolder,
    /// As estimated; where it is done already, as it took.
    seconds: f64,
    is_done: bool,
}

fn timed(jobs: Vec<Job>, options: &Options, opened: &OpenDevice) -> Result<Vec<Timed>, CliError> {
    let mut estimate = Estimate::new(&opened.device);
    let add_time = |job: Job| {
        let folder = RunFolder::of(&options.out, &job.row, &job.recipe);
        let done = folder.finished().ok().flatten();
        let is_done = done.is_some();
        let seconds = done.map_or_else(
            || estimate.seconds(&job.recipe),
            |(about, _)| Ok(about.summary.seconds),
        )?;
        Ok(Timed { job, folder, seconds, is_done })
    };
    jobs.into_iter().map(add_time).collect()
}

/// A run that is to be made.
struct Queued {
    timed: Timed,
    /// Another process was at it when it was last tried.
    is_elsewhere: bool,
}

type Queue = Mutex<VecDeque<Queued>>;
type Failures = Mutex<Vec<String>>;

/// Between two looks at a run that another process is at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// One worker: takes runs off the queue until there is none. A run that fails is told and left behind; one that another
/// process is at is waited for behind all others, and taken over if that process ends without having finished it.
fn work_through(queue: &Queue, place: &Place, progress: &GridProgress, failures: &Failures) {
    while !place.interrupted.load(Ordering::SeqCst) {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(Queued { timed, is_elsewhere }) = next else { return };
        if is_elsewhere {
            thread::sleep(LOOK_AGAIN);
        }
        let Timed { job, folder, seconds, .. } = &timed;
        let claimed = match folder.claim() {
            Ok(Some(claimed)) => Ok(claimed),
            Ok(None) => {
                if !is_elsewhere {
                    progress.elsewhere(job);
                }
                queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push_back(Queued { timed, is_elsewhere: true });
                continue;
            }
            Err(error) => Err(error),
        };
        let mut bar = progress.begin(job, *seconds);
        let ended = claimed.and_then(|claimed| {
            work::run(folder, &claimed, &job.row, &job.recipe, place, &mut |event| bar.event(event))
        });
        match ended {
            Ok(Ended::Already(summary)) => bar.done(&summary, true),
            Ok(Ended::Now(summary)) => bar.done(&summary, false),
            Ok(Ended::Interrupted) => bar.close(),
            Err(error) => {
                bar.failed(&error);
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(job.name());
            }
        }
    }
}

fn end(
    failures: &[String],
    interrupted: &AtomicBool,
    progress: &GridProgress,
) -> Result<(), CliError> {
    if interrupted.load(Ordering::SeqCst) {
        return Err(CliError::Failed("interrupted; the same command goes on where it was".into()));
    }
    progress.summarize();
    if failures.is_empty() {
        return Ok(());
    }
    let (count, names) = (failures.len(), failures.join(", "));
    let what = if count == 1 { "1 run".into() } else { format!("{count} runs") };
    Err(CliError::Failed(format!(
        "{what} failed: {names}; the reasons are above, and the same command tries again"
    )))
}

fn dry_run(jobs: &[Timed], options: &Options, device: &str) {
    say!(
        "{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}",
        "run",
        "seed",
        "images",
        "epochs",
        "steps",
        "about"
    );
    for Timed { job, seconds, is_done, .. } in jobs {
        say!(
            "{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}",
            job.row,
            job.recipe.seed,
            grouped(job.recipe.images),
            job.recipe.epochs,
            grouped(job.recipe.last_step()),
            if *is_done { "done".into() } else { duration(*seconds) }
        );
    }
    say!(
        "\n{} on {device}, one at a time; the folder is {}",
        what_is_left(jobs),
        options.out.display()
    );
}

/// How many runs there are, how many of them are done, and what the others take.
fn what_is_left(jobs: &[Timed]) -> String {
    let done = jobs.iter().filter(|timed| timed.is_done).count();
    let left: f64 = jobs.iter().filter(|timed| !timed.is_done).map(|timed| timed.seconds).sum();
    let runs = if jobs.len() == 1 { "1 run".into() } else { format!("{} runs", jobs.len()) };
    match jobs.len() - done {
        0 => format!("{runs}, all done"),
        _ if done == 0 => format!("{runs}, about {}", duration(left)),
        _ => format!("{runs}, {done} of them done; the others take about {}", duration(left)),
    }
}
