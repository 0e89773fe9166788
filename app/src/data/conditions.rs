//! The randomization tests of section 2.1: which labels are shown, and what is done to the pixels. Each is fixed for a
//! run and drawn from its own stream.

use super::streams::Stream;
use super::{CHANNELS, CIFAR10_CLASSES, IMAGE_BYTES, IMAGE_SIDE, INPUT_SIDE};

words! {
    /// What is done to the data (paper, section 2.1 and figure 1a).
    pub enum Condition {
        /// Images and labels as they are (up to `label-corruption`).
        TrueLabels = "true-labels",
        /// Every label is replaced by a uniformly drawn class.
        RandomLabels = "random-labels",
        /// One permutation of the pixels for all images of training and test set; labels stay true.
        ShuffledPixels = "shuffled-pixels",
        /// Another permutation of the pixels for every image; labels stay true.
        RandomPixels = "random-pixels",
        /// Every image is noise with the data set's mean and variance; labels stay true.
        Gaussian = "gaussian",
    }
}

/// Training or test set: they draw from different streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The images that are trained on.
    Train,
    /// The images that are only measured on.
    Test,
}

impl Split {
    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// Channel means of CIFAR-10's training set, on pixels from 0 to 1.
pub const CIFAR10_MEAN: [f64; CHANNELS] = [0.491_399_68, 0.482_158_41, 0.446_530_91];
/// Channel standard deviations of CIFAR-10's training set, on pixels from 0 to 1.
pub const CIFAR10_DEVIATION: [f64; CHANNELS] = [0.247_032_23, 0.243_485_13, 0.261_587_84];

/// The labels that are shown: each clean label is replaced with `probability` by a uniformly drawn class, which may be
/// the same again, so a share of `0.9 * probability` really changes (section 2.1).
///
/// The draws do not depend on `probability`: a label that is replaced at 0.3 is replaced by the same one at 0.5.
pub fn shown_labels(clean: &[u8], probability: f64, seed: u64, split: Split) -> Vec<u8> {
    let mut stream = Stream::new(seed, &format!("labels-{}", split.name()), 0);
    clean
        .iter()
        .map(|&label| {
            let replaced = stream.uniform() < probability;
            let drawn = stream.below(CIFAR10_CLASSES as u32) as u8;
            if replaced { drawn } else { label }
        })
        .collect()
}

/// How the 784 pixel positions of an input are rearranged. The three channels of a pixel move together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arrangement {
    AsIs,
    Shared(Vec<u32>),
    PerImage { seed: u64, purpose: String },
}

impl Arrangement {
    pub(super) fn new(condition: Condition, seed: u64, split: Split) -> Self {
        let positions = INPUT_SIDE * INPUT_SIDE;
        match condition {
            Condition::ShuffledPixels => {
                Self::Shared(Stream::new(seed, "shuffled-pixels", 0).permutation(positions))
            }
            Condition::RandomPixels => {
                Self::PerImage { seed, purpose: format!("random-pixels-{}", split.name()) }
            }
            Condition::TrueLabels | Condition::RandomLabels | Condition::Gaussian => Self::AsIs,
        }
    }

    /// Rearranges the positions of input `index`, `[3, 28, 28]`, in place.
    pub(super) fn apply(&self, index: usize, input: &mut [f32]) {
        let own;
        let order = match self {
            Self::AsIs => return,
            Self::Shared(order) => order,
            Self::PerImage { seed, purpose } => {
                own =
                    Stream::new(*seed, purpose, index as u64).permutation(INPUT_SIDE * INPUT_SIDE);
                &own
            }
        };
        for channel in input.chunks_exact_mut(order.len()) {
            let before = channel.to_vec();
            for (to, &from) in channel.iter_mut().zip(order) {
                *to = before[from as usize];
            }
        }
    }
}

/// Image `index` of the Gaussian condition, `[3, 32, 32]` on the scale of pixels from 0 to 1 (but not limited to it).
pub(super) fn gaussian_image(seed: u64, split: Split, index: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed, &format!("gaussian-{}", split.name()), index as u64);
    let mut image = Vec::with_capacity(IMAGE_BYTES);
    for channel in 0..CHANNELS {
        let drawn = (0..IMAGE_SIDE * IMAGE_SIDE)
            .map(|_| (CIFAR10_MEAN[channel] + CIFAR10_DEVIATION[channel] * stream.normal()) as f32);
        image.extend(drawn);
    }
    image
}
