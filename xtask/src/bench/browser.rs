//! Against the libraries of the browser, in one Chromium: `benches/peers/drive.mjs`.

use std::process::Command;

use serde_json::{Value, json};

use super::native::today;
use super::rows::{Row, keep};
use super::{Options, built_page, peers_folder, results};
use crate::browsers::CHROMIUM;
use crate::failure::Failure;
use crate::{paths, shell, tools};

/// Everyone: our two engines first, then the peers.
const PEERS: &str = "rote-webgpu,jax-webgpu,tfjs-webgpu,rote-cpu,jax-wasm,tfjs-wasm";

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let dist = built_page()?;
    let chromium = CHROMIUM.ready()?;
    let folder = peers_folder();
    if !folder.join("node_modules").exists() {
        let fix = "check that the npm registry can be reached, then run the same command again";
        shell::output(
            tools::npm().args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder),
            fix,
        )?;
    }
    for model in &options.models {
        let json = paths::target().join("bench-browser.json");
        let mut node = Command::new("node");
        node.current_dir(&folder)
            .args(["drive.mjs", "--models", model, "--warm-up-s", "300", "--json"])
            .arg(&json);
        node.arg("--rote-dist").arg(&dist);
        node.arg("--chromium").args(chromium.iter().map(|(_, path)| path));
        node.args(["--rounds", &options.rounds.to_string()]);
        node.args(["--peers", options.peers.as_deref().unwrap_or(PEERS)]);
        shell::run(&mut node, "mend what is reported above")?;
        let text = std::fs::read_to_string(&json).map_err(Failure::file("read", &json))?;
        let printed: Value = serde_json::from_str(&text).unwrap_or_default();
        let about = json!({ "browser": printed["browser"], "software_gpu": printed["software_gpu"], "batch": 128, "date": today() });
        let results_of = printed["results"].as_array().into_iter().flatten();
        let rows: Vec<Row> =
            results_of.filter_map(|row| Row::read(row, row["peer"].as_str()?)).collect();
        keep(&results("browser.json"), &about, &rows)?;
    }
    Ok(())
}
