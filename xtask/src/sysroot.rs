//! A standard library for WebAssembly, built here for the distribution's compiler, which brings its sources and no more.
//! It lies in the tools folder as a sysroot of our own, so nothing under `/usr` is written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::toolchain::WASM;
use crate::{flags, paths, shell};

const FIX: &str = "install Rust with rustup, then run `rustup target add wasm32-unknown-unknown`";

/// What `--sysroot` is given for the page. Build scripts and procedural macros keep the compiler's own.
pub fn folder() -> PathBuf {
    paths::tools().join("sysroot")
}

/// Where the compiler looks in a sysroot for the libraries of the page's target.
fn libraries(sysroot: &Path) -> PathBuf {
    sysroot.join("lib").join("rustlib").join(WASM).join("lib")
}

/// Builds the library with the given compiler, and puts it in the place of one that may be there.
pub fn make(cargo: &Path, rustc: &Path) -> Result<(), Failure> {
    println!("Building the standard library for WebAssembly (2 minutes on two cores, once).");
    let scraps = paths::tools().join("wasm-std");
    let built = build(&scraps, cargo, rustc)?;
    let fresh = paths::tools().join("sysroot.new");
    replace(&rlibs(&built)?, &fresh, &folder())?;
    std::fs::remove_dir_all(&scraps).map_err(Failure::file("remove", &scraps))
}

/// Makes a sysroot of `files` in `fresh`, and lets it take the place of `sysroot`: two copies of one crate, of an older
/// compiler and of this one, would be an error.
fn replace(files: &[PathBuf], fresh: &Path, sysroot: &Path) -> Result<(), Failure> {
    let clear = |folder: &Path| match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::file("remove", folder)(error))
        }
        _ => Ok(()),
    };
    clear(fresh)?;
    let folder = libraries(fresh);
    std::fs::create_dir_all(&folder).map_err(Failure::file("create", &folder))?;
    for file in files {
        let Some(name) = file.file_name() else { continue };
        std::fs::copy(file, folder.join(name)).map_err(Failure::file("copy", file))?;
    }
    clear(sysroot)?;
    std::fs::rename(fresh, sysroot).map_err(Failure::file("move", fresh))
}

/// Builds std from the compiler's sources by way of an empty crate; returns the folder of the `.rlib` files.
fn build(folder: &Path, cargo: &Path, rustc: &Path) -> Result<PathBuf, Failure> {
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
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "-Zbuild-std=std,panic_abort,proc_macro,test"]);
    command.args(["--target", WASM]);
    command.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    // build-std is unstable; the distribution's release compiler takes it only with this.
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", rustc);
    // Link-time optimization of the page needs the library's bitcode.
    let mut flags = flags::without_folders();
    flags.push("-Cembed-bitcode=yes".into());
    command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags::join(&flags));
    shell::output(&mut command, FIX)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_library_takes_the_place_of_an_older_one_and_leaves_nothing_of_it() {
        let folder = std::env::temp_dir().join(format!("rote-sysroot-{}", std::process::id()));
        let (built, fresh, sysroot) =
            (folder.join("deps"), folder.join("sysroot.new"), folder.join("sysroot"));
        std::fs::create_dir_all(&built).unwrap();
        for file in ["libcore-1.rlib", "libstd-1.rlib", "libempty-1.rlib", "libcore-1.rmeta"] {
            std::fs::write(built.join(file), file).unwrap();
        }
        for old in ["libcore-0.rlib", "libstd-0.rlib"] {
            std::fs::create_dir_all(libraries(&sysroot)).unwrap();
            std::fs::write(libraries(&sysroot).join(old), old).unwrap();
        }
        // What an attempt that was interrupted has left.
        std::fs::create_dir_all(libraries(&fresh)).unwrap();
        std::fs::write(libraries(&fresh).join("libhalf-0.rlib"), "").unwrap();

        replace(&rlibs(&built).unwrap(), &fresh, &sysroot).unwrap();
        let mut found: Vec<String> = std::fs::read_dir(libraries(&sysroot))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, ["libcore-1.rlib", "libstd-1.rlib"]);
    }
}
