//! CIFAR-10 in its binary layout: records of one label byte and 3072 pixel bytes (1024 red, 1024 green, 1024 blue, each
//! 32 rows of 32). <https://www.cs.toronto.edu/~kriz/cifar.html>

use std::sync::Arc;

use super::DataError;

/// Number of classes.
pub const CIFAR10_CLASSES: usize = 10;
/// The classes in label order.
pub const CIFAR10_CLASS_NAMES: [&str; CIFAR10_CLASSES] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
/// Images in the whole training set.
pub const CIFAR10_TRAIN_IMAGES: usize = 50_000;
/// Images in the whole test set.
pub const CIFAR10_TEST_IMAGES: usize = 10_000;
/// Colour channels.
pub const CHANNELS: usize = 3;
/// Height and width of a CIFAR-10 image.
pub const IMAGE_SIDE: usize = 32;
/// Bytes of one image.
pub const IMAGE_BYTES: usize = CHANNELS * IMAGE_SIDE * IMAGE_SIDE;
/// Bytes of one record: the label and the image.
pub const CIFAR10_RECORD_BYTES: usize = 1 + IMAGE_BYTES;

/// Images and their true labels.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LabelledImages {
    /// `[count, 3, 32, 32]`, one byte a value.
    pub pixels: Vec<u8>,
    /// The true class of each image, below [`CIFAR10_CLASSES`].
    pub labels: Vec<u8>,
}

impl LabelledImages {
    /// How many images there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Image `index` as `[3, 32, 32]` bytes.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * IMAGE_BYTES..][..IMAGE_BYTES]
    }

    /// Reads exactly `count` records. `file` is named in errors.
    pub fn from_records(file: &str, bytes: &[u8], count: usize) -> Result<Self, DataError> {
        let expected = count * CIFAR10_RECORD_BYTES;
        if bytes.len() != expected {
            return Err(DataError::Length { file: file.into(), found: bytes.len(), expected });
        }
        let mut images = Self {
            pixels: Vec::with_capacity(count * IMAGE_BYTES),
            labels: Vec::with_capacity(count),
        };
        for (index, record) in bytes.chunks_exact(CIFAR10_RECORD_BYTES).enumerate() {
            let label = record[0];
            if usize::from(label) >= CIFAR10_CLASSES {
                return Err(DataError::Label {
                    file: file.into(),
                    offset: index * CIFAR10_RECORD_BYTES,
                    label,
                });
            }
            images.labels.push(label);
            images.pixels.extend_from_slice(&record[1..]);
        }
        Ok(images)
    }

    /// The records of the images at `indices`, in that order.
    pub fn to_records(&self, indices: &[usize]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(indices.len() * CIFAR10_RECORD_BYTES);
        for &index in indices {
            bytes.push(self.labels[index]);
            bytes.extend_from_slice(self.image(index));
        }
        bytes
    }

    /// Adds the images of `other` behind these.
    pub fn append(&mut self, other: Self) {
        self.pixels.extend(other.pixels);
        self.labels.extend(other.labels);
    }

    /// Indices in the order in which subsets are taken: the first image of each class, then the second of each, and
    /// so on. Every prefix is balanced, and a small subset is the beginning of a larger one.
    pub fn subset_order(&self) -> Vec<usize> {
        let mut by_class = vec![Vec::new(); CIFAR10_CLASSES];
        for (index, &label) in self.labels.iter().enumerate() {
            by_class[usize::from(label)].push(index);
        }
        let longest = by_class.iter().map(Vec::len).max().unwrap_or(0);
        (0..longest)
            .flat_map(|rank| by_class.iter().filter_map(move |class| class.get(rank).copied()))
            .collect()
    }
}

/// Training and test images. A clone shares them: CIFAR-10 is 184 MB, and many runs may use it at once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DataSet {
    /// The training set, in [`LabelledImages::subset_order`] of the whole.
    pub train: Arc<LabelledImages>,
    /// The test set, likewise.
    pub test: Arc<LabelledImages>,
}

/// A ready-made size of the data. Which one a run uses follows from its number of training images alone, so a recipe
/// means the same images in the tab and on a desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Training images.
    pub train: usize,
    /// Test images.
    pub test: usize,
}

/// The sizes, smallest first. The first comes with the program.
pub const TIERS: [Tier; 3] = [
    Tier { train: 2_000, test: 500 },
    Tier { train: 10_000, test: 2_000 },
    Tier { train: CIFAR10_TRAIN_IMAGES, test: CIFAR10_TEST_IMAGES },
];

/// SHA-256 of the two files of the smallest tier, one behind the other: what the program brings and the page loads.
const BUNDLED_SHA256: &str = "ac551e4ffc53a3ab394f56a454865ee467a8fda9cc581b9fd9ea89f46c19b36b";
/// SHA-256 of the six published checksums in hexadecimal, one behind the other in the order of the files.
const WHOLE_SHA256: &str = "9a5bcfec531a52ec23c8b757ae038db2a9db1b0c869b7da8543f4cd0cfb14034";

/// One SHA-256 for the images that a run on `images` training images is made from: those that come with the program,
/// or the whole of CIFAR-10, from which larger tiers are cut. It costs nothing, because the program's images are part
/// of it and files are compared with the published checksums when they are read.
///
/// # Errors
/// If there are not so many images.
pub fn data_sha256(images: usize) -> Result<&'static str, DataError> {
    let tier = Tier::holding(images)?;
    Ok(if tier == TIERS[0] { BUNDLED_SHA256 } else { WHOLE_SHA256 })
}

impl Tier {
    /// The smallest tier with at least `images` training images.
    pub fn holding(images: usize) -> Result<Self, DataError> {
        TIERS
            .into_iter()
            .find(|tier| tier.train >= images)
            .ok_or(DataError::TooFewImages { asked: images, available: CIFAR10_TRAIN_IMAGES })
    }

    /// The file names of its training and test records.
    pub fn files(&self) -> [String; 2] {
        [format!("cifar10-{}-train.bin", self.train), format!("cifar10-{}-test.bin", self.train)]
    }

    /// Reads the records of both files.
    pub fn read(&self, train: &[u8], test: &[u8]) -> Result<DataSet, DataError> {
        let [train_file, test_file] = self.files();
        Ok(DataSet {
            train: LabelledImages::from_records(&train_file, train, self.train)?.into(),
            test: LabelledImages::from_records(&test_file, test, self.test)?.into(),
        })
    }
}
