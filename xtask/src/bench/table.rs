//! `docs/performance.md`: the measurements beside each other.

use serde_json::Value;

use super::rows::{Row, load};
use super::{MODELS, results};
use crate::failure::Failure;
use crate::paths;

/// Multiplications and additions of a training step at batch 128, in billions: all products forward, and backward all
/// but the input gradient of the first layer.
const GFLOP: [f64; 5] = [0.62, 1.02, 4.51, 18.32, 156.3];

/// Writes the document from the results that are there.
pub(super) fn write() -> Result<(), Failure> {
    let mut text = String::from(
        "# What a training step costs\n\n\
         Made by `cargo xtask bench`; do not edit. Everyone does the same work: 128 images, parameters and labels from\n\
         one integer hash, SGD with momentum 0.9 ([the programs](../benches/peers/README.md)). A figure is the fastest\n\
         round, in milliseconds a step; a ratio is ours over the fastest peer's, so below 1 we are faster. The spread is\n\
         that of the rounds, which participants take in turn. The losses of the first three steps must agree.\n",
    );
    let sections = [
        ("Native CPU, two threads", "cpu.json", &["rote"][..], None),
        ("GPU", "gpu.json", &["rote"], None),
        ("In a tab: WebGPU", "browser.json", &["rote-webgpu"], Some("webgpu")),
        ("In a tab: CPU", "browser.json", &["rote-cpu"], Some("wasm")),
    ];
    for (title, file, ours, backend) in sections {
        text += &format!("\n## {title}\n\n");
        match load(&results(file))? {
            None => text += "Not measured here.\n",
            Some((about, rows)) => text += &section(&about, &rows, ours[0], backend),
        }
    }
    for (title, column, file) in
        [("batch", "batch", "scaling.json"), ("set of images", "images", "images.json")]
    {
        if let Some((about, rows)) = load(&results(file))? {
            text += &scaling(title, column, &about, &rows);
        }
    }
    if let Some((_, rows)) = load(&results("cpu.json"))? {
        text += &growth(&rows);
    }
    if let Some(page) = super::page::section()? {
        text += &format!(
            "\n## The page\n\nBy the clock, for each round: what would say more of the machine than of the page in a test.\n\n{page}"
        );
    }
    let file = paths::root().join("docs").join("performance.md");
    std::fs::write(&file, text).map_err(Failure::file("write", &file))
}

fn section(about: &Value, rows: &[Row], ours: &str, backend: Option<&str>) -> String {
    let is_peer = |row: &&Row| {
        !row.participant.starts_with("rote")
            && backend.is_none_or(|backend| row.participant.contains(backend))
    };
    let mut peers: Vec<&str> =
        rows.iter().filter(is_peer).map(|row| row.participant.as_str()).collect();
    peers.sort_unstable();
    peers.dedup();
    let yardstick = if about["peak_gflops"].is_number() {
        " The share is of the speed of one product of two 2048 x 2048 matrices in PyTorch, timed once afterwards: where the \
         machine's own speed moves, a share may pass 100 %."
    } else {
        ""
    };
    let mut text = format!(
        "{}{yardstick}\n\n| model | {ours} | {} | ratio | spread | GFLOP/s | losses differ by |\n",
        said(about),
        peers.join(" | ")
    );
    text += &format!("|---|---:|{}---:|---|---:|---:|\n", "---:|".repeat(peers.len()));
    for (model, gflop) in MODELS.into_iter().zip(GFLOP) {
        let find =
            |name: &str| rows.iter().find(|row| row.model == model && row.participant == name);
        let cell = |name: &str| match find(name) {
            Some(Row { failed: Some(why), .. }) => short(why),
            Some(row) => row.best_ms().map_or_else(|| "not measured".into(), milliseconds),
            None => "not measured".into(),
        };
        let own = find(ours).filter(|row| row.best_ms().is_some());
        let measured =
            peers.iter().filter_map(|name| find(name)).filter(|row| row.failed.is_none());
        let best = measured.filter(|row| row.best_ms().is_some()).min_by(|one, other| {
            one.best_ms().unwrap_or(f64::MAX).total_cmp(&other.best_ms().unwrap_or(f64::MAX))
        });
        let (ratio, spread, difference) = match (own, best) {
            (Some(own), Some(best)) => compare(own, best),
            _ => ("".into(), "".into(), "".into()),
        };
        let share = |rate: f64| {
            about["peak_gflops"]
                .as_f64()
                .map_or_else(String::new, |peak| format!(" ({:.0} %)", 100.0 * rate / peak))
        };
        let rate = own.and_then(Row::best_ms).map(|ms| gflop / ms * 1000.0);
        let rate = rate.map_or_else(String::new, |rate| format!("{rate:.1}{}", share(rate)));
        let cells: Vec<String> = peers.iter().map(|name| cell(name)).collect();
        text += &format!(
            "| {model} | {} | {} | {ratio} | {spread} | {rate} | {difference} |\n",
            cell(ours),
            cells.join(" | ")
        );
    }
    text
}

