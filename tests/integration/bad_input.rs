//! Everything a person can get wrong, and the sentence they get: what, which value, what is allowed, what to do.

use std::fs;
use std::path::Path;

use rote::data::{CIFAR10_RECORD_BYTES, TIERS};

use crate::command_line::rote;

/// Runs `rote` in `folder` and checks the exit code and that the message contains each part.
fn check_in(folder: &Path, arguments: &[&str], code: i32, parts: &[&str]) {
    let output = rote(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    for part in parts {
        assert!(told.contains(part), "{arguments:?} should say {part:?}, but says: {told}");
    }
    assert!(!told.contains("panicked"), "{told}");
}

fn check(arguments: &[&str], code: i32, parts: &[&str]) {
    check_in(tempfile::tempdir().unwrap().path(), arguments, code, parts);
}

#[test]
fn wrong_settings_name_the_setting_the_value_and_the_range() {
    let train = |flag: &'static str, value: &'static str, parts: &[&str]| {
        check(&["train", "--device", "cpu", flag, value], 2, parts);
    };
    train("--model", "resnet", &["`model` is resnet", "one of mlp-1x512"]);
    train("--condition", "noise", &["`condition` is noise", "one of true-labels"]);
    train("--label-corruption", "1.5", &["`label-corruption` is 1.5", "between 0 and 1"]);
    train("--label-corruption", "-0.1", &["`label-corruption` is -0.1", "between 0 and 1"]);
    train("--batch-size", "0", &["`batch-size` is 0", "between 1 and"]);
    train(
        "--batch-size",
        "1001",
        &["`batch-size` is 1001", "between 1 and 1000, the number of images"],
    );
    train("--images", "60000", &["`images` is 60000", "between 10 and 50000"]);
    train("--learning-rate", "fast", &["`learning-rate` is fast", "auto or a number between"]);
    train("--random-crop", "perhaps", &["`random-crop` is perhaps", "true or false"]);
    train("--seed", "-1", &["`seed` is -1", "whole number"]);
    check(&["train", "--device", "quantum"], 2, &["`device` is quantum", "auto, gpu, gpu:N, cpu"]);
    let no_such = ["there is no gpu:99 here, but ", "`rote devices` lists"];
    check(&["train", "--device", "gpu:99"], 2, &no_such);
    check(&["train", "--learning-rat", "1"], 2, &["--learning-rate"]);
}

#[test]
fn a_wrong_recipe_file_is_named_with_what_is_wrong_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, parts: &[&str]| {
        fs::write(folder.path().join("run.toml"), text).unwrap();
        check_in(folder.path(), &["train", "--recipe", "run.toml"], 2, parts);
    };
    refused("learning-rte = 1", &["run.toml", "no setting `learning-rte`", "learning-rate"]);
    refused("images = [1]", &["run.toml", "images is a array"]);
    refused("model mlp", &["run.toml", "not a recipe file"]);
    refused("label-corruption = 2", &["run.toml", "`label-corruption` is 2"]);
    check(&["train", "--recipe", "nowhere.toml"], 2, &["nowhere.toml could not be read"]);
}

#[test]
fn data_that_is_not_there_says_where_it_was_looked_for_and_how_to_get_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["train", "--device", "cpu", "--images", "5000", "--data-dir", "nothing"];
    check_in(
        folder.path(),
        &arguments,
        2,
        &[
            "`images` is 5000",
            "only 2000 training images",
            "the folder nothing does not exist",
            "`rote data fetch --data-dir nothing`",
        ],
    );
    fs::write(folder.path().join("nothing"), "").unwrap();
    check_in(folder.path(), &arguments, 1, &["nothing/data_batch_1.bin could not be read"]);
}

#[test]
fn a_dry_run_needs_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "table1", "--scale", "paper", "--only", "mlp-1x512/plain", "--dry-run"];
    let output = rote(
        folder.path(),
        &[&arguments[..], &["--device", "cpu", "--data-dir", "nothing"]].concat(),
    );
    let (told, warned) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("50,000"), "{told}{warned}");
}

