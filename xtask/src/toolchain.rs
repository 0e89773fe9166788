//! The compiler of the page: one that can build for WebAssembly. rustup's, wherever it has the target or can fetch it;
//! else, on Debian, the distribution's own compiler, for which the WebAssembly standard library is built here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::{paths, shell};

/// The target triple of the page.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Debian's Rust for building browsers: it is kept recent, comes with the library's sources, and is another set of
/// packages than `rustc`, which is years old in a stable release.
const DISTRIBUTION_PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];
const DISTRIBUTION_LINKER: &str = "wasm-ld-22";

const BY_HAND: &str =
    "install Rust with rustup, then run `rustup target add wasm32-unknown-unknown`";

/// Which compiler builds the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler that builds everything else too.
    Rustup,
    /// The one under `/usr/bin`, with its own cargo and linker.
    Distribution,
}

impl Toolchain {
    /// Finds a compiler that builds for WebAssembly, or makes one.
    pub fn ready() -> Result<Self, Failure> {
        if let Some(found) =
            [Self::Rustup, Self::Distribution].into_iter().find(|toolchain| toolchain.works())
        {
            return Ok(found);
        }
        println!("Adding the WebAssembly target with rustup (under a minute, once).");
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", WASM]).current_dir(paths::root());
        if shell::succeeds_within(&mut rustup, Duration::from_secs(90)) && Self::Rustup.works() {
            return Ok(Self::Rustup);
        }
        println!("rustup did not bring the target; using the distribution's compiler instead.");
        install_distribution_compiler()?;
        if Self::Distribution.works() {
            return Ok(Self::Distribution);
        }
        Err(Failure::setup(format!("the distribution's compiler cannot build for {WASM}"), BY_HAND))
    }

    /// What every build of the page runs under: `cargo build`, Trunk and clippy alike.
    pub fn environment(self, command: &mut Command) {
        let mut path = vec![paths::tools().join("bin")];
        if self == Self::Distribution {
            path.push("/usr/bin".into());
            command.env("RUSTC", self.rustc()).env("CARGO", "/usr/bin/cargo");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DISTRIBUTION_LINKER);
        }
        command
            .env("PATH", path_with(&path))
            .env("CARGO_TARGET_DIR", paths::web_target())
            .current_dir(paths::root());
        // Flags of the caller's environment would replace the target's own in .cargo/config.toml, SIMD among them.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    }

    /// The cargo of this compiler, in [`Self::environment`].
    pub fn cargo(self) -> Command {
        let mut command =
            Command::new(if self == Self::Rustup { "cargo" } else { "/usr/bin/cargo" });
        self.environment(&mut command);
        command
    }

    /// The lints of this compiler, in [`Self::environment`].
    pub fn clippy(self) -> Command {
        // Not through `cargo clippy`: cargo looks for its subcommands in its home first, where rustup's lie.
        let mut command = Command::new(if self == Self::Rustup {
            "cargo-clippy"
        } else {
            "/usr/bin/cargo-clippy"
        });
        command.arg("clippy");
        self.environment(&mut command);
        command
    }

    fn rustc(self) -> &'static str {
        if self == Self::Rustup { "rustc" } else { "/usr/bin/rustc" }
    }

    /// Whether an empty program can be linked with it. A standard library that another compiler made fails here.
    fn works(self) -> bool {
        let folder = paths::tools().join("probe");
        let source = folder.join("empty.rs");
        if std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&source, "fn main() {}"))
            .is_err()
        {
            return false;
        }
        let mut rustc = Command::new(self.rustc());
        // With LTO as in the page: it needs a standard library that carries bitcode.
        rustc
            .args(["--target", WASM, "-Clto=fat", "-Cpanic=abort", "--out-dir"])
            .arg(&folder)
            .arg(&source);
        if self == Self::Distribution {
            rustc.arg(format!("-Clinker={DISTRIBUTION_LINKER}"));
        }
        rustc.current_dir(paths::root());
        shell::succeeds_within(&mut rustc, Duration::from_secs(60))
    }
}

fn path_with(first: &[PathBuf]) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = first.iter().cloned().chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).unwrap_or(rest)
}

fn install_distribution_compiler() -> Result<(), Failure> {
    if !shell::has_apt() {
        return Err(Failure::setup(format!("no compiler here builds for {WASM}"), BY_HAND));
    }
    shell::apt_install(DISTRIBUTION_PACKAGES)?;
    println!("Building the standard library for WebAssembly (2 minutes on two cores, once).");
    let folder = paths::tools().join("wasm-std");
    let built = build_standard_library(&folder)?;

    let library = PathBuf::from(format!("/usr/lib/rustlib/{WASM}/lib"));
    shell::output(shell::as_root("mkdir").arg("-p").arg(&library), BY_HAND)?;
    // Two copies of one crate, of an older compiler and this one, would be an error: the old ones go first.
    let old = rlibs(&library)?;
    shell::output(shell::as_root("rm").arg("-f").args(&old), BY_HAND)?;
    shell::output(shell::as_root("cp").args(rlibs(&built)?).arg(&library), BY_HAND)?;
    std::fs::remove_dir_all(&folder).map_err(Failure::file("remove", &folder))
}

/// Builds std from the distribution's sources by way of an empty crate; returns the folder of the `.rlib` files.
fn build_standard_library(folder: &Path) -> Result<PathBuf, Failure> {
    let source = folder.join("src");
    std::fs::create_dir_all(&source).map_err(Failure::file("create", &source))?;
    for (path, text) in [
        (
            folder.join("Cargo.toml"),
            "[package]\nname = \"empty\"\nedition = \"2024\"\n[workspace]\n",
        ),
        (source.join("lib.rs"), "#![no_std]\n"),
    ] {
        std::fs::write(&path, text).map_err(Failure::file("write", &path))?;
    }
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.args([
        "build",
        "--release",
        "-Zbuild-std=std,panic_abort,proc_macro,test",
        "--target",
        WASM,
    ]);
    cargo.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    // build-std is unstable; the distribution's release compiler takes it only with this.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
    // Link-time optimization of the page needs the library's bitcode.
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    shell::output(&mut cargo, BY_HAND)?;
    Ok(folder.join("target").join(WASM).join("release").join("deps"))
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(Failure::file("read", folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    // The empty crate's own library is no part of the standard library.
    let is_empty_crate = |path: &PathBuf| {
        path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libempty-"))
    };
    Ok(paths
        .filter(|path| path.extension().is_some_and(|e| e == "rlib") && !is_empty_crate(path))
        .collect())
}
