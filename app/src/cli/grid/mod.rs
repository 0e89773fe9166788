//! `rote list` and `rote run`: the grids of the experiments, run into folders.

mod claim;
mod estimate;
mod folder;
mod known;
mod name;
mod options;
mod progress;
mod work;
mod workbench;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::{ArgMatches, Command};

use super::CliError;
use super::exported::Done;
use super::interrupt::{Interrupt, Signal};
use super::run_output::{duration, grouped};
use super::train::device_choice;
use crate::device::OpenDevice;
use crate::experiments::{EXPERIMENTS, OPEN_SETTINGS, Scale, distinct_rows};
use crate::train::{Event, Fit, InMemory, check_fit};
use estimate::Estimate;
pub use folder::{RunFolder, RunSummary, UnreadRun, epochs_of, is_alike, missing_epochs};
use known::Known;
pub(in crate::cli) use name::file_name;
pub use options::run_command;
use options::{Job, Options};
use progress::GridProgress;
use work::{Ended, GridContext};
use workbench::{Bench, Workbench};

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
        "\nSmoke is a few dozen images, a check that everything runs. Desk is up to 2,000 images: all of it took 35 \
         minutes on two cores of a CPU. Paper is the paper's 50,000 images."
    );
    say!(
        "`rote run NAME --scale desk` runs one, `--dry-run` says first what it would take here.\n\nWhat the paper leaves open:"
    );
    for setting in OPEN_SETTINGS {
        say!("  {}: {}\n    {}", setting.what, setting.choice, setting.reason);
    }
    Ok(())
}

/// Runs a grid.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let options = Options::read(matches)?;
    let workbench = Workbench::open(device_choice(matches)?)?;
    let bench = workbench.bench();
    let opened = &bench.opened;
    let (jobs, failure) = timed(options.jobs()?, &options, opened)?;
    if let Some(error) = failure {
        workbench.after_failure(&bench, &error);
    }
    if options.is_dry_run {
        dry_run(&jobs, &options, &opened.name);
        return Ok(());
    }
    let interrupt = Interrupt::watch()?;
    let place = GridContext {
        workbench: &workbench,
        data_dir: options.data_dir.as_deref(),
        interrupt: &interrupt,
        save_every: options.save_every,
        keeps_checkpoints: options.keeps_checkpoints,
        records_images: options.records_images,
        has_warned: AtomicBool::new(false),
    };
    let progress = GridProgress::new(&jobs, opened);
    let queue: Queue =
        Mutex::new(jobs.into_iter().map(|timed| Queued { timed, is_elsewhere: false }).collect());
    let failures = Mutex::new(Vec::new());
    let work = Work { queue: &queue, waits: !options.is_impatient, failures: &failures };
    drop(bench);
    let make = |timed: &TimedJob, watch: &mut dyn FnMut(&Event)| {
        let bench = place.workbench.bench();
        // A fault of the program in one run is no reason to lose the others: it is told like any other failure.
        let made = caught(|| make(timed, &place, &bench, watch));
        made.inspect_err(|error| place.workbench.after_failure(&bench, error))
    };
    thread::scope(|scope| {
        for _ in 0..options.workers {
            scope.spawn(|| work_through(&work, &interrupt, &progress, &make));
        }
    });
    progress.close();
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    end(&failures, interrupt.signal(), &progress)
}

/// A run and what it will take.
struct TimedJob {
    job: Job,
    folder: RunFolder,
    /// As estimated; where it is done already, as it took.
    seconds: f64,
    is_done: bool,
    /// The end of a run that the exported file beside the folder of runs holds.
    kept: Option<RunSummary>,
}

