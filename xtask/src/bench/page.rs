//! What the page does by the clock: `benches/page/figures.mjs` in the Chromium of the tests.

use std::process::Command;

use serde_json::{Value, json};

use super::native::today;
use super::rows::replace;
use super::{Options, built_page, results};
use crate::failure::Failure;
use crate::server::Server;
use crate::{paths, setup, shell};

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let dist = built_page()?;
    let chromium = setup::browser()?;
    let server = Server::start(dist, 0).map_err(|error| {
        Failure::setup(format!("no port for the page ({error})"), "close programs that hold ports")
    })?;
    println!("Measuring the page in Chromium (half a minute a round).");
    let mut node = Command::new("node");
    node.arg(paths::root().join("benches").join("page").join("figures.mjs"));
    node.arg(options.rounds.to_string());
    node.env("ROTE_URL", format!("http://localhost:{}/", server.address.port()));
    let printed = shell::output(node.envs(chromium), "mend what is reported above")?;
    let printed: Value = serde_json::from_str(&printed).unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let about = json!({ "browser": printed["browser"], "processors": threads, "date": today() });
    let text = json!({ "about": about, "figures": printed["figures"] });
    let text = serde_json::to_string_pretty(&text).unwrap_or_default() + "\n";
    replace(&results("page.json"), &text)?;
    print!("{}", table(&printed["figures"]));
    Ok(())
}

/// The part of the document; none if the page was not measured.
pub(super) fn section() -> Result<Option<String>, Failure> {
    let file = results("page.json");
    if !file.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&file).map_err(Failure::file("read", &file))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        Failure::setup(
            format!("{} is not JSON: {error}", file.display()),
            "delete it and measure again",
        )
    })?;
    Ok(Some(format!("{}\n\n{}", super::table::said(&value["about"]), table(&value["figures"]))))
}

/// A row a figure, with the best, the middle and the worst of its rounds: less is better in all of them.
fn table(figures: &Value) -> String {
    let mut text = String::from("| | best | median | worst |\n|---|---:|---:|---:|\n");
    for figure in figures.as_array().into_iter().flatten() {
        let (name, unit) = (&figure["name"], &figure["unit"]);
        let values = figure["values"].as_array().into_iter().flatten();
        let mut values: Vec<f64> = values.filter_map(Value::as_f64).collect();
        values.sort_by(f64::total_cmp);
        let (Some(best), Some(worst)) = (values.first(), values.last()) else { continue };
        let unit = unit.as_str().unwrap_or_default();
        let cell = |value: &f64| match unit {
            "s" => format!("{value:.1} s"),
            _ => format!("{value:.0} {unit}"),
        };
        let (name, median) = (name.as_str().unwrap_or_default(), &values[values.len() / 2]);
        text += &format!("| {name} | {} | {} | {} |\n", cell(best), cell(median), cell(worst));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_told_by_its_best_its_middle_and_its_worst_round() {
        let figures = json!([
            { "name": "first paint", "unit": "ms", "values": [312.4, 120.2, 151.0] },
            { "name": "a race", "unit": "s", "values": [7.26] },
            { "name": "not measured", "unit": "ms", "values": [] },
        ]);
        let table = table(&figures);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            ["| first paint | 120 ms | 151 ms | 312 ms |", "| a race | 7.3 s | 7.3 s | 7.3 s |"]
        );
    }
}
