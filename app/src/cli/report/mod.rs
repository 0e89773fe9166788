//! `rote report` and `rote compare`: what the folders of runs say.

mod compare;
mod figure_files;
mod figures;
mod link;
mod load;
mod recipes;
mod sweeps;
mod tables;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};

use super::CliError;
use super::grid::file_name;
use crate::data::store;
use crate::experiments::{Claim, Names, OPEN_SETTINGS, Scale, Verdict, check_claims};
use figure_files::{ChartFile, Formats};
use load::{Runs, Section};
use recipes::{Naming, recipes};

pub use compare::compare;

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
             whether it holds; of other settings than the paper's a table and a chart of each sweep. A folder of runs \
             of any name is reported, and what is missing is said.",
        )
        .args([
            folder_argument("results", "results", "A folder of runs, an exported file of them, or a folder of such folders"),
            folder_argument("out", "docs", "Folder for results.md and results/*.svg"),
            Formats::argument(),
        ])
}

/// `rote compare`.
pub fn compare_command() -> Command {
    let path = |name: &'static str| {
        Arg::new(name)
            .value_name(name)
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help("A folder of runs, the folder of a run, an exported file of runs, or a checkpoint of `rote train`")
    };
    Command::new("compare")
        .about("Lay two runs, two folders of runs, or two checkpoints side by side")
        .args([path("A"), path("B")])
}

/// Writes the document.
pub fn report(matches: &ArgMatches) -> Result<(), CliError> {
    let folder = |name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let (results, out) = (folder("results"), folder("out"));
    let sections = load::sections(&results)?;
    // Links are made from where it really is.
    make_folder(&out)?;
    let mut text = String::from(HEAD);
    for section in &sections {
        for problem in section.runs.problems.iter().chain(&section.runs.remarks) {
            tell!("warning: {problem}");
        }
        text += &Document { out: &out, formats: Formats::read(matches) }.section(section)?;
    }
    text += &open_settings();
    let path = out.join("results.md");
    write(&path, text.as_bytes())?;
    let count: usize = sections.iter().map(|section| section.runs.count()).sum();
    say!("{} from {count} runs", path.display());
    Ok(())
}

const HEAD: &str = "\
# Results

Written by `rote report` from the runs of `rote run`. Accuracies are in percent; with several seeds they are mean ± \
deviation of a sample. The paper's numbers stand beside ours.
";

/// The document, and what stands beside it.
struct Document<'a> {
    out: &'a Path,
    formats: Formats,
}

impl Document<'_> {
    /// Everything about the runs of one folder.
    fn section(&self, section: &Section) -> Result<String, CliError> {
        let Section { name, scale, runs } = section;
        let title =
            scale.map_or_else(|| format!("The runs in `{name}`"), |scale| title_of(scale).into());
        let naming = Naming::of(*scale);
        let scales = naming.with_rows(runs);
        let mut text = format!("\n## {title}\n\n{}\n", tables::about(&scales, runs));
        for problem in &runs.problems {
            let _ = writeln!(text, "- Left out: {problem}");
        }
        for remark in &runs.remarks {
            let _ = writeln!(text, "- Reported: {remark}");
        }
        for names in scales {
            // A folder that is named after its scale needs no second title.
            let (prefix, level) = match scale {
                Some(_) => (names.scale().key().to_owned(), 3),
                None => {
                    let _ = writeln!(text, "\n### {}", title_of(names.scale()));
                    (format!("{}-{}", file_name(name), names.scale().key()), 4)
                }
            };
            text += &self.scale(names, runs, &prefix, level)?;
        }
        let recipes = recipes(runs, &naming);
        text += &part(3, &tables::others(&recipes, runs, self.out));
        for sweep in sweeps::all(&recipes) {
            let name = format!("{}-{}", file_name(name), sweep.name);
            let drawing = ChartFile { name, title: &sweep.title, plot: &sweep.plot };
            text += &self.figure(4, &drawing, &sweep.caption)?;
        }
        Ok(text)
    }

    /// What a scale's rows have, at this level of headings.
    fn scale(
        &self,
        names: &Names,
        runs: &Runs,
        prefix: &str,
        level: usize,
    ) -> Result<String, CliError> {
        let scale = names.scale();
        let mut text = tables::not_run(names, runs);
        text += &part(level, &statements(scale, prefix, runs));
        text += &part(level, &tables::table1(scale, runs, self.out));
        text += &part(level, &tables::table4(scale, runs, self.out));
        for figure in figures::all(scale, &runs.results) {
            let Some(drawing) = figure.drawing(scale) else { continue };
            let drawing = ChartFile { name: format!("{prefix}-{}", figure.name), ..drawing };
            text += &self.figure(level, &drawing, &figure.caption)?;
        }
        Ok(text)
    }

    /// Writes a figure's files; how the document shows it.
    fn figure(&self, level: usize, drawing: &ChartFile, caption: &str) -> Result<String, CliError> {
        for (path, bytes) in drawing.files(&self.out.join("results"), self.formats) {
            write(&path, &bytes)?;
        }
        let (title, light, dark) =
            (drawing.title, drawing.svg_name("light"), drawing.svg_name("dark"));
        Ok(part(
            level,
            &format!(
                "{title}\n\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"results/{dark}\">\
                 <img src=\"results/{light}\" alt=\"{title}\"></picture>\n\n{caption}\n"
            ),
        ))
    }
}

