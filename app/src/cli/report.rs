//! A run in the terminal: a table of epochs, a progress bar with rate and time left, or JSON for other programs.

use std::cell::Cell;
use std::io::Write as _;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::train::{EpochMetrics, Event, Summary};

/// How a run is told.
pub(super) struct Output {
    /// Events as JSON lines on standard output.
    pub(super) events: bool,
    /// The summary as JSON on standard output.
    pub(super) json: bool,
    /// The device's name.
    pub(super) device: String,
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
    summary: Option<Summary>,
    closed_pipe: Cell<bool>,
}

/// The summary with what it was made on.
#[derive(serde::Serialize)]
struct SummaryLine<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    device: &'a str,
    version: &'static str,
}

impl RunReport {
    pub(super) fn new(output: Output) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        Self { output, bar, has_corrupted: false, summary: None, closed_pipe: Cell::new(false) }
    }

    pub(super) fn event(&mut self, event: &Event) {
        if self.output.events {
            self.print(&serde_json::to_string(event).expect("an event holds nothing JSON cannot"));
        }
        match event {
            Event::Started {
                recipe,
                parameters,
                images,
                changed_labels,
                last_step,
                step,
                test_images,
                ..
            } => {
                self.has_corrupted = *changed_labels > 0;
                self.line(&format!(
                    "{} with {} parameters, {}: {} training images ({} shown with another label than their own), {} test images",
                    recipe.model.key(), grouped(*parameters), recipe.condition.key(), grouped(*images),
                    grouped(*changed_labels), grouped(*test_images),
                ));
                self.line(&format!("{}, seed {}", self.output.device, recipe.seed));
                if *step > 0 {
                    self.line(&format!("going on after step {}", grouped(*step)));
                }
                self.line("");
                self.line(&self.heading());
                self.start_bar(*last_step, *step);
            }
            Event::Step { step, loss, .. } => {
                self.bar.set_message(format!("loss {loss:.3}"));
                self.bar.set_position(*step);
            }
            Event::Epoch(metrics) => self.line(&self.row(metrics)),
            Event::Warning { message } => self.bar.suspend(|| eprintln!("warning: {message}")),
            Event::Finished(summary) => self.summary = Some(summary.clone()),
        }
    }

    /// Takes the bar away.
    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
    }

    /// The end of a run that finished.
    pub(super) fn finish(&self) {
        self.close();
        let Some(summary) = &self.summary else { return };
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
            let line = SummaryLine {
                summary,
                device: &self.output.device,
                version: env!("CARGO_PKG_VERSION"),
            };
            self.print(&serde_json::to_string(&line).expect("a summary holds nothing JSON cannot"));
        }
    }

    fn start_bar(&self, last_step: u64, step: u64) {
        let template = "{bar:30.cyan/dim} step {pos}/{len}  {per_sec}  {eta} left at most  {msg}";
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
            self.bar.suspend(|| eprintln!("{text}"));
        } else {
            self.bar.suspend(|| self.print(text));
        }
    }

    /// Writes a line to standard output, whose reader may be gone (`| head`).
    fn print(&self, line: &str) {
        if writeln!(std::io::stdout(), "{line}").is_err() {
            self.closed_pipe.set(true);
        }
    }

    /// Whether nobody reads standard output any more.
    pub(super) fn is_closed_pipe(&self) -> bool {
        self.closed_pipe.get()
    }

    fn heading(&self) -> String {
        let corrupted = if self.has_corrupted { "  memorized  still true" } else { "" };
        format!(" epoch     step    rate    loss   train %   test %{corrupted}  images/s    time")
    }

    fn row(&self, metrics: &EpochMetrics) -> String {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "-".into(), |share| format!("{:.2}", 100.0 * share))
        };
        let accuracy = metrics.accuracy.as_ref();
        let mut row = format!(
            "{:>6} {:>8} {:>7.4} {:>7} {:>9} {:>8}",
            metrics.epoch,
            metrics.step,
            metrics.learning_rate,
            loss(metrics.train_loss),
            percent(accuracy.map(|accuracy| accuracy.train_accuracy)),
            percent(accuracy.map(|accuracy| accuracy.test_accuracy)),
        );
        if self.has_corrupted {
            let share = |part: fn(&crate::train::CorruptedExamples) -> u64| {
                let corrupted = accuracy.and_then(|accuracy| accuracy.corrupted.as_ref());
                percent(corrupted.map(|corrupted| part(corrupted) as f64 / corrupted.count as f64))
            };
            row += &format!("  {:>9}  {:>10}", share(|c| c.memorized), share(|c| c.still_clean));
        }
        row + &format!("  {:>8.0} {:>7}", metrics.images_per_second, duration(metrics.seconds))
    }
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
        s => format!("{}:{:02} min", s as u64 / 60, s as u64 % 60),
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
    fn one_step_is_no_steps() {
        assert_eq!([counted(1, "step"), counted(2_000, "epoch")], ["1 step", "2,000 epochs"]);
    }

    #[test]
    fn times_are_in_seconds_up_to_a_minute() {
        assert_eq!(
            [3.2, 59.9, 61.0, 3_725.0].map(duration),
            ["3.2 s", "59.9 s", "1:01 min", "62:05 min"]
        );
    }
}
