//! A run in the terminal: a table of epochs, a progress bar with rate and time left, or JSON for other programs.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::CliError;
use crate::train::{EpochMetrics, Event, FORMAT, Origin, Recipe, Summary};

/// How a run is told.
pub(super) struct Output {
    /// Events as JSON lines on standard output.
    pub(super) events: bool,
    /// The summary as JSON on standard output.
    pub(super) json: bool,
}

impl Output {
    /// Whether standard output is for programs; people then read standard error.
    fn is_for_programs(&self) -> bool {
        self.events || self.json
    }
}

/// Tells a run as it goes.
pub(super) struct RunReport {
    output: Output,
    bar: ProgressBar,
    has_corrupted: bool,
    origin: Origin,
    /// Whether anything was trained since it was taken up.
    has_trained: bool,
    summary: Option<Summary>,
    /// The step the run is at, and after which it ends at the latest.
    steps: (u64, u64),
    /// Where it was when this process took it up, and when that was.
    began: (u64, Instant),
    pulse: Pulse,
    /// What standard output said when it refused a line for the first time.
    refused: RefCell<Option<io::Error>>,
}

/// The summary with what it was made on.
#[derive(serde::Serialize)]
struct SummaryLine<'a> {
    format: u32,
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(flatten)]
    origin: &'a Origin,
}

impl RunReport {
    pub(super) fn new(output: Output) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        Self {
            output,
            bar,
            has_corrupted: false,
            origin: Origin::default(),
            has_trained: false,
            summary: None,
            steps: (0, 0),
            began: (0, Instant::now()),
            pulse: Pulse::new(),
            refused: RefCell::new(None),
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        if self.output.events {
            self.print(&serde_json::to_string(event).expect("an event holds nothing JSON cannot"));
        }
        match event {
            Event::Started {
                recipe,
                origin,
                parameters,
                images,
                corrupted_labels,
                last_step,
                step,
                test_images,
                ..
            } => {
                self.has_corrupted = *corrupted_labels > 0;
                self.origin = origin.clone();
                self.line(&format!(
                    "{} with {} parameters, {}: {} training images ({} shown with another label than their own), {} test images",
                    recipe.model.key(), grouped(*parameters), condition_of(recipe), grouped(*images),
                    grouped(*corrupted_labels), grouped(*test_images),
                ));
                self.line(&format!("{}, seed {}", origin.device, recipe.seed));
                if *step > 0 {
                    self.line(&format!("going on after step {}", grouped(*step)));
                }
                self.line("");
                self.line(&self.heading());
                self.start_bar(*last_step, *step);
            }
            Event::Step { step, epoch, loss, .. } => {
                self.bar.set_message(format!("loss {loss:.3}"));
                self.bar.set_position(*step);
                self.steps.0 = *step;
                self.has_trained = true;
                if self.pulse.is_due(Instant::now()) {
                    self.minute(*epoch, *loss);
                }
            }
            Event::Epoch(metrics) => {
                self.pulse.rest(Instant::now());
                self.line(&self.row(metrics));
            }
            Event::Warning { message } => self.note(&format!("warning: {message}")),
            Event::Finished(summary) => self.summary = Some(summary.clone()),
        }
    }

    /// A line for people, on standard error.
    pub(super) fn note(&self, text: &str) {
        self.bar.suspend(|| tell!("{text}"));
    }

    /// Where an epoch takes longer than a minute and no bar can be drawn, a line says that the run goes on.
    fn minute(&self, epoch: u64, loss: f32) {
        let (step, last) = self.steps;
        let (first, began) = self.began;
        let rate = step.saturating_sub(first) as f64 / began.elapsed().as_secs_f64().max(1e-9);
        let left = duration(last.saturating_sub(step) as f64 / rate.max(1e-9));
        self.note(&format!(
            "epoch {}, step {} of {}: loss {loss:.3}, {rate:.1} steps/s, {left} left at most",
            epoch + 1,
            grouped(step),
            grouped(last),
        ));
    }

