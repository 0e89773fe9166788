//! The server over a folder of its own: what it answers, and what it never gives away.

use super::*;

/// A folder `site` with two files, and a file beside it that must stay private.
struct Site {
    folder: PathBuf,
}

impl Site {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("rote-server-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("site/data")).unwrap();
        std::fs::write(folder.join("site/index.html"), "<h1>Rote</h1>").unwrap();
        std::fs::write(folder.join("site/data/a b.bin"), [1, 2, 3]).unwrap();
        std::fs::write(folder.join("private.txt"), "private").unwrap();
        Self { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.join("site")
    }

    fn ask(&self, request: &str, known_tag: Option<&str>) -> String {
        let mut reply = Vec::new();
        answer(&self.root(), request, known_tag, &mut reply).unwrap();
        String::from_utf8(reply).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_root_is_the_index_page() {
    let reply = Site::new("index").ask("GET /?seed=2 HTTP/1.1", None);
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(
        reply.contains("\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 13\r\n"),
        "{reply}"
    );
    assert!(reply.ends_with("\r\n\r\n<h1>Rote</h1>"), "{reply}");
}

#[test]
fn a_name_with_a_space_is_found_by_its_escape() {
    let reply = Site::new("escape").ask("GET /data/a%20b.bin HTTP/1.1", None);
    assert!(reply.ends_with("\r\n\r\n\u{1}\u{2}\u{3}"), "{reply}");
}

#[test]
fn head_gives_the_length_without_the_body() {
    let reply = Site::new("head").ask("HEAD /index.html HTTP/1.1", None);
    assert!(reply.contains("Content-Length: 13\r\n") && reply.ends_with("\r\n\r\n"), "{reply}");
}

#[test]
fn a_file_that_the_browser_already_has_is_not_sent_again() {
    let site = Site::new("tag");
    let first = site.ask("GET /index.html HTTP/1.1", None);
    let tag = first.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
    assert!(site.ask("GET /index.html HTTP/1.1", Some(tag)).starts_with("HTTP/1.1 304 "));
    assert!(site.ask("GET /index.html HTTP/1.1", Some("\"old\"")).starts_with("HTTP/1.1 200 "));
}

#[test]
fn no_path_leads_out_of_the_folder() {
    let site = Site::new("escape-attempts");
    for path in [
        "/../private.txt",
        "/data/../../private.txt",
        "/%2e%2e/private.txt",
        "/..%2fprivate.txt",
        "/..%5cprivate.txt",
        "//private.txt",
        "private.txt",
        "/%00",
        "/%zz",
        "/%",
        "",
    ] {
        let reply = site.ask(&format!("GET {path} HTTP/1.1"), None);
        assert!(reply.starts_with("HTTP/1.1 404 "), "{path}: {reply}");
    }
    let absolute = site.folder.join("private.txt").display().to_string();
    assert!(site.ask(&format!("GET /{absolute} HTTP/1.1"), None).starts_with("HTTP/1.1 404 "));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_not_followed() {
    let site = Site::new("link");
    std::os::unix::fs::symlink(site.folder.join("private.txt"), site.root().join("link.txt"))
        .unwrap();
    assert!(site.ask("GET /link.txt HTTP/1.1", None).starts_with("HTTP/1.1 404 "));
}

#[test]
fn only_reading_is_allowed() {
    let reply = Site::new("post").ask("POST / HTTP/1.1", None);
    assert!(
        reply.starts_with("HTTP/1.1 405 ") && reply.contains("Allow: GET, HEAD\r\n"),
        "{reply}"
    );
}

#[test]
fn wasm_and_modules_have_the_types_that_browsers_insist_on() {
    assert_eq!(mime_type(Path::new("engine_bg.wasm")), "application/wasm");
    assert_eq!(mime_type(Path::new("engine.js")), "text/javascript; charset=utf-8");
    assert_eq!(mime_type(Path::new("ICON.SVG")), "image/svg+xml");
    assert_eq!(mime_type(Path::new("cifar10-2000-train.bin")), "application/octet-stream");
}

#[test]
fn a_browser_is_answered_over_the_network() {
    let site = Site::new("network");
    let server = Server::start(site.root(), 0).unwrap();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET /data/a%20b.bin HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n") && reply.ends_with(&[b'\n', 1, 2, 3]));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let site = Site::new("port");
    let server = Server::start(site.root(), 0).unwrap();
    let second = Server::start(site.root(), server.address.port());
    assert_eq!(second.err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
}

#[test]
fn the_page_is_served_under_the_policy_that_its_readers_are_told() {
    let reply = Site::new("policy").ask("GET / HTTP/1.1", None);
    assert!(reply.contains(&format!("\r\nContent-Security-Policy: {POLICY}\r\n")), "{reply}");
    let root = crate::paths::root();
    for file in [root.join("README.md"), root.join("public").join("start.js")] {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(POLICY), "{}", file.display());
    }
}