/// A user that no list of users knows has no home folder.
#[cfg(target_os = "linux")]
#[test]
fn who_has_no_home_folder_can_make_runs_that_need_no_files() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 3_141_592;
    let folder = tempfile::tempdir().unwrap();
    if chown(folder.path(), Some(NOBODY), None).is_err() {
        eprintln!("not tried: only root can become another user");
        return;
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // The program may be where that user cannot read.
    let program = folder.path().join("rote");
    fs::copy(env!("CARGO_BIN_EXE_rote"), &program).unwrap();
    let run = |images: &str| {
        std::process::Command::new(&program)
            .args(["train", "--device", "cpu", "--batch-size", "10", "--epochs", "1"])
            .args(["--images", images])
            .env_remove("HOME")
            .env_remove("XDG_CACHE_HOME")
            .uid(NOBODY)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let small = run("20");
    assert!(small.status.success(), "{}", String::from_utf8_lossy(&small.stderr));
    let large = String::from_utf8_lossy(&run("5000").stderr).into_owned();
    assert!(large.contains("no home folder") && large.contains("--data-dir"), "{large}");
}

#[test]
fn damaged_data_files_name_the_file_the_place_and_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let whole = vec![0u8; 10_000 * CIFAR10_RECORD_BYTES];
    let write_all = || {
        for name in [
            "data_batch_1",
            "data_batch_2",
            "data_batch_3",
            "data_batch_4",
            "data_batch_5",
            "test_batch",
        ] {
            fs::write(folder.path().join(format!("{name}.bin")), &whole).unwrap();
        }
    };
    let arguments = ["train", "--device", "cpu", "--images", "5000", "--data-dir", "."];
    write_all();
    fs::write(folder.path().join("data_batch_2.bin"), &whole[..100]).unwrap();
    check_in(
        folder.path(),
        &arguments,
        1,
        &["data_batch_2.bin has 100 bytes", "30730000 are expected", "truncated"],
    );
    let longer = [whole.as_slice(), &[0]].concat();
    fs::write(folder.path().join("data_batch_2.bin"), longer).unwrap();
    check_in(folder.path(), &arguments, 1, &["data_batch_2.bin has 30730001 bytes", "too long"]);
    write_all();
    let mut wrong_label = whole.clone();
    wrong_label[CIFAR10_RECORD_BYTES] = 10;
    fs::write(folder.path().join("data_batch_1.bin"), wrong_label).unwrap();
    check_in(
        folder.path(),
        &arguments,
        1,
        &["data_batch_1.bin has the label 10 at byte 3073", "0 to 9"],
    );
    write_all();
    // Right lengths and labels, and yet other images: a run notices as `rote data verify` does.
    let says = ["data_batch_1.bin has the SHA-256", "`rote data fetch --data-dir .`"];
    check_in(folder.path(), &arguments, 1, &says);
    check_in(
        folder.path(),
        &["data", "verify", "--data-dir", "."],
        1,
        &["data_batch_1.bin", "SHA-256"],
    );
}

#[test]
fn a_checkpoint_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let short =
        ["train", "--images", "40", "--batch-size", "20", "--epochs", "1", "--device", "cpu"];
    let made = rote(folder.path(), &[&short[..], &["--save", "run.rote"]].concat());
    assert!(made.status.success());
    let resume = ["train", "--device", "cpu", "--resume"];
    let other = [&resume[..], &["run.rote", "--model", "mlp-3x512"]].concat();
    check_in(folder.path(), &other, 2, &["run.rote", "`model` mlp-1x512", "`model` is mlp-3x512"]);
    let bytes = fs::read(folder.path().join("run.rote")).unwrap();
    fs::write(folder.path().join("cut.rote"), &bytes[..1000]).unwrap();
    check_in(folder.path(), &[&resume[..], &["cut.rote"]].concat(), 1, &["cut.rote", "checksum"]);
    fs::write(folder.path().join("text.rote"), "hello").unwrap();
    check_in(
        folder.path(),
        &[&resume[..], &["text.rote"]].concat(),
        1,
        &["text.rote", "not a usable checkpoint"],
    );
    check_in(
        folder.path(),
        &[&resume[..], &["none.rote"]].concat(),
        1,
        &["none.rote does not exist"],
    );
}

#[test]
fn an_unwritable_place_for_checkpoints_is_found_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["train", "--device", "cpu", "--save", "no/such/folder/run.rote"];
    check_in(
        folder.path(),
        &arguments,
        1,
        &["no/such/folder/run.rote could not be written", "--save"],
    );
}

#[test]
fn more_images_than_a_size_holds_are_refused_by_name() {
    let bundled = crate::support::bundled();
    let randomization = rote::data::Randomization {
        condition: rote::data::Condition::TrueLabels,
        label_corruption: 0.0,
        corrupt_test_labels: false,
        seed: 1,
    };
    let error = rote::data::RunImages::of_run(&bundled, TIERS[0].train + 1, randomization)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("`images` is 2001") && error.contains("2000"), "{error}");
}
