//! A small static web server for `dist/`, for this machine only. Trunk's own would watch and rebuild, and would have no
//! finished (stripped) files to serve; a page of static files needs no more than this.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A request whose head is longer than this is refused.
const MAX_HEAD_BYTES: u64 = 16 * 1024;

/// The content security policy under which the page works, and is tested: no script within the page and none of another
/// site, but WebAssembly; styles also within the page; images also as the page draws them. README.md and `start.js` say it.
pub const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                          img-src 'self' data: blob:";

/// A running server; it ends with the process.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Serves the files of `root` on a port of this machine (0: any free one), each connection in a thread of its own.
    pub fn start(root: PathBuf, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let root = root.clone();
                // A browser that closes a connection early is no error of ours.
                std::thread::spawn(move || serve(&root, stream).ok());
            }
        });
        Ok(Self { address })
    }
}

fn serve(root: &Path, stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(MAX_HEAD_BYTES));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut known_tag = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("if-none-match")
        {
            known_tag = Some(value.trim().to_owned());
        }
    }
    answer(root, &request, known_tag.as_deref(), stream)
}

/// Answers one request line (`GET /path HTTP/1.1`).
fn answer(
    root: &Path,
    request: &str,
    known_tag: Option<&str>,
    mut stream: impl Write,
) -> io::Result<()> {
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "GET" && method != "HEAD" {
        return refuse(stream, "405 Method Not Allowed", "Allow: GET, HEAD\r\n");
    }
    let Some((path, mut file, metadata)) = open(root, target) else {
        return refuse(stream, "404 Not Found", "");
    };
    let tag = entity_tag(&metadata);
    // `no-cache` means: keep it, but ask each time whether it is still the same, so that a new build is
    // fetched at the next visit and shows at the one after (public/service.js).
    let common = format!("ETag: {tag}\r\nCache-Control: no-cache\r\nConnection: close\r\n");
    if known_tag == Some(tag.as_str()) {
        return write!(stream, "HTTP/1.1 304 Not Modified\r\n{common}\r\n");
    }
    let (length, mime) = (metadata.len(), mime_type(&path));
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\n")?;
    write!(stream, "Content-Security-Policy: {POLICY}\r\n")?;
    write!(stream, "X-Content-Type-Options: nosniff\r\n{common}\r\n")?;
    if method == "GET" {
        io::copy(&mut file, &mut stream)?;
    }
    stream.flush()
}

fn refuse(mut stream: impl Write, status: &str, header: &str) -> io::Result<()> {
    let head = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{head}{header}Content-Length: {}\r\n\r\n{status}",
        status.len()
    )
}

/// The file that a request target names, if it lies in `root`; a folder stands for its `index.html`.
fn open(root: &Path, target: &str) -> Option<(PathBuf, File, Metadata)> {
    let root = root.canonicalize().ok()?;
    let mut path = root.join(relative_path(target)?);
    if path.is_dir() {
        path.push("index.html");
    }
    // Links are followed before the check, so that none leads out.
    let path = path.canonicalize().ok().filter(|path| path.starts_with(&root))?;
    let file = File::open(&path).ok()?;
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    Some((path, file, metadata))
}

/// `/data/a%20b.bin?x=1` as `data/a b.bin`; none if it is no plain path downwards.
fn relative_path(target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = PathBuf::from(percent_decoded(path)?);
    let is_plain = path.components().all(|component| match component {
        // A backslash or a colon separates on other systems.
        Component::Normal(name) => !name.to_string_lossy().contains(['\\', ':', '\0']),
        _ => false,
    });
    is_plain.then_some(path)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn entity_tag(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!("\"{:x}-{:x}\"", metadata.len(), modified.map_or(0, |time| time.as_nanos()))
}

fn mime_type(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        // Anything else and the browser compiles only after the whole download.
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "toml" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
