//! Bad files, each with what is said about it.

use super::*;
use crate::data::CIFAR10_CLASSES;

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

fn load_error(damage: impl FnOnce(&Path)) -> String {
    load_files(folder_after(damage).path(), published()).unwrap_err().to_string()
}

#[test]
fn the_training_set_is_the_batches_in_order_and_the_test_set_is_apart() {
    let whole = load_files(folder_after(|_| {}).path(), published()).unwrap();
    assert_eq!(whole.train.labels, [0, 1, 0, 1, 2]);
    assert_eq!(whole.test.labels, [0]);
}

#[test]
fn a_truncated_file_is_refused_with_both_lengths() {
    let error =
        load_error(|folder| fs::write(folder.join("data_batch_2.bin"), vec![0; 9_218]).unwrap());
    assert!(error.contains("data_batch_2.bin has 9218 bytes where 9219 are expected"), "{error}");
    assert!(error.contains("truncated: delete it and run `rote data fetch`"), "{error}");
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
    assert!(error.contains("data_batch_1.bin does not exist; run `rote data fetch`"), "{error}");
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
fn the_smallest_tier_needs_no_files() {
    let data = load_images(1_000, Path::new("/no/such/folder")).unwrap();
    assert_eq!((data.train.count(), data.test.count()), (2_000, 500));
    assert_eq!(data.train.labels[..CIFAR10_CLASSES], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn more_images_than_the_program_brings_are_to_be_fetched() {
    let error = load_images(5_000, Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(error.contains("`images` is 5000, but only 2000 training images are here"), "{error}");
    #[cfg(not(feature = "web"))]
    assert!(error.contains("`rote data fetch`"), "{error}");
}

#[test]
fn more_images_than_cifar_10_has_are_refused() {
    let error = load_images(50_001, Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(error.contains("`images` is 50001, but only 50000"), "{error}");
}

#[test]
fn a_half_filled_folder_names_the_file_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test_batch.bin"), b"").unwrap();
    let error = load_images(5_000, folder.path()).unwrap_err().to_string();
    assert!(error.contains("data_batch_1.bin does not exist; run `rote data fetch`"), "{error}");
}

#[test]
fn a_chosen_folder_is_taken_as_it_is() {
    assert_eq!(data_folder(Some(Path::new("here"))).unwrap(), Path::new("here"));
    assert!(data_folder(None).unwrap().ends_with("cifar-10"));
}
