//! What became of each training image, of the runs that recorded it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::folders_of_runs;
use crate::cli::CliError;
use crate::cli::exported;
use crate::cli::images_record::{FILE, ImagesRecord};
use crate::train::{Cell, Table, TableRow};

/// A row for each training image of each finished run below `results` that recorded them. A run that cannot be read is told
/// and left out.
///
/// # Errors
/// If there is none.
pub(super) fn table(results: &Path) -> Result<Table, CliError> {
    let mut rows = Vec::new();
    for path in recorded(results)? {
        match of_run(&path) {
            Ok(more) => rows.extend(more),
            Err(error) => tell!("warning: left out: {error}"),
        }
    }
    if rows.is_empty() {
        return Err(CliError::Failed(format!(
            "no finished run in {} has recorded its images; make one with `rote run … --record-images`",
            results.display()
        )));
    }
    let sample = rows[0].clone();
    Ok(Table::new(sample, rows))
}

/// The rows of one run; none if it is not finished.
fn of_run(path: &Path) -> Result<Vec<TableRow>, CliError> {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let folder = folder.to_string_lossy().into_owned();
    let Some(record) = exported::of_run_folder(path, &folder)? else { return Ok(Vec::new()) };
    let file = path.join(FILE);
    let text = fs::read_to_string(&file).map_err(|error| {
        CliError::Failed(format!("{} could not be read: {error}; mend that", file.display()))
    })?;
    let images = ImagesRecord::from_csv(&text)
        .filter(|images| images.count() as u64 == record.recipe.images)
        .ok_or_else(|| CliError::Failed(format!("{} is damaged", file.display())))?;
    let (id, seed) = (record.id(), record.recipe.seed);
    Ok(images.rows().map(|image| [run(&id, &folder, seed), image].concat()).collect())
}

/// The run folders with a record: what was named, what is in it, and what is in that.
fn recorded(results: &Path) -> Result<BTreeSet<PathBuf>, CliError> {
    let mut paths = BTreeSet::new();
    for folder in folders_of_runs(results)? {
        // A file beside the folders has nothing in it.
        if !folder.is_file() {
            paths.extend(exported::entries(&folder)?.unwrap_or_default());
        }
        paths.insert(folder);
    }
    paths.retain(|path| exported::has(path, FILE));
    Ok(paths)
}

fn run(id: &str, folder: &str, seed: u64) -> TableRow {
    vec![
        ("run".into(), Cell::Text(Some(id.to_owned().into()))),
        ("folder".into(), Cell::Text(Some(folder.to_owned().into()))),
        ("seed".into(), Cell::Whole(Some(seed))),
    ]
}
