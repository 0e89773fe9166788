//! `rote report` and `rote compare`: what the folders of runs say.

mod compare;
mod figures;
mod load;
mod tables;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};

use super::CliError;
use crate::data::store;
use crate::experiments::{OPEN_SETTINGS, Scale, Verdict, check_claims};
use crate::report::{Theme, plot_svg};
use load::Runs;

pub use compare::compare;

const FIGURE_WIDTH: u32 = 760;
const FIGURE_HEIGHT: u32 = 380;

fn folder_argument(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    let argument = Arg::new(name).long(name).value_name("DIR").default_value(default);
    argument.value_parser(value_parser!(PathBuf)).help(help)
}

/// `rote report`.
pub fn report_command() -> Command {
    Command::new("report")
        .about("Write tables and figures of the runs that are there, beside the paper's numbers")
        .long_about(
            "Write results.md and its figures (SVG, light and dark) from the runs of `rote run`: our number, the \
             paper's, the difference, seeds and deviation, device and date, and for every statement of the paper \
             whether it holds. Runs that are missing say so.",
        )
        .args([
            folder_argument("results", "results", "Folder with a folder of runs for each scale"),
            folder_argument("out", "docs", "Folder for results.md and results/*.svg"),
        ])
}

/// `rote compare`.
pub fn compare_command() -> Command {
    let folder = |name: &'static str| {
        Arg::new(name).value_name(name).required(true).value_parser(value_parser!(PathBuf))
    };
    Command::new("compare")
        .about("Lay two runs, or two folders of runs, side by side")
        .args([folder("A"), folder("B")])
}

/// Writes the document.
pub fn report(matches: &ArgMatches) -> Result<(), CliError> {
    let folder = |name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let (results, out) = (folder("results"), folder("out"));
    let mut text = String::from(HEAD);
    let mut count = 0;
    for scale in [Scale::Paper, Scale::Desk, Scale::Smoke] {
        let runs = Runs::load(&results.join(scale.key()));
        if runs.is_empty() {
            continue;
        }
        count += runs.count();
        for problem in &runs.problems {
            eprintln!("warning: {problem}");
        }
        text += &section(scale, &runs, &out)?;
    }
    if count == 0 {
        return Err(CliError::Failed(format!(
            "there are no finished runs in {}/{{smoke,desk,paper}}; make some with `rote run table1`, or name their folder with --results",
            results.display()
        )));
    }
    text += &open_settings();
    let path = out.join("results.md");
    write(&path, &text)?;
    say!("{} from {count} runs", path.display());
    Ok(())
}

const HEAD: &str = "\
# Results

Written by `rote report` from the runs of `rote run`. Accuracies are in percent; with several seeds they are mean ± \
deviation of a sample. The paper's numbers stand beside ours; *not run* is not a number.
";

/// Everything about one scale.
fn section(scale: Scale, runs: &Runs, out: &Path) -> Result<String, CliError> {
    let title = match scale {
        Scale::Paper => "At the paper's size: 50,000 training images",
        Scale::Desk => "At a desk: small sets of images on a CPU",
        Scale::Smoke => "Smoke: a check that everything runs",
    };
    let mut text = format!("\n## {title}\n\n{}\n", tables::about(scale, runs));
    for problem in &runs.problems {
        let _ = writeln!(text, "- Left out: {problem}");
    }
    text += "\n### What the paper says\n\n| section | statement | here | figures |\n|---|---|:-:|---|\n";
    let claims = check_claims(&runs.results, scale);
    for claim in &claims {
        let verdict = match claim.verdict {
            Verdict::Holds => "holds",
            Verdict::Fails => "**fails**",
            Verdict::Open => "*open*",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {verdict} | {} |",
            claim.place, claim.statement, claim.figures
        );
    }
    let of = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    say!(
        "{}: {} claims hold, {} fail, {} are open",
        scale.key(),
        of(Verdict::Holds),
        of(Verdict::Fails),
        of(Verdict::Open)
    );
    text += &tables::table1(scale, runs, out);
    text += &tables::table4(scale, runs, out);
    for figure in figures::all(scale, &runs.results) {
        let _ = write!(text, "\n### {}\n\n", figure.title);
        let Some(plot) = figure.plot else {
            text += "*not run*\n";
            continue;
        };
        let name = |look| format!("{}-{}-{look}.svg", scale.key(), figure.name);
        for (look, theme) in [("light", Theme::light()), ("dark", Theme::dark())] {
            let svg = plot_svg(figure.drawn_title, &plot, &theme, FIGURE_WIDTH, FIGURE_HEIGHT);
            write(&out.join("results").join(name(look)), &svg)?;
        }
        let _ = write!(
            text,
            "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"results/{}\"><img src=\"results/{}\" \
             alt=\"{}\"></picture>\n\n{}\n",
            name("dark"),
            name("light"),
            figure.title,
            figure.caption
        );
    }
    Ok(text)
}

fn open_settings() -> String {
    let mut text =
        String::from("\n## What the paper leaves open\n\n| | here | because |\n|---|---|---|\n");
    for setting in OPEN_SETTINGS {
        let _ = writeln!(text, "| {} | {} | {} |", setting.what, setting.choice, setting.reason);
    }
    text
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::Failed(format!(
            "{} could not be written: {error}; choose another folder with --out",
            path.display()
        ))
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    store::replace(path, |file| std::io::Write::write_all(file, text.as_bytes())).map_err(failed)
}
