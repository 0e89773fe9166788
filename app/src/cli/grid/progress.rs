//! A grid in the terminal: a bar for each run under way, one for all of them, and a line for each that ended.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::options::Job;
use super::{RunSummary, TimedJob, what_is_left};
use crate::cli::CliError;
use crate::cli::run_output::{Pulse, duration};
use crate::device::OpenDevice;
use crate::experiments::{Number, Published};
use crate::train::{Event, StopReason};

/// The whole bar in parts of a second's work, as estimated.
const TICKS_A_SECOND: f64 = 10.0;

pub(super) struct GridProgress {
    bars: MultiProgress,
    total: ProgressBar,
    began: Instant,
    counts: Mutex<Counts>,
    pulse: Mutex<Pulse>,
}

#[derive(Default)]
struct Counts {
    runs: usize,
    ended: usize,
    already: usize,
    diverged: usize,
    elsewhere: usize,
    /// Estimated seconds of all runs; of what was worked here; and of what needs no work here, or not any more: what a
    /// checkpoint or a finished run had behind it, and what a run that failed had before it.
    all_seconds: f64,
    seconds: f64,
    free_seconds: f64,
}

impl Counts {
    /// The time left, by what the work so far took beside its estimate.
    fn left(&self, elapsed: Duration) -> Option<f64> {
        let left = self.all_seconds - self.free_seconds - self.seconds;
        (self.seconds > 1.0).then(|| left.max(0.0) * elapsed.as_secs_f64() / self.seconds)
    }
}

impl GridProgress {
    pub(super) fn new(jobs: &[TimedJob], opened: &OpenDevice) -> Self {
        say!("{} on {}", what_is_left(jobs), opened.name);
        if let Some(note) = &opened.note {
            tell!("warning: {note}");
        }
        let all_seconds: f64 = jobs.iter().map(|timed| timed.seconds).sum();
        let bars = MultiProgress::new();
        let total = bars.add(ProgressBar::new((all_seconds * TICKS_A_SECOND) as u64));
        total.set_style(style("{bar:30.cyan/dim} {msg}"));
        let counts = Counts { runs: jobs.len(), all_seconds, ..Counts::default() };
        Self::drawn(bars, total, counts)
    }

    fn drawn(bars: MultiProgress, total: ProgressBar, counts: Counts) -> Self {
        let (counts, pulse) = (Mutex::new(counts), Mutex::new(Pulse::new()));
        Self { bars, total, began: Instant::now(), counts, pulse }
    }

    /// One that nobody sees.
    #[cfg(test)]
    pub(super) fn hidden() -> Self {
        let bars = MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden());
        let total = bars.add(ProgressBar::new(0));
        Self::drawn(bars, total, Counts::default())
    }

    /// A bar for a run.
    pub(super) fn begin<'a>(&'a self, job: &'a Job, seconds: f64) -> RunBar<'a> {
        let bar = self.bars.insert_before(&self.total, ProgressBar::new(0));
        bar.set_style(style("{bar:20.cyan/dim} {prefix}  {msg}"));
        bar.set_prefix(job.name());
        RunBar { grid: self, bar, job, seconds, share: Share::default(), accuracies: String::new() }
    }

    pub(super) fn elsewhere(&self, job: &Job, is_waited_for: bool) {
        let what = if is_waited_for { "waited for at the end" } else { "left to it" };
        self.counts().elsewhere += usize::from(!is_waited_for);
        self.line(&format!("{:<46} another process is at it; {what}", job.name()));
    }

    /// Takes the bars away.
    pub(super) fn close(&self) {
        self.total.finish_and_clear();
    }

    /// The last line.
    pub(super) fn summarize(&self) {
        let Counts { runs, ended, already, diverged, elsewhere, .. } = *self.counts();
        let mut text = format!("{ended} of {runs} runs are done, {} of them now", ended - already);
        if diverged > 0 {
            text += &format!("; {diverged} diverged");
        }
        if elsewhere > 0 {
            text += &format!("; {elsewhere} left to other processes");
        }
        say!("{text} ({})", duration(self.began.elapsed().as_secs_f64()));
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        self.bars.suspend(|| say!("{text}"));
    }

    /// Where no terminal shows bars, a line a minute about the run that is heard from then, and the whole grid.
    fn minute(&self, about: impl FnOnce() -> String) {
        let is_due =
            self.pulse.lock().unwrap_or_else(PoisonError::into_inner).is_due(Instant::now());
        if is_due {
            let counts = self.counts();
            let left = counts.left(self.began.elapsed());
            let left =
                left.map_or_else(String::new, |left| format!(", about {} left", duration(left)));
            tell!("{}; {} of {} runs done{left}", about(), counts.ended, counts.runs);
        }
    }

    /// Counts something, and says where the whole grid stands.
    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts();
        change(&mut counts);
        self.total.set_position(((counts.seconds + counts.free_seconds) * TICKS_A_SECOND) as u64);
        let left = counts.left(self.began.elapsed());
        let left =
            left.map_or_else(String::new, |seconds| format!(", about {} left", duration(seconds)));
        self.total.set_message(format!("{} of {} runs{left}", counts.ended, counts.runs));
    }
}

/// How much of a run was counted already: worked here, and free of work.
#[derive(Clone, Copy, Default)]
struct Share {
    worked: f64,
    free: f64,
}

/// The bar of one run.
pub(super) struct RunBar<'a> {
    grid: &'a GridProgress,
    bar: ProgressBar,
    job: &'a Job,
    seconds: f64,
    share: Share,
    accuracies: String,
}

