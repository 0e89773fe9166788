//! Reading the images. What is read is compared with the published checksums, because a changed pixel would make a
//! result wrong without a word; then it is kept, so that a process that makes many runs reads and checks only once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::files::{self, refused};
use super::{
    CIFAR10_FILES, PublishedFile, check_length, check_sum, data_folder, fetch_command, locate,
    subset,
};
use crate::data::{DataError, DataSet, LabelledImages, TIERS, Tier};

/// The images of a run on `images` training images: the smallest tier that holds them. The run takes the first `images`
/// of them. Up to 2,000 come with the program, and `data_dir` is not even looked at; more are read from the files in
/// [`data_folder`], once a process. What is returned shares its images with whoever else asked for them.
///
/// # Errors
///
/// If there are not so many images, or the files are not there, cannot be read, or are not those that were published.
pub fn load_images(images: usize, data_dir: Option<&Path>) -> Result<DataSet, DataError> {
    static CIFAR10: DataCache = DataCache::new(&CIFAR10_FILES);
    CIFAR10.load(images, &|| data_folder(data_dir))
}

/// Training and test images in the order of the files, which is the order that a manifest counts in.
pub(super) fn whole(folder: &Path) -> Result<[LabelledImages; 2], DataError> {
    read(&locate(folder, &CIFAR10_FILES)?.folder, &CIFAR10_FILES)
}

/// What a process has read of a published data set.
pub(super) struct DataCache {
    published: &'static [PublishedFile],
    /// By the folder the files are in and the number of training images.
    kept: Mutex<BTreeMap<(PathBuf, usize), DataSet>>,
}

impl DataCache {
    pub(super) const fn new(published: &'static [PublishedFile]) -> Self {
        Self { published, kept: Mutex::new(BTreeMap::new()) }
    }

    /// `folder` is asked for only where files are needed: who has no home folder can still make the small runs.
    pub(super) fn load(
        &self,
        images: usize,
        folder: &dyn Fn() -> Result<PathBuf, DataError>,
    ) -> Result<DataSet, DataError> {
        let tier = Tier::holding(images)?;
        if tier == TIERS[0] {
            return subset::embedded();
        }
        let folder = folder()?;
        let place = locate(&folder, self.published)?;
        if place.files > 0 {
            return self.tier(tier, &place.folder);
        }
        let state = if files::is_there(&folder)? { "holds no CIFAR-10" } else { "does not exist" };
        Err(DataError::NoFiles {
            asked: images,
            bundled: TIERS[0].train,
            state,
            fetch: fetch_command(&folder),
            folder: folder.display().to_string(),
        })
    }

    /// A tier, cut from the files in `folder` or found where it was cut before.
    pub(super) fn tier(&self, tier: Tier, folder: &Path) -> Result<DataSet, DataError> {
        let key = fs::canonicalize(folder).map_err(|error| refused(folder, "read", &error))?;
        // Held while reading: a run that asks meanwhile waits, and finds the images.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(&(key.clone(), tier.train)) {
            return Ok(known.clone());
        }
        let [train, test] = read(folder, self.published)?;
        let cut = DataSet {
            train: subset::first(&train, tier.train).into(),
            test: subset::first(&test, tier.test).into(),
        };
        kept.insert((key, tier.train), cut.clone());
        Ok(cut)
    }
}

/// Reads and checks the files: first all lengths, which costs nothing, then the content.
fn read(folder: &Path, published: &[PublishedFile]) -> Result<[LabelledImages; 2], DataError> {
    for file in published {
        check_length(&folder.join(file.name), file)?;
    }
    let (mut train, mut test) = (LabelledImages::default(), LabelledImages::default());
    for file in published {
        let path = folder.join(file.name);
        let bytes = fs::read(&path).map_err(|error| refused(&path, "read", &error))?;
        let name = path.display().to_string();
        let images = LabelledImages::from_records(&name, &bytes, file.images)?;
        check_sum(&path, file, &files::sha256(&bytes))?;
        if file.is_training() { train.append(images) } else { test.append(images) }
    }
    Ok([train, test])
}
