//! Tells the program which revision of its sources it was made of; runs say it in their checkpoints and summaries.

use std::process::Command;

/// A build of the page is long, and must not follow every commit: whoever starts it says the revision.
const GIVEN: &str = "ROTE_REVISION";

fn main() {
    println!("cargo:rerun-if-env-changed={GIVEN}");
    let given = std::env::var(GIVEN).ok();
    let is_page = std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm");
    let revision = given.or_else(|| if is_page { None } else { own() }).unwrap_or_default();
    println!("cargo:rustc-env={GIVEN}={revision}");
}

/// The last commit, with a `+` behind it where the sources were changed since; none where this is no checkout.
fn own() -> Option<String> {
    for path in ["HEAD", "index", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", path])?;
        // A path that does not exist would make cargo run this at every build.
        if std::path::Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.toml");
    println!("cargo:rerun-if-changed=../Cargo.lock");
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--", "src", "Cargo.toml", "../Cargo.lock"])?;
    Some(if changes.is_empty() { revision } else { revision + "+" })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