impl RunBar<'_> {
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Started { last_step, step, .. } => {
                self.bar.set_length(*last_step);
                self.bar.set_position(*step);
                self.counted(Share { free: self.share_at(*step), ..self.share });
            }
            Event::Step { step, epoch, loss, .. } => {
                self.bar.set_position(*step);
                self.bar.set_message(format!("loss {loss:.3}{}", self.accuracies));
                self.counted(Share {
                    worked: self.share_at(*step) - self.share.free,
                    ..self.share
                });
                self.grid.minute(|| {
                    format!(
                        "{:<46} epoch {} of {}, step {step}, loss {loss:.3}{}",
                        self.job.name(),
                        epoch + 1,
                        self.job.recipe.epochs,
                        self.accuracies
                    )
                });
            }
            Event::Epoch(metrics) => {
                if let Some(accuracy) = &metrics.accuracy {
                    let Published { train, test, .. } = self.job.published;
                    self.accuracies = format!(
                        "  train {}  test {}",
                        beside(accuracy.train_accuracy, train, self.job),
                        beside(accuracy.test_accuracy, test, self.job)
                    );
                }
            }
            Event::Warning { message } => {
                self.grid.line(&format!("{:<46} warning: {message}", self.job.name()));
            }
            Event::Finished(_) => {}
        }
    }

    pub(super) fn done(mut self, run: &RunSummary, already: bool) {
        self.counted(Share { free: 1.0 - self.share.worked, ..self.share });
        self.grid.count(|counts| {
            counts.ended += 1;
            counts.already += usize::from(already);
            counts.diverged += usize::from(run.summary.stopped_by == StopReason::Diverged);
        });
        self.grid.line(&result_line(self.job, run, already));
        self.close();
    }

    pub(super) fn failed(mut self, error: &CliError) {
        self.counted(Share { free: 1.0 - self.share.worked, ..self.share });
        self.grid.line(&format!("{:<46} FAILED: {error}", self.job.name()));
        self.close();
    }

    pub(super) fn close(self) {
        self.bar.finish_and_clear();
        self.grid.bars.remove(&self.bar);
    }

    fn share_at(&self, step: u64) -> f64 {
        step as f64 / self.bar.length().unwrap_or(1).max(1) as f64
    }

    fn counted(&mut self, share: Share) {
        let (worked, free) = (share.worked - self.share.worked, share.free - self.share.free);
        self.share = share;
        self.grid.count(|counts| {
            counts.seconds += worked * self.seconds;
            counts.free_seconds += free * self.seconds;
        });
    }
}

/// An accuracy beside the paper's, which is of the row's own settings.
fn beside(share: f64, published: Option<Number>, job: &Job) -> String {
    let of = if job.changed.is_empty() { "" } else { " for the row" };
    let paper =
        published.map_or_else(String::new, |number| format!(" (paper{of} {:.2})", number.percent));
    format!("{:6.2} %{paper}", 100.0 * share)
}

fn result_line(job: &Job, run: &RunSummary, already: bool) -> String {
    let summary = &run.summary;
    let end = match summary.stopped_by {
        StopReason::Diverged => ", DIVERGED: the loss is not a number any more".to_owned(),
        _ if already => ", done before".to_owned(),
        _ => format!(", {} epochs in {}", summary.epochs, duration(summary.seconds)),
    };
    format!(
        "{:<46} train {}, test {}{end}",
        job.name(),
        beside(summary.train_accuracy, job.published.train, job),
        beside(summary.test_accuracy, job.published.test, job)
    )
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant that parses")
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressDrawTarget;

    use super::*;
    use crate::train::{Origin, Recipe};

    #[test]
    fn the_time_left_follows_what_the_work_took_and_leaves_out_what_was_done() {
        let counts =
            Counts { all_seconds: 100.0, seconds: 25.0, free_seconds: 30.0, ..Counts::default() };
        // 25 of 70 estimated seconds took 50: the 45 that are left take 90.
        assert_eq!(counts.left(Duration::from_secs(50)), Some(90.0));
        assert_eq!(Counts { seconds: 0.5, ..counts }.left(Duration::from_secs(50)), None);
    }

    #[test]
    fn a_resumed_run_counts_only_what_is_worked_now_and_two_at_a_time_count_both() {
        let counts = Counts { runs: 2, all_seconds: 200.0, ..Counts::default() };
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let total = bars.add(ProgressBar::new(0));
        let grid = GridProgress::drawn(bars, total, counts);
        let job = Job { row: "row".into(), ..Job::default() };
        let (mut resumed, mut fresh) = (grid.begin(&job, 100.0), grid.begin(&job, 100.0));
        let started = |step| Event::Started {
            format: 1,
            origin: Origin::here(&Recipe::default()),
            recipe: Recipe::default(),
            parameters: 1,
            images: 1,
            corrupted_labels: 0,
            test_images: 1,
            steps_per_epoch: 1,
            last_step: 10,
            step,
        };
        let at = |step| Event::Step { step, epoch: 0, loss: 1.0, learning_rate: 0.1 };
        resumed.event(&started(6));
        fresh.event(&started(0));
        resumed.event(&at(7));
        fresh.event(&at(1));
        fresh.event(&at(2));
        let so_far = |grid: &GridProgress| {
            let counts = grid.counts();
            (counts.seconds.round(), counts.free_seconds.round())
        };
        assert_eq!(so_far(&grid), (30.0, 60.0));
        resumed.failed(&CliError::Failed("for the test".into()));
        assert_eq!(so_far(&grid), (30.0, 90.0));
    }
}
