//! What can be wrong with data, each in one sentence that says what to do.

use super::{CIFAR10_CLASSES, CIFAR10_RECORD_BYTES};

/// Why images could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The length is not a whole number of records, or not the expected one.
    #[error(
        "{file} has {found} bytes where {expected} are expected ({} records of {CIFAR10_RECORD_BYTES} bytes); \
         it is {}: delete it and run `rote data fetch`",
        expected / CIFAR10_RECORD_BYTES, if found < expected { "truncated" } else { "too long" }
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
         it is damaged or not CIFAR-10: delete it and run `rote data fetch`", CIFAR10_CLASSES - 1
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
    /// A file that should be in the data folder is not.
    #[error(
        "{file} does not exist; run `rote data fetch` to get CIFAR-10, or name its folder with --data-dir"
    )]
    Missing {
        /// The file.
        file: String,
    },
    /// A file's content is not what was published.
    #[error(
        "{file} has the SHA-256 {found}, but CIFAR-10's is {expected}; delete the file and run `rote data fetch`"
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
        "CIFAR-10 could not be fetched: {reasons}; check the connection and run `rote data fetch` again (what was downloaded is kept)"
    )]
    Fetch {
        /// What each source said.
        reasons: String,
    },
}
