//! Reading folders of runs.

use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::exported;
use crate::cli::grid::{RunFolder, RunSummary, is_alike};
use crate::experiments::{Outcome, Results, Scale};
use crate::train::{Recipe, numerics};

/// Finished runs, wherever they come from.
#[derive(Default)]
pub(super) struct Runs {
    /// As the experiments see them.
    pub(super) results: Results,
    /// Where each is and what it was made by, in the same order.
    pub(super) about: Vec<(PathBuf, RunSummary)>,
    /// Runs that are here already, each with where the same one is: a recipe and seed that two rows share.
    pub(super) again: Vec<(PathBuf, PathBuf)>,
    /// What could not be read, one sentence each.
    pub(super) problems: Vec<String>,
    /// What is to be known of runs that are reported.
    pub(super) remarks: Vec<String>,
}

impl Runs {
    /// Reads all run folders in `folder`, or the run whose folder it is, and the exported runs in the file beside it; or the
    /// exported runs of a file. None if there is no such folder or file.
    pub(super) fn load(folder: &Path) -> Self {
        let mut runs = Self::default();
        if folder.is_file() {
            runs.add_exported(folder);
            return runs;
        }
        if is_run(folder) {
            runs.add_folder(folder);
        }
        match folders_in(folder) {
            Ok(paths) => paths.iter().flatten().for_each(|path| runs.add_folder(path)),
            Err(error) => runs.problems.push(error.to_string()),
        }
        runs.add_exported(&exported::beside(folder));
        runs.keep_alike();
        runs
    }

    /// Leaves out what must not be averaged with the others, and tells it: runs of older numerics than another run of their
    /// recipe, and those of other data than the first.
    fn keep_alike(&mut self) {
        let all: Vec<_> = std::mem::take(&mut self.results.0)
            .into_iter()
            .zip(std::mem::take(&mut self.about))
            .collect();
        let newest = |recipe: &Recipe| {
            let of_recipe = all
                .iter()
                .filter(|(outcome, _)| outcome.summary.recipe.is_same_but_for_seed(recipe));
            of_recipe.map(|(_, (_, about))| about.origin.numerics).max()
        };
        let newest: Vec<_> =
            all.iter().map(|(outcome, _)| newest(&outcome.summary.recipe)).collect();
        let mut kept = Self::default();
        let mut older = Vec::new();
        for ((outcome, (path, about)), newest) in all.into_iter().zip(newest) {
            let recipe = &outcome.summary.recipe;
            if Some(about.origin.numerics) != newest {
                older.push((path, about.origin.numerics));
            } else if let Some((_, other, _)) =
                kept.of(recipe).into_iter().find(|(_, _, known)| !known.is_like(&about.origin))
            {
                self.problems.push(format!(
                    "{} is left out: it is of other data than {}; report it from a folder of its own",
                    path.display(),
                    other.display()
                ));
            } else {
                kept.results.0.push(outcome);
                kept.about.push((path, about));
            }
        }
        self.problems.extend(of_numerics(&older).map(|runs| {
            format!(
                "left out: {runs}; other runs of the same recipe are of newer numerics, which come to other digits: report \
                 each from a folder of its own"
            )
        }));
        // They are what there is of their recipe, and that is to be known.
        let kept_older: Vec<_> = kept
            .results
            .0
            .iter()
            .zip(&kept.about)
            .filter(|(outcome, (_, about))| {
                about.origin.numerics != numerics(&outcome.summary.recipe)
            })
            .map(|(_, (path, about))| (path.clone(), about.origin.numerics))
            .collect();
        self.remarks.extend(of_numerics(&kept_older).map(|runs| {
            format!(
                "{runs}, by an earlier version: this one comes to other last digits, and `rote run` makes the runs again \
                 in another folder (`--out`)"
            )
        }));
        (self.results, self.about) = (kept.results, kept.about);
    }

    /// Reads the runs of an exported file, where there is one.
    fn add_exported(&mut self, path: &Path) {
        let found = match exported::read(path) {
            Ok(found) => found,
            Err(error) => return self.problems.push(error.to_string()),
        };
        self.problems.extend(found.problems);
        for record in &found.records {
            match exported::finished(record) {
                Ok(Some((about, outcome))) => self.add(path, about, outcome),
                Ok(None) => {}
                Err(problem) => self.problems.push(format!("{}: {problem}", path.display())),
            }
        }
    }

