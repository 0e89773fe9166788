//! The command line: flags in, files and terminal out. No tensors here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Command};

/// Prints a line. If nobody reads any more (`| head`), work that others may wait for goes on.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

/// Prints a line on standard error, which may be closed or full: nothing that is said there is worth the work under way.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

mod checkpoint_file;
pub mod data;
pub mod devices;
mod error;
pub mod export;
mod exported;
pub mod grid;
mod images_record;
mod interrupt;
pub mod models;
pub mod report;
mod run_output;
mod suggest;
pub mod time;
pub mod train;

pub use error::CliError;

/// The whole command line.
pub fn command() -> Command {
    Command::new("rote")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A laboratory for 'Understanding deep learning requires rethinking generalization' (Zhang et al. 2017)")
        .long_about(
            "A laboratory for 'Understanding deep learning requires rethinking generalization' (Zhang et al. 2017).\n\n\
             Networks fit random labels perfectly; so what makes them generalize? Start with\n  \
             rote train --condition random-labels --stop-at-train-loss 0.1\n\
             and read `rote train --help`: every flag says what it does.",
        )
        .after_help("Exit codes: 0 done, 1 failed, 2 wrong flags or settings, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP; \
             after a signal the same command goes on.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            train::command(),
            grid::list_command(),
            grid::run_command(),
            report::report_command(),
            report::compare_command(),
            export::command(),
            models::command(),
            data::command(),
            devices::command(),
            time::command(),
        ])
}

/// Runs a command line; `arguments` begins with the program's name.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let is_train = arguments.get(1).is_some_and(|word| word == "train");
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(mut error) => {
            suggest::settings(&mut error, is_train);
            error.exit()
        }
    };
    let result = match matches.subcommand() {
        Some(("train", matches)) => train::run(matches),
        Some(("list", _)) => grid::list(),
        Some(("run", matches)) => grid::run(matches),
        Some(("report", matches)) => report::report(matches),
        Some(("compare", matches)) => report::compare(matches),
        Some(("export", matches)) => export::run(matches),
        Some(("models", matches)) => models::run(matches),
        Some(("data", matches)) => data::run(matches),
        Some(("devices", matches)) => devices::run(matches),
        Some(("time", matches)) => time::run(matches),
        _ => unreachable!("clap requires one of the subcommands"),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell!("rote: {error}");
            error.exit_code()
        }
    }
}

/// The flags that say where CIFAR-10 is.
pub(crate) fn store_options() -> [Arg; 1] {
    [Arg::new("data-dir")
        .long("data-dir")
        .value_name("DIR")
        .value_parser(clap::value_parser!(PathBuf))
        .help(
            "Folder of the CIFAR-10 files, instead of the one `rote data fetch` fills by default",
        )]
}
