//! `rote export`: runs for other programs.

mod images;
mod lines;
mod parquet;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::exported::{self, RecordsFound};
use super::{CliError, run_output::grouped};
use crate::data::store;
use crate::train::{Record, epochs_table, runs_table, to_json, to_json_line};

const LONG_ABOUT: &str = "\
Write finished runs as one file for other programs.

csv and parquet hold a table, by default a row for each epoch with all of the run's settings beside it:

  import pandas as pd
  epochs = pd.read_csv(\"epochs.csv\")

jsonl holds a run a line, with every setting and everything that was told; `rote report`, `rote compare` and `rote run` \
read it like a folder of runs. json is the file that the page imports.

docs/formats.md says what every column and field is.";

/// What can be written, by the names of `--format` and the endings of files.
const FORMATS: [&str; 4] = ["csv", "jsonl", "json", "parquet"];

/// `rote export`.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(value_parser!(PathBuf))
    };
    Command::new("export")
        .about("Write runs for pandas, a spreadsheet, the page or another folder: CSV, JSON, Parquet")
        .long_about(LONG_ABOUT)
        .args([
            path("results", "DIR").default_value("results").help(
                "A folder that holds folders of runs, a folder of runs, the folder of one run, or an exported file",
            ),
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(FORMATS)
                .help("By default as --out ends, else csv. csv and parquet: a table. jsonl: a run a line. json: the file that the page imports"),
            Arg::new("table")
                .long("table")
                .value_name("TABLE")
                .value_parser(["epochs", "runs", "images"])
                .help("epochs: a row each epoch. runs: a row each run. images: a row each training image, of runs made with `--record-images`"),
            Arg::new("images")
                .long("images")
                .action(ArgAction::SetTrue)
                .conflicts_with("table")
                .help("The same as --table images: shown, clean and predicted label, epoch first fitted, times forgotten"),
            path("out", "FILE").help("Where to write it, instead of standard output"),
        ])
}

/// The format: as it is named, else by the ending of the file, else CSV.
///
/// # Errors
/// If the two disagree: a file must be what its name says.
fn format_of<'a>(named: Option<&'a str>, out: Option<&PathBuf>) -> Result<&'a str, CliError> {
    let ending = out.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    let by_ending = FORMATS.into_iter().find(|format| ending == Some(format));
    match (named, by_ending) {
        (Some(named), Some(ending)) if named != ending => Err(CliError::Usage(format!(
            "--format is {named}, but the name of the file ends with .{ending}; change one of the two"
        ))),
        (Some(named), _) => Ok(named),
        (None, ending) => Ok(ending.unwrap_or("csv")),
    }
}

/// Exports.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let results = matches.get_one::<PathBuf>("results").cloned().unwrap_or_default();
    let out = matches.get_one::<PathBuf>("out");
    let word = |name| matches.get_one::<String>(name).map(String::as_str);
    let format = format_of(word("format"), out)?;
    let table = if matches.get_flag("images") { Some("images") } else { word("table") };
    if format == "json" && table.is_some() {
        return Err(CliError::Usage(
            "the page's file is no table; leave --table and --images out, or choose --format jsonl"
                .into(),
        ));
    }
    if format == "parquet" && out.is_none() {
        return Err(CliError::Usage("Parquet is not text; name a file with --out".into()));
    }
    let groups = groups(&results)?;
    let mut records = Vec::new();
    for found in groups {
        found.problems.iter().for_each(|problem| tell!("warning: left out: {problem}"));
        records.extend(found.records);
    }
    if records.is_empty() {
        return Err(CliError::Failed(format!(
            "{} holds no finished run; make some with `rote run table1`, or name their folder with --results",
            results.display()
        )));
    }
    let (bytes, rows) = match (format, table) {
        ("json", _) => (to_json(&records).into_bytes(), records.len()),
        ("jsonl", None) => (lines_of(&records).into_bytes(), records.len()),
        (format, table) => {
            let table = match table {
                Some("runs") => runs_table(&records),
                Some("images") => images::table(&results)?,
                _ => epochs_table(&records),
            };
            let bytes = match format {
                "jsonl" => lines::of(&table).into_bytes(),
                "parquet" => parquet::file(&table),
                _ => table.to_csv().into_bytes(),
            };
            (bytes, table.rows.len())
        }
    };
    let Some(path) = out else { return print(&bytes) };
    store::replace(path, |file| file.write_all(&bytes)).map_err(|error| {
        let path = path.display();
        CliError::Failed(format!(
            "{path} could not be written: {error}; choose another file with --out"
        ))
    })?;
    tell!(
        "{}: {} rows from {} runs",
        path.display(),
        grouped(rows as u64),
        grouped(records.len() as u64)
    );
    Ok(())
}

fn lines_of(records: &[Record]) -> String {
    records.iter().map(|record| to_json_line(record) + "\n").collect()
}

/// Writes to standard output. That nobody reads any more (`| head`) is no failure.
fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Failed(format!(
            "standard output could not be written: {error}; write to a file with --out"
        ))),
        _ => Ok(()),
    }
}

/// The runs of what was named, a group for each folder of runs.
fn groups(results: &Path) -> Result<Vec<RecordsFound>, CliError> {
    if results.is_file() {
        return Ok(vec![exported::read(results)?]);
    }
    if exported::has(results, "summary.json") {
        let folder = results.parent().and_then(Path::file_name).unwrap_or_default();
        let record = exported::of_run_folder(results, &folder.to_string_lossy())?;
        return Ok(vec![RecordsFound {
            records: record.into_iter().collect(),
            problems: Vec::new(),
        }]);
    }
    folders_of_runs(results)?.iter().map(|folder| exported::of_runs(folder)).collect()
}

/// The folder itself and those in it; of an exported file without its folder the place where that would be.
fn folders_of_runs(results: &Path) -> Result<Vec<PathBuf>, CliError> {
    let entries = exported::entries(results)?.unwrap_or_default().into_iter();
    let within = entries.filter_map(|path| match path.extension() {
        Some(ending) if ending == "jsonl" => Some(path.with_extension("")),
        _ => path.is_dir().then_some(path),
    });
    let mut folders: Vec<PathBuf> = within.chain([results.to_path_buf()]).collect();
    folders.sort();
    folders.dedup();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says() {
        let out = |name: &str| Some(PathBuf::from(name));
        let of = |named, name| format_of(named, out(name).as_ref()).ok();
        assert_eq!(of(None, "a.parquet"), Some("parquet"));
        assert_eq!([of(None, "a.txt"), of(Some("jsonl"), "a")], [Some("csv"), Some("jsonl")]);
        assert_eq!([of(Some("csv"), "a.json"), of(Some("json"), "a.json")], [None, Some("json")]);
    }
}