/// The runs with what they will take, and why one of them could not be timed.
fn timed(
    jobs: Vec<Job>,
    options: &Options,
    opened: &OpenDevice,
) -> Result<(Vec<TimedJob>, Option<CliError>), CliError> {
    let (known, exported) = (Known::read(&options.out)?, Done::beside(&options.out)?);
    for problem in known.problems.iter().chain(&exported.problems) {
        tell!("warning: {problem}");
    }
    let find = |job: Job| {
        let folder = known.folder(&options.out, &job);
        let here = work::made_here(&job.recipe);
        // What cannot be read says so when it is its turn.
        let done = folder.finished().ok().flatten().map(|(about, _)| about);
        let done = done.filter(|about| {
            about.is_like(&here) && !work::lacks_images(&folder, options.records_images)
        });
        // An exported run has lost what became of its images.
        let is_kept = done.is_none() && !options.records_images;
        let kept = if is_kept { exported.find(&job.recipe, &here).cloned() } else { None };
        let done = done.as_ref().or(kept.as_ref());
        let seconds = done.map_or(0.0, |about| about.summary.seconds);
        TimedJob { is_done: done.is_some(), job, folder, seconds, kept }
    };
    let mut jobs: Vec<_> = jobs.into_iter().map(find).collect();
    // Before the first is timed, which takes memory too.
    for timed in jobs.iter().filter(|timed| !timed.is_done) {
        let (recipe, at_a_time) = (&timed.job.recipe, options.workers as u64);
        let fit = Fit { recipe, in_memory: InMemory::Nothing, at_a_time };
        let refused = check_fit(fit, &opened.device)
            .map_err(|error| CliError::Usage(format!("{}: {error}", timed.job.name())));
        match refused {
            // What the other runs would take is worth knowing.
            Err(error) if options.is_dry_run => tell!("warning: {error}"),
            refused => refused?,
        }
    }
    let mut estimate = Estimate::new(&opened.device);
    let mut failure = None;
    for timed in jobs.iter_mut().filter(|timed| !timed.is_done) {
        // A run that cannot even be timed will say so when it is its turn; the others have their times.
        timed.seconds = caught(|| estimate.seconds(&timed.job.recipe)).unwrap_or_else(|error| {
            failure = Some(error);
            0.0
        });
    }
    Ok((jobs, failure))
}

/// A run that is to be made.
struct Queued {
    timed: TimedJob,
    /// Another process was at it when it was last tried.
    is_elsewhere: bool,
}

type Queue = Mutex<VecDeque<Queued>>;
type Failures = Mutex<Vec<String>>;

/// Between two looks at a run that another process is at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What the workers share.
struct Work<'a> {
    queue: &'a Queue,
    /// Whether what another process is at is waited for.
    waits: bool,
    failures: &'a Failures,
}

impl Work<'_> {
    fn next(&self) -> Option<Queued> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn later(&self, timed: TimedJob) {
        let queued = Queued { timed, is_elsewhere: true };
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(queued);
    }

    fn failed(&self, job: &Job) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(job.name());
    }
}

/// Makes one run; nothing if another process is at it.
type Make<'a> =
    dyn Fn(&TimedJob, &mut dyn FnMut(&Event)) -> Result<Option<Ended>, CliError> + Sync + 'a;

fn make(
    timed: &TimedJob,
    place: &GridContext,
    bench: &Bench,
    watch: &mut dyn FnMut(&Event),
) -> Result<Option<Ended>, CliError> {
    let TimedJob { job, folder, kept, .. } = timed;
    if let Some(summary) = kept {
        return Ok(Some(Ended::Already(summary.clone())));
    }
    let Some(claim) = folder.claim()? else { return Ok(None) };
    if let Some(message) = claim.warning()
        && !place.has_warned.swap(true, Ordering::Relaxed)
    {
        watch(&Event::Warning { message });
    }
    work::run(folder, &claim, job, place, bench, watch).map(Some)
}

/// One worker: takes runs off the queue until there is none. A run that fails is told and left behind; one that another
/// process is at is waited for behind all others, and taken over if that process ends without having finished it.
fn work_through(work: &Work, interrupt: &Interrupt, progress: &GridProgress, make: &Make) {
    while interrupt.signal().is_none() {
        let Some(Queued { timed, is_elsewhere }) = work.next() else { return };
        if is_elsewhere {
            thread::sleep(LOOK_AGAIN);
        }
        let job = &timed.job;
        let mut bar = progress.begin(job, timed.seconds);
        match make(&timed, &mut |event| bar.event(event)) {
            Ok(Some(Ended::Already(summary))) => bar.done(&summary, true),
            Ok(Some(Ended::Now(summary))) => bar.done(&summary, false),
            Ok(Some(Ended::Interrupted)) => bar.close(),
            Ok(None) => {
                bar.close();
                if !is_elsewhere {
                    progress.elsewhere(job, work.waits);
                }
                if work.waits {
                    work.later(timed);
                }
            }
            Err(error) => {
                bar.failed(&error);
                work.failed(job);
            }
        }
    }
}

