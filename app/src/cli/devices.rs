//! `rote devices`: where a network can be trained.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CliError;
use crate::device::{self, DeviceChoice, OpenDevice};
use crate::models::ModelName;
use crate::models::timing::gradient_difference;

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
                .help("Compare every model's gradients on each device with plain tensor code in double precision"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print a JSON array of objects"))
}

/// Lists the devices.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let devices = device::list();
    if matches.get_flag("check") {
        return check(devices.iter().any(|listing| listing.device == "gpu"));
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
        let software = if listing.is_software {
            ", emulated in software: slower than the CPU itself"
        } else {
            ""
        };
        say!("--device {}  {}{api}{software}", listing.device, listing.name);
    }
    Ok(())
}

/// Compares what devices compute with plain tensor code.
fn check(with_gpu: bool) -> Result<(), CliError> {
    let gpu = if with_gpu { Some(device::open(DeviceChoice::Gpu)?) } else { None };
    let mut wrong = Vec::new();
    for OpenDevice { device, name, .. } in std::iter::once(device::cpu()).chain(gpu) {
        say!(
            "{name}: greatest difference of a gradient from plain tensor code, as a share of its length"
        );
        for &model in ModelName::ALL {
            let (found, parameter) = pollster::block_on(gradient_difference(model, &device))
                .map_err(CliError::Failed)?;
            say!("  {:<16} {found:.1e}  {parameter}", model.key());
            if found.is_nan() || found > GREATEST_DIFFERENCE {
                wrong.push(format!("{} on {name}", model.key()));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.join(", ");
    Err(CliError::Failed(format!(
        "wrong gradients of {wrong}; update the graphics driver, or train with --device cpu"
    )))
}
