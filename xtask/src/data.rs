//! `cargo xtask data`: the images that the page offers beyond those that come with it.

use std::process::Command;

use crate::failure::Failure;
use crate::{paths, shell};

/// The largest set, by its training images; every smaller one is its beginning, and `dist.rs` cuts it into parts. Its files
/// are not part of the repository.
const IMAGES: &str = "50000";

/// Fetches the data where it is not there yet, and puts the set into `public/data/`.
pub fn run() -> Result<(), Failure> {
    println!("Fetching CIFAR-10 (170 MB) with `rote data fetch`.");
    let fix = "mend what it reports above, then run the same command again";
    shell::run(rote().args(["data", "fetch"]), fix)?;
    let folder = paths::root().join("public").join("data");
    shell::run(rote().args(["data", "subset", "--images", IMAGES, "--out"]).arg(&folder), fix)?;
    println!(
        "public/data/ holds all of CIFAR-10; `cargo xtask serve` and `dist` take it along in parts."
    );
    Ok(())
}

/// The command line of this checkout, built if need be (5 minutes on two cores the first time).
pub fn rote() -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--release", "--package", "rote", "--"])
        .current_dir(paths::root());
    command
}
