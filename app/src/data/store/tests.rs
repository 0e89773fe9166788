//! Reading files once, and bad ones, each with what is said about it.

use std::sync::Arc;

use super::load::DataCache;
use super::*;
use crate::data::{CIFAR10_CLASSES, DataSet, Tier, data_sha256};

fn published() -> &'static [PublishedFile] {
    let make = |name, images| PublishedFile {
        name,
        images,
        sha256: files::sha256(&records(images)).leak(),
    };
    vec![make("data_batch_1.bin", 2), make("data_batch_2.bin", 3), make("test_batch.bin", 1)].leak()
}

/// Records with the labels 0, 1, 2, …
fn records(images: usize) -> Vec<u8> {
    let mut bytes = vec![7; images * CIFAR10_RECORD_BYTES];
    for (image, record) in bytes.chunks_exact_mut(CIFAR10_RECORD_BYTES).enumerate() {
        record[0] = image as u8;
    }
    bytes
}

/// A folder with the files of [`published`], after `damage`.
fn folder_after(damage: impl FnOnce(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in published() {
        fs::write(folder.path().join(file.name), records(file.images)).unwrap();
    }
    damage(folder.path());
    folder
}

/// All the images of [`published`].
const ALL: Tier = Tier { train: 5, test: 1 };

fn load(folder: &Path) -> Result<DataSet, DataError> {
    DataCache::new(published()).tier(ALL, folder)
}

fn load_error(damage: impl FnOnce(&Path)) -> String {
    load(folder_after(damage).path()).unwrap_err().to_string()
}

/// What is said where files are needed, and `folder` is the place for them.
fn error_of_a_large_run(folder: &Path) -> String {
    load_images(5_000, Some(folder)).unwrap_err().to_string()
}

#[test]
fn the_training_set_is_that_of_the_batches_and_the_test_set_is_apart() {
    let whole = load(folder_after(|_| {}).path()).unwrap();
    // The batches have 0 1 and 0 1 2; a data set begins with the first of each class.
    assert_eq!(whole.train.labels, [0, 1, 2, 0, 1]);
    assert_eq!(whole.test.labels, [0]);
}

#[test]
fn images_are_read_once_and_shared_by_all_who_ask() {
    let folder = folder_after(|_| {});
    let library = DataCache::new(published());
    let first = library.tier(ALL, folder.path()).unwrap();
    fs::remove_file(folder.path().join("test_batch.bin")).unwrap();
    let same_place = folder.path().join("..").join(folder.path().file_name().unwrap());
    let second = library.tier(ALL, &same_place).unwrap();
    assert!(Arc::ptr_eq(&first.train, &second.train) && Arc::ptr_eq(&first.test, &second.test));
    assert!(library.tier(Tier { train: 3, test: 1 }, folder.path()).is_err());
    let (one, other) = (embedded().unwrap(), load_images(10, None).unwrap());
    assert!(Arc::ptr_eq(&one.train, &other.train));
}

#[test]
fn a_changed_pixel_is_an_error_that_says_what_to_do() {
    let mut changed = records(3);
    changed[5] ^= 1;
    let error = load_error(|folder| fs::write(folder.join("data_batch_2.bin"), changed).unwrap());
    assert!(error.contains("data_batch_2.bin has the SHA-256 "), "{error}");
    assert!(error.contains("delete the file and run `rote data fetch --data-dir"), "{error}");
}

#[test]
fn an_archive_that_was_unpacked_in_the_folder_is_found_one_down() {
    let outer = folder_after(|folder| {
        let below = folder.join("cifar-10-batches-bin");
        fs::create_dir(&below).unwrap();
        for file in &published()[1..] {
            fs::rename(folder.join(file.name), below.join(file.name)).unwrap();
        }
    });
    let place = locate(outer.path(), published()).unwrap();
    assert_eq!((place.folder, place.files), (outer.path().join("cifar-10-batches-bin"), 2));
    let below = outer.path().join("cifar-10-batches-bin/data_batch_1.bin");
    fs::rename(outer.path().join("data_batch_1.bin"), &below).unwrap();
    let library = DataCache::new(published());
    let place = locate(outer.path(), published()).unwrap();
    assert_eq!(library.tier(ALL, &place.folder).unwrap().train.count(), 5);
    assert!(verify_files(&place.folder, published()).iter().all(|file| file.problem.is_none()));
    assert!(
        fetch_command_for(&below).ends_with(outer.path().to_str().unwrap()),
        "fetching is into the folder that was named"
    );
}

#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_not_absent() {
    let folder = folder_after(|folder| {
        let name = folder.join("data_batch_1.bin");
        fs::remove_file(&name).unwrap();
        std::os::unix::fs::symlink(&name, &name).unwrap();
    });
    let error = error_of_a_large_run(folder.path());
    assert!(error.contains("data_batch_1.bin could not be read: "), "{error}");
    let error = error_of_a_large_run(&folder.path().join("data_batch_2.bin"));
    assert!(error.contains("data_batch_2.bin/data_batch_1.bin could not be read"), "{error}");
    assert!(!error.contains("does not exist"), "{error}");
    let problem = verify_files(folder.path(), published()).swap_remove(0).problem;
    assert!(matches!(problem, Some(DataError::Io { .. })), "{problem:?}");
}

