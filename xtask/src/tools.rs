//! The programs that make the page from compiled code, Trunk and wasm-bindgen, built from source into the tools folder;
//! and for the tests a browser and its driver.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{paths, shell};

const TRUNK_VERSION: &str = "0.21.14";

/// Builds Trunk and wasm-bindgen where the right versions are not there yet.
pub fn cargo_tools() -> Result<(), Failure> {
    let lock_path = paths::root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock_path).map_err(Failure::file("read", &lock_path))?;
    let wasm_bindgen = locked_version(&lock, "wasm-bindgen").ok_or_else(|| {
        Failure::setup(
            "Cargo.lock names no version of wasm-bindgen",
            "run `cargo update --package wasm-bindgen`",
        )
    })?;
    // wasm-bindgen goes over a large file, so it is optimized a little. Its lock file is not followed: it may pin
    // versions that a partial copy of the registry has not got. Trunk does not compile without its own.
    install("wasm-bindgen-cli", "wasm-bindgen", wasm_bindgen, "1", &[], "2 minutes")?;
    install("trunk", "trunk", TRUNK_VERSION, "0", &["--locked"], "4 minutes")?;
    // What they were built from is a gigabyte that nothing needs any more.
    let scraps = build_folder();
    if scraps.exists() {
        std::fs::remove_dir_all(&scraps).map_err(Failure::file("remove", &scraps))
    } else {
        Ok(())
    }
}

fn build_folder() -> PathBuf {
    paths::tools().join("target")
}

fn install(
    package: &str,
    program: &str,
    version: &str,
    opt_level: &str,
    options: &[&str],
    time: &str,
) -> Result<(), Failure> {
    let tools = paths::tools();
    let installed = tools.join("bin").join(program);
    let answer = shell::answer(Command::new(&installed).arg("--version")).unwrap_or_default();
    if answer.split_whitespace().any(|word| word == version) {
        return Ok(());
    }
    std::fs::create_dir_all(&tools).map_err(Failure::file("create", &tools))?;
    println!("Building {package} {version} ({time} on two cores, once).");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["install", package, "--version", version, "--bin", program, "--force"])
        .args(options);
    // Without TLS and update checks, which are half of what they compile: they never go online here.
    cargo.arg("--no-default-features").arg("--root").arg(&tools).current_dir(&tools);
    cargo.env("CARGO_TARGET_DIR", build_folder());
    // Tools that run for seconds: their own release profiles (fat LTO in one unit) take five times as long to build.
    for (setting, value) in [
        ("OPT_LEVEL", opt_level),
        ("LTO", "off"),
        ("CODEGEN_UNITS", "16"),
        ("DEBUG", "false"),
        ("STRIP", "true"),
    ] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    shell::output(
        &mut cargo,
        "check that the crate registry can be reached, then run the same command again",
    )?;
    Ok(())
}

/// The version of `package` in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let mut lines = lock.lines();
    lines.find(|line| {
        line.strip_prefix("name = ").is_some_and(|name| name.trim_matches('"') == package)
    })?;
    lines.next()?.strip_prefix("version = ").map(|version| version.trim_matches('"'))
}

/// Installs the pinned packages of `tests/browser/package-lock.json` where they are not there yet.
pub fn npm_packages() -> Result<(), Failure> {
    let folder = paths::browser_tests();
    let read = |path: &Path| std::fs::read_to_string(path).map_err(Failure::file("read", path));
    let lock = read(&folder.join("package-lock.json"))?;
    let installed = folder.join("node_modules").join(".installed-lock.json");
    if read(&installed).is_ok_and(|text| text == lock) {
        return Ok(());
    }
    let version = shell::answer(Command::new("node").arg("--version")).unwrap_or_default();
    let major: u32 =
        version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if major < 20 {
        let found = if version.is_empty() {
            "Node.js is missing".into()
        } else {
            format!("Node.js is {version}")
        };
        return Err(Failure::setup(found, "install Node.js 20 or later together with npm"));
    }
    println!("Installing the browser driver from npm (seconds, once).");
    let fix = "check that the npm registry can be reached, then run the same command again";
    shell::output(npm().args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder), fix)?;
    std::fs::write(&installed, lock).map_err(Failure::file("write", &installed))
}

/// A Chromium: `$CHROMIUM`, one on PATH or in its usual place, or the distribution's.
pub fn chromium() -> Result<PathBuf, Failure> {
    if let Some(chosen) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        let missing = || {
            Failure::setup(
                format!("CHROMIUM is {}, which is no file", chosen.display()),
                "correct it",
            )
        };
        return if chosen.is_file() { Ok(chosen) } else { Err(missing()) };
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    let fix = "install Chromium or Chrome, or set CHROMIUM to its path";
    if !shell::has_apt() {
        return Err(Failure::setup("the browser tests need Chromium", fix));
    }
    shell::apt_install(&["chromium"])?;
    find_chromium().ok_or_else(|| Failure::setup("apt-get brought no Chromium", fix))
}

fn find_chromium() -> Option<PathBuf> {
    let names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    let usual = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];
    on_path.chain(usual.map(PathBuf::from)).find(|path| path.is_file())
}

pub fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "\
[[package]]
name = \"wasm-bindgen-futures\"
version = \"0.4.80\"
dependencies = [
 \"wasm-bindgen\",
]

[[package]]
name = \"wasm-bindgen\"
version = \"0.2.130\"
";

    #[test]
    fn the_version_of_a_package_is_read_from_its_own_entry_of_the_lock_file() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm-bindgen-futures"), Some("0.4.80"));
    }

    #[test]
    fn a_package_that_is_not_locked_has_no_version() {
        assert_eq!(locked_version(LOCK, "wasm"), None);
        assert_eq!(locked_version("", "wasm-bindgen"), None);
    }
}
