//! The project's own commands: `cargo xtask setup | serve | test | data | bench`. What they do stands in one file each;
//! here is only what a person types. Nothing here trains, and nothing of the crate `rote` is linked.

mod bench;
mod check;
mod data;
mod failure;
mod page;
mod paths;
mod serve;
mod server;
mod setup;
mod shell;
mod toolchain;
mod tools;
mod wasm;
mod weight;

use failure::Failure;

const HELP: &str = "\
The commands of this project. All can be repeated: what is already there is not made again.

Usage: cargo xtask <COMMAND>

  setup                        Install what is missing for the page and the tests: WebAssembly compiler, Trunk,
                               wasm-bindgen, browser driver, Chromium (10 minutes on two cores, once)
  serve [--port 8080] [--open] Build the page and serve it (half an hour the first time, then seconds)
        [--dist-only]          ... only build it, into dist/
  test                         Every check: formatting, lints, tests, page weight, browser tests
                               (50 minutes the first time, 15 after that)
  data                         Fetch CIFAR-10 and cut the page's larger subsets into public/data/ (5 minutes)
  bench                        What a training step costs here and in PyTorch, TensorFlow.js and jax-js, into
                               docs/performance.md (an hour); or one part of it:
  bench cpu|gpu|browser        ... [--models A,B] [--rounds 5] [--peers rote-cpu,jax-wasm]
  bench weight|report          ... what the page weighs; the document anew from what was measured before
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
        ["setup"] => setup::everything().map(|_| println!("Everything is there.")),
        ["serve", options @ ..] => serve::run(&serve::Options::parse(options)?),
        ["test"] => check::run(),
        ["data"] => data::run(),
        ["bench"] => bench::run(None, &[]),
        ["bench", kind @ ("cpu" | "gpu" | "browser" | "weight" | "report"), options @ ..] => {
            bench::run(Some(kind), options)
        }
        _ => Err(Failure::Usage { given: words.join(" ") }),
    }
}
