//! CIFAR-10 in its binary layout: records of one label byte and 3072 pixel bytes (1024 red, 1024 green, 1024 blue, each
//! 32 rows of 32). <https://www.cs.toronto.edu/~kriz/cifar.html>

use std::sync::Arc;

use sha2::{Digest, Sha256};

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

/// Images as the page fetches them: a file of records that follow each other in [`LabelledImages::subset_order`], no
/// larger than the 25 MB that static hosts take. `xtask/src/dist.rs` cuts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPart {
    /// Its name in the folder of the data.
    pub file: &'static str,
    /// How many images it holds.
    pub images: usize,
    sha256: &'static str,
}

/// How many images each part of the training set holds, but for the first.
const PART_IMAGES: usize = 8_000;

const fn part(file: &'static str, images: usize, sha256: &'static str) -> DataPart {
    DataPart { file, images, sha256 }
}

/// The training images, from the first on.
const TRAIN_PARTS: [DataPart; 7] = [
    part(
        "cifar10-2000-train.bin",
        2_000,
        "d5fb120b5bd27706ca7a23ea40d76ef3d9f41c24d8fc9148fd5fcc80e873255f",
    ),
    part(
        "cifar10-train-2000-10000.bin",
        8_000,
        "bdfc398ca7a752fd034f9934ea4abf6ed63c0f26d9920adc567388a4c807a7c1",
    ),
    part(
        "cifar10-train-10000-18000.bin",
        8_000,
        "abd9834325de866ded25fbd01c2631897931a02c128a99153dd4a8d761ab7434",
    ),
    part(
        "cifar10-train-18000-26000.bin",
        8_000,
        "bb3a385eb8121483aeed9759aa3c40b111c05674abc373106c5bbd40bfbb2cfe",
    ),
    part(
        "cifar10-train-26000-34000.bin",
        8_000,
        "e679d7068b4859538673ac3f380a7db6625c231ad9b1b11e467e840c71f42f12",
    ),
    part(
        "cifar10-train-34000-42000.bin",
        8_000,
        "66476a4a82fc10437d152bd308f9fa975dff377fcb1e10248dee1da2cb50cb4a",
    ),
    part(
        "cifar10-train-42000-50000.bin",
        8_000,
        "3b4f55cd6addf0548a39c6cb13dddacd12dbd62ac8639ae5d5d693e9e649dc9e",
    ),
];

/// The test images, from the first on.
const TEST_PARTS: [DataPart; 3] = [
    part(
        "cifar10-2000-test.bin",
        500,
        "fc2af12765f5cb8f58bbb65b4076d53187a9e82ae2919db9d65f53039bca22ec",
    ),
    part(
        "cifar10-test-500-2000.bin",
        1_500,
        "b7e9f7f9063aa8b9f60ff28ccbc84c6be913f41e3768acc00a64dabca8604bec",
    ),
    part(
        "cifar10-test-2000-10000.bin",
        8_000,
        "62fe741c5f2402c98b975420fad0a5d8142bbde525712548b105a4642763f41c",
    ),
];

impl DataPart {
    /// Its length.
    pub fn bytes(&self) -> usize {
        self.images * CIFAR10_RECORD_BYTES
    }

    /// Whether `bytes` are this part, by their SHA-256.
    pub fn is(&self, bytes: &[u8]) -> bool {
        let found = Sha256::digest(bytes);
        let digits = found.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| b"0123456789abcdef"[usize::from(digit)]).eq(self.sha256.bytes())
    }
}

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

    /// The parts that hold the first `images` of its training images, and all of its test images.
    pub fn parts(&self, images: usize) -> [&'static [DataPart]; 2] {
        fn holding(parts: &'static [DataPart], images: usize) -> &'static [DataPart] {
            let mut held = 0;
            let is_needed = |part: &&DataPart| {
                let before = held;
                held += part.images;
                before < images
            };
            &parts[..parts.iter().take_while(is_needed).count()]
        }
        [holding(&TRAIN_PARTS, images), holding(&TEST_PARTS, self.test)]
    }

    /// How many bytes those parts are. Counted without them: the page, which says it, has no use for their checksums.
    pub fn parts_bytes(&self, images: usize) -> usize {
        let first = TIERS[0].train;
        let others = images.saturating_sub(first).div_ceil(PART_IMAGES) * PART_IMAGES;
        (first + others + self.test) * CIFAR10_RECORD_BYTES
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_tier_hold_its_images_and_no_more() {
        for tier in TIERS {
            let images: [usize; 2] =
                tier.parts(tier.train).map(|parts| parts.iter().map(|part| part.images).sum());
            assert_eq!(images, [tier.train, tier.test]);
        }
        assert_eq!(
            TIERS[1].parts(10_000)[0],
            &TRAIN_PARTS[..2],
            "what is here already is not fetched twice"
        );
    }

    #[test]
    fn a_run_gets_the_parts_that_hold_its_images_and_their_bytes_are_known_beforehand() {
        for (images, parts) in [
            (10, 1),
            (2_000, 1),
            (2_001, 2),
            (10_000, 2),
            (10_001, 3),
            (12_000, 3),
            (18_000, 3),
            (18_001, 4),
            (49_999, 7),
            (50_000, 7),
        ] {
            let tier = Tier::holding(images).unwrap();
            let [train, test] = tier.parts(images);
            assert_eq!(train, &TRAIN_PARTS[..parts], "{images}");
            assert_eq!(test.iter().map(|part| part.images).sum::<usize>(), tier.test);
            let bytes = train.iter().chain(test).map(DataPart::bytes).sum::<usize>();
            assert_eq!(tier.parts_bytes(images), bytes, "{images}");
        }
    }

    #[test]
    fn no_part_is_larger_than_static_hosts_take() {
        for part in TRAIN_PARTS.iter().chain(&TEST_PARTS) {
            assert!(part.bytes() <= 25_000_000, "{part:?}");
        }
    }

    #[test]
    fn a_part_is_told_from_a_truncated_one_and_from_one_with_another_pixel() {
        let mut bytes = include_bytes!("../../../public/data/cifar10-2000-test.bin").to_vec();
        let part = TEST_PARTS[0];
        assert!(part.is(&bytes));
        assert_eq!(bytes.len(), part.bytes());
        assert!(!part.is(&bytes[..1_000]));
        bytes[1] ^= 1;
        assert!(!part.is(&bytes));
    }
}
