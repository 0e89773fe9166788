//! `rote time`: what a training step costs, on work that other libraries can be given too.

use clap::{Arg, ArgMatches, Command};

use super::CliError;
use super::train::{device_argument, open_device};
use crate::models::ModelName;
use crate::models::timing::Timing;
use crate::train::{Fit, InMemory, Recipe, TrainError, check_fit};

#[derive(serde::Serialize)]
struct TimingRow<'a> {
    library: &'static str,
    version: &'static str,
    model: &'static str,
    batch: usize,
    images: usize,
    device: &'a str,
    steps: usize,
    #[serde(serialize_with = "crate::number::serialize")]
    step_ms: Vec<f64>,
    #[serde(serialize_with = "crate::number::serialize")]
    first_losses: Vec<f32>,
}

/// The command and its flags.
pub fn command() -> Command {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .default_value(default)
            .value_parser(clap::value_parser!(u32).range(1..))
            .help(help)
    };
    Command::new("time")
        .about("Time training steps on a fixed batch; prints one JSON object")
        .arg(
            Arg::new("model")
                .long("model")
                .required(true)
                .value_parser(ModelName::KEYS.to_vec())
                .help("Which network"),
        )
        .arg(number("batch", "128", "Images a step"))
        .arg(number("images", "128", "Images they are taken from; not fewer than a batch"))
        .arg(number("rounds", "5", "How often to time"))
        .arg(number("steps-ms", "1000", "Milliseconds a round should take"))
        .arg(device_argument())
}

/// Warms up, times, prints.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let number = |name: &str| matches.get_one::<u32>(name).map_or(1, |number| *number as usize);
    let key = matches.get_one::<String>("model").map_or("", String::as_str);
    let model = ModelName::ALL
        .iter()
        .copied()
        .find(|model| model.key() == key)
        .unwrap_or(ModelName::Mlp1x512);
    let images = number("images").max(number("batch"));
    let opened = open_device(matches)?;
    let batch_size = number("batch") as u64;
    let recipe = Recipe { model, images: images as u64, batch_size, ..Recipe::default() };
    let fit = Fit { recipe: &recipe, in_memory: InMemory::Data, at_a_time: 1 };
    check_fit(fit, &opened.device)?;
    let lost = |reason: String| CliError::Train(TrainError::Device { step: 0, reason });
    let mut timing = Timing::new(model, number("batch"), images, &opened.device);
    let mut time =
        |steps, read_every| pollster::block_on(timing.run(steps, read_every)).map_err(lost);
    let first_losses = time(10, 1)?.losses;
    let probe = time(2, 2)?.milliseconds / 2.0;
    let steps = ((number("steps-ms") as f64 / probe).round() as usize).max(2);
    let mut step_ms = Vec::new();
    for _ in 0..number("rounds") {
        step_ms.push(time(steps, 10)?.milliseconds / steps as f64);
    }
    let row = TimingRow {
        library: "rote",
        version: env!("CARGO_PKG_VERSION"),
        model: model.key(),
        batch: number("batch"),
        images,
        device: &opened.name,
        steps,
        step_ms,
        first_losses,
    };
    say!("{}", serde_json::to_string(&row).expect("a row holds nothing JSON cannot"));
    Ok(())
}
