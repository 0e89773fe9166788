//! Writing a file so that it is either whole or not there, telling "not found" from "cannot be looked at", checksums, and
//! what to say when the system refuses.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::data::DataError;

/// Writes `bytes` to `path`: on any failure, and at any moment a power cut could come, what stood there before still
/// does.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    replace(path, |file| file.write_all(bytes)).map_err(|error| refused(path, "written", &error))
}

/// Replaces the file at `path` by what `write` writes, or leaves it as it was. Who may read the file is what the umask
/// says, as for any other new file.
///
/// # Errors
///
/// What the system said; the caller knows what to advise.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // In the same folder, because a rename is atomic only within one file system.
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (mut file, temporary) = create_temporary(folder)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        // The error to tell is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    // Makes the rename itself durable. Some file systems have no such operation, and the content is safe either way.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// What the names of temporary files begin and end with: nobody else's do, so [`sweep`] takes only ours.
const TEMPORARY: [&str; 2] = [".rote-", ".tmp"];

/// A new file in `folder`. Not by the crate `tempfile`, whose files only their owner may read.
fn create_temporary(folder: &Path) -> io::Result<(File, PathBuf)> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let [start, end] = TEMPORARY;
    loop {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{start}{}-{made}{end}", process::id()));
        match File::options().write(true).create_new(true).open(&path) {
            // Left by a killed process of the same number, or in use by one on another machine.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, path)),
        }
    }
}

/// Removes what killed writes left in `folder`. The caller holds the lock of that folder: a write that is under way there
/// would fail.
///
/// # Errors
///
/// What the system said to looking into the folder, or to removing a file.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_temporary(&entry.file_name()) {
            if_found(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn is_temporary(name: &OsStr) -> bool {
    let [start, end] = TEMPORARY;
    let middle = name.to_str().and_then(|name| name.strip_prefix(start)?.strip_suffix(end));
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    middle
        .and_then(|middle| middle.split_once('-'))
        .is_some_and(|(process, made)| is_number(process) && is_number(made))
}

/// What an operation on a file brought, or nothing where there is no such file. Only "not found" means absent: a file
/// that cannot be read (a broken disk, a stale handle, no right to) is there, and to go on as if it were not would write
/// over it.
pub fn if_found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// "No locks available", which network file systems answer without a lock server, as Linux and as Apple's systems number it.
const ENOLCK: Option<i32> = match () {
    () if cfg!(any(target_os = "linux", target_os = "android")) => Some(37),
    () if cfg!(target_vendor = "apple") => Some(77),
    () => None,
};

/// Whether a lock was refused because the file system has none (ENOSYS, ENOTSUP, ENOLCK). Any other refusal, such as of a
/// disk that does not answer, says nothing about who else is there.
pub fn has_no_locks(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    error.kind() == ErrorKind::Unsupported || (number.is_some() && number == ENOLCK)
}

/// The length of a file in bytes, if there is one.
pub(super) fn length(file: &Path) -> Result<Option<u64>, DataError> {
    let found = if_found(fs::metadata(file)).map_err(|error| refused(file, "read", &error))?;
    Ok(found.map(|metadata| metadata.len()))
}

/// Whether there is a file or folder.
pub(super) fn is_there(path: &Path) -> Result<bool, DataError> {
    length(path).map(|found| found.is_some())
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

    #[cfg(unix)]
    #[test]
    fn who_may_read_a_written_file_is_what_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
        };
        fs::write(folder.path().join("plain"), b"").unwrap();
        write_atomically(&folder.path().join("replaced"), b"").unwrap();
        assert_eq!(mode("replaced"), mode("plain"));
    }

    #[test]
    fn what_a_killed_write_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        // A process that is killed runs nothing more, so neither does this write.
        let (_, left) = create_temporary(folder.path()).unwrap();
        let others = [".rote-", ".rote-1-2.tmp.bin", ".rote-npm", ".tmpAb3dE9", "rote-1-2.tmp"];
        for other in others {
            fs::write(folder.path().join(other), b"").unwrap();
        }
        sweep(folder.path()).unwrap();
        assert!(!left.exists());
        let mut names = names_in(folder.path());
        names.sort();
        assert_eq!(names, others);
    }

    #[test]
    fn a_name_that_a_killed_process_of_the_same_number_left_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (_, first) = create_temporary(folder.path()).unwrap();
        let name = first.file_name().unwrap().to_str().unwrap();
        let number: u64 = name.split(['-', '.']).rev().nth(1).unwrap().parse().unwrap();
        for later in number + 1..number + 100 {
            fs::write(
                folder.path().join(name.replace(&format!("-{number}."), &format!("-{later}."))),
                b"",
            )
            .unwrap();
        }
        write_atomically(&folder.path().join("data.bin"), b"new").unwrap();
        assert_eq!(fs::read(folder.path().join("data.bin")).unwrap(), b"new");
        assert_eq!(names_in(folder.path()).len(), 101, "and no leftover is taken for one's own");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_three_answers_say_that_a_file_system_has_no_locks() {
        // ENOSYS, EOPNOTSUPP and ENOLCK; EIO, EACCES and ESTALE.
        assert_eq!(
            [38, 95, 37, 5, 13, 116]
                .map(|number| has_no_locks(&io::Error::from_raw_os_error(number))),
            [true, true, true, false, false, false]
        );
    }

    #[test]
    fn only_not_found_means_absent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        assert_eq!(length(&file).unwrap(), None);
        fs::write(&file, b"four").unwrap();
        assert_eq!(length(&file).unwrap(), Some(4));
        let error = length(&file.join("below")).unwrap_err().to_string();
        assert!(error.contains("below could not be read"), "{error}");
        assert!(if_found(fs::read(file.join("below"))).is_err());
    }
}
