//! What `rote run` is asked for: flags in, a list of runs out.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::cli::train::device_argument;
use crate::cli::{CliError, store_options};
use crate::experiments::{
    self, EXPERIMENTS, Experiment, Name, Names, Published, Scale, distinct_rows,
};
use crate::train::{Recipe, Setting};

/// One run to be made.
#[derive(Default)]
pub(super) struct Job {
    /// The row of the grid.
    pub(super) row: String,
    /// What of the row was changed, as `weight-decay=0.001 batch-size=32`; empty where nothing was.
    pub(super) changed: String,
    pub(super) recipe: Recipe,
    /// What the paper reports of the row.
    pub(super) published: Published,
}

impl Job {
    fn new(called: &Name, recipe: Recipe) -> Self {
        let changed = called.changes();
        Self { row: called.row.clone(), changed, recipe, published: called.published }
    }

    /// Row and what of it was changed.
    pub(super) fn called(&self) -> String {
        format!("{} {}", self.row, self.changed).trim_end().to_owned()
    }

    /// Row, what of it was changed, and seed.
    pub(super) fn name(&self) -> String {
        format!("{} seed {}", self.called(), self.recipe.seed)
    }
}

/// `rote run`.
pub fn run_command() -> Command {
    let path = |name: &'static str| {
        Arg::new(name).long(name).value_name("DIR").value_parser(value_parser!(PathBuf))
    };
    Command::new("run")
        .about("Run a table or figure of the paper")
        .long_about(
            "Run a table or figure of the paper, or `all` of them.\n\nEvery run has a folder with its recipe, events, \
             checkpoint and summary. Finished runs are skipped and interrupted ones gone on with, so the same command \
             can be given again at any time. Several processes share a grid without running anything twice as long as the \
             folder's file system has locks; on a network file system whose locks you do not know, give each process a \
             part of its own with --shard. `rote report` makes tables and figures of what is there.",
        )
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help("fig1a, fig1b, fig1c, table1, fig2b, table4 or all"),
        )
        .arg(
            Arg::new("scale")
                .long("scale")
                .default_value("desk")
                .value_parser(Scale::KEYS.to_vec())
                .help("A few dozen images, small sets for a laptop's CPU, or the paper's 50,000 images"),
        )
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("ROW")
                .num_args(1..)
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Only rows whose name contains one of these words, such as mlp-1x512 or random-labels"),
        )
        .arg(number("seeds", "1").help("Seeds a row: 1, 2, … N"))
        .arg(
            number("jobs", "1").help("Runs at a time; a single run uses all cores by itself where its steps are large"),
        )
        .arg(
            Arg::new("set")
                .long("set")
                .value_name("SETTING=VALUE[,VALUE…]")
                .action(ArgAction::Append)
                .help("Another value of a setting for all rows; several values make a grid of them"),
        )
        .arg(Arg::new("shard").long("shard").value_name("I/N").help("Only the I-th of N equal parts of the grid"))
        .arg(
            Arg::new("save-every")
                .long("save-every")
                .value_name("SECONDS")
                .default_value("10")
                .value_parser(value_parser!(u32))
                .help("Between two checkpoints of a run: what a crash can cost"),
        )
        .arg(path("out").help("Folder of the runs [default: results/SCALE]"))
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("List the runs with sizes and estimated times, from a few timed steps, and run nothing"),
        )
        .arg(flag("keep-checkpoints").help("Keep the checkpoints of finished runs, which are deleted otherwise"))
        .arg(flag("record-images").help("Keep what becomes of every training image in images.csv, for `rote export --images`"))
        .arg(flag("no-wait").help("End when what is left is being made by other processes, instead of waiting for them"))
        .arg(device_argument())
        .args(store_options())
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn number(name: &'static str, default: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("N")
        .default_value(default)
        .value_parser(value_parser!(u32).range(1..=1000))
}

