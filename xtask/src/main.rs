//! The project's own commands: `cargo xtask setup | serve | dist | test | data | bench`. What they do stands in one file each;
//! here is only what a person types. Nothing here trains, and nothing of the crate `rote` is linked.

mod bench;
mod browsers;
mod check;
mod data;
mod dist;
mod failure;
mod flags;
mod page;
mod paths;
mod prebuilt;
mod revision;
mod script;
mod serve;
mod server;
mod setup;
mod shell;
mod sysroot;
mod toolchain;
mod tools;
mod wasm;
mod weight;

use failure::Failure;

const HELP: &str = "\
The commands of this project. All can be repeated: what is already there is not made again.

Usage: cargo xtask <COMMAND>

  setup                        Install what is missing for the page and the tests: WebAssembly compiler, Trunk,
                               wasm-bindgen, Chromium, Firefox and WebKit with their drivers (2 minutes; 6 where
                               Trunk and wasm-bindgen cannot be fetched and are built)
  serve [--port 8080] [--open] Build the page and serve it (8 minutes the first time, then seconds)
  dist                         Build the page into dist/, for any static host, and check that it can stand there
  test                         Every check: formatting, lints, tests, page weight, browser tests
                               (17 minutes behind a first `serve`)
  data                         Fetch CIFAR-10 and put all of it into public/data/, for the page (5 minutes)
  bench                        What a training step costs here and in PyTorch, TensorFlow.js and jax-js, and the page's
                               own figures, into docs/performance.md (an hour); or one part of it:
  bench cpu|gpu|browser        ... [--models A,B] [--rounds 5] [--peers rote-cpu,jax-wasm]
  bench page                   ... first paint, frames and keys while a CNN trains, the first race [--rounds 5]
  bench weight|report          ... what the page weighs; the document anew from what was measured before

Times are of two cores.
";

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["setup"] => setup::everything().map(|()| println!("Everything is there.")),
        ["serve", options @ ..] => serve::run(&serve::Options::parse(options)?),
        ["dist"] => dist::run(),
        ["test"] => check::run(),
        ["data"] => data::run(),
        ["bench"] => bench::run(None, &[]),
        [
            "bench",
            kind @ ("cpu" | "gpu" | "browser" | "page" | "weight" | "report"),
            options @ ..,
        ] => bench::run(Some(kind), options),
        _ => Err(Failure::Usage { given: words.join(" ") }),
    }
}
