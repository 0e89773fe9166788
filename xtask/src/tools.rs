//! The programs that make the page from compiled code, Trunk and wasm-bindgen, as their authors release them or built from
//! source into the tools folder; and for the tests what drives their browsers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::prebuilt::{Checksum, Prebuilt, is_version};
use crate::{paths, shell};

const TRUNK_VERSION: &str = "0.21.14";
const TRUNK_RELEASES: &str = "https://github.com/trunk-rs/trunk/releases/download";
const WASM_BINDGEN_RELEASES: &str =
    "https://github.com/wasm-bindgen/wasm-bindgen/releases/download";

/// Trunk's archives of [`TRUNK_VERSION`]: system, processor, name, SHA-256 as published with them.
const TRUNK_ARCHIVES: [(&str, &str, &str, &str); 5] = [
    (
        "linux",
        "x86_64",
        "trunk-x86_64-unknown-linux-gnu.tar.gz",
        "f2b4680cd239693a646a2795e4633c625328d7b2a044fbe749fa3a2fe9e7036b",
    ),
    (
        "linux",
        "aarch64",
        "trunk-aarch64-unknown-linux-gnu.tar.gz",
        "b1d8e60e454f7fc182d9a4d95d1506ffbae947d8ba90f8f6f02da93b60f980f9",
    ),
    (
        "macos",
        "x86_64",
        "trunk-x86_64-apple-darwin.tar.gz",
        "f1ba0e3bbe24e0ae219c6d22c33e24e2825c1608dd27c2556e323495110f1a95",
    ),
    (
        "macos",
        "aarch64",
        "trunk-aarch64-apple-darwin.tar.gz",
        "764e299dd50d89442a4e96a236349f57961984b701e74d3dbdb39cd1c9f5101e",
    ),
    (
        "windows",
        "x86_64",
        "trunk-x86_64-pc-windows-msvc.zip",
        "cd6ac15b9daff0365e5695036791ef2ce3c63f61c014f5a8c532363266e4569c",
    ),
];

/// Brings Trunk and wasm-bindgen where the right versions are not there yet.
pub fn cargo_tools() -> Result<(), Failure> {
    let lock_path = paths::root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&lock_path).map_err(Failure::file("read", &lock_path))?;
    let version = locked_version(&lock, "wasm-bindgen").ok_or_else(|| {
        Failure::setup(
            "Cargo.lock names no version of wasm-bindgen",
            "run `cargo update --package wasm-bindgen`",
        )
    })?;
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    // wasm-bindgen goes over a large file, so it is optimized a little. Its lock file is not followed: it may pin
    // versions that a partial copy of the registry has not got. Trunk does not compile without its own.
    let wasm_bindgen = Source {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version,
        opt_level: "1",
        options: &[],
        time: "2 minutes",
    };
    wasm_bindgen.install(prebuilt_wasm_bindgen(version, system, processor))?;
    let trunk = Source {
        package: "trunk",
        program: "trunk",
        version: TRUNK_VERSION,
        opt_level: "0",
        options: &["--locked"],
        time: "4 minutes",
    };
    trunk.install(prebuilt_trunk(system, processor))?;
    // What they were built from is a gigabyte that nothing needs any more.
    let scraps = build_folder();
    if scraps.exists() {
        std::fs::remove_dir_all(&scraps).map_err(Failure::file("remove", &scraps))
    } else {
        Ok(())
    }
}

fn prebuilt_trunk(system: &str, processor: &str) -> Option<Prebuilt> {
    let (.., archive, sha256) =
        TRUNK_ARCHIVES.iter().find(|archive| (archive.0, archive.1) == (system, processor))?;
    Some(Prebuilt {
        program: "trunk",
        version: TRUNK_VERSION.into(),
        release: format!("{TRUNK_RELEASES}/v{TRUNK_VERSION}"),
        archive: (*archive).into(),
        checksum: Checksum::Known(sha256),
    })
}

