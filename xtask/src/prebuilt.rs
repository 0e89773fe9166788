//! Programs as their authors have built them: fetched, compared with a SHA-256, unpacked and tried. Whatever goes wrong is
//! one sentence, and no failure: the program can still be built from source.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::shell;

/// Where a release of a program is, and what its archive must be.
pub struct Prebuilt {
    pub program: &'static str,
    pub version: String,
    /// The folder of the release, an address that ends in no slash.
    pub release: String,
    /// The archive's name in that folder.
    pub archive: String,
    pub checksum: Checksum,
}

/// What says that an archive is the right one.
pub enum Checksum {
    /// Known beforehand, in hexadecimal digits.
    Known(&'static str),
    /// In a file of the release itself, so it tells a broken archive, not a forged release.
    Beside(String),
}

impl Prebuilt {
    /// Puts the program into `bin`. The error says why it could not be had.
    pub fn fetch(&self, bin: &Path, scraps: &Path) -> Result<(), String> {
        // What an attempt that was interrupted has left.
        std::fs::remove_dir_all(scraps).ok();
        std::fs::create_dir_all(scraps)
            .map_err(|error| format!("{} cannot be made: {error}", scraps.display()))?;
        let outcome = self.fetch_into(bin, scraps);
        std::fs::remove_dir_all(scraps).ok();
        outcome
    }

    fn fetch_into(&self, bin: &Path, scraps: &Path) -> Result<(), String> {
        let expected = match &self.checksum {
            Checksum::Known(digits) => (*digits).to_owned(),
            Checksum::Beside(file) => {
                let text = std::fs::read_to_string(self.download(file, scraps)?);
                text.ok()
                    .and_then(|text| first_sha256(&text))
                    .ok_or_else(|| format!("{}/{file} holds no SHA-256", self.release))?
            }
        };
        let archive = self.download(&self.archive, scraps)?;
        let bytes = std::fs::read(&archive)
            .map_err(|error| format!("{} cannot be read: {error}", archive.display()))?;
        let found = hexadecimal(&Sha256::digest(&bytes));
        if found != expected {
            return Err(format!(
                "{}/{} has the SHA-256 {found}, not {expected}",
                self.release, self.archive
            ));
        }
        // Windows' own tar takes zip archives too.
        let unpacked =
            shell::answer(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(scraps));
        unpacked.ok_or_else(|| format!("`tar` could not unpack {}", self.archive))?;
        let file = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        let program =
            find(scraps, &file).ok_or_else(|| format!("{} holds no {file}", self.archive))?;
        // Tried before it is kept: it may be made for a newer system than this one.
        if !is_version(&program, &self.version) {
            return Err(format!("the {} of {} does not run here", self.program, self.archive));
        }
        let kept = bin.join(&file);
        std::fs::create_dir_all(bin)
            .and_then(|()| std::fs::rename(&program, &kept))
            .map_err(|error| format!("{} cannot be written: {error}", kept.display()))
    }

    /// A file of the release. Where nothing answers, it takes ten seconds to be known.
    fn download(&self, file: &str, folder: &Path) -> Result<PathBuf, String> {
        let (address, path) = (format!("{}/{file}", self.release), folder.join(file));
        let mut curl = Command::new("curl");
        curl.args(["--fail", "--location", "--silent", "--connect-timeout", "10"]);
        // Below ten kilobytes a second for ten seconds it would take longer than building does.
        curl.args(["--speed-limit", "10000", "--speed-time", "10", "--max-time", "300"]);
        let fetched = shell::answer(curl.arg("--output").arg(&path).arg(&address));
        fetched.map(|_| path).ok_or_else(|| format!("{address} could not be fetched with `curl`"))
    }
}

/// Whether the program runs, and says that it is this version.
pub fn is_version(program: &Path, version: &str) -> bool {
    let answer = shell::answer(Command::new(program).arg("--version")).unwrap_or_default();
    answer.split_whitespace().any(|word| word == version)
}

/// The first word of a checksum file, `<digits>  <name>`, if it is a SHA-256.
fn first_sha256(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?.to_ascii_lowercase();
    let is_digits = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    (word.len() == 64 && is_digits).then_some(word)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of this name in the folder or below.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    let is_it = |path: &&PathBuf| path.is_file() && path.file_name().is_some_and(|n| n == name);
    let here = entries.iter().find(is_it).cloned();
    here.or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path, name)))
}

#[cfg(all(test, unix))]
mod tests;
