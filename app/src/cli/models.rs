//! `rote models`: the networks and their sizes.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::CliError;
use super::run_output::grouped;
use crate::models::{ModelName, parameter_count};

#[derive(serde::Serialize)]
struct ModelRow {
    name: &'static str,
    parameters: usize,
    batch_norm: bool,
    #[serde(serialize_with = "crate::number::serialize")]
    learning_rate: f64,
    description: &'static str,
}

/// The command and its flags.
pub fn command() -> Command {
    Command::new("models").about("List the networks with their exact parameter counts").arg(
        Arg::new("json")
            .long("json")
            .action(ArgAction::SetTrue)
            .help("Print a JSON array of objects"),
    )
}

/// Lists the models.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let rows = rows();
    if matches.get_flag("json") {
        say!("{}", serde_json::to_string_pretty(&rows).expect("a row holds nothing JSON cannot"));
        return Ok(());
    }
    say!("{:<16} {:>10}  {:<10}  {:>13}", "model", "parameters", "batch norm", "learning rate");
    for ModelRow { name, parameters, batch_norm, learning_rate, description } in rows {
        let batch_norm = if batch_norm { "yes" } else { "no" };
        say!(
            "{name:<16} {:>10}  {batch_norm:<10}  {learning_rate:>13}  {description}",
            grouped(parameters as u64)
        );
    }
    Ok(())
}

/// One row a model; the paper's Inception comes with and without batch norm.
fn rows() -> Vec<ModelRow> {
    let mut rows = Vec::new();
    for &model in ModelName::ALL {
        let variants: &[bool] = match model {
            ModelName::InceptionSmall => &[true, false],
            ModelName::CnnSmall => &[true],
            ModelName::Mlp1x512 | ModelName::Mlp3x512 | ModelName::AlexnetSmall => &[false],
        };
        rows.extend(variants.iter().map(|&batch_norm| ModelRow {
            name: model.key(),
            parameters: parameter_count(&model.layers(batch_norm)),
            batch_norm,
            learning_rate: model.default_learning_rate(),
            description: model.description(),
        }));
    }
    rows
}