/// Its version follows Cargo.lock, so its checksum is the one published with the release.
fn prebuilt_wasm_bindgen(version: &str, system: &str, processor: &str) -> Option<Prebuilt> {
    let target = match (system, processor) {
        ("linux", "x86_64") => "x86_64-unknown-linux-musl",
        ("linux", "aarch64") => "aarch64-unknown-linux-musl",
        ("macos", "x86_64") => "x86_64-apple-darwin",
        ("macos", "aarch64") => "aarch64-apple-darwin",
        ("windows", "x86_64") => "x86_64-pc-windows-msvc",
        _ => return None,
    };
    let archive = format!("wasm-bindgen-{version}-{target}.tar.gz");
    Some(Prebuilt {
        program: "wasm-bindgen",
        version: version.into(),
        release: format!("{WASM_BINDGEN_RELEASES}/{version}"),
        checksum: Checksum::Beside(format!("{archive}.sha256sum")),
        archive,
    })
}

fn build_folder() -> PathBuf {
    paths::tools().join("target")
}

/// A program as a package of the registry.
struct Source<'a> {
    package: &'static str,
    program: &'static str,
    version: &'a str,
    opt_level: &'static str,
    options: &'static [&'static str],
    /// How long it takes to build.
    time: &'static str,
}

impl Source<'_> {
    /// Installs the program where this version of it is not there yet.
    fn install(&self, prebuilt: Option<Prebuilt>) -> Result<(), Failure> {
        let tools = paths::tools();
        let bin = tools.join("bin");
        if is_version(&bin.join(self.program), self.version) {
            return Ok(());
        }
        std::fs::create_dir_all(&tools).map_err(Failure::file("create", &tools))?;
        obtain(prebuilt.as_ref(), &bin, &tools.join("download"), || self.build(&tools))
    }

    fn build(&self, tools: &Path) -> Result<(), Failure> {
        let Self { package, program, version, opt_level, options, time } = *self;
        println!("Building {package} {version} ({time} on two cores, once).");
        let mut cargo = Command::new("cargo");
        cargo
            .args(["install", package, "--version", version, "--bin", program, "--force"])
            .args(options);
        // Without TLS and update checks, which are half of what they compile: they never go online here.
        cargo.arg("--no-default-features").arg("--root").arg(tools).current_dir(tools);
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
        let fix = "check that the crate registry can be reached, then run the same command again";
        shell::output(&mut cargo, fix).map(|_| ())
    }
}

/// The program as its authors have built it, else as `build` does it.
fn obtain(
    prebuilt: Option<&Prebuilt>,
    bin: &Path,
    scraps: &Path,
    build: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(prebuilt) = prebuilt else { return build() };
    println!("Fetching {} {} (seconds, once).", prebuilt.program, prebuilt.version);
    match prebuilt.fetch(bin, scraps) {
        Ok(()) => Ok(()),
        Err(why) => {
            println!("It is built instead: {why}.");
            build()
        }
    }
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
    println!("Installing the browsers' drivers from npm (seconds, once).");
    let fix = "check that the npm registry can be reached, then run the same command again";
    shell::output(npm().args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder), fix)?;
    std::fs::write(&installed, lock).map_err(Failure::file("write", &installed))
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
    fn what_cannot_be_fetched_is_built() {
        let folder = std::env::temp_dir().join(format!("rote-obtain-{}", std::process::id()));
        let is_built = std::cell::Cell::new(false);
        let build = || {
            is_built.set(true);
            Ok(())
        };
        let nowhere = prebuilt_trunk("linux", "x86_64")
            .map(|trunk| Prebuilt { release: "http://127.0.0.1:1/releases".into(), ..trunk });
        obtain(nowhere.as_ref(), &folder.join("bin"), &folder.join("scraps"), build).unwrap();
        assert!(is_built.replace(false));
        // No release for this machine.
        let none = prebuilt_trunk("plan9", "riscv64gc");
        obtain(none.as_ref(), &folder.join("bin"), &folder.join("scraps"), build).unwrap();
        assert!(is_built.get());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_release_is_named_as_its_authors_name_it() {
        let trunk = prebuilt_trunk("macos", "aarch64").unwrap();
        assert_eq!(
            format!("{}/{}", trunk.release, trunk.archive),
            "https://github.com/trunk-rs/trunk/releases/download/v0.21.14/trunk-aarch64-apple-darwin.tar.gz"
        );
        let wasm_bindgen = prebuilt_wasm_bindgen("0.2.130", "linux", "x86_64").unwrap();
        assert_eq!(
            format!("{}/{}", wasm_bindgen.release, wasm_bindgen.archive),
            "https://github.com/wasm-bindgen/wasm-bindgen/releases/download/0.2.130/wasm-bindgen-0.2.130-x86_64-unknown-linux-musl.tar.gz"
        );
    }

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