/// What was asked for.
pub(super) struct Options {
    experiments: Vec<&'static Experiment>,
    scale: Scale,
    only: Vec<String>,
    seeds: u64,
    changes: Vec<(&'static Setting, Vec<String>)>,
    shard: (usize, usize),
    pub(super) workers: usize,
    pub(super) save_every: Duration,
    pub(super) out: PathBuf,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) is_dry_run: bool,
    /// Whether checkpoints of finished runs stay.
    pub(super) keeps_checkpoints: bool,
    /// Whether runs keep what becomes of every training image.
    pub(super) records_images: bool,
    /// Whether what other processes are at is left to them.
    pub(super) is_impatient: bool,
}

impl Options {
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, CliError> {
        let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
        let texts = |name| {
            matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>()
        };
        let number = |name| matches.get_one::<u32>(name).map_or(1, |number| *number);
        let experiments = experiments::find(text("name")).ok_or_else(|| {
            let names: Vec<_> = EXPERIMENTS.iter().map(|experiment| experiment.name).collect();
            CliError::Usage(format!(
                "there is no experiment {}; there are {} and all (`rote list` says what they show)",
                text("name"),
                names.join(", ")
            ))
        })?;
        let scale = Scale::KEYS
            .iter()
            .position(|key| *key == text("scale"))
            .map_or(Scale::Desk, |at| Scale::ALL[at]);
        let out = matches.get_one::<PathBuf>("out").cloned();
        Ok(Self {
            experiments,
            scale,
            only: texts("only"),
            seeds: number("seeds").into(),
            changes: texts("set")
                .iter()
                .map(|change| read_change(change))
                .collect::<Result<_, _>>()?,
            shard: matches
                .get_one::<String>("shard")
                .map_or(Ok((1, 1)), |shard| read_shard(shard))?,
            workers: number("jobs") as usize,
            save_every: Duration::from_secs(number("save-every").into()),
            out: out.unwrap_or_else(|| PathBuf::from("results").join(scale.key())),
            data_dir: matches.get_one::<PathBuf>("data-dir").cloned(),
            is_dry_run: matches.get_flag("dry-run"),
            keeps_checkpoints: matches.get_flag("keep-checkpoints"),
            records_images: matches.get_flag("record-images"),
            is_impatient: matches.get_flag("no-wait"),
        })
    }

    /// The runs: every seed of every row with every change, of this shard.
    pub(super) fn jobs(&self) -> Result<Vec<Job>, CliError> {
        let rows = distinct_rows(&self.experiments, self.scale);
        let all: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
        let names = Names::at(self.scale);
        let wanted = |name: &str| {
            self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
        };
        let mut jobs = Vec::new();
        for row in rows.into_iter().filter(|row| wanted(&row.name)) {
            for recipe in self.changed(&row.recipe)? {
                for seed in 1..=self.seeds {
                    let recipe = Recipe { seed, ..recipe.clone() };
                    recipe.check()?;
                    // A change can make two rows the same run.
                    if jobs.iter().any(|job: &Job| job.recipe == recipe) {
                        continue;
                    }
                    jobs.push(Job::new(&names.of(&row.name, &recipe), recipe));
                }
            }
        }
        if jobs.is_empty() {
            return Err(CliError::Usage(format!(
                "no row's name contains {}; there are {}",
                self.only.join(" or "),
                all.join(", ")
            )));
        }
        let (part, parts) = self.shard;
        Ok(jobs
            .into_iter()
            .enumerate()
            .filter(|(at, _)| at % parts == part - 1)
            .map(|(_, job)| job)
            .collect())
    }

    fn changed(&self, recipe: &Recipe) -> Result<Vec<Recipe>, CliError> {
        let mut recipes = vec![recipe.clone()];
        for (setting, values) in &self.changes {
            let mut more = Vec::new();
            for recipe in &recipes {
                for value in values {
                    let mut changed = recipe.clone();
                    setting.set(&mut changed, value)?;
                    more.push(changed);
                }
            }
            recipes = more;
        }
        Ok(recipes)
    }
}

