//! A run between two steps, as bytes: network, optimizer, progress. Reading it back and going on gives bit for bit what
//! going on without it would have given.
//!
//! Layout: the magic, the format version and the header's length (little-endian `u32`), the header as JSON, the vectors
//! as little-endian `f32` in the header's order, and the SHA-256 of all before it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Event, Origin, Recipe, TrainError};
use crate::models::NetworkState;

const MAGIC: &[u8; 8] = b"ROTE-RUN";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;
const PREFIX_BYTES: usize = MAGIC.len() + 8;

/// A run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What is run.
    pub recipe: Recipe,
    /// What it was made by.
    pub origin: Origin,
    /// How far it is.
    pub progress: Progress,
    /// The network and the optimizer's velocities.
    pub network: NetworkState,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Epochs of which the end was reported.
    pub epochs_reported: u64,
    /// Sum of the losses of the epoch under way, in order of steps.
    #[serde(with = "crate::number")]
    pub epoch_loss_sum: f64,
    /// How many losses that is.
    pub epoch_losses: u64,
    /// The least mean loss of an epoch so far.
    #[serde(with = "crate::number", default)]
    pub best_epoch_loss: Option<f64>,
    /// Epochs since then.
    pub epochs_since_best: u64,
    /// Training time so far.
    #[serde(with = "crate::number")]
    pub seconds: f64,
    /// Of it, what the epoch under way took, and the images trained on in that time.
    #[serde(with = "crate::number", default)]
    pub epoch_seconds: f64,
    /// Images trained on in the epoch under way.
    #[serde(default)]
    pub epoch_images: u64,
    /// The epochs reported so far, so that curves go on where they were; of very many only some of the older ones.
    pub history: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    recipe: Recipe,
    #[serde(default)]
    origin: Origin,
    progress: Progress,
    parameters: Vec<usize>,
    statistics: Vec<usize>,
}

impl Checkpoint {
    /// The checkpoint as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let lengths = |vectors: &[Vec<f32>]| vectors.iter().map(Vec::len).collect();
        let header = Header {
            recipe: self.recipe.clone(),
            origin: self.origin.clone(),
            progress: self.progress.clone(),
            parameters: lengths(&self.network.parameters),
            statistics: lengths(&self.network.statistics),
        };
        let header = serde_json::to_vec(&header).expect("a header holds nothing JSON cannot");
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        let vectors = self
            .network
            .parameters
            .iter()
            .chain(&self.network.statistics)
            .chain(&self.network.velocities);
        for value in vectors.flatten() {
            bytes.extend(value.to_le_bytes());
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// Reads what [`Checkpoint::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrainError> {
        let damaged = |reason: &str| TrainError::Damaged { reason: reason.into() };
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(damaged("it does not begin as a checkpoint of Rote does"));
        }
        let number = |at: usize| -> Option<u32> {
            Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
        };
        let cut_off = || damaged("it is cut off");
        let version = number(MAGIC.len()).ok_or_else(cut_off)?;
        if version != VERSION {
            return Err(TrainError::Version { found: version, known: VERSION });
        }
        let header_length = number(MAGIC.len() + 4).ok_or_else(cut_off)? as usize;
        let body_end = bytes.len().checked_sub(DIGEST_BYTES).ok_or_else(cut_off)?;
        if Sha256::digest(&bytes[..body_end]).as_slice() != &bytes[body_end..] {
            return Err(damaged("its checksum is wrong, it is cut off or changed"));
        }
        let header_end = PREFIX_BYTES + header_length;
        let header = bytes.get(PREFIX_BYTES..header_end).ok_or_else(cut_off)?;
        let header: Header =
            serde_json::from_slice(header).map_err(|error| damaged(&error.to_string()))?;
        let mut values = bytes[header_end..body_end]
            .chunks_exact(4)
            .map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]));
        let mut vectors = |lengths: &[usize]| -> Result<Vec<Vec<f32>>, TrainError> {
            let read =
                lengths.iter().map(|&length| values.by_ref().take(length).collect::<Vec<_>>());
            read.zip(lengths)
                .map(
                    |(vector, &length)| {
                        if vector.len() == length { Ok(vector) } else { Err(cut_off()) }
                    },
                )
                .collect()
        };
        let parameters = vectors(&header.parameters)?;
        let statistics = vectors(&header.statistics)?;
        let velocities = vectors(&header.parameters)?;
        Ok(Self {
            recipe: header.recipe,
            origin: header.origin,
            progress: header.progress,
            network: NetworkState { parameters, statistics, velocities },
        })
    }

    /// The recipe to go on with: `recipe` may move the end of the run and how often it is measured, but nothing else.
    pub fn continued_as(&self, recipe: &Recipe) -> Result<Recipe, TrainError> {
        let pairs = self.recipe.settings_that_stay().zip(recipe.settings_that_stay());
        for ((key, theirs), (_, ours)) in pairs {
            if theirs != ours {
                return Err(TrainError::OtherRecipe { key, theirs, ours });
            }
        }
        Ok(recipe.clone())
    }
}
