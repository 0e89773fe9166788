//! What must be there before the page can be built or tested. Each part looks first and makes only what is missing.

use std::path::Path;
use std::process::Command;

use crate::browsers::{self, Browser};
use crate::failure::Failure;
use crate::toolchain::Toolchain;
use crate::{paths, shell, tools};

/// What building the page needs.
pub fn page() -> Result<Toolchain, Failure> {
    let toolchain = Toolchain::ready()?;
    tools::cargo_tools()?;
    Ok(toolchain)
}

/// What the tests need: the page's part, a browser, and where they can be had more browsers and a Vulkan driver.
pub fn everything() -> Result<(), Failure> {
    rust_components()?;
    page()?;
    browser()?;
    other_browsers();
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

/// Chromium, and the packages that drive it and the others.
pub fn browser() -> Result<Vec<browsers::Found>, Failure> {
    tools::npm_packages()?;
    browsers::CHROMIUM.ready()
}

/// What could be had of the browsers that only the smoke walk takes.
#[derive(Default)]
pub struct OtherBrowsers {
    pub found: Vec<browsers::Found>,
    /// A sentence for each that is not there.
    pub missing: Vec<String>,
}

/// Firefox and WebKit. What cannot be installed is said, and keeps nothing else from running.
pub fn other_browsers() -> OtherBrowsers {
    let others = have(&browsers::OTHERS, Browser::ready_unasked);
    for sentence in &others.missing {
        println!("{sentence}");
    }
    others
}

fn have(
    browsers: &[Browser],
    ready: impl Fn(&Browser) -> Result<Vec<browsers::Found>, Failure>,
) -> OtherBrowsers {
    let mut others = OtherBrowsers::default();
    for browser in browsers {
        match ready(browser) {
            Ok(found) => others.found.extend(found),
            Err(why) => others.missing.push(format!("Not tested in {}: {why}.", browser.name)),
        }
    }
    others
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_cannot_be_installed_is_named_and_the_others_are_taken() {
        let ready = |browser: &Browser| match browser.name {
            "Firefox" => Err(Failure::setup("there is no Firefox", "install it")),
            _ => Ok(vec![("WEBKIT_DRIVER", "driver".into())]),
        };
        let others = have(&browsers::OTHERS, ready);
        assert_eq!(others.found, [("WEBKIT_DRIVER", "driver".into())]);
        assert_eq!(others.missing, ["Not tested in Firefox: there is no Firefox; install it."]);
    }
}
