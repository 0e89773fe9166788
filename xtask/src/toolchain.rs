//! The compiler of the page: one that can build for WebAssembly. rustup's, wherever it has the target or can fetch it;
//! else, on Debian, the distribution's own compiler, for which the WebAssembly standard library is built here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::{flags, paths, revision, shell, sysroot};

/// The target triple of the page.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Says which compiler is to build the page, where it should not be the first that can: to see what another makes of it.
const CHOICE: &str = "ROTE_WEB_COMPILER";

/// Debian's Rust for building browsers: it is kept recent, comes with the library's sources, and is another set of
/// packages than `rustc`, which is years old in a stable release.
const DISTRIBUTION_PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];
const DISTRIBUTION_LINKER: &str = "wasm-ld-22";
const DISTRIBUTION_CARGO: &str = "/usr/bin/cargo";
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";

const BY_HAND: &str =
    "install Rust with rustup, then run `rustup target add wasm32-unknown-unknown`";

/// Which compiler builds the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler that builds everything else too.
    Rustup,
    /// The one under `/usr/bin`, with its own cargo and linker, and our sysroot.
    Distribution,
}

impl Toolchain {
    /// Finds a compiler that builds for WebAssembly, or makes one.
    pub fn ready() -> Result<Self, Failure> {
        let candidates = candidates(std::env::var(CHOICE).ok().as_deref())?;
        if let Some(found) = candidates.iter().find(|toolchain| toolchain.works()) {
            return Ok(*found);
        }
        for toolchain in candidates {
            match toolchain {
                Self::Rustup => add_target(),
                Self::Distribution => install_distribution_compiler()?,
            }
            if toolchain.works() {
                return Ok(*toolchain);
            }
        }
        Err(Failure::setup(format!("no compiler here builds for {WASM}"), BY_HAND))
    }

    /// What every build of the page runs under: `cargo build`, Trunk and clippy alike.
    pub fn environment(self, command: &mut Command) {
        let mut path = vec![paths::tools().join("bin")];
        if self == Self::Distribution {
            path.push("/usr/bin".into());
            command.env("RUSTC", self.rustc()).env("CARGO", DISTRIBUTION_CARGO);
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DISTRIBUTION_LINKER);
        }
        command
            .env("PATH", path_with(&path))
            .env("CARGO_TARGET_DIR", paths::web_target())
            .current_dir(paths::root());
        // Flags of the caller's environment would come instead of ours.
        command.env_remove("RUSTFLAGS");
        command.env("CARGO_ENCODED_RUSTFLAGS", flags::encoded(self.sysroot().as_deref()));
        // In one place, because a build or a lint with another revision than the last would compile everything again.
        if std::env::var_os(revision::VARIABLE).is_none() {
            command.env(revision::VARIABLE, revision::of_page(&paths::root()));
        }
    }

    /// The cargo of this compiler, in [`Self::environment`].
    pub fn cargo(self) -> Command {
        let mut command =
            Command::new(if self == Self::Rustup { "cargo" } else { DISTRIBUTION_CARGO });
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
        if self == Self::Rustup { "rustc" } else { DISTRIBUTION_RUSTC }
    }

    /// Where the standard library for the page is, if not where the compiler itself looks.
    fn sysroot(self) -> Option<PathBuf> {
        (self == Self::Distribution).then(sysroot::folder)
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
        if let Some(sysroot) = self.sysroot() {
            rustc.arg(format!("-Clinker={DISTRIBUTION_LINKER}")).arg("--sysroot").arg(sysroot);
        }
        rustc.current_dir(paths::root());
        shell::succeeds_within(&mut rustc, Duration::from_secs(60))
    }
}

