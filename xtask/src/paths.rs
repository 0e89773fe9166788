//! Where things are. No folder of one machine is named: all follow from the checkout and three environment variables.

use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest.parent().map_or(manifest.clone(), Path::to_path_buf)
}

/// Cargo's target folder: `CARGO_TARGET_DIR`, or `target` in the checkout.
pub fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The target folder of the page. It is its own because another compiler may build the page than the rest.
pub fn web_target() -> PathBuf {
    target().join("web")
}

/// The finished page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The browser tests, and with them the packages from npm.
pub fn browser_tests() -> PathBuf {
    root().join("tests").join("browser")
}

/// Tools that are built once and serve every checkout: `ROTE_TOOLS`, or `.cache/rote/tools` in the home folder.
pub fn tools() -> PathBuf {
    std::env::var_os("ROTE_TOOLS")
        .map_or_else(|| home().join(".cache").join("rote").join("tools"), PathBuf::from)
}

/// Cargo's own folder, with the sources of all dependencies: `CARGO_HOME`, or `.cargo` in the home folder.
pub fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(std::env::temp_dir)
}
