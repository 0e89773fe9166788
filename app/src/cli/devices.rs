//! `rote devices`: where a network can be trained.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CliError;
use crate::device::{self, DeviceChoice};
use crate::kernels::Device;
use crate::models::ModelName;
use crate::models::timing::{hashed_step, step_difference};
use crate::train::{Fit, InMemory, Recipe, check_fit};

/// Above it a device does not compute what it should.
const MAX_DIFFERENCE: f64 = 0.05;
/// Images in the checked steps: one, the sizes around those at which kernels cut a batch, and several pieces of them.
const BATCHES: [usize; 6] = [1, 3, 63, 65, 129, 513];

/// The command and its flags.
pub fn command() -> Command {
    Command::new("devices")
        .about("List what can train here: the CPU and every GPU that Vulkan, Metal or DX12 knows")
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .conflicts_with("json")
                .help("Compare a training step of every model on each GPU with the CPU's"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print a JSON array of objects"),
        )
}

/// Lists the devices.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let devices = device::list();
    if matches.get_flag("check") {
        // The first is the CPU itself.
        return check(devices.len() - 1);
    }
    if matches.get_flag("json") {
        say!(
            "{}",
            serde_json::to_string_pretty(&devices).expect("a listing holds nothing JSON cannot")
        );
        return Ok(());
    }
    for listing in devices {
        let api = listing.api.map_or_else(String::new, |api| format!(" through {api}"));
        let bus = listing.bus.map_or_else(String::new, |bus| format!(" at {bus}"));
        let software = if listing.is_software {
            ", emulated in software: slower than the CPU itself"
        } else {
            ""
        };
        say!("--device {:<5}  {}{api}{bus}{software}", listing.device, listing.name);
    }
    say!(
        "--device gpu is the first GPU of these, and auto is that one too if it is a real one, else the CPU"
    );
    Ok(())
}

/// Compares what every GPU computes with what the CPU does, which the tests hold against plain tensor code.
fn check(gpus: usize) -> Result<(), CliError> {
    if gpus == 0 {
        say!("no GPU is listed, so there is nothing to compare with the CPU");
        return Ok(());
    }
    let cpu = device::cpu();
    let step = |model, batch, device: &Device| {
        pollster::block_on(hashed_step(model, batch, device)).map_err(CliError::Failed)
    };
    let mut wrong = Vec::new();
    for number in 0..gpus {
        let gpu = device::open(DeviceChoice::GpuNumber(number))?;
        say!("gpu:{number}, {}", gpu.name);
        say!(
            "how far a training step is from the CPU's, in the gradient or logits that are furthest off, as a share of\n\
             their length; up to {MAX_DIFFERENCE} it is rounding"
        );
        let head = BATCHES.map(|batch| format!("{batch:>9}")).concat();
        say!("  {:<16}{head}", "images in a step");
        let mut too_large = Vec::new();
        for &model in ModelName::ALL {
            let mut row = format!("  {:<16}", model.key());
            let mut is_right = true;
            for batch in BATCHES {
                let images = batch as u64;
                let recipe = Recipe { model, images, batch_size: images, ..Recipe::default() };
                let fit = Fit { recipe: &recipe, in_memory: InMemory::Data, at_a_time: 1 };
                let fits = [&cpu, &gpu].map(|opened| check_fit(fit, &opened.device));
                if let Some(error) = fits.into_iter().find_map(Result::err) {
                    row += &format!("{:>9}", "-");
                    too_large.push(error);
                    continue;
                }
                let expected = step(model, batch, &cpu.device)?;
                let found = step(model, batch, &gpu.device)?;
                let (difference, vector) = step_difference(model, &found, &expected);
                row += &format!("{:>9}", format!("{difference:.1e}"));
                if difference.is_nan() || difference > MAX_DIFFERENCE {
                    is_right = false;
                    wrong.push(format!(
                        "{vector} of {} with {batch} images on gpu:{number}, {}",
                        model.key(),
                        gpu.name
                    ));
                }
            }
            say!("{row}  {}", if is_right { "right" } else { "WRONG" });
        }
        for error in too_large {
            say!("  -  not compared: {error}");
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(CliError::Failed(format!(
        "wrong numbers: {}; update the graphics driver, or train with --device cpu",
        wrong.join("; ")
    )))
}