    /// Reads a run's own folder.
    fn add_folder(&mut self, path: &Path) {
        match RunFolder::at(path).finished() {
            Ok(Some((summary, outcome))) => self.add(path, summary, outcome),
            Ok(None) => {}
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    /// Adds a run that is at `place`. The same recipe and seed twice is one run, which would otherwise pass for two seeds.
    pub(super) fn add(&mut self, place: &Path, about: RunSummary, outcome: Outcome) {
        let mut known = self.results.0.iter().zip(&self.about);
        let is_same = |(known, (_, by)): (&Outcome, &(PathBuf, RunSummary))| {
            known.summary.recipe == outcome.summary.recipe && is_alike(&by.origin, &about.origin)
        };
        let Some(at) = known.position(is_same) else {
            self.results.0.push(outcome);
            self.about.push((place.to_path_buf(), about));
            return;
        };
        let (known, new) = (&self.results.0[at].summary, &outcome.summary);
        let first = self.about[at].0.clone();
        if (known.train_accuracy, known.test_accuracy) != (new.train_accuracy, new.test_accuracy) {
            self.problems.push(format!(
                "{} is a run of the recipe and seed of {}, and came to other accuracies; the latter is counted",
                place.display(),
                first.display()
            ));
        }
        // What was exported from a folder that is still there is no second name.
        if !place.is_file() {
            self.again.push((place.to_path_buf(), first));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.about.is_empty() && self.problems.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.about.len()
    }

    /// The runs of a recipe with any seed, each with where it is.
    pub(super) fn of(&self, recipe: &Recipe) -> Vec<(&Outcome, &Path, &RunSummary)> {
        let all = self.results.0.iter().zip(&self.about);
        all.filter(|(outcome, _)| outcome.summary.recipe.is_same_but_for_seed(recipe))
            .map(|(outcome, (path, about))| (outcome, path.as_path(), about))
            .collect()
    }
}

/// Runs, each with its numerics, in words; none if there are none.
fn of_numerics(runs: &[(PathBuf, u32)]) -> Option<String> {
    let ((first, theirs), more) = runs.split_first()?;
    let more = match more.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!("{}{more}, of numerics {theirs}", first.display()))
}

/// Runs that stand in one section of the document.
pub(super) struct Section {
    /// The name of their folder.
    pub(super) name: String,
    /// The scale that the folder is named after.
    pub(super) scale: Option<Scale>,
    pub(super) runs: Runs,
}

impl Section {
    fn of(folder: &Path) -> Self {
        let whole = folder.canonicalize();
        let whole = whole.as_deref().unwrap_or(folder);
        let name = if whole.is_file() { whole.file_stem() } else { whole.file_name() };
        let name = name.map_or_else(|| "runs".into(), |name| name.to_string_lossy().into_owned());
        let scale = Scale::ALL.iter().copied().find(|scale| scale.key() == name);
        Self { name, scale, runs: Runs::load(folder) }
    }
}

/// The sections of `results`: a folder of runs itself, and every folder of runs in it, the scales first, from the largest.
///
/// # Errors
/// If there is no run at all.
pub(super) fn sections(results: &Path) -> Result<Vec<Section>, CliError> {
    let inner = if results.is_file() || exported::beside(results).is_file() && !results.exists() {
        Vec::new()
    } else {
        folders_in(results)?.ok_or_else(|| {
            CliError::Failed(format!(
                "there is no folder {}; make runs with `rote run table1`, or name their folder with --results",
                results.display()
            ))
        })?
    };
    let mut sections = vec![Section::of(results)];
    let mut folders: Vec<PathBuf> = inner.into_iter().filter(|path| !is_run(path)).collect();
    folders.extend(exported_in(results)?.into_iter().filter(|folder| !folder.exists()));
    sections.extend(folders.iter().map(|folder| Section::of(folder)));
    sections.retain(|section| !section.runs.is_empty());
    let order = |section: &Section| match section.scale {
        Some(Scale::Paper) => 0,
        Some(Scale::Desk) => 1,
        Some(Scale::Smoke) => 2,
        None => 3,
    };
    sections.sort_by_key(order);
    if sections.iter().all(|section| section.runs.count() == 0) {
        let problems: Vec<_> = sections.iter().flat_map(|section| &section.runs.problems).collect();
        let why = problems.first().map_or(String::new(), |problem| format!(" ({problem})"));
        return Err(CliError::Failed(format!(
            "there are no finished runs in {0} or in a folder of it{why}; make some with `rote run table1`, or name \
             their folder with --results",
            results.display()
        )));
    }
    Ok(sections)
}

/// The folders of which there are exported runs in `folder`.
fn exported_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    if folder.is_file() {
        return Ok(Vec::new());
    }
    let files = exported::entries(folder)?.unwrap_or_default().into_iter();
    Ok(files
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .map(|path| path.with_extension(""))
        .collect())
}

/// Whether a folder is one run's own.
fn is_run(folder: &Path) -> bool {
    ["summary.json", "recipe.toml"].iter().any(|name| exported::has(folder, name))
}

/// The folders in a folder, by name; none if it is not there.
fn folders_in(folder: &Path) -> Result<Option<Vec<PathBuf>>, CliError> {
    let entries = exported::entries(folder)?;
    Ok(entries.map(|paths| paths.into_iter().filter(|path| path.is_dir()).collect()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;
    use crate::train::{FORMAT, Origin, StopReason, Summary};

    /// A finished run of a recipe.
    pub(crate) fn finished(recipe: &Recipe, test_accuracy: f64) -> (RunSummary, Outcome) {
        let summary = Summary {
            recipe: recipe.clone(),
            train_accuracy: 1.0,
            test_accuracy,
            train_loss: 0.01,
            corrupted: None,
            steps: 10,
            epochs: 1,
            seconds: 1.0,
            stopped_by: StopReason::Epochs,
        };
        let about = RunSummary {
            format: FORMAT,
            row: "mlp-1x512/plain".into(),
            summary: summary.clone(),
            test_images: 500,
            origin: Origin::here(recipe),
            date: "2026-11-24".into(),
        };
        (about, Outcome { summary, epochs: Vec::new(), test_images: 500 })
    }

    fn add(runs: &mut Runs, place: &str, recipe: &Recipe, test_accuracy: f64) {
        let (about, outcome) = finished(recipe, test_accuracy);
        runs.add(Path::new(place), about, outcome);
    }

    #[test]
    fn the_same_run_under_two_names_is_one_and_told() {
        let mut runs = Runs::default();
        let recipe = Recipe::default();
        add(&mut runs, "a", &recipe, 0.5);
        add(&mut runs, "b", &recipe, 0.5);
        add(&mut runs, "c", &Recipe { seed: 2, ..recipe.clone() }, 0.6);
        assert_eq!((runs.count(), runs.of(&recipe).len(), runs.again.len()), (2, 2, 1));
        assert_eq!(runs.again[0], ("b".into(), "a".into()));
        assert!(runs.problems.is_empty());
        add(&mut runs, "d", &recipe, 0.4);
        assert!(runs.problems[0].starts_with("d is a run of the recipe and seed of a"));
    }

    #[test]
    fn runs_of_other_numerics_or_data_are_not_averaged_with_the_others() {
        let mut runs = Runs::default();
        let mut add = |place: &str, seed, numerics, data: &str| {
            let (mut about, outcome) = finished(&Recipe { seed, ..Recipe::default() }, 0.5);
            about.origin = Origin { numerics, data_sha256: data.into(), ..Origin::default() };
            runs.add(Path::new(place), about, outcome);
        };
        add("older", 1, 1, "aa");
        add("newer", 1, 2, "aa");
        add("other-data", 2, 2, "bb");
        add("second", 3, 2, "");
        // Of a recipe that the change did not touch.
        let recipe = Recipe { images: 100, ..Recipe::default() };
        let (mut about, outcome) = finished(&recipe, 0.5);
        about.origin = Origin { numerics: 1, ..Origin::default() };
        runs.add(Path::new("other-recipe"), about, outcome);
        runs.keep_alike();
        let kept: Vec<_> = runs.about.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(kept, ["newer", "second", "other-recipe"]);
        assert_eq!(runs.results.0.len(), 3);
        let told = runs.problems.join("\n");
        assert!(told.contains("left out: older, of numerics 1"), "{told}");
        let [remark] = &runs.remarks[..] else { panic!("{:?}", runs.remarks) };
        assert!(remark.starts_with("newer and 1 more, of numerics 2, by an earlier"), "{remark}");
        assert!(told.contains("other-data is left out: it is of other data than newer"), "{told}");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_a_problem_and_not_an_empty_one() {
        let results = tempfile::tempdir().unwrap();
        fs::write(results.path().join("file"), "in the way").unwrap();
        let runs = Runs::load(&results.path().join("file/desk"));
        assert!(!runs.is_empty());
        assert!(runs.problems[0].contains("desk could not be read"), "{}", runs.problems[0]);
        assert!(Runs::load(&results.path().join("nowhere")).is_empty());
    }

    #[test]
    fn a_folder_of_any_name_is_a_section_and_one_without_runs_is_none() {
        let results = tempfile::tempdir().unwrap();
        let write = |place: &str| {
            let run = results.path().join(place);
            fs::create_dir_all(&run).unwrap();
            let (mut about, _) = finished(&Recipe::default(), 0.5);
            about.summary.epochs = 0;
            fs::write(run.join("summary.json"), serde_json::to_string(&about).unwrap()).unwrap();
        };
        ["sweep/one", "desk/one", "paper/one"].iter().for_each(|place| write(place));
        fs::create_dir_all(results.path().join("performance")).unwrap();
        let sections = sections(results.path()).unwrap();
        let names: Vec<_> = sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["paper", "desk", "sweep"]);
        assert_eq!(super::sections(&results.path().join("sweep")).unwrap()[0].name, "sweep");
        let error = super::sections(&results.path().join("performance")).err().unwrap().to_string();
        assert!(error.contains("no finished runs") && error.contains("--results"), "{error}");
    }
}
