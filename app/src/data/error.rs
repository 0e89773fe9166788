//! What can be wrong with data, each in one sentence that says what to do.

use super::{CIFAR10_CLASSES, CIFAR10_RECORD_BYTES};

/// The command that gets the whole of CIFAR-10 into the folder of `file`.
#[cfg(feature = "native")]
fn fetch(file: &str) -> String {
    super::store::fetch_command_for(std::path::Path::new(file))
}

#[cfg(not(feature = "native"))]
fn fetch(_: &str) -> &'static str {
    "rote data fetch"
}

/// Why images could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The length is not a whole number of records, or not the expected one.
    #[error(
        "{file} has {found} bytes where {expected} are expected ({} records of {CIFAR10_RECORD_BYTES} bytes); \
         it is {}: delete it and run `{}`",
        expected / CIFAR10_RECORD_BYTES, if found < expected { "truncated" } else { "too long" }, fetch(file)
    )]
    Length {
        /// The file.
        file: String,
        /// Its length in bytes.
        found: usize,
        /// What its length should be.
        expected: usize,
    },
    /// A label byte names no class.
    #[error(
        "{file} has the label {label} at byte {offset}, but labels go from 0 to {}; \
         it is damaged or not CIFAR-10: delete it and run `{}`", CIFAR10_CLASSES - 1, fetch(file)
    )]
    Label {
        /// The file.
        file: String,
        /// Where the label stands.
        offset: usize,
        /// The value there.
        label: u8,
    },
    /// More images were asked for than there are.
    #[error(
        "`images` is {asked}, but only {available} training images are here; choose at most {available}, or get all \
         50,000 {}", if cfg!(feature = "native") {"with `rote data fetch`"} else {"with `cargo xtask data` before serving the page"}
    )]
    TooFewImages {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        available: usize,
    },
    /// A run needs the files, and the data folder has none of them.
    #[error(
        "`images` is {asked}, but only {bundled} training images come with the program, and the folder {folder} {state}; \
         get CIFAR-10 with `{fetch}`, or name its folder with --data-dir"
    )]
    NoFiles {
        /// How many images were asked for.
        asked: usize,
        /// How many need no files.
        bundled: usize,
        /// The data folder.
        folder: String,
        /// What is the matter with it; completes "the folder …".
        state: &'static str,
        /// The command that fills it.
        fetch: String,
    },
    /// A file that should be in the data folder is not.
    #[error(
        "{file} does not exist; run `{}` to get CIFAR-10, or name its folder with --data-dir",
        fetch(file)
    )]
    Missing {
        /// The file.
        file: String,
    },
    /// A file's content is not what was published.
    #[error(
        "{file} has the SHA-256 {found}, but CIFAR-10's is {expected}: its images are not those of the paper; \
         delete the file and run `{}`",
        fetch(file)
    )]
    Checksum {
        /// The file.
        file: String,
        /// Its checksum.
        found: String,
        /// The published checksum.
        expected: String,
    },
    /// The system refused a file operation: a full disk, an unwritable folder.
    #[error("{file} could not be {action}: {reason}; {advice}")]
    Io {
        /// The file.
        file: String,
        /// `read`, `written`, …
        action: &'static str,
        /// What the system said.
        reason: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// No source of the data could be used.
    #[error(
        "CIFAR-10 could not be fetched: {reasons}; check the connection and run `{again}` again (what was downloaded is kept)"
    )]
    Fetch {
        /// The command.
        again: String,
        /// What each source said.
        reasons: String,
    },
}
