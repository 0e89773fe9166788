//! Writing a file so that it is either whole or not there, checksums, and what to say when the system refuses.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::data::DataError;

/// Writes `bytes` to `path`: on any failure, and at any moment a power cut could come, what stood there before still
/// does.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    replace(path, |file| file.write_all(bytes)).map_err(|error| refused(path, "written", &error))
}

/// Replaces the file at `path` by what `write` writes, or leaves it as it was.
///
/// # Errors
///
/// What the system said; the caller knows what to advise.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // In the same folder, because a rename is atomic only within one file system.
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    write(temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    // Makes the rename itself durable. Some file systems have no such operation, and the content is safe either way.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The sentence for an operation on `file` that the system refused; `action` completes "could not be".
pub(super) fn refused(file: &Path, action: &'static str, error: &io::Error) -> DataError {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space or choose a folder on another disk (--data-dir), then run the same command again"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem if action == "read" => {
            "give yourself the right to read it or choose another folder (--data-dir)"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to (--data-dir; for a subset --out)"
        }
        ErrorKind::IsADirectory => {
            "move that folder out of the way or choose another place (--data-dir)"
        }
        _ => "check that path or choose another folder (--data-dir; for a subset --out)",
    };
    DataError::Io { file: file.display().to_string(), action, reason: error.to_string(), advice }
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The SHA-256 of a file in lower-case hexadecimal.
pub(super) fn file_sha256(path: &Path) -> Result<String, DataError> {
    let hash = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hexadecimal(&hasher.finalize())),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    };
    hash().map_err(|error| refused(path, "read", &error))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_checksum_of_abc_is_the_one_in_the_standard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("abc"), b"abc").unwrap();
        assert_eq!(file_sha256(&folder.path().join("abc")).unwrap(), expected);
    }

    #[test]
    fn a_written_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.bin");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names_in(folder.path()), ["data.bin"]);
    }

    #[test]
    fn when_the_disk_fills_up_midway_the_old_file_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.bin");
        write_atomically(&path, b"old").unwrap();
        let full = replace(&path, |file| {
            file.write_all(b"half of the n")?;
            Err(ErrorKind::StorageFull.into())
        });
        let sentence = refused(&path, "written", &full.unwrap_err()).to_string();
        assert!(sentence.contains("data.bin could not be written: no storage space"), "{sentence}");
        assert!(sentence.contains("free some space"), "{sentence}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names_in(folder.path()), ["data.bin"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_really_full_device_is_reported_in_the_words_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.bin");
        let full = replace(&path, |_| {
            File::options().write(true).open("/dev/full")?.write_all(b"anything")
        });
        let error = refused(&path, "written", &full.unwrap_err()).to_string();
        assert!(
            error.contains("No space left on device") && error.contains("free some space"),
            "{error}"
        );
        assert!(names_in(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_that_may_not_be_written_to_gets_its_own_advice() {
        let denied =
            refused(Path::new("/data/x.bin"), "written", &ErrorKind::PermissionDenied.into())
                .to_string();
        assert_eq!(
            denied,
            "/data/x.bin could not be written: permission denied; choose a folder that you may write to (--data-dir; \
             for a subset --out)"
        );
    }

    #[test]
    fn a_file_below_something_that_is_no_folder_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = write_atomically(&file.join("data.bin"), b"").unwrap_err().to_string();
        assert!(error.contains("file/data.bin") || error.contains("file\\data.bin"), "{error}");
        assert!(error.contains("could not be written"), "{error}");
    }
}
