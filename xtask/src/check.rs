//! `cargo xtask test`: everything that must hold before a change is taken, in the order of what fails fastest.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::failure::Failure;
use crate::server::Server;
use crate::toolchain::Toolchain;
use crate::{page, paths, setup, shell, weight};

/// Runs every check; the first that fails ends it.
pub fn run() -> Result<(), Failure> {
    let start = Instant::now();
    step("formatting", || {
        shell::run(cargo().args(["fmt", "--all", "--check"]), "run `cargo fmt --all`")
    })?;
    let setup::Everything { toolchain, chromium, has_vulkan } = step("set-up", setup::everything)?;
    step("lints, native (5 minutes the first time)", || {
        let options =
            ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
        shell::run(cargo().args(options), "mend the warnings above")
    })?;
    step("lints, web (5 minutes the first time)", || web_lints(toolchain))?;
    step("unit and integration tests (15 minutes the first time)", || {
        let mut tests = cargo();
        tests.args(["test", "--release", "--workspace"]);
        if has_vulkan {
            tests.env("ROTE_EXPECT_GPU", "1");
        }
        shell::run(&mut tests, "mend what failed above")
    })?;
    step("page", || page::build(toolchain))?;
    step("weight of the page", || weight::check(&paths::dist()))?;
    step("browser tests", || browser_tests(&chromium))?;
    println!("\nrote: all checks passed in {} min", start.elapsed().as_secs().div_ceil(60));
    Ok(())
}

fn step<T>(name: &str, check: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    println!("\n== {name}");
    let start = Instant::now();
    let outcome = check()?;
    println!("-- {name}: {}", shell::duration(start.elapsed()));
    Ok(outcome)
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root());
    command
}

/// Page and worker each as they are built: without burn, other code may be unused than with it.
fn web_lints(toolchain: Toolchain) -> Result<(), Failure> {
    for program in &page::PROGRAMS {
        let mut clippy = toolchain.clippy();
        clippy.args(program.options()).args(["--lib", "--bins", "--", "-D", "warnings"]);
        shell::run(&mut clippy, "mend the warnings above")?;
    }
    Ok(())
}

fn browser_tests(chromium: &Path) -> Result<(), Failure> {
    let folder = paths::browser_tests();
    let entries = std::fs::read_dir(&folder).map_err(Failure::file("read", &folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        return Err(Failure::setup(
            "tests/browser holds no *.test.mjs",
            "restore the browser tests",
        ));
    }
    // Some tests lay a run of the page over the same run of the command line, which the tests before were built with.
    let rote =
        paths::target().join("release").join(format!("rote{}", std::env::consts::EXE_SUFFIX));
    let server = Server::start(paths::dist(), 0).map_err(|error| {
        Failure::setup(format!("no port for the page ({error})"), "close programs that hold ports")
    })?;
    let mut node = Command::new("node");
    // One file at a time: each drives a browser that computes on every core. Named one by one, because Node 20 takes a
    // folder here and later versions do not.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files)
        .current_dir(paths::root());
    node.env("ROTE_URL", format!("http://localhost:{}/", server.address.port()))
        .env("CHROMIUM", chromium)
        .env("ROTE_BIN", rote);
    shell::run(&mut node, "mend what failed above")
}
