//! What a run says while it goes. Command line, page and tests read nothing else.

mod read;

use serde::{Deserialize, Serialize};

use super::{Origin, Recipe};

/// One thing that happened in a run. As JSON: `{"event": "epoch", …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", try_from = "read::EventFields")]
pub enum Event {
    /// The run begins, or goes on from a checkpoint.
    Started {
        /// [`FORMAT`](super::FORMAT) of this event and all behind it.
        format: u32,
        /// The recipe: every setting, by its key.
        recipe: Recipe,
        /// What computes it.
        origin: Origin,
        /// Trainable parameters of the network.
        parameters: u64,
        /// Training images.
        images: u64,
        /// Of these, how many are shown with another label than their clean one.
        corrupted_labels: u64,
        /// Test images.
        test_images: u64,
        /// Steps in one epoch.
        steps_per_epoch: u64,
        /// The step after which the run ends at the latest.
        last_step: u64,
        /// Steps already done (not 0 after a resume).
        step: u64,
    },
    /// A step was taken. Losses are read from the device in groups, so several of these come at once.
    Step {
        /// Steps done, counting this one.
        step: u64,
        /// The epoch it belongs to, from 0.
        epoch: u64,
        /// Mean cross-entropy of the batch against the shown labels, in nats, before the update.
        #[serde(with = "crate::number")]
        loss: f32,
        /// The learning rate of the update.
        #[serde(with = "crate::number")]
        learning_rate: f64,
    },
    /// An epoch ended.
    Epoch(EpochMetrics),
    /// Something went wrong that the run survives.
    Warning {
        /// One sentence.
        message: String,
    },
    /// The run is over.
    Finished(Summary),
}

/// Events written before they said their format are of the first.
pub(super) fn first_format() -> u32 {
    1
}

/// Where the network stands after an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Epochs done.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// The learning rate of this epoch.
    #[serde(with = "crate::number")]
    pub learning_rate: f64,
    /// Mean loss of the epoch's batches, as they were trained on.
    #[serde(with = "crate::number")]
    pub train_loss: f32,
    /// The rest is measured every `evaluate-every` epochs and at the end, on images as they are without crop or dropout.
    pub accuracy: Option<Accuracy>,
    /// Training time so far in seconds, without pauses.
    #[serde(with = "crate::number")]
    pub seconds: f64,
    /// Images trained on in a second, in this epoch.
    #[serde(with = "crate::number")]
    pub images_per_second: f64,
}

/// Whether an epoch with this mean training loss has come down to `goal`, both in nats. The rule that stops runs and the
/// clock that measures them ask here, with the loss in the digits that are told and kept.
pub fn reaches_loss(train_loss: f32, goal: f64) -> bool {
    f64::from(train_loss) <= goal
}

/// Accuracies, as fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Training images predicted as shown.
    #[serde(with = "crate::number")]
    pub train_accuracy: f64,
    /// Test images predicted correctly.
    #[serde(with = "crate::number")]
    pub test_accuracy: f64,
    /// Mean cross-entropy on the test images, in nats.
    #[serde(with = "crate::number")]
    pub test_loss: f32,
    /// What became of the images whose shown label is corrupted; absent where there is none.
    pub corrupted: Option<CorruptedCounts>,
}

/// What the network predicts for the training images whose shown label is not their clean one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorruptedCounts {
    /// How many there are.
    pub count: u64,
    /// [`Fate::Memorized`](crate::data::Fate::Memorized): predicted as shown.
    pub memorized: u64,
    /// [`Fate::StillClean`](crate::data::Fate::StillClean): the clean label is predicted.
    pub still_clean: u64,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All epochs are done.
    Epochs,
    /// All steps are done.
    Steps,
    /// The training accuracy was reached.
    TrainAccuracy,
    /// The mean training loss of an epoch was reached.
    TrainLoss,
    /// The training loss found no new minimum for too long.
    Patience,
    /// The loss is not a number any more.
    Diverged,
}

/// The end of a run in one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The recipe: every setting, by its key.
    pub recipe: Recipe,
    /// Training images predicted as shown, as a fraction.
    #[serde(with = "crate::number")]
    pub train_accuracy: f64,
    /// Test images predicted correctly, as a fraction.
    #[serde(with = "crate::number")]
    pub test_accuracy: f64,
    /// Mean loss of the last epoch.
    #[serde(with = "crate::number")]
    pub train_loss: f32,
    /// Of the corrupted images, if there are any.
    pub corrupted: Option<CorruptedCounts>,
    /// Steps done.
    pub steps: u64,
    /// Epochs done.
    pub epochs: u64,
    /// Training time in seconds, without pauses.
    #[serde(with = "crate::number")]
    pub seconds: f64,
    /// Why it ended.
    pub stopped_by: StopReason,
}
