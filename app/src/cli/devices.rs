//! `rote devices`: where a network can be trained.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CliError;
use crate::device;

/// The command and its flags.
pub fn command() -> Command {
    Command::new("devices")
        .about("List what can train here: the CPU and every GPU that Vulkan, Metal or DX12 knows")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print a JSON array of objects"))
}

/// Lists the devices.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let devices = device::list();
    if matches.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&devices).expect("a listing holds nothing JSON cannot"));
        return Ok(());
    }
    for listing in devices {
        let api = listing.api.map_or_else(String::new, |api| format!(" through {api}"));
        let software = if listing.is_software { ", emulated in software: slower than the CPU itself" } else { "" };
        println!("--device {}  {}{api}{software}", listing.device, listing.name);
    }
    Ok(())
}
