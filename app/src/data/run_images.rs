//! The images of a run: images under their condition, each with the label it is shown with and its own.

use std::sync::Arc;

use super::conditions::{Arrangement, gaussian_image};
use super::preprocess::{INPUT_SIDE, INPUT_VALUES, Variation, show, whiten};
use super::{
    CIFAR10_CLASSES, Condition, DataError, DataSet, IMAGE_BYTES, LabelledImages, Split,
    shown_labels,
};

/// The images of one split of one run.
pub struct RunImages {
    source: PixelOrigin,
    arrangement: Arrangement,
    /// What the network is told.
    pub shown: Vec<u8>,
    /// What the images are.
    pub clean: Vec<u8>,
}

enum PixelOrigin {
    /// Shared with the data set; the images are the first of them.
    Images(Arc<LabelledImages>),
    Noise(Vec<f32>),
}

/// Which randomization a run uses, with the seed it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Randomization {
    /// What is done to the data.
    pub condition: Condition,
    /// The probability with which each label is replaced.
    pub label_corruption: f64,
    /// Whether the test labels are replaced too.
    pub corrupt_test_labels: bool,
    /// The run's seed.
    pub seed: u64,
}

impl Randomization {
    fn corruption_of(&self, split: Split) -> f64 {
        match (split, self.condition) {
            (Split::Test, _) if !self.corrupt_test_labels => 0.0,
            (_, Condition::RandomLabels) => 1.0,
            _ => self.label_corruption,
        }
    }
}

impl RunImages {
    /// The first `images` training images and all test images.
    pub fn of_run(
        data: &DataSet,
        images: usize,
        randomization: Randomization,
    ) -> Result<[Self; 2], DataError> {
        if images > data.train.count() {
            return Err(DataError::TooFewImages { asked: images, available: data.train.count() });
        }
        let test_images = data.test.count();
        Ok([
            Self::new(&data.train, images, randomization, Split::Train),
            Self::new(&data.test, test_images, randomization, Split::Test),
        ])
    }

    fn new(
        images: &Arc<LabelledImages>,
        count: usize,
        randomization: Randomization,
        split: Split,
    ) -> Self {
        let Randomization { condition, seed, .. } = randomization;
        let clean = images.labels[..count].to_vec();
        let source = match condition {
            Condition::Gaussian => PixelOrigin::Noise(
                (0..count).flat_map(|index| gaussian_image(seed, split, index)).collect(),
            ),
            _ => PixelOrigin::Images(Arc::clone(images)),
        };
        Self {
            source,
            arrangement: Arrangement::new(condition, seed, split),
            shown: shown_labels(&clean, randomization.corruption_of(split), seed, split),
            clean,
        }
    }

    /// How many images there are.
    pub fn count(&self) -> usize {
        self.clean.len()
    }

    /// How many are shown with a corrupted label: one that differs from the clean one.
    pub fn corrupted_labels(&self) -> usize {
        self.shown.iter().zip(&self.clean).filter(|(shown, clean)| shown != clean).count()
    }

    /// Writes image `index` as `variation` shows it, rearranged and whitened, to `input`, `[3, 28, 28]`.
    pub fn write_input(&self, index: usize, variation: Variation, input: &mut [f32]) {
        self.write_pixels(index, variation, input);
        whiten(input);
    }

    /// All images, cut at the centre: `[count, 3, 28, 28]`.
    pub fn inputs(&self) -> Vec<f32> {
        let mut inputs = vec![0.0; self.count() * INPUT_VALUES];
        for (index, input) in inputs.chunks_exact_mut(INPUT_VALUES).enumerate() {
            self.write_input(index, Variation::CENTRAL, input);
        }
        inputs
    }

    /// Image `index` as a person sees it, before whitening: `[28, 28, 4]` RGBA bytes.
    pub fn preview(&self, index: usize) -> Vec<u8> {
        let mut input = vec![0.0; INPUT_VALUES];
        self.write_pixels(index, Variation::CENTRAL, &mut input);
        let positions = INPUT_SIDE * INPUT_SIDE;
        let byte = |value: f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
        (0..positions)
            .flat_map(|at| {
                [
                    byte(input[at]),
                    byte(input[positions + at]),
                    byte(input[2 * positions + at]),
                    u8::MAX,
                ]
            })
            .collect()
    }

    fn write_pixels(&self, index: usize, variation: Variation, input: &mut [f32]) {
        match &self.source {
            PixelOrigin::Images(images) => {
                show(images.image(index), variation, input, |byte| f32::from(byte) / 255.0)
            }
            PixelOrigin::Noise(noise) => {
                let image = &noise[index * IMAGE_BYTES..][..IMAGE_BYTES];
                show(image, variation, input, |value| value)
            }
        }
        self.arrangement.apply(index, input);
    }
}

/// The class with the largest of ten logits; the first of equal ones.
pub fn predicted_class(logits: &[f32]) -> u8 {
    debug_assert_eq!(logits.len(), CIFAR10_CLASSES);
    let best = |best: usize, at: usize| if logits[at] > logits[best] { at } else { best };
    (1..logits.len()).fold(0, best) as u8
}