/// The compilers that may be taken, the preferred one first.
fn candidates(choice: Option<&str>) -> Result<&'static [Toolchain], Failure> {
    match choice {
        None => Ok(&[Toolchain::Rustup, Toolchain::Distribution]),
        Some("rustup") => Ok(&[Toolchain::Rustup]),
        Some("distribution") => Ok(&[Toolchain::Distribution]),
        Some(other) => Err(Failure::setup(
            format!("{CHOICE} is {other}"),
            "set it to `rustup` or `distribution`, or leave it unset",
        )),
    }
}

fn path_with(first: &[PathBuf]) -> OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = first.iter().cloned().chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).unwrap_or(rest)
}

/// Whether it came of it is found by trying.
fn add_target() {
    println!("Adding the WebAssembly target with rustup (under a minute, once).");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", WASM]).current_dir(paths::root());
    // Without a network it gives up by itself; a slow one may take minutes for its 25 MB.
    if !shell::succeeds_within(&mut rustup, Duration::from_secs(300)) {
        println!("rustup did not bring the target.");
    }
}

fn install_distribution_compiler() -> Result<(), Failure> {
    if !shell::has_apt() {
        return Err(Failure::setup(format!("no compiler here builds for {WASM}"), BY_HAND));
    }
    println!("Taking the distribution's compiler for the page.");
    if !has_distribution_compiler() {
        shell::apt_install(DISTRIBUTION_PACKAGES)?;
    }
    sysroot::make(Path::new(DISTRIBUTION_CARGO), Path::new(DISTRIBUTION_RUSTC))
}

fn has_distribution_compiler() -> bool {
    let linker = shell::answer(Command::new(DISTRIBUTION_LINKER).arg("--version"));
    let installed = |package: &&str| {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat=${db:Status-Status}", package]);
        shell::answer(&mut query).is_some_and(|status| status == "installed")
    };
    linker.is_some() && DISTRIBUTION_PACKAGES.iter().all(installed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(command: &Command, name: &str) -> Option<String> {
        let mut values = command.get_envs().filter(|(variable, _)| *variable == name);
        values.next().and_then(|(_, value)| Some(value?.to_string_lossy().into_owned()))
    }

    #[test]
    fn rustups_compiler_is_preferred_and_either_can_be_asked_for() {
        assert_eq!(candidates(None).unwrap(), [Toolchain::Rustup, Toolchain::Distribution]);
        assert_eq!(candidates(Some("distribution")).unwrap(), [Toolchain::Distribution]);
        assert_eq!(candidates(Some("rustup")).unwrap(), [Toolchain::Rustup]);
        let sentence = candidates(Some("debian")).unwrap_err().to_string();
        assert_eq!(
            sentence,
            "ROTE_WEB_COMPILER is debian; set it to `rustup` or `distribution`, or leave it unset"
        );
    }

    #[test]
    fn build_lints_and_trunk_are_told_the_same_revision() {
        let mut trunk = Command::new("trunk");
        Toolchain::Rustup.environment(&mut trunk);
        let revisions = [Toolchain::Rustup.cargo(), Toolchain::Rustup.clippy(), trunk]
            .map(|command| value(&command, revision::VARIABLE));
        let given = std::env::var(revision::VARIABLE).is_ok();
        let expected = (!given).then(|| revision::of_page(&paths::root()));
        assert_eq!(revisions, [expected.clone(), expected.clone(), expected]);
    }

    #[test]
    fn the_distributions_compiler_takes_the_page_from_our_sysroot_and_rustups_from_its_own() {
        let flags = |toolchain: Toolchain| {
            value(&toolchain.cargo(), "CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()
        };
        let ours = format!("--sysroot={}", sysroot::folder().display());
        assert!(flags(Toolchain::Distribution).split('\u{1f}').any(|flag| flag == ours));
        assert!(!flags(Toolchain::Rustup).contains("--sysroot"));
        for toolchain in [Toolchain::Rustup, Toolchain::Distribution] {
            assert!(flags(toolchain).contains("target-feature=+simd128"));
            assert_eq!(value(&toolchain.cargo(), "RUSTFLAGS"), None);
        }
    }
}