/// A part under its heading, which is its first line; nothing of nothing.
fn part(level: usize, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\n{} {text}", "#".repeat(level)) }
}

fn title_of(scale: Scale) -> &'static str {
    match scale {
        Scale::Paper => "At the paper's size: 50,000 training images",
        Scale::Desk => "At a desk: small sets of images on a CPU",
        Scale::Smoke => "Smoke: a check that everything runs",
    }
}

/// The statements of the paper and what became of them. Those without a run stand in one paragraph below.
fn statements(scale: Scale, prefix: &str, runs: &Runs) -> String {
    let claims = check_claims(&runs.results, scale);
    let of = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let (holds, fails, open) = (of(Verdict::Holds), of(Verdict::Fails), of(Verdict::Open));
    say!("{prefix}: {holds} claims hold, {fails} fail, {open} are open");
    let (unrun, judged): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| !claim.missing.is_empty());
    let mut text = String::from("What the paper says\n");
    if !judged.is_empty() {
        text += "\n| section | statement | here | figures |\n|---|---|:-:|---|\n";
    }
    for claim in judged {
        let verdict = match claim.verdict {
            Verdict::Holds => "holds",
            Verdict::Fails => "**fails**",
            Verdict::Open => "*open*",
        };
        let (place, statement, figures) = (claim.place, &claim.statement, &claim.figures);
        let _ = writeln!(text, "| {place} | {statement} | {verdict} | {figures} |");
    }
    if !unrun.is_empty() {
        let (rows, said): (Vec<&Claim>, Vec<&Claim>) =
            unrun.iter().copied().partition(|claim| claim.place.starts_with("Table"));
        let mut each: Vec<_> = said.iter().map(|claim| claim.statement.clone()).collect();
        if !rows.is_empty() {
            each.push(tables::counted(rows.len(), "row") + " of Tables 1 and 4");
        }
        let _ = writeln!(
            text,
            "\nOpen, because a row it speaks of is not run ({}): {}.",
            unrun.len(),
            each.join("; ")
        );
    }
    text
}

fn open_settings() -> String {
    let mut text =
        String::from("\n## What the paper leaves open\n\n| | here | because |\n|---|---|---|\n");
    for setting in OPEN_SETTINGS {
        let _ = writeln!(text, "| {} | {} | {} |", setting.what, setting.choice, setting.reason);
    }
    text
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::Failed(format!(
            "{} could not be written: {error}; choose another folder with --out",
            path.display()
        ))
    };
    path.parent().map_or(Ok(()), make_folder)?;
    store::replace(path, |file| std::io::Write::write_all(file, bytes)).map_err(failed)
}

fn make_folder(folder: &Path) -> Result<(), CliError> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| {
        CliError::Failed(format!(
            "{} could not be made: {error}; choose another folder with --out",
            folder.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_whose_rows_are_not_run_stand_in_one_line_and_no_table() {
        let text = statements(Scale::Paper, "paper", &Runs::default());
        assert!(!text.contains('|'), "{text}");
        assert_eq!(text.matches("Open, because a row it speaks of is not run").count(), 1);
        assert!(text.contains("25 rows of Tables 1 and 4") && !text.contains("comes to"), "{text}");
    }
}
