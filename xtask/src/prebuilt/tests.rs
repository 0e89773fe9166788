use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::server::Server;

/// A folder that is served as a release, and one to install into; removed at the end.
struct Release {
    folder: PathBuf,
    server: Server,
}

impl Release {
    /// Holds `tool-1.0.tar.gz`, with a program in a folder of its own that says it is version 1.0.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rote-{name}-{}", std::process::id()));
        let (content, release) = (folder.join("tool-1.0"), folder.join("release"));
        std::fs::create_dir_all(&content).unwrap();
        std::fs::create_dir_all(&release).unwrap();
        let program = content.join("tool");
        std::fs::write(&program, "#!/bin/sh\necho tool 1.0\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(release.join("tool-1.0.tar.gz")).arg("-C").arg(&folder).arg("tool-1.0");
        assert!(tar.status().unwrap().success());
        let server = Server::start(release, 0).unwrap();
        Self { folder, server }
    }

    fn write_checksum(&self, text: &str) {
        std::fs::write(self.folder.join("release").join("tool-1.0.tar.gz.sha256"), text).unwrap();
    }

    fn sha256(&self) -> String {
        let archive = self.folder.join("release").join("tool-1.0.tar.gz");
        hexadecimal(&Sha256::digest(std::fs::read(archive).unwrap()))
    }

    fn tool(&self, version: &str, checksum: Checksum) -> Prebuilt {
        Prebuilt {
            program: "tool",
            version: version.into(),
            release: format!("http://127.0.0.1:{}", self.server.address.port()),
            archive: "tool-1.0.tar.gz".into(),
            checksum,
        }
    }

    fn fetch(&self, tool: &Prebuilt) -> Result<(), String> {
        tool.fetch(&self.folder.join("bin"), &self.folder.join("scraps"))
    }

    fn installed(&self) -> PathBuf {
        self.folder.join("bin").join("tool")
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

fn beside() -> Checksum {
    Checksum::Beside("tool-1.0.tar.gz.sha256".into())
}

#[test]
fn an_archive_with_the_right_checksum_is_installed() {
    let release = Release::new("right-checksum");
    release.write_checksum(&format!("{}  tool-1.0.tar.gz\n", release.sha256()));
    release.fetch(&release.tool("1.0", beside())).unwrap();
    assert!(is_version(&release.installed(), "1.0"));
    assert!(!release.folder.join("scraps").exists());
}

#[test]
fn an_archive_with_another_checksum_is_refused_and_nothing_of_it_is_kept() {
    let release = Release::new("wrong-checksum");
    let zeros = "0".repeat(64);
    release.write_checksum(&format!("{zeros}  tool-1.0.tar.gz\n"));
    let sentence = release.fetch(&release.tool("1.0", beside())).unwrap_err();
    assert!(
        sentence.ends_with(&format!("has the SHA-256 {}, not {zeros}", release.sha256())),
        "{sentence}"
    );
    assert!(!release.installed().exists() && !release.folder.join("scraps").exists());
}

#[test]
fn a_checksum_known_beforehand_is_held_against_the_archive_whatever_lies_beside_it() {
    let release = Release::new("known-checksum");
    release.write_checksum(&format!("{}  tool-1.0.tar.gz\n", release.sha256()));
    let known = Checksum::Known("f2b4680cd239693a646a2795e4633c625328d7b2a044fbe749fa3a2fe9e7036b");
    assert!(release.fetch(&release.tool("1.0", known)).unwrap_err().contains("has the SHA-256"));
    assert!(!release.installed().exists());
}

#[test]
fn a_page_that_stands_where_the_checksum_should_be_is_no_checksum() {
    let release = Release::new("no-checksum");
    for text in ["<!doctype html><title>Sign in</title>", "", "abc  tool-1.0.tar.gz"] {
        release.write_checksum(text);
        let sentence = release.fetch(&release.tool("1.0", beside())).unwrap_err();
        assert!(sentence.ends_with("tool-1.0.tar.gz.sha256 holds no SHA-256"), "{sentence}");
    }
}

#[test]
fn a_program_that_does_not_run_or_is_another_version_is_not_kept() {
    let release = Release::new("other-version");
    release.write_checksum(&release.sha256());
    let sentence = release.fetch(&release.tool("2.0", beside())).unwrap_err();
    assert_eq!(sentence, "the tool of tool-1.0.tar.gz does not run here");
    assert!(!release.installed().exists());
}

#[test]
fn a_release_that_cannot_be_reached_or_has_no_such_file_is_told_by_its_address() {
    let release = Release::new("unreachable");
    let missing = release.fetch(&release.tool("1.0", beside())).unwrap_err();
    assert!(
        missing.ends_with("tool-1.0.tar.gz.sha256 could not be fetched with `curl`"),
        "{missing}"
    );
    // The address was free a moment ago, and nothing listens there.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let nowhere =
        Prebuilt { release: format!("http://127.0.0.1:{port}"), ..release.tool("1.0", beside()) };
    let sentence = release.fetch(&nowhere).unwrap_err();
    assert!(sentence.starts_with(&format!("http://127.0.0.1:{port}/tool-1.0")), "{sentence}");
}
