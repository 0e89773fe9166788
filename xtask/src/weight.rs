//! What the page weighs on its way to a student: Brotli sizes of the parts of `dist/`, and the limits they must keep.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::page::files_in;
use crate::shell;

/// Files that travel together, and the most they may weigh after Brotli.
struct Part {
    name: &'static str,
    limit_bytes: u64,
    holds: fn(&str) -> bool,
}

/// The page grew by 38 kB when it came to keep what a reader types, trains and fixes, to speak to screen readers, and to write
/// every result of a lesson from the runs. What rustup's Rust 1.95 may make. Debian's 1.96 with the library built here makes a page 5.6 kB lighter of the same
/// sources; a limit is to tell what somebody added, not who compiled.
const PARTS: &[Part] = &[
    Part { name: "page", limit_bytes: 348_000, holds: |file| is_page(file) },
    Part { name: "engine", limit_bytes: 1_050_000, holds: |file| is_engine(file) },
];

/// What arrives before a person can do anything.
fn is_page(file: &str) -> bool {
    let code = [".html", ".css", ".js", ".wasm"].iter().any(|extension| file.ends_with(extension));
    code && !is_engine(file)
}

/// What downloads behind the progress bar.
fn is_engine(file: &str) -> bool {
    file.starts_with("engine") && (file.ends_with(".js") || file.ends_with(".wasm"))
}

/// One file of `dist/`.
struct Weight {
    file: String,
    raw_bytes: u64,
    brotli_bytes: u64,
}

/// Measures `dist`, prints a table, and fails above a limit.
pub fn check(dist: &Path) -> Result<(), Failure> {
    let named: Vec<(String, PathBuf)> = files_in(dist)?
        .into_iter()
        .filter_map(|path| {
            Some((path.strip_prefix(dist).ok()?.to_string_lossy().replace('\\', "/"), path))
        })
        .filter(|(name, _)| PARTS.iter().any(|part| (part.holds)(name)))
        .collect();
    let sizes = brotli_bytes(named.iter().map(|(_, path)| path.as_path()))?;
    let mut weights = Vec::new();
    for ((file, path), brotli_bytes) in named.into_iter().zip(sizes) {
        let raw_bytes = std::fs::metadata(&path).map_err(Failure::file("read", &path))?.len();
        weights.push(Weight { file, raw_bytes, brotli_bytes });
    }
    weights.sort_by(|a, b| a.file.cmp(&b.file));
    let (table, too_heavy) = table(&weights);
    print!("{table}");
    if too_heavy.is_empty() {
        return Ok(());
    }
    Err(Failure::setup(too_heavy.join(", and "), "find what grew, or raise the limit and say why"))
}

/// The table, and a sentence about each part that is above its limit or empty.
fn table(weights: &[Weight]) -> (String, Vec<String>) {
    let kb = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1000.0);
    let row = |file: &str, raw: &str, brotli: &str, limit: &str| {
        format!("{file:<40}{raw:>14}{brotli:>14}{limit:>14}\n")
    };
    let mut text = row("file", "raw", "brotli -11", "limit");
    let mut too_heavy = Vec::new();
    for part in PARTS {
        let files: Vec<_> = weights.iter().filter(|weight| (part.holds)(&weight.file)).collect();
        for weight in &files {
            text += &row(&weight.file, &kb(weight.raw_bytes), &kb(weight.brotli_bytes), "");
        }
        let raw = files.iter().map(|weight| weight.raw_bytes).sum();
        let brotli = files.iter().map(|weight| weight.brotli_bytes).sum();
        text += &row(&format!("= {}", part.name), &kb(raw), &kb(brotli), &kb(part.limit_bytes));
        if files.is_empty() {
            too_heavy.push(format!("dist/ holds no file of the {}", part.name));
        } else if brotli > part.limit_bytes {
            let (weight, limit) = (kb(brotli), kb(part.limit_bytes));
            too_heavy.push(format!(
                "the {} weighs {weight} after Brotli, above its limit of {limit}",
                part.name
            ));
        }
    }
    (text, too_heavy)
}

/// Sizes after Brotli at its highest quality, by Node's encoder; all files at once.
fn brotli_bytes<'a>(files: impl Iterator<Item = &'a Path>) -> Result<Vec<u64>, Failure> {
    const SCRIPT: &str = "
        const { brotliCompress, constants: c } = require('node:zlib');
        const { readFileSync } = require('node:fs');
        const size = (file) => new Promise((resolve, reject) => {
            const bytes = readFileSync(file);
            const params = { [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_SIZE_HINT]: bytes.length };
            brotliCompress(bytes, { params }, (error, packed) => error ? reject(error) : resolve(packed.length));
        });
        Promise.all(process.argv.slice(1).map(size)).then((sizes) => console.log(sizes.join(' ')));";
    let printed = shell::output(
        Command::new("node").args(["-e", SCRIPT, "--"]).args(files),
        "install Node.js 20 or later",
    )?;
    Ok(printed.split_whitespace().filter_map(|size| size.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(file: &str, brotli_bytes: u64) -> Weight {
        Weight { file: file.into(), raw_bytes: 3 * brotli_bytes, brotli_bytes }
    }

    #[test]
    fn the_files_of_a_part_are_summed_and_held_against_its_limit() {
        let weights = [
            weight("index.html", 4_000),
            weight("lab-1a_bg.wasm", 200_000),
            weight("engine_bg.wasm", 1_050_000),
        ];
        let (table, too_heavy) = table(&weights);
        assert!(table.contains("= page") && table.contains("204.0 kB"), "{table}");
        assert!(too_heavy.is_empty(), "{too_heavy:?}");
    }

    #[test]
    fn every_part_above_its_limit_is_named_with_both_numbers() {
        let [page, engine] = [PARTS[0].limit_bytes, PARTS[1].limit_bytes];
        let weights = [weight("lab_bg.wasm", page + 1_000), weight("engine.js", engine + 100)];
        let kb = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1000.0);
        let sentence = |name: &str, bytes: u64, limit: u64| {
            let (weight, limit) = (kb(bytes), kb(limit));
            format!("the {name} weighs {weight} after Brotli, above its limit of {limit}")
        };
        assert_eq!(
            table(&weights).1,
            [sentence("page", page + 1_000, page), sentence("engine", engine + 100, engine)]
        );
    }

    #[test]
    fn a_page_without_an_engine_does_not_pass() {
        assert_eq!(table(&[weight("lab.js", 1)]).1, ["dist/ holds no file of the engine"]);
    }

    #[test]
    fn images_and_data_are_no_part_of_the_weight() {
        assert!(!PARTS.iter().any(|part| (part.holds)("data/cifar10-2000-train.bin") || (part.holds)("icon.png")));
    }
}
