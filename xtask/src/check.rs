//! `cargo xtask test`: everything that must hold before a change is taken, in the order of what fails fastest. A check that
//! fails keeps only those from running that need what it makes; all failures are listed at the end.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::failure::Failure;
use crate::page::{ENGINE, LAB, Program};
use crate::server::Server;
use crate::setup::OtherBrowsers;
use crate::toolchain::Toolchain;
use crate::{browsers, page, paths, setup, shell, weight};

/// One check, or the making of something that checks need.
struct Check {
    name: &'static str,
    /// The checks before it without whose result it can say nothing.
    needs: &'static [&'static str],
    run: fn(&mut Found) -> Result<(), Failure>,
}

/// What earlier checks have found for later ones.
#[derive(Default)]
struct Found {
    toolchain: Option<Toolchain>,
    chromium: Vec<browsers::Found>,
    others: OtherBrowsers,
    has_vulkan: bool,
}

const CHECKS: &[Check] = &[
    Check { name: "formatting", needs: &[], run: formatting },
    Check {
        name: "compiler and tools of the page",
        needs: &[],
        run: |found| {
            found.toolchain = Some(setup::page()?);
            Ok(())
        },
    },
    Check {
        name: "browser and its driver",
        needs: &[],
        run: |found| {
            found.chromium = setup::browser()?;
            Ok(())
        },
    },
    Check {
        name: "Firefox and WebKit, where they can be had",
        needs: &[],
        run: |found| {
            found.others = setup::other_browsers();
            Ok(())
        },
    },
    Check {
        name: "graphics driver",
        needs: &[],
        run: |found| {
            found.has_vulkan = setup::vulkan()?;
            Ok(())
        },
    },
    Check { name: "lints, native", needs: &[], run: native_lints },
    Check {
        name: "lints, page",
        needs: &["compiler and tools of the page"],
        run: |found| web_lints(found, &LAB),
    },
    Check {
        name: "lints, worker",
        needs: &["compiler and tools of the page"],
        run: |found| web_lints(found, &ENGINE),
    },
    Check { name: "unit and integration tests", needs: &[], run: crate_tests },
    // Built by the tests too, unless they do not compile: then the one that lies there is of older sources.
    Check { name: "command line", needs: &[], run: command_line },
    Check {
        name: "page",
        needs: &["compiler and tools of the page"],
        run: |found| page::build(found.toolchain()?),
    },
    Check { name: "weight of the page", needs: &["page"], run: |_| weight::check(&paths::dist()) },
    Check {
        name: "browser tests",
        needs: &["browser and its driver", "command line", "page"],
        run: browser_tests,
    },
];

/// What became of a check.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(Failure),
    /// The first of its needs that had not passed.
    NotRun(&'static str),
}

/// Runs every check that can be run.
pub fn run() -> Result<(), Failure> {
    let start = Instant::now();
    let mut found = Found::default();
    let outcomes = outcomes(CHECKS, |check| {
        println!("\n== {}", check.name);
        let start = Instant::now();
        let outcome = (check.run)(&mut found);
        let took = shell::duration(start.elapsed());
        match &outcome {
            Ok(()) => println!("-- {}: {took}", check.name),
            Err(failure) => println!("-- {} FAILED after {took}: {failure}", check.name),
        }
        outcome
    });
    println!();
    for sentence in &found.others.missing {
        println!("{sentence}");
    }
    if let Some(summary) = summary(&outcomes) {
        return Err(Failure::Checks { summary });
    }
    println!("rote: all checks passed in {} min", start.elapsed().as_secs().div_ceil(60));
    Ok(())
}