    /// Takes the bar away.
    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
    }

    /// The end of a run that finished.
    pub(super) fn finish(&self) {
        self.close();
        let Some(summary) = &self.summary else { return };
        if !self.has_trained {
            self.line("this run was finished before; nothing was trained now");
        }
        let reason = serde_json::to_value(summary.stopped_by).ok();
        let reason = reason
            .as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or("its end")
            .replace('-', " ");
        self.line(&format!(
            "\ntrain accuracy {:.2} %, test accuracy {:.2} % after {} ({}) in {}; stopped by {reason}",
            100.0 * summary.train_accuracy,
            100.0 * summary.test_accuracy,
            counted(summary.steps, "step"),
            counted(summary.epochs, "epoch"),
            duration(summary.seconds),
        ));
        if self.output.json {
            let line = SummaryLine { summary, format: FORMAT, origin: &self.origin };
            self.print(&serde_json::to_string(&line).expect("a summary holds nothing JSON cannot"));
        }
    }

    fn start_bar(&mut self, last_step: u64, step: u64) {
        self.steps = (step, last_step);
        self.began = (step, Instant::now());
        let template = "{bar:20.cyan/dim} step {pos}/{len}  {per_sec}  {eta} left  {msg}";
        let style =
            ProgressStyle::with_template(template).expect("the template is a constant that parses");
        let style = style
            .with_key(
                "per_sec",
                |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    // Nothing can be done about a terminal that refuses text.
                    let _ = write!(out, "{:.1} steps/s", state.per_sec());
                },
            )
            .with_key("eta", |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{}", HumanDuration(state.eta()));
            });
        self.bar.set_style(style);
        self.bar.set_length(last_step);
        self.bar.set_position(step);
        self.bar.reset_eta();
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }

    fn line(&self, text: &str) {
        if self.output.is_for_programs() {
            self.bar.suspend(|| tell!("{text}"));
        } else {
            self.bar.suspend(|| self.print(text));
        }
    }

    /// Writes a line to standard output. Its reader may be gone (`| head`), which ends the run, or the disk behind it full,
    /// which does not: the run may be kept elsewhere.
    fn print(&self, line: &str) {
        let Err(error) = writeln!(io::stdout(), "{line}") else { return };
        let mut refused = self.refused.borrow_mut();
        if refused.is_none() && error.kind() != io::ErrorKind::BrokenPipe {
            tell!("warning: standard output cannot be written ({error}); the run goes on");
        }
        refused.get_or_insert(error);
    }

    /// Whether nobody reads standard output any more.
    pub(super) fn is_closed_pipe(&self) -> bool {
        let refused = self.refused.borrow();
        refused.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// An error if standard output has not got everything.
    pub(super) fn check_output(&self) -> Result<(), CliError> {
        match &*self.refused.borrow() {
            Some(error) => Err(CliError::Failed(format!(
                "the run is finished, but standard output is not complete: {error}; make room there, and give the same \
                 command again with --save to keep the run"
            ))),
            None => Ok(()),
        }
    }

    fn heading(&self) -> String {
        let corrupted = if self.has_corrupted { " memorized still true" } else { "" };
        format!("epoch   step   rate    loss train % test %{corrupted} images/s    time")
    }

    fn row(&self, metrics: &EpochMetrics) -> String {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "-".into(), |share| format!("{:.2}", 100.0 * share))
        };
        let accuracy = metrics.accuracy.as_ref();
        let mut row = format!(
            "{:>5} {:>6} {:>6.4} {:>7} {:>7} {:>6}",
            metrics.epoch,
            metrics.step,
            metrics.learning_rate,
            loss(metrics.train_loss),
            percent(accuracy.map(|accuracy| accuracy.train_accuracy)),
            percent(accuracy.map(|accuracy| accuracy.test_accuracy)),
        );
        if self.has_corrupted {
            let share = |part: fn(&crate::train::CorruptedCounts) -> u64| {
                let corrupted = accuracy.and_then(|accuracy| accuracy.corrupted.as_ref());
                percent(corrupted.map(|corrupted| part(corrupted) as f64 / corrupted.count as f64))
            };
            row += &format!(" {:>9} {:>10}", share(|c| c.memorized), share(|c| c.still_clean));
        }
        row + &format!(" {:>8.0} {:>7}", metrics.images_per_second, duration(metrics.seconds))
    }
}

