//! A grid in the terminal: a bar for each run under way, one for all of them, and a line for each that ended.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::RunSummary;
use super::options::Job;
use crate::cli::CliError;
use crate::cli::report::duration;
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
}

#[derive(Default)]
struct Counts {
    runs: usize,
    ended: usize,
    already: usize,
    elsewhere: usize,
    /// Estimated seconds of all runs, of those that ended here, and of those that were ended already.
    all_seconds: f64,
    seconds: f64,
    free_seconds: f64,
}

impl Counts {
    /// The time left, by what the work so far took beside its estimate.
    fn left(&self, elapsed: Duration, under_way: f64) -> Option<f64> {
        let done = self.seconds + under_way;
        let left = self.all_seconds - self.free_seconds - done;
        (done > 1.0).then(|| left.max(0.0) * elapsed.as_secs_f64() / done)
    }
}

impl GridProgress {
    pub(super) fn new(jobs: &[(Job, f64)], opened: &OpenDevice) -> Self {
        let all_seconds: f64 = jobs.iter().map(|(_, seconds)| seconds).sum();
        println!("{} runs on {}, about {} if none were done", jobs.len(), opened.name, duration(all_seconds));
        if let Some(note) = &opened.note {
            eprintln!("warning: {note}");
        }
        let bars = MultiProgress::new();
        let total = bars.add(ProgressBar::new((all_seconds * TICKS_A_SECOND) as u64));
        total.set_style(style("{bar:30.cyan/dim} {msg}"));
        let counts = Counts { runs: jobs.len(), all_seconds, ..Counts::default() };
        Self { bars, total, began: Instant::now(), counts: Mutex::new(counts) }
    }

    /// A bar for a run.
    pub(super) fn begin<'a>(&'a self, job: &'a Job, seconds: f64) -> RunBar<'a> {
        let bar = self.bars.insert_before(&self.total, ProgressBar::new(0));
        bar.set_style(style("{bar:20.cyan/dim} {prefix}  {msg}"));
        bar.set_prefix(job.name());
        RunBar { grid: self, bar, job, seconds, accuracies: String::new() }
    }

    pub(super) fn done(&self, job: &Job, seconds: f64, summary: &RunSummary, already: bool) {
        {
            let mut counts = self.counts();
            counts.ended += 1;
            counts.already += usize::from(already);
            *(if already { &mut counts.free_seconds } else { &mut counts.seconds }) += seconds;
        }
        self.line(&result_line(job, summary, already));
        self.tell(0.0);
    }

    pub(super) fn elsewhere(&self, job: &Job, seconds: f64) {
        {
            let mut counts = self.counts();
            counts.elsewhere += 1;
            counts.free_seconds += seconds;
        }
        self.line(&format!("{:<46} another process is at it", job.name()));
    }

    pub(super) fn failed(&self, job: &Job, seconds: f64, error: &CliError) {
        self.counts().free_seconds += seconds;
        self.line(&format!("{:<46} FAILED: {error}", job.name()));
    }

    /// Takes the bars away.
    pub(super) fn close(&self) {
        self.total.finish_and_clear();
    }

    /// The last line.
    pub(super) fn summarize(&self) {
        let Counts { runs, ended, already, elsewhere, .. } = *self.counts();
        let mut text = format!("{ended} of {runs} runs are done, {} of them now", ended - already);
        if elsewhere > 0 {
            text += &format!("; {elsewhere} are being run by another process");
        }
        println!("{text} ({})", duration(self.began.elapsed().as_secs_f64()));
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        self.bars.suspend(|| println!("{text}"));
    }

    /// Where the whole grid stands; `under_way` are the estimated seconds that a run under way has behind it.
    fn tell(&self, under_way: f64) {
        let counts = self.counts();
        let behind = counts.seconds + counts.free_seconds + under_way;
        self.total.set_position((behind * TICKS_A_SECOND) as u64);
        let left = counts
            .left(self.began.elapsed(), under_way)
            .map_or_else(String::new, |seconds| format!(", about {} left", duration(seconds)));
        self.total.set_message(format!("{} of {} runs{left}", counts.ended, counts.runs));
    }
}

/// The bar of one run.
pub(super) struct RunBar<'a> {
    grid: &'a GridProgress,
    bar: ProgressBar,
    job: &'a Job,
    seconds: f64,
    accuracies: String,
}

impl RunBar<'_> {
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Started { last_step, step, .. } => {
                self.bar.set_length(*last_step);
                self.bar.set_position(*step);
            }
            Event::Step { step, loss, .. } => {
                self.bar.set_position(*step);
                self.bar.set_message(format!("loss {loss:.3}{}", self.accuracies));
                let share = *step as f64 / self.bar.length().unwrap_or(1).max(1) as f64;
                self.grid.tell(self.seconds * share);
            }
            Event::Epoch(metrics) => {
                if let Some(accuracy) = &metrics.accuracy {
                    let Published { train, test, .. } = self.job.published;
                    self.accuracies = format!(
                        "  train {}  test {}",
                        beside(accuracy.train_accuracy, train),
                        beside(accuracy.test_accuracy, test)
                    );
                }
            }
            Event::Warning { message } => {
                self.grid.line(&format!("{:<46} warning: {message}", self.job.name()));
            }
            Event::Finished(_) => {}
        }
    }

    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
        self.grid.bars.remove(&self.bar);
    }
}

/// An accuracy beside the paper's.
fn beside(share: f64, published: Option<Number>) -> String {
    let paper = published.map_or_else(String::new, |number| format!(" (paper {:.2})", number.percent));
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
        beside(summary.train_accuracy, job.published.train),
        beside(summary.test_accuracy, job.published.test)
    )
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant that parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_what_the_work_took_and_leaves_out_what_was_done() {
        let counts = Counts { all_seconds: 100.0, seconds: 20.0, free_seconds: 30.0, ..Counts::default() };
        // 25 of 70 estimated seconds took 50: the 45 that are left take 90.
        assert_eq!(counts.left(Duration::from_secs(50), 5.0), Some(90.0));
        assert_eq!(Counts::default().left(Duration::from_secs(50), 0.5), None);
    }
}