/// What `work` returns, or what it panicked with as an error.
fn caught<T>(work: impl FnOnce() -> Result<T, CliError>) -> Result<T, CliError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|fault| {
        let text = fault.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| fault.downcast_ref::<&str>().copied());
        Err(CliError::Fault { text: text.unwrap_or("no reason given").into() })
    })
}

fn end(
    failures: &[String],
    signal: Option<Signal>,
    progress: &GridProgress,
) -> Result<(), CliError> {
    if let Some(signal) = signal {
        return Err(CliError::GridInterrupted { signal });
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

fn dry_run(jobs: &[TimedJob], options: &Options, device: &str) {
    say!(
        "{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}",
        "run",
        "seed",
        "images",
        "epochs",
        "steps",
        "about"
    );
    for TimedJob { job, seconds, is_done, .. } in jobs {
        say!(
            "{:<40} {:>4} {:>7} {:>6} {:>8} {:>12}",
            job.called(),
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
fn what_is_left(jobs: &[TimedJob]) -> String {
    let done = jobs.iter().filter(|timed| timed.is_done).count();
    let left: f64 = jobs.iter().filter(|timed| !timed.is_done).map(|timed| timed.seconds).sum();
    let runs = if jobs.len() == 1 { "1 run".into() } else { format!("{} runs", jobs.len()) };
    match jobs.len() - done {
        0 => format!("{runs}, all done"),
        _ if done == 0 => format!("{runs}, about {}", duration(left)),
        _ => format!("{runs}, {done} of them done; the others take about {}", duration(left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Recipe;

    #[test]
    fn a_run_that_panics_fails_alone() {
        let runs = tempfile::tempdir().unwrap();
        let timed = |row: &str| {
            let job = Job { row: row.into(), recipe: Recipe::default(), ..Job::default() };
            let folder = RunFolder::of(runs.path(), row, &job.recipe);
            Queued {
                timed: TimedJob { job, folder, seconds: 1.0, is_done: false, kept: None },
                is_elsewhere: false,
            }
        };
        let queue: Queue = Mutex::new(["one", "two", "three"].map(timed).into());
        let failures = Mutex::new(Vec::new());
        let work = Work { queue: &queue, waits: true, failures: &failures };
        let seen = Mutex::new(Vec::new());
        let make = |timed: &TimedJob, _: &mut dyn FnMut(&Event)| {
            seen.lock().unwrap().push(timed.job.row.clone());
            caught(|| {
                assert!(timed.job.row != "two", "a fault for the test");
                Err(CliError::Failed("refused for the test".into()))
            })
        };
        let progress = GridProgress::hidden();
        work_through(&work, &Interrupt::default(), &progress, &make);
        assert_eq!(*seen.lock().unwrap(), ["one", "two", "three"]);
        assert_eq!(failures.lock().unwrap().len(), 3);
        let told = caught::<()>(|| panic!("a fault for the test")).unwrap_err().to_string();
        assert!(told.contains("a fault for the test") && told.contains("tries again"), "{told}");
    }

    #[test]
    fn what_another_process_is_at_is_left_to_it_where_nobody_wants_to_wait() {
        let runs = tempfile::tempdir().unwrap();
        let job = Job::default();
        let folder = RunFolder::of(runs.path(), "row", &job.recipe);
        let queued = Queued {
            timed: TimedJob { job, folder, seconds: 1.0, is_done: false, kept: None },
            is_elsewhere: false,
        };
        let queue: Queue = Mutex::new([queued].into());
        let failures = Mutex::new(Vec::new());
        let work = Work { queue: &queue, waits: false, failures: &failures };
        // It would be looked at for ever otherwise.
        work_through(&work, &Interrupt::default(), &GridProgress::hidden(), &|_, _| Ok(None));
        assert!(queue.lock().unwrap().is_empty() && failures.lock().unwrap().is_empty());
    }
}
