//! What must be there before the page can be built or tested. Each part looks first and makes only what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::toolchain::Toolchain;
use crate::{paths, shell, tools};

/// What building the page needs.
pub fn page() -> Result<Toolchain, Failure> {
    let toolchain = Toolchain::ready()?;
    tools::cargo_tools()?;
    Ok(toolchain)
}

/// What the tests need: the page's part, a browser, and a Vulkan driver where one can be had.
pub fn everything() -> Result<(), Failure> {
    rust_components()?;
    page()?;
    browser()?;
    vulkan().map(|_| ())
}

/// The formatter and the lints, which a small installation of Rust lacks.
pub fn rust_components() -> Result<(), Failure> {
    let is_there = |subcommand: &str| {
        let mut cargo = Command::new("cargo");
        shell::answer(cargo.args([subcommand, "--version"]).current_dir(paths::root())).is_some()
    };
    if is_there("fmt") && is_there("clippy") {
        return Ok(());
    }
    println!("Adding the formatter and the lints with rustup (seconds, once).");
    let mut rustup = Command::new("rustup");
    rustup.args(["component", "add", "rustfmt", "clippy"]).current_dir(paths::root());
    shell::output(&mut rustup, "install rustfmt and clippy for this compiler").map(|_| ())
}

/// Chromium, and the packages that drive it.
pub fn browser() -> Result<PathBuf, Failure> {
    tools::npm_packages()?;
    tools::chromium()
}

/// The test that lays a GPU run over a CPU run takes Mesa's software driver where there is no GPU. Whether there is one.
pub fn vulkan() -> Result<bool, Failure> {
    if cfg!(target_os = "linux") && !has_vulkan_driver() && shell::has_apt() {
        shell::apt_install(&["mesa-vulkan-drivers"])?;
    }
    let found = cfg!(target_os = "linux") && has_vulkan_driver();
    if !found {
        println!("There is no Vulkan driver: the test that compares GPU and CPU may be skipped.");
    }
    Ok(found)
}

fn has_vulkan_driver() -> bool {
    let chosen = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some());
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    chosen || folders.into_iter().any(|folder| holds_json(Path::new(folder)))
}

fn holds_json(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|extension| extension == "json"))
}
