//! What came of a run, in sentences that are written from its numbers.

use crate::charts::Chart;
use crate::lab::facts::format::{duration, epochs_words, grouped, percent, rough};
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

/// A run that was left on the way.
pub struct LeftRun {
    /// Its heading.
    pub title: String,
    /// How far it was.
    pub step: u64,
    /// Whether an epoch of it is complete: only then is it in the list.
    pub has_epochs: bool,
    /// Whether the browser has stored a checkpoint of it.
    pub is_stored: bool,
}

/// Which runs were left on the way, and where they are to be found again.
pub fn left_sentence(left: &[LeftRun]) -> String {
    let names = |is_meant: fn(&LeftRun) -> bool| -> Vec<String> {
        let meant = left.iter().filter(|run| is_meant(run));
        meant.map(|run| format!("“{}”", run.title)).collect()
    };
    let all: Vec<_> =
        left.iter().map(|run| format!("“{}” at step {}", run.title, grouped(run.step))).collect();
    let listed = match names(|run| run.has_epochs) {
        names if names.is_empty() => String::new(),
        names if names.len() == all.len() => " The epochs so far are in the list of runs.".into(),
        names => format!(" The epochs of {} are in the list of runs.", names.join(", ")),
    };
    let goes_on = match names(|run| run.is_stored) {
        names if names.is_empty() => String::new(),
        names if names.len() < all.len() => {
            let names = names.join(", ");
            format!(" With the same settings again, {names} goes on from its last checkpoint.")
        }
        names if names.len() > 1 => {
            " With the same settings again, they go on from their last checkpoints.".into()
        }
        _ => " With the same settings again, it goes on from its last checkpoint.".into(),
    };
    format!("Left on the way: {}.{listed}{goes_on}", all.join(", "))
}

/// How long something takes: usually, as far as that is known, and at most.
pub fn time_sentence(usual: Option<f64>, most: f64, may_be_sooner: bool) -> String {
    match usual {
        Some(usual) if may_be_sooner && rough(usual) != rough(most) => {
            format!("about {}, at most {}", rough(usual), rough(most))
        }
        None if may_be_sooner => format!("at most {}", rough(most)),
        _ => format!("about {}", rough(most)),
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
        "Over after {} and {} of training: {why}.",
        epochs_words(summary.epochs),
        duration(summary.seconds)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_usually_happens_and_the_most_it_can_be() {
        assert_eq!(time_sentence(Some(20.0), 960.0, true), "about 20 s, at most 16 min");
        assert_eq!(time_sentence(None, 960.0, true), "at most 16 min");
        assert_eq!(time_sentence(None, 95.0, false), "about 2 min");
        assert_eq!(time_sentence(Some(50.0), 50.0, true), "about 50 s");
    }

    #[test]
    fn a_run_that_was_left_is_said_to_be_where_it_is() {
        let run = |title: &str, has_epochs, is_stored| LeftRun {
            title: title.into(),
            step: 1200,
            has_epochs,
            is_stored,
        };
        assert_eq!(
            left_sentence(&[run("A", true, true)]),
            "Left on the way: “A” at step 1,200. The epochs so far are in the list of runs. With the same settings again, \
             it goes on from its last checkpoint."
        );
        // Nothing is complete, and nothing could be stored.
        assert_eq!(left_sentence(&[run("A", false, false)]), "Left on the way: “A” at step 1,200.");
        assert_eq!(
            left_sentence(&[run("A", true, false), run("B", false, true)]),
            "Left on the way: “A” at step 1,200, “B” at step 1,200. The epochs of “A” are in the list of runs. With the \
             same settings again, “B” goes on from its last checkpoint."
        );
        let both = left_sentence(&[run("A", true, true), run("B", true, true)]);
        assert!(both.contains("they go on from their last checkpoints"), "{both}");
    }
}
