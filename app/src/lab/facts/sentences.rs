//! What came of a run, in sentences that are written from its numbers.

use crate::charts::Chart;
use crate::lab::facts::format::{duration, grouped, percent};
use crate::lab::facts::history::History;
use crate::train::{StopReason, Summary};

/// What a chart shows of a run, for those who do not see it.
pub fn chart_sentence(chart: Chart, title: &str, history: &History) -> String {
    match chart {
        Chart::Loss => match history.loss() {
            Some(loss) => {
                let fitted = history.steps_to_fit();
                let fitted = fitted
                    .map(|step| format!(", fitted after {}", grouped(step)))
                    .unwrap_or_default();
                format!("{title}: training loss {loss:.3} at step {}{fitted}.", history.step)
            }
            None => format!("{title}: no step taken yet."),
        },
        Chart::Accuracy => match history.accuracies() {
            Some((train, test)) => {
                format!(
                    "{title}: train accuracy {}, test accuracy {}.",
                    percent(train),
                    percent(test)
                )
            }
            None => format!("{title}: not measured yet."),
        },
        Chart::Corrupted => match history.corrupted().filter(|corrupted| corrupted.count > 0) {
            Some(corrupted) => {
                let share = |count: u64| percent(count as f64 / corrupted.count as f64);
                let (lie, truth) = (share(corrupted.memorized), share(corrupted.still_clean));
                format!(
                    "{title}: it says the lie for {lie} of the wrong labels and the truth for {truth}."
                )
            }
            None => format!("{title}: no wrong label measured."),
        },
    }
}

/// What became of the images with corrupted labels.
pub fn corruption_sentence(history: &History) -> String {
    match (history.corrupted(), history.facts.as_ref()) {
        (Some(corrupted), _) if corrupted.count > 0 => format!(
            "Of {} wrong labels it has memorized {}; in {} of those pictures it still sees the truth.",
            grouped(corrupted.count),
            grouped(corrupted.memorized),
            grouped(corrupted.still_clean)
        ),
        (None, Some(facts)) if facts.corrupted_labels > 0 => format!(
            "{} of {} training pictures carry a wrong label.",
            grouped(facts.corrupted_labels),
            grouped(facts.images)
        ),
        (_, Some(facts)) => {
            format!("All {} training pictures carry their own label.", grouped(facts.images))
        }
        _ => String::new(),
    }
}

/// Why a run is over, and after how much.
pub fn end_sentence(summary: &Summary) -> String {
    let why = match summary.stopped_by {
        StopReason::Epochs => "all epochs are done",
        StopReason::Steps => "all steps are done",
        StopReason::TrainAccuracy => "the training accuracy asked for is reached",
        StopReason::TrainLoss => "the training loss asked for is reached",
        StopReason::Patience => "the training loss found no new minimum for too long",
        StopReason::Diverged => "the loss is not a number any more: try a smaller learning rate",
    };
    format!(
        "Over after {} epochs and {} of training: {why}.",
        grouped(summary.epochs),
        duration(summary.seconds)
    )
}