/// What becomes of each check, in their order; `run` is asked only for those whose needs have passed.
fn outcomes(
    checks: &[Check],
    mut run: impl FnMut(&Check) -> Result<(), Failure>,
) -> Vec<(&'static str, Outcome)> {
    let mut outcomes: Vec<(&'static str, Outcome)> = Vec::new();
    for check in checks {
        let has_passed = |need: &str| {
            outcomes
                .iter()
                .any(|(name, outcome)| *name == need && matches!(outcome, Outcome::Passed))
        };
        let missing = check.needs.iter().find(|need| !has_passed(need));
        let outcome = match missing {
            Some(need) => Outcome::NotRun(need),
            None => run(check).map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        outcomes.push((check.name, outcome));
    }
    outcomes
}

/// What did not pass, a line each; none if all did.
fn summary(outcomes: &[(&'static str, Outcome)]) -> Option<String> {
    let lines: Vec<String> = outcomes
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Passed => None,
            Outcome::Failed(failure) => Some(format!("  {name}: {failure}")),
            Outcome::NotRun(need) => Some(format!("  {name}: not run, because it needs: {need}")),
        })
        .collect();
    let head = format!("{} of {} checks did not pass", lines.len(), outcomes.len());
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

impl Found {
    fn toolchain(&self) -> Result<Toolchain, Failure> {
        self.toolchain.ok_or_else(|| {
            Failure::setup("no compiler of the page was found", "run `cargo xtask setup`")
        })
    }
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths::root());
    command
}

fn formatting(_: &mut Found) -> Result<(), Failure> {
    setup::rust_components()?;
    shell::run(cargo().args(["fmt", "--all", "--check"]), "run `cargo fmt --all`")
}

fn native_lints(_: &mut Found) -> Result<(), Failure> {
    let options = ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
    shell::run(cargo().args(options), "mend the warnings above")
}

/// Page and worker each as they are built: without burn, other code may be unused than with it.
fn web_lints(found: &Found, program: &Program) -> Result<(), Failure> {
    let mut clippy = found.toolchain()?.clippy();
    clippy.args(program.options()).args(["--lib", "--bins", "--", "-D", "warnings"]);
    shell::run(&mut clippy, "mend the warnings above")
}

fn crate_tests(found: &mut Found) -> Result<(), Failure> {
    let mut tests = cargo();
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]);
    if found.has_vulkan {
        tests.env("ROTE_EXPECT_GPU", "1");
    }
    shell::run(&mut tests, "mend what failed above")
}

fn command_line(_: &mut Found) -> Result<(), Failure> {
    let options = ["build", "--release", "--package", "rote"];
    shell::run(cargo().args(options), "mend what the compiler reports above")
}

fn browser_tests(found: &mut Found) -> Result<(), Failure> {
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
    // Some tests lay a run of the page over the same run of the command line.
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
        .env("ROTE_BIN", rote)
        .envs(found.chromium.iter().chain(&found.others.found).cloned());
    shell::run(&mut node, "mend what failed above")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, needs: &'static [&'static str]) -> Check {
        Check { name, needs, run: |_| Ok(()) }
    }

    /// What is run and what is said where the checks named fail.
    fn what_is_said(checks: &[Check], failing: &[&str]) -> (Vec<&'static str>, String) {
        let mut ran = Vec::new();
        let outcomes = outcomes(checks, |check| {
            ran.push(check.name);
            if failing.contains(&check.name) {
                return Err(Failure::setup(format!("{} is wrong", check.name), "mend it"));
            }
            Ok(())
        });
        (ran, summary(&outcomes).unwrap_or_default())
    }

    #[test]
    fn a_check_that_fails_hides_no_later_one_that_does_not_need_it() {
        let checks = [check("format", &[]), check("page", &[]), check("weight", &["page"])];
        let (ran, said) = what_is_said(&checks, &["format", "weight"]);
        assert_eq!(ran, ["format", "page", "weight"]);
        assert_eq!(
            said,
            "2 of 3 checks did not pass\n  format: format is wrong; mend it\n  weight: weight is wrong; mend it"
        );
    }

    #[test]
    fn what_needs_a_check_that_failed_is_not_run_and_says_why() {
        let checks = [
            check("tools", &[]),
            check("page", &["tools"]),
            check("weight", &["page"]),
            check("tests", &[]),
        ];
        let (ran, said) = what_is_said(&checks, &["tools"]);
        assert_eq!(ran, ["tools", "tests"]);
        assert_eq!(
            said,
            "3 of 4 checks did not pass\n  tools: tools is wrong; mend it\n  \
             page: not run, because it needs: tools\n  weight: not run, because it needs: page"
        );
    }

    #[test]
    fn nothing_is_said_where_all_passed() {
        assert_eq!(what_is_said(&[check("one", &[]), check("two", &["one"])], &[]).1, "");
    }

    #[test]
    fn a_page_that_is_too_heavy_is_tested_in_the_browser_all_the_same() {
        let (ran, _) = what_is_said(
            CHECKS,
            &["formatting", "unit and integration tests", "weight of the page"],
        );
        assert_eq!(ran.len(), CHECKS.len());
    }

    #[test]
    fn without_a_browser_everything_else_is_checked() {
        let (ran, said) = what_is_said(CHECKS, &["browser and its driver"]);
        assert_eq!(ran.len(), CHECKS.len() - 1);
        assert!(said.contains("browser tests: not run, because it needs: browser and its driver"));
    }

    #[test]
    fn a_check_needs_only_what_is_run_before_it() {
        for (at, check) in CHECKS.iter().enumerate() {
            for need in check.needs {
                assert!(
                    CHECKS[..at].iter().any(|earlier| earlier.name == *need),
                    "{}: {need}",
                    check.name
                );
            }
        }
    }
}