#[test]
fn a_truncated_file_is_refused_with_both_lengths() {
    let error =
        load_error(|folder| fs::write(folder.join("data_batch_2.bin"), vec![0; 9_218]).unwrap());
    assert!(error.contains("data_batch_2.bin has 9218 bytes where 9219 are expected"), "{error}");
    assert!(error.contains("truncated: delete it and run `rote data fetch --data-dir"), "{error}");
}

#[test]
fn an_oversized_file_is_refused_with_both_lengths() {
    let error =
        load_error(|folder| fs::write(folder.join("test_batch.bin"), vec![0; 3_074]).unwrap());
    assert!(error.contains("test_batch.bin has 3074 bytes where 3073 are expected"), "{error}");
    assert!(error.contains("too long"), "{error}");
}

#[test]
fn a_label_above_nine_is_refused_with_its_offset() {
    let mut bytes = records(3);
    bytes[2 * CIFAR10_RECORD_BYTES] = 10;
    let error = load_error(|folder| fs::write(folder.join("data_batch_2.bin"), bytes).unwrap());
    assert!(
        error.contains("data_batch_2.bin has the label 10 at byte 6146, but labels go from 0 to 9"),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_named_with_the_command_that_gets_it() {
    let error = load_error(|folder| fs::remove_file(folder.join("data_batch_1.bin")).unwrap());
    assert!(error.contains("data_batch_1.bin does not exist; run `rote data fetch"), "{error}");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused() {
    let error = load_error(|folder| {
        fs::remove_file(folder.join("test_batch.bin")).unwrap();
        fs::create_dir(folder.join("test_batch.bin")).unwrap();
    });
    assert!(
        error.contains("test_batch.bin could not be read: is a directory; move that folder"),
        "{error}"
    );
}

#[test]
fn verifying_judges_every_file_by_itself() {
    let folder = folder_after(|folder| {
        let mut changed = records(3);
        changed[1] = 8;
        fs::write(folder.join("data_batch_2.bin"), changed).unwrap();
        fs::remove_file(folder.join("test_batch.bin")).unwrap();
    });
    let checked = verify_files(folder.path(), published());
    assert_eq!(checked[0].sha256.as_deref(), Some(published()[0].sha256));
    assert!(checked[0].problem.is_none());
    assert!(matches!(checked[1].problem, Some(DataError::Checksum { .. })));
    assert!(checked[1].sha256.is_some());
    assert!(matches!(checked[2].problem, Some(DataError::Missing { .. })));
    assert!(checked[2].sha256.is_none());
}

#[test]
fn the_smallest_tier_needs_no_files_and_no_home_folder() {
    let no_home = || -> Result<PathBuf, DataError> { panic!("nobody needs a folder") };
    let data = DataCache::new(published()).load(1_000, &no_home).unwrap();
    assert_eq!((data.train.count(), data.test.count()), (2_000, 500));
    assert_eq!(data.train.labels[..CIFAR10_CLASSES], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn more_images_than_the_program_brings_are_to_be_fetched_into_the_folder_that_was_looked_in() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, none) = (folder.path().to_str().unwrap(), "/no/such folder");
    let only =
        "`images` is 5000, but only 2000 training images come with the program, and the folder";
    assert_eq!(
        error_of_a_large_run(folder.path()),
        format!(
            "{only} {empty} holds no CIFAR-10; get CIFAR-10 with `rote data fetch --data-dir {empty}`, or name its \
             folder with --data-dir"
        )
    );
    assert_eq!(
        error_of_a_large_run(Path::new(none)),
        format!(
            "{only} {none} does not exist; get CIFAR-10 with `rote data fetch --data-dir \"{none}\"`, or name its \
             folder with --data-dir"
        )
    );
    assert_eq!(fetch_command(&data_folder(None).unwrap()), "rote data fetch");
}

#[test]
fn more_images_than_cifar_10_has_are_refused() {
    let error = load_images(50_001, None).unwrap_err().to_string();
    assert!(error.contains("`images` is 50001, but only 50000"), "{error}");
}

#[test]
fn a_half_filled_folder_names_the_file_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test_batch.bin"), b"").unwrap();
    let error = error_of_a_large_run(folder.path());
    assert!(error.contains("data_batch_1.bin does not exist; run `rote data fetch"), "{error}");
}

#[test]
fn a_chosen_folder_is_taken_as_it_is() {
    assert_eq!(data_folder(Some(Path::new("here"))).unwrap(), Path::new("here"));
    assert!(data_folder(None).unwrap().ends_with("cifar-10"));
}

#[test]
fn the_sum_that_names_a_runs_data_is_that_of_the_bytes_it_uses() {
    assert_eq!(data_sha256(1_000).unwrap(), files::sha256(&subset::embedded_bytes().concat()));
    let published: String = CIFAR10_FILES.iter().map(|file| file.sha256).collect();
    for images in [2_001, 10_000, 50_000] {
        assert_eq!(data_sha256(images).unwrap(), files::sha256(published.as_bytes()));
    }
    assert!(data_sha256(50_001).is_err());
}
