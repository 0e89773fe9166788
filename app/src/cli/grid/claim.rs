//! Who is at a run. A lock on the file `lock` in its folder falls with the process, however that ends. Where the file system
//! has no locks, what stands in the file is all there is: whoever finds another name in it than its own gives the run up.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::folder::refused;
use crate::cli::CliError;
use crate::data::store;

/// A run that this process is at.
#[derive(Debug)]
pub struct RunLock {
    /// Holds the lock as long as it is open.
    file: File,
    path: PathBuf,
    /// What stands in the file: host, process and a number of its own.
    holder: String,
    /// Whether the file system keeps others out.
    is_locked: bool,
}

impl RunLock {
    /// Takes the run, or nothing if another process holds the lock.
    pub(super) fn take(path: &Path) -> Result<Option<Self>, CliError> {
        let open =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
        let mut file = open.map_err(|error| refused(path, "opened", &error))?;
        let is_locked = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) if store::has_no_locks(&error) => false,
            Err(TryLockError::Error(error)) => return Err(refused(path, "locked", &error)),
        };
        let holder = holder();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(|error| refused(path, "written", &error))?;
        Ok(Some(Self { file, path: path.to_path_buf(), holder, is_locked }))
    }

    /// Whether the file system keeps others out.
    pub(super) fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Why two processes could meet here, if they could.
    pub(super) fn warning(&self) -> Option<String> {
        (!self.is_locked).then(|| {
            format!(
                "the file system of {} has no locks: nothing keeps two processes from one run. Give each process a part of \
                 its own with --shard I/N",
                self.path.display()
            )
        })
    }

    /// Fails if another process has taken the run over; to be asked before its files are written.
    pub(super) fn check(&self) -> Result<(), CliError> {
        match self.found() {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(refused(&self.path, "read", &error))
            }
            Ok(found) if found == self.holder => Ok(()),
            found => {
                let found = found.unwrap_or_default();
                let other = if found.is_empty() { "somebody" } else { found.trim() };
                Err(CliError::Failed(format!(
                    "{} says that {other} is at this run now, so nothing more is written here; give each process a part of \
                     its own with --shard I/N",
                    self.path.display()
                )))
            }
        }
    }

    /// What stands in the file that is there now.
    fn found(&self) -> io::Result<String> {
        let mut found = String::new();
        if self.is_locked && is_still_at(&self.file, &self.path)? {
            // Where locks bind everybody, as on Windows, only the handle that holds one may read.
            let mut held = &self.file;
            held.rewind()?;
            held.read_to_string(&mut found)?;
        } else {
            // A network file system shows what others wrote to whoever opens the file anew.
            File::open(&self.path)?.read_to_string(&mut found)?;
        }
        Ok(found)
    }

    /// The claim as it would be on a file system without locks.
    #[cfg(test)]
    pub(super) fn without_lock(self) -> Self {
        Self { is_locked: false, ..self }
    }
}

/// Whether what is at `path` is the open file: it may have been removed, and another process have made its own there.
fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = fs::metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let ours = file.metadata()?;
        Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino()))
    }
    #[cfg(not(unix))]
    {
        // A locked file of that name is the one that is open.
        let _ = (file, there);
        Ok(true)
    }
}

/// `process 4711 on host (token 18f3…)`: the token tells apart what a system has numbered alike.
fn holder() -> String {
    let host = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .unwrap_or_else(|| "an unnamed host".into());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // Where it lies in memory differs between processes, and between the workers of one.
    let token = now as u64 ^ (std::ptr::from_ref(&now).addr() as u64).rotate_left(32);
    format!("process {} on {} (token {token:016x})\n", std::process::id(), host.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_be_claimed_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let claim = RunLock::take(&path).unwrap();
        assert!(claim.is_some() && RunLock::take(&path).unwrap().is_none());
        drop(claim);
        assert!(RunLock::take(&path).unwrap().is_some());
    }

    #[test]
    fn who_was_robbed_of_a_run_writes_nothing_more_and_says_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let claim = RunLock::take(&path).unwrap().unwrap();
        assert!(claim.check().is_ok() && claim.warning().is_none());
        fs::write(&path, "process 7 on elsewhere (token 1)\n").unwrap();
        let error = claim.check().unwrap_err().to_string();
        assert!(error.contains("process 7 on elsewhere") && error.contains("--shard"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(claim.check().is_err());
    }

    #[test]
    fn two_claims_never_have_the_same_name() {
        assert_ne!(holder(), holder());
    }

    #[test]
    fn a_lock_file_that_was_removed_and_made_anew_is_not_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        for is_locked in [true, false] {
            let claim = RunLock { is_locked, ..RunLock::take(&path).unwrap().unwrap() };
            assert!(claim.check().is_ok());
            fs::remove_file(&path).unwrap();
            assert!(claim.check().unwrap_err().to_string().contains("somebody is at this run"));
            fs::write(&path, "process 7 on elsewhere (token 1)\n").unwrap();
            let error = claim.check().unwrap_err().to_string();
            assert!(error.contains("process 7 on elsewhere"), "{error}");
        }
    }

    #[test]
    fn only_without_locks_is_it_said_that_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let claim = RunLock::take(&folder.path().join("lock")).unwrap().unwrap();
        assert!(claim.is_locked() && claim.warning().is_none());
        let claim = claim.without_lock();
        assert!(claim.warning().unwrap().contains("has no locks"));
    }
}