/// The ratio of the fastest rounds, the least and largest ratio of a round, and how far the losses are apart.
fn compare(own: &Row, best: &Row) -> (String, String, String) {
    let ratio = own.best_ms().unwrap_or(f64::NAN) / best.best_ms().unwrap_or(f64::NAN);
    let mut of_rounds: Vec<f64> =
        own.step_ms.iter().zip(&best.step_ms).map(|(own, best)| own / best).collect();
    of_rounds.sort_by(f64::total_cmp);
    let spread = match (of_rounds.first(), of_rounds.last()) {
        (Some(least), Some(most)) => format!("{least:.2} to {most:.2}"),
        _ => String::new(),
    };
    let apart =
        own.losses.iter().zip(&best.losses).map(|(own, best)| (own - best).abs() / best.abs());
    let apart = apart.fold(0.0, f64::max);
    (format!("**{ratio:.2}**"), spread, format!("{apart:.0e}"))
}

fn scaling(title: &str, column: &str, about: &Value, rows: &[Row]) -> String {
    let mut text = format!(
        "\n## As the {title} grows\n\n{}\n\n| model | {column} | ms/step | µs/image |\n|---|---:|---:|---:|\n",
        said(about)
    );
    for row in rows {
        let (Some(ms), Ok(size)) = (row.best_ms(), row.participant.parse::<f64>()) else {
            continue;
        };
        let batch = if column == "batch" { size } else { 128.0 };
        text += &format!(
            "| {} | {size} | {} | {:.1} |\n",
            row.model,
            milliseconds(ms),
            ms * 1000.0 / batch
        );
    }
    text
}

/// A step of each network natively beside the operations it needs.
fn growth(rows: &[Row]) -> String {
    let mut text = String::from(
        "\n## As the network grows\n\n\
         The same steps as in the first table, by the operations in their products. A step of an MLP also moves its 1.2 or\n\
         1.7 million parameters, gradients and velocities through memory, which a batch of 128 does not pay for; the\n\
         convolutions use each weight hundreds of times an image, and are near the machine's speed.\n\n\
         | model | GFLOP a step | ms/step | ms/GFLOP |\n|---|---:|---:|---:|\n",
    );
    for (model, gflop) in MODELS.into_iter().zip(GFLOP) {
        let own = rows.iter().find(|row| row.model == model && row.participant == "rote");
        if let Some(ms) = own.and_then(Row::best_ms) {
            text += &format!("| {model} | {gflop} | {} | {:.1} |\n", milliseconds(ms), ms / gflop);
        }
    }
    text
}

pub(super) fn said(about: &Value) -> String {
    let said = about.as_object().into_iter().flatten().map(|(key, value)| match value.as_str() {
        Some(text) => format!("{}: {text}", key.replace('_', " ")),
        None => format!("{}: {value}", key.replace('_', " ")),
    });
    said.collect::<Vec<_>>().join("; ") + "."
}

fn milliseconds(ms: f64) -> String {
    if ms < 100.0 { format!("{ms:.2}") } else { format!("{ms:.0}") }
}

/// The beginning of what a library said when it could not run.
fn short(why: &str) -> String {
    let text: String = why.chars().take(60).collect();
    text.replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(participant: &str, step_ms: &[f64], losses: &[f64]) -> Row {
        Row {
            model: "mlp-1x512".into(),
            participant: participant.into(),
            step_ms: step_ms.into(),
            losses: losses.into(),
            failed: None,
        }
    }

    #[test]
    fn a_ratio_is_of_the_fastest_rounds_and_the_spread_of_rounds_side_by_side() {
        let (ours, peer) = (row("rote", &[3.0, 2.0], &[2.0]), row("peer", &[4.0, 5.0], &[2.5]));
        assert_eq!(
            compare(&ours, &peer),
            ("**0.50**".into(), "0.40 to 0.75".into(), "2e-1".into())
        );
    }

    #[test]
    fn the_fastest_peer_of_the_backend_is_the_one_compared_with() {
        let rows = [
            row("rote-cpu", &[1.0], &[]),
            row("jax-wasm", &[4.0], &[]),
            row("tfjs-wasm", &[2.0], &[]),
            row("jax-webgpu", &[0.5], &[]),
        ];
        let table = section(&Value::Null, &rows, "rote-cpu", Some("wasm"));
        assert!(table.contains("| mlp-1x512 | 1.00 | 4.00 | 2.00 | **0.50** |"), "{table}");
        assert!(table.contains("| cnn-small | not measured |"), "{table}");
    }
}
