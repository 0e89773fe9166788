//! What a run makes of each of its training images, kept beside the run: the label it is shown, what it is, what the network
//! says, when it said the shown label first, how often it unlearned it.

use std::fs;
use std::path::PathBuf;

use super::CliError;
use crate::data::{Fate, store};
use crate::train::{Cell, Event, Session, TableRow};

/// What the file is called in a run folder.
pub const FILE: &str = "images.csv";
const HEAD: &str = "index,shown,clean,predicted,first_fitted,times_forgotten,step";

/// One training image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ImageHistory {
    shown: u8,
    clean: u8,
    /// None before the first measurement.
    predicted: Option<u8>,
    /// The first epoch after which it was predicted as shown.
    first_fitted: Option<u64>,
    /// How often it was predicted as shown and at the next measurement was not.
    times_forgotten: u64,
}

/// Every training image of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagesRecord {
    images: Vec<ImageHistory>,
    /// The step of the last measurement that is counted. A run that goes on from a checkpoint says again what it has said.
    step: u64,
}

impl ImagesRecord {
    /// Images that are shown with the labels `shown` and are `clean`, before any measurement.
    pub fn new(shown: &[u8], clean: &[u8]) -> Self {
        let image = |(&shown, &clean)| ImageHistory { shown, clean, ..ImageHistory::default() };
        Self { images: shown.iter().zip(clean).map(image).collect(), step: 0 }
    }

    /// How many images there are.
    pub fn count(&self) -> usize {
        self.images.len()
    }

    /// Takes in what the network said of every image after `epoch`; one that was taken in before counts nothing.
    pub fn measured(&mut self, step: u64, epoch: u64, classes: &[u8]) {
        if step <= self.step || classes.len() != self.images.len() {
            return;
        }
        self.step = step;
        for (image, &class) in self.images.iter_mut().zip(classes) {
            let is_fitted = |class| Fate::of(class, image.shown, image.clean).is_fitted();
            let was_fitted = image.predicted.is_some_and(is_fitted);
            let fitted_now = is_fitted(class);
            image.predicted = Some(class);
            if fitted_now {
                image.first_fitted.get_or_insert(epoch);
            } else if was_fitted {
                image.times_forgotten += 1;
            }
        }
    }

    /// As text, a line an image.
    pub fn to_csv(&self) -> String {
        let mut csv = format!("{HEAD}\n");
        for (at, image) in self.images.iter().enumerate() {
            let or_nothing =
                |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
            let (predicted, first) =
                (or_nothing(image.predicted.map(u64::from)), or_nothing(image.first_fitted));
            let ImageHistory { shown, clean, times_forgotten, .. } = image;
            csv += &format!(
                "{at},{shown},{clean},{predicted},{first},{times_forgotten},{}\n",
                self.step
            );
        }
        csv
    }

    /// Reads what [`Self::to_csv`] wrote; none of anything else.
    pub fn from_csv(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(HEAD)?.strip_prefix('\n')?.strip_suffix('\n')?;
        let mut record = Self::default();
        for (at, line) in rest.lines().enumerate() {
            let fields: Vec<Option<u64>> = line
                .split(',')
                .map(
                    |field| {
                        if field.is_empty() { Some(None) } else { field.parse().ok().map(Some) }
                    },
                )
                .collect::<Option<_>>()?;
            let [
                Some(index),
                Some(shown),
                Some(clean),
                predicted,
                first_fitted,
                Some(times_forgotten),
                Some(step),
            ] = fields[..]
            else {
                return None;
            };
            let predicted = predicted.map(u8::try_from).transpose().ok()?;
            let (shown, clean) = (u8::try_from(shown).ok()?, u8::try_from(clean).ok()?);
            if index != at as u64 {
                return None;
            }
            record.step = step;
            record.images.push(ImageHistory {
                shown,
                clean,
                predicted,
                first_fitted,
                times_forgotten,
            });
        }
        Some(record)
    }

    /// Each image as a row of a table.
    pub fn rows(&self) -> impl Iterator<Item = TableRow> {
        self.images.iter().enumerate().map(|(at, image)| {
            [
                ("index", Some(at as u64)),
                ("shown", Some(image.shown.into())),
                ("clean", Some(image.clean.into())),
                ("predicted", image.predicted.map(u64::from)),
                ("first_fitted", image.first_fitted),
                ("times_forgotten", Some(image.times_forgotten)),
            ]
            .map(|(name, number)| (name.into(), Cell::Whole(number)))
            .into()
        })
    }

