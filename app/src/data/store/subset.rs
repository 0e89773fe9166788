//! Subsets of CIFAR-10: the one inside the program, cutting one from the whole set, and the manifest that says which
//! images it holds.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{files, load};
use crate::data::{DataError, DataSet, IMAGE_BYTES, LabelledImages, TIERS, Tier};

static EMBEDDED_TRAIN: &[u8] = include_bytes!("../../../../public/data/cifar10-2000-train.bin");
static EMBEDDED_TEST: &[u8] = include_bytes!("../../../../public/data/cifar10-2000-test.bin");

/// The smallest tier (2,000 training and 500 test images), which needs no files; read once.
pub fn embedded() -> Result<DataSet, DataError> {
    static READ: OnceLock<DataSet> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(read.clone());
    }
    let read = TIERS[0].read(EMBEDDED_TRAIN, EMBEDDED_TEST)?;
    Ok(READ.get_or_init(|| read).clone())
}

/// The bytes of its two files.
#[cfg(test)]
pub(super) fn embedded_bytes() -> [&'static [u8]; 2] {
    [EMBEDDED_TRAIN, EMBEDDED_TEST]
}

/// The first `count` images in [`LabelledImages::subset_order`].
pub(super) fn first(whole: &LabelledImages, count: usize) -> LabelledImages {
    let mut part = LabelledImages {
        pixels: Vec::with_capacity(count * IMAGE_BYTES),
        labels: Vec::with_capacity(count),
    };
    for index in whole.subset_order().into_iter().take(count) {
        part.pixels.extend_from_slice(whole.image(index));
        part.labels.push(whole.labels[index]);
    }
    part
}

/// Which images a subset holds and where they come from; written beside it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The data set.
    pub source: String,
    /// How the records are laid out.
    pub layout: String,
    /// How the images were chosen.
    pub chosen: String,
    /// The training images; an index is a position in the five training batches, one behind the other.
    pub train: Part,
    /// The test images; an index is a position in the test batch.
    pub test: Part,
}

/// One file of a subset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub file: String,
    /// Its number of records.
    pub images: usize,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// Where each of its images stands in the published set, counted from 0.
    pub indices: Vec<usize>,
}

impl Manifest {
    /// The JSON that is written: one part a line, because a line an index would be 60,000 lines.
    fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(format!(
            "{{\n\"source\": {},\n\"layout\": {},\n\"chosen\": {},\n\"train\": {},\n\"test\": {}\n}}\n",
            serde_json::to_string(&self.source)?,
            serde_json::to_string(&self.layout)?,
            serde_json::to_string(&self.chosen)?,
            serde_json::to_string(&self.train)?,
            serde_json::to_string(&self.test)?,
        ))
    }
}

/// Cuts `tier` from the whole set in `folder` and writes its two files and its manifest into `out`.
pub fn write_subset(tier: Tier, folder: &Path, out: &Path) -> Result<Manifest, DataError> {
    let [train, test] = load::whole(folder)?;
    fs::create_dir_all(out).map_err(|error| files::refused(out, "created", &error))?;
    let [train_file, test_file] = tier.files();
    let manifest = Manifest {
        source: "CIFAR-10 (Alex Krizhevsky, 2009), binary version, https://www.cs.toronto.edu/~kriz/cifar.html".into(),
        layout: "records of 3073 bytes: the label, then 1024 red, 1024 green and 1024 blue bytes, each 32 rows of 32"
            .into(),
        chosen: "the first image of each class in label order, then the second of each class, and so on; an index \
                 counts from 0, in `train` over data_batch_1.bin to data_batch_5.bin one behind the other, in `test` \
                 over test_batch.bin"
            .into(),
        train: write_part(&train, tier.train, &train_file, out)?,
        test: write_part(&test, tier.test, &test_file, out)?,
    };
    let json =
        manifest.to_json().map_err(|error| files::refused(out, "described", &error.into()))?;
    // Last, so that a manifest never speaks of files that are not there.
    files::write_atomically(&out.join(manifest_name(tier)), json.as_bytes())?;
    Ok(manifest)
}

/// The name of a tier's manifest.
fn manifest_name(tier: Tier) -> String {
    format!("cifar10-{}.json", tier.train)
}