fn read_change(text: &str) -> Result<(&'static Setting, Vec<String>), CliError> {
    let (key, values) = text.split_once('=').ok_or_else(|| {
        CliError::Usage(format!(
            "`--set {text}` names no value; write --set SETTING=VALUE, such as batch-size=64"
        ))
    })?;
    if key == "seed" {
        return Err(CliError::Usage(
            "`--set seed` is `--seeds N`, which runs the seeds 1 to N".into(),
        ));
    }
    let setting = Setting::find(key)?;
    let values: Vec<String> = values.split(',').map(String::from).collect();
    if let [whole, part] = &values[..] {
        let number = format!("{whole}.{part}");
        // A list in which a value is not allowed, where the number would be.
        if values.iter().any(|value| !setting.allows(value)) && setting.allows(&number) {
            return Err(CliError::Usage(format!(
                "`--set {text}` is a list of the values {whole} and {part}, which are not both \
                 allowed; write --set {key}={number}"
            )));
        }
    }
    Ok((setting, values))
}

fn read_shard(text: &str) -> Result<(usize, usize), CliError> {
    let parsed = text
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    parsed.filter(|&(part, parts)| 1 <= part && part <= parts).ok_or_else(|| {
        CliError::Usage(format!(
            "`--shard {text}` is not a part; the first of three is 1/3, the last 3/3"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(line: &str) -> Result<Vec<Job>, CliError> {
        let words = std::iter::once("run").chain(line.split_whitespace());
        Options::read(&run_command().try_get_matches_from(words).unwrap())?.jobs()
    }

    #[test]
    fn shards_are_disjoint_and_together_the_grid() {
        let names = |line: &str| jobs(line).unwrap().iter().map(Job::name).collect::<Vec<_>>();
        let whole = names("table1 --seeds 2");
        let mut parts: Vec<_> =
            (1..=3).flat_map(|part| names(&format!("table1 --seeds 2 --shard {part}/3"))).collect();
        assert_eq!(parts.len(), whole.len());
        parts.sort();
        let mut sorted = whole.clone();
        sorted.sort();
        assert_eq!(parts, sorted);
    }

    #[test]
    fn several_values_of_a_setting_make_a_grid_of_runs_named_after_them() {
        let line = "table1 --only mlp-1x512/plain --set weight-decay=0,0.001,0.01 --seeds 2";
        let found = jobs(line).unwrap();
        let names: Vec<_> = found.iter().map(Job::name).collect();
        let expected = [
            "mlp-1x512/plain seed 1",
            "mlp-1x512/plain seed 2",
            "mlp-1x512/plain weight-decay=0.001 seed 1",
            "mlp-1x512/plain weight-decay=0.001 seed 2",
            "mlp-1x512/plain weight-decay=0.01 seed 1",
            "mlp-1x512/plain weight-decay=0.01 seed 2",
        ];
        assert_eq!(names, expected);
        assert!(found[0].changed.is_empty() && found[2].published.test.is_some());
        assert_eq!(jobs("table1 --only mlp-1x512/plain --set batch-size=64,64").unwrap().len(), 1);
    }

    #[test]
    fn a_model_that_is_set_names_the_runs() {
        let found = jobs("table1 --only mlp-1x512/plain --set model=cnn-small,mlp-3x512").unwrap();
        let names: Vec<_> = found.iter().map(Job::name).collect();
        assert_eq!(names, ["cnn-small/plain seed 1", "mlp-3x512/plain seed 1"]);
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_what_can() {
        for (line, expected) in [
            ("table7", "there are fig1a"),
            ("table1 --only resnet", "there are inception-small/crop+decay"),
            ("table1 --shard 4/3", "the first of three is 1/3"),
            ("table1 --set batch-size", "SETTING=VALUE"),
            ("table1 --set momentum=2", "`momentum` is 2"),
            ("table1 --set batch-size=4000", "number of images"),
            ("table1 --set label-corruption=0,5", "write --set label-corruption=0.5"),
            ("table1 --set label-corruption=50%", "write 0.5"),
            ("table1 --set wd=0.1", "did you mean `weight-decay`?"),
        ] {
            let error = jobs(line).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