    fn is_of(&self, shown: &[u8], clean: &[u8]) -> bool {
        self.images.len() == shown.len()
            && self
                .images
                .iter()
                .zip(shown.iter().zip(clean))
                .all(|(image, (shown, clean))| (&image.shown, &image.clean) == (shown, clean))
    }
}

/// The record of a run under way and its file.
pub struct ImagesLog {
    path: PathBuf,
    record: ImagesRecord,
    warning: Option<String>,
}

impl ImagesLog {
    /// The record in a file, of a run that begins or goes on.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn open(path: PathBuf, session: &Session) -> Result<Self, CliError> {
        let run_images = session.train_images();
        let (shown, clean) = (&run_images.shown[..], &run_images.clean[..]);
        // A run that begins has said nothing yet.
        let is_begun = session.step() > 0;
        let found = if is_begun { store::if_found(fs::read(&path)) } else { Ok(None) };
        let text = found.map_err(|error| {
            CliError::Failed(format!(
                "{} could not be read: {error}; make it readable, or name another file",
                path.display()
            ))
        })?;
        let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let known = text.and_then(|text| ImagesRecord::from_csv(&text));
        let known = known.filter(|record| record.is_of(shown, clean));
        let is_late = known.is_none() && is_begun;
        let warning = is_late.then(|| {
            format!(
                "{} does not hold what this run said of its images before step {}; first fits and unlearning count from \
                 here",
                path.display(),
                session.step()
            )
        });
        let record = known.unwrap_or_else(|| ImagesRecord::new(shown, clean));
        Ok(Self { path, record, warning })
    }

    /// A sentence, once, where what was recorded before is missing or not of this run, so that it counts from here.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }

    /// Takes in what a measurement said of the images.
    pub fn add(&mut self, event: &Event, session: &Session) {
        if let Event::Epoch(epoch) = event
            && epoch.accuracy.is_some()
        {
            self.record.measured(epoch.step, epoch.epoch, &session.predictions().classes);
        }
    }

    /// Writes the file, whole or not at all. To be done before the checkpoint is: what is said again counts once, what was
    /// never written is lost.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self) -> Result<(), CliError> {
        let text = self.record.to_csv();
        store::replace(&self.path, |file| std::io::Write::write_all(file, text.as_bytes())).map_err(
            |error| {
                CliError::Failed(format!(
                    "{} could not be written: {error}; make room there, then run the same command again",
                    self.path.display()
                ))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fit_stays_and_every_unlearning_counts() {
        // The first image is shown as it is, the second as a 5.
        let mut record = ImagesRecord::new(&[1, 5], &[1, 2]);
        for (epoch, classes) in [(1, [1, 2]), (2, [1, 5]), (3, [0, 2]), (4, [1, 5])] {
            record.measured(10 * epoch, epoch, &classes);
        }
        let lines: Vec<_> = record.to_csv().lines().skip(1).map(str::to_owned).collect();
        assert_eq!(lines, ["0,1,1,1,1,1,40", "1,5,2,5,2,1,40"]);
    }

    #[test]
    fn what_a_resumed_run_says_again_counts_once() {
        let said = [[1, 5], [0, 5], [1, 2]];
        let mut calm = ImagesRecord::new(&[1, 5], &[1, 2]);
        for (epoch, classes) in (1..).zip(said) {
            calm.measured(10 * epoch, epoch, &classes);
        }
        let mut resumed = ImagesRecord::new(&[1, 5], &[1, 2]);
        for (epoch, classes) in (1..).zip(said).take(2) {
            resumed.measured(10 * epoch, epoch, &classes);
        }
        // Written at epoch 2, the checkpoint was of epoch 1.
        let mut resumed = ImagesRecord::from_csv(&resumed.to_csv()).unwrap();
        for (epoch, classes) in (1..).zip(said).skip(1) {
            resumed.measured(10 * epoch, epoch, &classes);
        }
        assert_eq!(resumed, calm);
    }

    #[test]
    fn a_record_survives_being_written_and_damage_is_noticed() {
        let mut record = ImagesRecord::new(&[1, 5], &[1, 2]);
        assert_eq!(ImagesRecord::from_csv(&record.to_csv()), Some(record.clone()));
        record.measured(10, 1, &[1, 9]);
        let text = record.to_csv();
        assert_eq!(ImagesRecord::from_csv(&text), Some(record));
        for length in 0..text.len() {
            assert_eq!(
                ImagesRecord::from_csv(&text[..length]).filter(|read| read.images.len() == 2),
                None,
                "{length} bytes"
            );
        }
    }
}