/// What is done to the data, for a person: `true-labels, corrupted with probability 0.5`.
fn condition_of(recipe: &Recipe) -> String {
    let condition = recipe.condition.key();
    if recipe.label_corruption == 0.0 {
        return condition.into();
    }
    format!("{condition}, corrupted with probability {}", recipe.label_corruption)
}

/// Four decimals, or a power of ten where that would burst the column.
fn loss(loss: f32) -> String {
    if loss < 100.0 { format!("{loss:.4}") } else { format!("{loss:.1e}") }
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if first > 0 {
        groups.push(&digits[..first]);
    }
    groups.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

/// `1 step`, `2,000 steps`.
fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{}:{:02} min", s as u64 / 60, s as u64 % 60),
        s => format!("{} h {:02} min", s as u64 / 3600, s as u64 / 60 % 60),
    }
}

/// Says once a minute that it is time for a line, where no terminal shows a bar.
pub(super) struct Pulse {
    is_needed: bool,
    last: Instant,
}

impl Pulse {
    const EVERY: Duration = Duration::from_secs(60);

    pub(super) fn new() -> Self {
        Self { is_needed: !io::stderr().is_terminal(), last: Instant::now() }
    }

    /// Whether a line is due; it counts as said.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.is_needed && now.duration_since(self.last) >= Self::EVERY;
        if is_due {
            self.last = now;
        }
        is_due
    }

    /// Something else was said.
    pub(super) fn rest(&mut self, now: Instant) {
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let found = [0, 999, 1_000, 1_209_866].map(grouped);
        assert_eq!(found, ["0", "999", "1,000", "1,209,866"]);
    }

    #[test]
    fn the_table_of_epochs_fits_a_terminal_of_80_columns() {
        let corrupted = crate::train::CorruptedCounts { count: 3, memorized: 3, still_clean: 0 };
        let metrics = EpochMetrics {
            epoch: 10_000,
            step: 100_000,
            learning_rate: 0.1,
            train_loss: 2.5,
            accuracy: Some(crate::train::Accuracy {
                train_accuracy: 1.0,
                test_accuracy: 1.0,
                test_loss: 2.5,
                corrupted: Some(corrupted),
            }),
            seconds: 59.9,
            images_per_second: 99_999.0,
        };
        let mut report = RunReport::new(Output { events: false, json: false });
        for has_corrupted in [false, true] {
            report.has_corrupted = has_corrupted;
            let (heading, row) = (report.heading(), report.row(&metrics));
            assert_eq!(heading.len(), row.len(), "{heading}\n{row}");
            assert!(row.len() <= 80, "{row}");
        }
    }

    #[test]
    fn one_step_is_no_steps() {
        assert_eq!([counted(1, "step"), counted(2_000, "epoch")], ["1 step", "2,000 epochs"]);
    }

    #[test]
    fn times_are_in_seconds_minutes_or_hours() {
        let found = [3.2, 59.9, 61.0, 3_599.9, 3_725.0, 10_200.0].map(duration);
        let expected = ["3.2 s", "59.9 s", "1:01 min", "59:59 min", "1 h 02 min", "2 h 50 min"];
        assert_eq!(found, expected);
    }

    #[test]
    fn without_a_terminal_a_line_is_due_once_a_minute() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut pulse = Pulse { is_needed: true, last: began };
        let due = [59, 60, 61, 119, 120].map(|seconds| pulse.is_due(at(seconds)));
        assert_eq!(due, [false, true, false, false, true]);
        // What else was said counts.
        pulse.rest(at(150));
        assert!(!pulse.is_due(at(181)) && pulse.is_due(at(210)));
        let mut on_a_terminal = Pulse { is_needed: false, last: began };
        assert!(!on_a_terminal.is_due(at(600)));
    }
}
