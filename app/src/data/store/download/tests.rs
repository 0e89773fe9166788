//! Downloads from a server in this process, which can close the connection midway.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// How the server answers one request, given the position that was asked for.
pub(in crate::data::store) type Answer = fn(content: &[u8], from: Option<usize>) -> Vec<u8>;

/// A server on 127.0.0.1 that answers one connection with each of its answers, then stops listening.
pub(in crate::data::store) struct Server {
    pub url: String,
    thread: JoinHandle<Vec<Option<usize>>>,
}

impl Server {
    pub fn start(content: Vec<u8>, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/archive", listener.local_addr().unwrap());
        let answers = answers.to_vec();
        let thread = thread::spawn(move || {
            let serve = |answer: Answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let head = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                let mut from = None;
                for line in head.take_while(|line| !line.is_empty()) {
                    let line = line.to_ascii_lowercase();
                    from = from.or(line
                        .strip_prefix("range: bytes=")
                        .map(|r| r.trim_end_matches('-').parse().unwrap()));
                }
                stream.write_all(&answer(&content, from)).unwrap();
                from
            };
            answers.into_iter().map(serve).collect()
        });
        Self { url, thread }
    }

    /// The position that each request asked for, once every answer has been given.
    pub fn asked_for(self) -> Vec<Option<usize>> {
        self.thread.join().unwrap()
    }
}

/// A download from this machine, whatever proxy the environment names.
pub(in crate::data::store) fn from_here(url: &str, bytes: usize) -> Download {
    let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    Download { agent, url: url.into(), bytes: bytes as u64, pause: Duration::ZERO }
}

fn ok(content: &[u8], _: Option<usize>) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    );
    [head.as_bytes(), content].concat()
}

fn rest(content: &[u8], from: Option<usize>) -> Vec<u8> {
    let Some(from) = from else { return ok(content, from) };
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\nConnection: close\r\n\r\n",
        content.len() - from,
        content.len() - 1,
        content.len()
    );
    [head.as_bytes(), &content[from..]].concat()
}

/// The right answer, but the connection closes when 1,000 bytes of it are still to come.
pub(in crate::data::store) fn rest_but_the_last_1000(
    content: &[u8],
    from: Option<usize>,
) -> Vec<u8> {
    let mut answer = rest(content, from);
    answer.truncate(answer.len() - 1_000);
    answer
}

pub(in crate::data::store) const REST: Answer = rest;

fn unavailable(_: &[u8], _: Option<usize>) -> Vec<u8> {
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
}

fn not_found(_: &[u8], _: Option<usize>) -> Vec<u8> {
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
}

fn out_of_range(_: &[u8], _: Option<usize>) -> Vec<u8> {
    b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
}

fn content() -> Vec<u8> {
    (0..200_000u32).map(|index| (index * 7 % 251) as u8).collect()
}

struct Outcome {
    result: Result<(), Failure>,
    /// What every call of the progress callback heard.
    progress: Vec<u64>,
    asked_for: Vec<Option<usize>>,
    file: Option<Vec<u8>>,
    part: Option<Vec<u8>>,
}

/// Downloads [`content`] from a server with `answers`, with `part` left by an earlier run.
fn download(part: Option<&[u8]>, answers: &[Answer]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("archive");
    if let Some(part) = part {
        fs::write(part_of(&target), part).unwrap();
    }
    let server = Server::start(content(), answers);
    let download = from_here(&server.url, content().len());
    let mut progress = Vec::new();
    let result = download.run(&target, &mut |bytes| {
        progress.push(bytes);
        Ok(())
    });
    let asked_for = server.asked_for();
    let (file, part) = (fs::read(&target).ok(), fs::read(part_of(&target)).ok());
    Outcome { result, progress, asked_for, file, part }
}

fn reason(outcome: &Outcome) -> &str {
    let Err(Failure::Source(reason)) = &outcome.result else { panic!("{:?}", outcome.result) };
    reason
}

#[test]
fn a_download_that_breaks_midway_goes_on_where_it_broke() {
    let outcome = download(None, &[rest_but_the_last_1000, rest]);
    outcome.result.unwrap();
    assert_eq!(outcome.asked_for, [None, Some(199_000)]);
    assert_eq!(outcome.file, Some(content()));
    assert_eq!(outcome.part, None);
    assert!(outcome.progress.is_sorted() && outcome.progress.last() == Some(&200_000));
}

#[test]
fn what_an_earlier_run_left_is_not_downloaded_again() {
    let outcome = download(Some(&content()[..150_000]), &[rest]);
    outcome.result.unwrap();
    assert_eq!(outcome.asked_for, [Some(150_000)]);
    assert_eq!(outcome.file, Some(content()));
    assert_eq!(outcome.progress[0], 150_000);
}

#[test]
fn a_complete_part_needs_no_connection() {
    let outcome = download(Some(&content()), &[]);
    outcome.result.unwrap();
    assert_eq!(outcome.file, Some(content()));
}

#[test]
fn a_server_that_knows_no_ranges_starts_over() {
    let outcome = download(Some(b"other content"), &[ok]);
    outcome.result.unwrap();
    assert_eq!(outcome.file, Some(content()));
}

#[test]
fn a_part_longer_than_the_file_is_thrown_away() {
    let outcome = download(Some(&[1; 200_001]), &[out_of_range, rest]);
    outcome.result.unwrap();
    assert_eq!(outcome.asked_for, [Some(200_000), None]);
    assert_eq!(outcome.file, Some(content()));
}

#[test]
fn a_server_that_keeps_failing_is_given_up_and_the_part_kept() {
    let outcome = download(Some(&content()[..5]), &[unavailable, unavailable]);
    assert_eq!(
        reason(&outcome),
        "the server answered 503 Service Unavailable, with 5 of 200000 bytes here"
    );
    assert_eq!(outcome.part.as_deref(), Some(&content()[..5]));
    assert_eq!(outcome.file, None);
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    let outcome = download(None, &[not_found]);
    assert_eq!(reason(&outcome), "the server answered 404 Not Found");
}

#[test]
fn another_file_under_the_same_address_is_refused_before_it_is_written() {
    let outcome = download(None, &[|_, _| ok(b"<html>please sign in</html>", None)]);
    assert!(reason(&outcome).starts_with("the server offers 27 bytes, but the archive has 200000"));
    assert_eq!((outcome.file, outcome.part), (None, None));
}

#[test]
fn a_stream_that_does_not_end_is_cut_off_and_not_kept() {
    let endless: Answer = |content, _| {
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", content, b"and more"].concat()
    };
    let outcome = download(None, &[endless]);
    assert_eq!(reason(&outcome), "the server sent more than the archive's 200000 bytes");
    assert_eq!((outcome.file, outcome.part), (None, None));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_download_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("archive");
    std::os::unix::fs::symlink("/dev/full", part_of(&target)).unwrap();
    let server = Server::start(content(), &[rest_but_the_last_1000]);
    let download = from_here(&server.url, 200_000);
    let Err(Failure::Here(error)) = download.run(&target, &mut |_| Ok(())) else {
        panic!("the disk is full")
    };
    let sentence = error.to_string();
    assert!(
        sentence.contains("archive.part could not be written: No space left on device"),
        "{sentence}"
    );
    assert!(sentence.contains("free some space") && !target.exists());
}
