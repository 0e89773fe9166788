//! Why a command stops. Each sentence says what happened and what to do next; it is printed once, by `main`.

use std::path::{Path, PathBuf};

/// Why a command of xtask stops.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("there is no command `cargo xtask {given}`; `cargo xtask help` lists them")]
    Usage { given: String },
    #[error("{what}; {fix}")]
    Setup { what: String, fix: String },
    #[error("`{program}` could not be started ({source}); {fix}")]
    Start { program: String, source: std::io::Error, fix: &'static str },
    #[error("`{line}` ended with {status}; {fix}")]
    Command { line: String, status: std::process::ExitStatus, fix: String },
    #[error("{summary}")]
    Checks { summary: String },
    #[error("cannot {action} {}: {source}; check that the folder is writable and the disk not full", path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl Failure {
    pub fn setup(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Setup { what: what.into(), fix: fix.into() }
    }

    /// For `map_err` after a file operation on `path`.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, path: path.into(), source }
    }
}
