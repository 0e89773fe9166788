//! Running other programs: with their output on the terminal, or caught and shown only when they fail.

use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use crate::failure::Failure;

const INSTALL_IT: &str = "install it, or add its folder to PATH";

/// Runs a program with its output on the terminal.
pub fn run(command: &mut Command, fix: &str) -> Result<(), Failure> {
    let status =
        command.stdin(Stdio::null()).status().map_err(|source| not_started(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Command { line: line(command), status, fix: fix.into() })
    }
}

/// Runs a program and returns what it printed; if it fails, that is shown first.
pub fn output(command: &mut Command, fix: &str) -> Result<String, Failure> {
    let Output { status, stdout, stderr } =
        command.stdin(Stdio::null()).output().map_err(|source| not_started(command, source))?;
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    if status.success() {
        return Ok(printed);
    }
    eprint!("{printed}{}", String::from_utf8_lossy(&stderr));
    Err(Failure::Command { line: line(command), status, fix: fix.into() })
}

/// What a program prints, or none if it is missing or fails; for questions such as `--version`.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program ends well within `limit`; past it, it is ended.
pub fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    else {
        return false;
    };
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(100)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// The program itself for root, else the program through `sudo` with these options.
fn as_root(program: &str, sudo: &[&str]) -> Command {
    let is_root = answer(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    if is_root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(sudo).arg(program);
    command
}

/// Whether Debian's installer is there; set-up falls back on it.
pub fn has_apt() -> bool {
    answer(Command::new("apt-get").arg("--version")).is_some()
}

/// Installs packages of the distribution.
pub fn apt_install(packages: &[&str]) -> Result<(), Failure> {
    let fix = announce(packages);
    output(as_root("apt-get", &[]).arg("update"), &fix)?;
    output(&mut install(packages, &[]), &fix).map(|_| ())
}

/// Installs packages without which most can be done: asks for no password, and looks for newer lists of packages only
/// where it must, once a run.
pub fn apt_install_optional(packages: &[&str]) -> Result<(), Failure> {
    static UPDATE: Once = Once::new();
    const UNASKED: &[&str] = &["-n"];
    let fix = announce(packages);
    if !UPDATE.is_completed() {
        if answer(&mut install(packages, UNASKED)).is_some() {
            return Ok(());
        }
        // Where it fails, so does what follows, and says why.
        UPDATE.call_once(|| drop(answer(as_root("apt-get", UNASKED).arg("update"))));
    }
    output(&mut install(packages, UNASKED), &fix).map(|_| ())
}

/// Says what is about to be installed, and gives what to do where that fails.
fn announce(packages: &[&str]) -> String {
    println!("Installing {} with apt-get (a minute or two, once).", packages.join(", "));
    format!("install these packages by hand: {}", packages.join(" "))
}

fn install(packages: &[&str], sudo: &[&str]) -> Command {
    let mut install = as_root("apt-get", sudo);
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install
}

/// A program's line as one would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// `1 min 05 s`, `42 s`.
pub fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

fn not_started(command: &Command, source: std::io::Error) -> Failure {
    Failure::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
        fix: INSTALL_IT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_in_minutes_and_seconds() {
        assert_eq!(duration(Duration::from_millis(42_900)), "42 s");
        assert_eq!(duration(Duration::from_secs(65)), "1 min 05 s");
        assert_eq!(duration(Duration::from_secs(3600)), "60 min 00 s");
    }

    #[test]
    fn a_program_that_is_missing_is_named_with_the_way_out() {
        let failure =
            run(&mut Command::new("no-such-program-of-rote"), "").unwrap_err().to_string();
        assert!(failure.starts_with("`no-such-program-of-rote` could not be started"), "{failure}");
        assert!(failure.ends_with(INSTALL_IT), "{failure}");
    }
}
