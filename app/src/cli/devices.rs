//! `rote devices`: where a network can be trained.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CliError;
use crate::device::{self, DeviceChoice};
use crate::kernels::Device;
use crate::models::ModelName;
use crate::models::timing::{gradient_difference, hashed_gradients};

/// Above it a device does not compute what it should.
const GREATEST_DIFFERENCE: f64 = 0.05;

/// The command and its flags.
pub fn command() -> Command {
    Command::new("devices")
        .about("List what can train here: the CPU and every GPU that Vulkan, Metal or DX12 knows")
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Compare every model's gradients on each GPU with those of the CPU"),
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

/// Images in the checked step.
const BATCH: usize = 4;

/// Compares what every GPU computes with what the CPU does, which the tests hold against plain tensor code.
fn check(gpus: usize) -> Result<(), CliError> {
    if gpus == 0 {
        say!("no GPU is listed, so there is nothing to compare with the CPU");
        return Ok(());
    }
    let cpu = device::cpu();
    let gradients = |model, device: &Device| {
        pollster::block_on(hashed_gradients(model, BATCH, device)).map_err(CliError::Failed)
    };
    let mut wrong = Vec::new();
    for number in 0..gpus {
        let gpu = device::open(DeviceChoice::GpuNumber(number))?;
        say!(
            "gpu:{number}, {}: a gradient's greatest difference from the CPU's, as a share of its length;\n\
             up to {GREATEST_DIFFERENCE} it is one of rounding",
            gpu.name
        );
        for &model in ModelName::ALL {
            let expected = gradients(model, &cpu.device)?;
            let wide = |own: &Vec<f32>| own.iter().map(|&value| f64::from(value)).collect();
            let expected: Vec<Vec<f64>> = expected.iter().map(wide).collect();
            let found = gradients(model, &gpu.device)?;
            let (difference, parameter) = gradient_difference(model, &found, &expected);
            let is_wrong = difference.is_nan() || difference > GREATEST_DIFFERENCE;
            let verdict = if is_wrong { "WRONG" } else { "right" };
            say!("  {:<16} {difference:.1e}  {verdict}  (most in {parameter})", model.key());
            if is_wrong {
                wrong.push(format!("{} on gpu:{number}, {}", model.key(), gpu.name));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(CliError::Failed(format!(
        "wrong gradients of {}; update the graphics driver, or train with --device cpu",
        wrong.join("; ")
    )))
}
