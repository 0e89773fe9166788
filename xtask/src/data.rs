//! `cargo xtask data`: the larger subsets of CIFAR-10 that the page offers beyond the one that comes with it.

use std::process::Command;

use crate::failure::Failure;
use crate::{paths, shell};

/// Subsets by number of training images; their files are not part of the repository.
const SUBSETS: [&str; 2] = ["10000", "50000"];

/// Fetches the data where it is not there yet, and cuts the subsets into `public/data/`.
pub fn run() -> Result<(), Failure> {
    println!("Fetching CIFAR-10 (170 MB) with `rote data fetch`.");
    let fix = "mend what it reports above, then run the same command again";
    shell::run(rote().args(["data", "fetch"]), fix)?;
    let folder = paths::root().join("public").join("data");
    for images in SUBSETS {
        shell::run(rote().args(["data", "subset", "--images", images, "--out"]).arg(&folder), fix)?;
    }
    println!(
        "public/data/ holds the subsets of {} images; `cargo xtask serve` takes them along.",
        SUBSETS.join(" and ")
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
