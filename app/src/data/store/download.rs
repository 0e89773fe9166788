//! One file over HTTP into a `.part` file that a later attempt, or a later run, goes on with.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, StatusCode, header};

use super::fetch::Failure;
use super::files::{self, if_found, refused};
use crate::data::DataError;

/// A broken connection is taken up again so many times.
const ATTEMPTS: u32 = 8;
/// After so many attempts in a row that brought nothing, there is no use in more.
const FRUITLESS_ATTEMPTS: u32 = 2;

/// A file of known length at an address.
#[derive(Clone, Debug)]
pub(super) struct Download {
    pub agent: Agent,
    pub url: String,
    pub bytes: u64,
    /// How long to wait before taking up a broken connection.
    pub pause: Duration,
}

/// A client that gives up on a server that says nothing, but not on a slow one. Proxies come from the environment.
pub(super) fn patient_agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(Some(Duration::from_secs(10)))
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .timeout_per_read(Some(Duration::from_secs(30)))
        .build()
        .into()
}

/// Why an attempt ended early.
enum Broken {
    /// The connection broke, or the server said something that may pass.
    Again(String),
    /// It will say the same next time.
    ForGood(String),
    /// This machine's own fault.
    Here(DataError),
    /// Whoever heard of the progress had enough.
    Stopped(Failure),
}

/// Hears how many bytes are here; an error ends the download, which can be gone on with later.
pub(super) type Hear<'a> = dyn FnMut(u64) -> Result<(), Failure> + 'a;

impl Download {
    /// Gets the file to `target`.
    pub fn run(&self, target: &Path, progress: &mut Hear<'_>) -> Result<(), Failure> {
        let part = part_of(target);
        let mut fruitless = 0;
        for attempt in 0..ATTEMPTS {
            let here = length(&part)?;
            if here == self.bytes {
                break;
            }
            if attempt > 0 {
                thread::sleep(self.pause);
            }
            let reason = match self.attempt(&part, here.min(self.bytes), progress) {
                Ok(()) => "the connection was closed early".into(),
                Err(Broken::Again(reason)) => reason,
                Err(Broken::ForGood(reason)) => return Err(Failure::Source(reason)),
                Err(Broken::Here(error)) => return Err(Failure::Here(error)),
                Err(Broken::Stopped(failure)) => return Err(failure),
            };
            let now = length(&part)?;
            fruitless = if now > here { 0 } else { fruitless + 1 };
            let last = fruitless == FRUITLESS_ATTEMPTS || attempt + 1 == ATTEMPTS;
            if now != self.bytes && last {
                return Err(Failure::Source(format!(
                    "{reason}, with {now} of {} bytes here",
                    self.bytes
                )));
            }
        }
        fs::rename(&part, target).map_err(|error| Failure::Here(refused(target, "written", &error)))
    }

    /// Asks for what is missing behind the first `here` bytes and writes it until the connection ends.
    fn attempt(&self, part: &Path, here: u64, progress: &mut Hear<'_>) -> Result<(), Broken> {
        let mut request = self.agent.get(&self.url);
        if here > 0 {
            request = request.header(header::RANGE, format!("bytes={here}-"));
        }
        let response = request.call().map_err(|error| Broken::Again(error.to_string()))?;
        let start = self.start(&response, here);
        // A part that the server cannot go on with is no beginning of this file.
        if here > 0 && response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            remove(part)?;
        }
        let start = start?;
        self.receive(response, part, start, progress)
    }

    /// Where the body of `response` begins in the file.
    fn start<T>(&self, response: &Response<T>, here: u64) -> Result<u64, Broken> {
        let text = |name| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let (start, whole) = match response.status() {
            StatusCode::OK => (0, text(header::CONTENT_LENGTH).parse().ok()),
            StatusCode::PARTIAL_CONTENT => {
                // `bytes 5-9/10`: the rest of ten bytes behind the first five.
                let (range, whole) =
                    text(header::CONTENT_RANGE).split_once('/').unwrap_or_default();
                if !range.starts_with(&format!("bytes {here}-")) {
                    return Err(Broken::ForGood(
                        "the server sent another part of the file than was asked for".into(),
                    ));
                }
                (here, whole.parse().ok())
            }
            status if status.is_server_error() || status == StatusCode::RANGE_NOT_SATISFIABLE => {
                return Err(Broken::Again(format!("the server answered {status}")));
            }
            status => return Err(Broken::ForGood(format!("the server answered {status}"))),
        };
        match whole {
            Some::<u64>(bytes) if bytes != self.bytes => Err(Broken::ForGood(format!(
                "the server offers {bytes} bytes, but the archive has {} (a sign-in page of the network?)",
                self.bytes
            ))),
            _ => Ok(start),
        }
    }

    fn receive(
        &self,
        response: Response<ureq::Body>,
        part: &Path,
        start: u64,
        progress: &mut Hear<'_>,
    ) -> Result<(), Broken> {
        let unwritten = |error| Broken::Here(refused(part, "written", &error));
        let file = OpenOptions::new()
            .create(true)
            .append(start > 0)
            .write(true)
            .truncate(start == 0)
            .open(part);
        let mut file = file.map_err(unwritten)?;
        // One byte more than there should be is enough to see that it is not this file.
        let mut body = response.into_body().into_reader().take(self.bytes + 1 - start);
        let mut here = start;
        let mut buffer = vec![0; 1 << 16];
        loop {
            progress(here).map_err(Broken::Stopped)?;
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Broken::Again(error.to_string())),
            };
            file.write_all(&buffer[..count]).map_err(unwritten)?;
            here += count as u64;
        }
        if here > self.bytes {
            drop(file);
            remove(part)?;
            return Err(Broken::ForGood(format!(
                "the server sent more than the archive's {} bytes",
                self.bytes
            )));
        }
        Ok(())
    }
}

/// Where the beginning of `target` is kept.
pub(super) fn part_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!("{name}.part"))
}

/// How much of a file is here; nothing if it is not.
fn length(part: &Path) -> Result<u64, Failure> {
    files::length(part).map(Option::unwrap_or_default).map_err(Failure::Here)
}

fn remove(part: &Path) -> Result<(), Broken> {
    let removed = if_found(fs::remove_file(part));
    removed.map(|_| ()).map_err(|error| Broken::Here(refused(part, "removed", &error)))
}

#[cfg(test)]
pub(super) mod tests;
