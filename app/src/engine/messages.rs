//! What page and worker say to each other. Types only: the page links this file and no tensor code.
//!
//! Every message is a JavaScript object `{json: string, bytes?: Uint8Array}`; `json` is one of the enums below, `bytes`
//! carries what is too large for text and is transferred, not copied.

use serde::{Deserialize, Serialize};

use crate::train::{Event, Recipe};

/// Where the worker computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineChoice {
    /// WebGPU on a real adapter, else the CPU.
    Auto,
    /// WebGPU, also on a software adapter.
    Webgpu,
    /// The CPU, in WebAssembly.
    Cpu,
}

/// How many of the training images the page gets to see.
pub const MAX_IMAGES: usize = 2000;

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Choose the device. Sent once, first; answered by [`Reply::Ready`].
    Open {
        /// Where to compute.
        engine: EngineChoice,
    },
    /// Make a new run (not yet running) from a recipe, or from a checkpoint in `bytes`; answered by
    /// [`Reply::Images`] and [`Event::Started`].
    Load {
        /// What to run; a checkpoint carries its own, which must be the same.
        recipe: Recipe,
        /// Whether `bytes` is a checkpoint to go on from.
        resume: bool,
        /// The folder of the data files, with a slash at its end.
        data_url: String,
    },
    /// Train until told otherwise or finished.
    Run,
    /// Stop after the step under way and send a checkpoint; answered by [`Reply::Checkpoint`], then [`Reply::Paused`].
    Pause,
    /// Take one step, then as after [`Request::Pause`] but without a checkpoint.
    Step,
    /// Send a checkpoint and go on.
    Checkpoint,
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Not tagged within, as events are: reading that kind takes twice the code.
#[serde(rename_all = "kebab-case")]
// A reply lives for one message; a box would only make the sender's side longer.
#[allow(clippy::large_enum_variant)]
pub enum Reply {
    /// The engine is being downloaded; posted by `worker.js` before the engine exists. The last one carries the compiled
    /// module beside `json`, as `module`, for the page to hand to further workers.
    Loading {
        /// Bytes so far.
        loaded_bytes: u64,
        /// Bytes in all; 0 where the server does not say.
        total_bytes: u64,
    },
    /// The images of a run are being downloaded; not said where they are here in a moment.
    LoadingImages {
        /// Bytes so far.
        loaded_bytes: u64,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// The device is chosen.
    Ready {
        /// What it is, for the status line: `CPU (WebAssembly SIMD)`, `WebGPU: NVIDIA …`.
        device: String,
        /// Why not the one a user might expect; one sentence.
        note: Option<String>,
    },
    /// The first training images of the run, at most [`MAX_IMAGES`], as the network sees them, before whitening.
    /// `bytes` is `[count, 28, 28, 4]` RGBA.
    Images {
        /// The labels the network is told.
        shown: Vec<u8>,
        /// What the images are.
        clean: Vec<u8>,
    },
    /// What the network says about those images now; sent after each evaluated epoch. `bytes` is the likeliest class of
    /// each, `[count]`, and then the probability of every class, `[count, 10]`, 255 meaning 1.
    Predictions {
        /// The steps after which it says so.
        step: u64,
        /// The epoch that ended with them, from 1.
        epoch: u64,
    },
    /// Something happened in the run.
    Event {
        /// What.
        event: Event,
    },
    /// The first layer, after each checkpoint. `bytes` is `[units, side, side, 4]` RGBA.
    Filters {
        /// Height and width of each image.
        side: usize,
    },
    /// `bytes` is a checkpoint, taken after this step.
    Checkpoint {
        /// Steps done.
        step: u64,
    },
    /// Training stands still and waits.
    Paused {
        /// Steps done.
        step: u64,
    },
    /// The request failed; one sentence. The worker is still usable unless `fatal`.
    Failed {
        /// What happened and what to do.
        message: String,
        /// The device is gone: start a new worker and resume from the last checkpoint.
        fatal: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_carries_losses_that_are_no_numbers() {
        for loss in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2.5] {
            let event = Event::Step { step: 1, epoch: 0, loss, learning_rate: 0.1 };
            let text = serde_json::to_string(&Reply::Event { event }).unwrap();
            let read = serde_json::from_str(&text).unwrap();
            let Reply::Event { event: Event::Step { loss: read, .. } } = read else {
                panic!("{text} reads back as {read:?}")
            };
            assert_eq!(read.to_bits(), loss.to_bits(), "{text}");
        }
    }
}