fn write_part(
    whole: &LabelledImages,
    images: usize,
    file: &str,
    out: &Path,
) -> Result<Part, DataError> {
    let indices: Vec<usize> = whole.subset_order().into_iter().take(images).collect();
    let records = whole.to_records(&indices);
    files::write_atomically(&out.join(file), &records)?;
    Ok(Part { file: file.into(), images, sha256: files::sha256(&records), indices })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::CIFAR10_CLASSES;

    fn images_by_class(labels: &[u8]) -> [usize; CIFAR10_CLASSES] {
        let mut counts = [0; CIFAR10_CLASSES];
        for &label in labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    fn committed_manifest() -> Manifest {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../public/data")
            .join(manifest_name(TIERS[0]));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_subset_in_the_program_reads_strictly_and_is_balanced() {
        let data = embedded().unwrap();
        assert_eq!(images_by_class(&data.train.labels), [200; CIFAR10_CLASSES]);
        assert_eq!(images_by_class(&data.test.labels), [50; CIFAR10_CLASSES]);
    }

    #[test]
    fn the_subset_in_the_program_is_the_one_its_manifest_describes() {
        let manifest = committed_manifest();
        assert_eq!([manifest.train.file.clone(), manifest.test.file.clone()], TIERS[0].files());
        assert_eq!(manifest.train.sha256, files::sha256(EMBEDDED_TRAIN));
        assert_eq!(manifest.test.sha256, files::sha256(EMBEDDED_TEST));
        assert_eq!((manifest.train.images, manifest.train.indices.len()), (2_000, 2_000));
        assert_eq!((manifest.test.images, manifest.test.indices.len()), (500, 500));
        // The first labels of data_batch_1.bin are 6 9 9 4 1 1 2 7 8 3 4 7 7 2 9 9 9 3 2 6 4 3 6 6 2 6 3 5 4 0: so the
        // first airplane is image 29, the first automobile image 4, the first bird image 6, and so on.
        assert_eq!(manifest.train.indices[..10], [29, 4, 6, 9, 3, 27, 0, 7, 8, 1]);
    }

    #[test]
    fn a_manifest_reads_back_as_it_was_written() {
        let manifest = committed_manifest();
        let json = manifest.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    }

    fn images_with(labels: Vec<u8>) -> LabelledImages {
        let mut images = LabelledImages { pixels: vec![0; labels.len() * IMAGE_BYTES], labels };
        for (index, pixels) in images.pixels.chunks_exact_mut(IMAGE_BYTES).enumerate() {
            pixels[0] = index as u8;
        }
        images
    }

    proptest! {
        #[test]
        fn the_subset_order_holds_every_image_once(labels in prop::collection::vec(0u8..10, 0..200)) {
            let mut order = images_with(labels.clone()).subset_order();
            order.sort_unstable();
            prop_assert_eq!(order, (0..labels.len()).collect::<Vec<_>>());
        }

        #[test]
        fn every_beginning_of_the_subset_order_is_as_balanced_as_it_can_be(
            labels in prop::collection::vec(0u8..10, 0..200),
            share in 0.0..1.0f64,
        ) {
            let images = images_with(labels);
            let length = (share * images.count() as f64) as usize;
            let chosen: Vec<u8> = images.subset_order()[..length].iter().map(|&i| images.labels[i]).collect();
            let (chosen, all) = (images_by_class(&chosen), images_by_class(&images.labels));
            let most = chosen.into_iter().max().unwrap_or(0);
            for class in 0..CIFAR10_CLASSES {
                prop_assert!(chosen[class] == all[class] || chosen[class] + 1 >= most);
            }
        }

        #[test]
        fn a_smaller_subset_is_the_beginning_of_a_larger_one(
            labels in prop::collection::vec(0u8..10, 1..100),
            sizes in (0usize..100, 0usize..100),
        ) {
            let images = images_with(labels);
            let (small, large) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
            let (small, large) = (first(&images, small), first(&images, large));
            prop_assert_eq!(&small.labels[..], &large.labels[..small.count()]);
            prop_assert_eq!(&small.pixels[..], &large.pixels[..small.pixels.len()]);
        }

        #[test]
        fn within_a_class_the_subset_keeps_the_order_of_the_files(labels in prop::collection::vec(0u8..10, 0..200)) {
            let images = images_with(labels);
            let order = images.subset_order();
            for class in 0..CIFAR10_CLASSES as u8 {
                let of_class: Vec<_> = order.iter().filter(|&&i| images.labels[i] == class).collect();
                prop_assert!(of_class.is_sorted());
            }
        }
    }
}
