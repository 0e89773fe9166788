//! The native command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    rote::cli::run(std::env::args_os())
}
