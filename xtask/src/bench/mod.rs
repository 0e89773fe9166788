//! `cargo xtask bench`: what a training step costs here and in the libraries a user would pick instead, on the same work,
//! and what the page does by the clock. Each kind of measurement leaves its rounds in `results/performance/`;
//! `docs/performance.md` is made from them.

mod browser;
mod native;
mod page;
mod rows;
mod table;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::{paths, setup, weight};

const MODELS: [&str; 5] =
    ["mlp-1x512", "mlp-3x512", "cnn-small", "alexnet-small", "inception-small"];

/// Runs one kind of measurement, or all of them, and writes the document anew.
pub fn run(kind: Option<&str>, options: &[&str]) -> Result<(), Failure> {
    let options = Options::parse(options)?;
    match kind {
        Some("cpu") => native::cpu(&options)?,
        Some("gpu") => native::gpu(&options)?,
        Some("browser") => browser::run(&options)?,
        Some("page") => page::run(&options)?,
        Some("weight") => weight::check(&built_page()?)?,
        Some("report") => {}
        _ => {
            native::cpu(&options)?;
            native::gpu(&options)?;
            browser::run(&options)?;
            page::run(&options)?;
            weight::check(&built_page()?)?;
        }
    }
    table::write()
}

/// What a person may choose.
struct Options {
    models: Vec<String>,
    rounds: u32,
    /// The engine's participants and their peers, of those of `benches/peers/README.md`.
    peers: Option<String>,
}

impl Options {
    fn parse(words: &[&str]) -> Result<Self, Failure> {
        let mut options =
            Self { models: MODELS.map(String::from).to_vec(), rounds: 5, peers: None };
        let usage = || Failure::Usage { given: format!("bench {}", words.join(" ")) };
        for pair in words.chunks(2) {
            match pair {
                ["--models", models] => {
                    options.models = models.split(',').map(String::from).collect()
                }
                ["--rounds", rounds] => options.rounds = rounds.parse().map_err(|_| usage())?,
                ["--peers", peers] => options.peers = Some((*peers).into()),
                _ => return Err(usage()),
            }
        }
        if options.rounds == 0
            || options.models.iter().any(|model| !MODELS.contains(&model.as_str()))
        {
            return Err(usage());
        }
        Ok(options)
    }
}

fn built_page() -> Result<PathBuf, Failure> {
    crate::page::build(setup::page()?)?;
    Ok(paths::dist())
}

fn peers_folder() -> PathBuf {
    paths::root().join("benches").join("peers")
}

fn results(file: &str) -> PathBuf {
    paths::root().join("results").join("performance").join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_models_rounds_and_peers() {
        let options =
            Options::parse(&["--models", "cnn-small,mlp-1x512", "--rounds", "3"]).unwrap();
        assert_eq!((options.models.len(), options.rounds, options.peers), (2, 3, None));
        assert_eq!(Options::parse(&[]).unwrap().models, MODELS);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for wrong in [
            &["--models"][..],
            &["--models", "resnet"],
            &["--rounds", "0"],
            &["--rounds", "x"],
            &["-q", "1"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
