//! What became of each training image while a network learned: fitted when, forgotten how often, and what was predicted in
//! between. The page draws it; the worker sends the measurements.

use crate::data::Fate;

/// Measurements of which all probabilities are kept; beyond, every second one is dropped.
const MAX_MOMENTS: usize = 128;

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: u64,
    /// The probability of every class, `[images, classes]`, 255 meaning 1.
    probabilities: Vec<u8>,
    classes: usize,
}

/// The training images of a run and everything that was predicted for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memorization {
    shown: Vec<u8>,
    clean: Vec<u8>,
    /// How many classes there are.
    classes: usize,
    /// The likeliest class of each image at the last measurement; empty before the first.
    predicted: Vec<u8>,
    /// The epoch since which each image has been predicted as shown without a break; 0 where it is not.
    fitted_in: Vec<u32>,
    /// How often each image had been predicted as shown and at the next measurement was not.
    forgotten: Vec<u32>,
    moments: Vec<Moment>,
    /// One of so many measurements is kept among the moments: 1 at first, doubled whenever they grow too many.
    every: u64,
    /// Measurements taken in so far.
    seen: u64,
    /// The step up to which fitting and forgetting are counted: a run that goes on from a checkpoint makes the measurements
    /// after it again.
    counted_to: u64,
}

impl Memorization {
    /// Images of so many classes with their shown and clean labels, before any measurement.
    pub fn new(shown: Vec<u8>, clean: Vec<u8>, classes: usize) -> Self {
        let count = shown.len().min(clean.len());
        Self {
            shown,
            clean,
            classes,
            fitted_in: vec![0; count],
            forgotten: vec![0; count],
            every: 1,
            ..Self::default()
        }
    }

    /// The same images at the start of a run.
    pub fn begun_again(&self) -> Self {
        Self::new(self.shown.clone(), self.clean.clone(), self.classes)
    }

    /// This record, if it is of these images and classes; else a new one.
    pub fn of_images(self, shown: Vec<u8>, clean: Vec<u8>, classes: usize) -> Self {
        let is_same = (&self.shown, &self.clean, self.classes) == (&shown, &clean, classes);
        if is_same { self } else { Self::new(shown, clean, classes) }
    }

    /// How many images there are.
    pub fn count(&self) -> usize {
        self.fitted_in.len()
    }

    /// The label that `image` is trained on.
    pub fn shown(&self, image: usize) -> u8 {
        self.shown[image]
    }

    /// The label that `image` has in the data set.
    pub fn clean(&self, image: usize) -> u8 {
        self.clean[image]
    }

    /// Whether the shown label of `image` differs from its clean one.
    pub fn is_corrupted(&self, image: usize) -> bool {
        self.shown[image] != self.clean[image]
    }

    /// Whether there was a measurement yet.
    pub fn is_measured(&self) -> bool {
        !self.predicted.is_empty()
    }

    /// The likeliest class of `image` at the last measurement; none before the first.
    pub fn predicted(&self, image: usize) -> Option<u8> {
        self.predicted.get(image).copied()
    }

    /// The fate of `image` at the last measurement; none before the first.
    pub fn fate(&self, image: usize) -> Option<Fate> {
        Some(Fate::of(self.predicted(image)?, self.shown[image], self.clean[image]))
    }

    /// The epoch since which `image` has been predicted as shown; none where it is not.
    pub fn fitted_in(&self, image: usize) -> Option<u32> {
        self.fitted_in.get(image).copied().filter(|epoch| *epoch > 0)
    }

    /// How often `image` was predicted as shown and at the next measurement was not.
    pub fn forgotten(&self, image: usize) -> u32 {
        self.forgotten.get(image).copied().unwrap_or(0)
    }

    /// The measurements that are kept, in order.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// How many images have each fate, in the order of [`Fate`].
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for fate in (0..self.count()).filter_map(|image| self.fate(image)) {
            counts[fate as usize] += 1;
        }
        counts
    }

    /// Takes in a measurement made after `step` and `epoch`: the likeliest classes, `[images]`, then the probabilities,
    /// `[images, classes]`, 255 meaning 1. One of another number of images, or of a step that is known, is left out.
    pub fn push(&mut self, step: u64, epoch: u64, measured: &[u8]) {
        let count = self.count();
        if count == 0
            || measured.len() != count * (1 + self.classes)
            || self.last_step().is_some_and(|last| step <= last)
        {
            return;
        }
        let (predicted, probabilities) = measured.split_at(count);
        let is_new = step > self.counted_to;
        self.counted_to = self.counted_to.max(step);
        for (image, &class) in predicted.iter().enumerate().filter(|_| is_new) {
            let is_fitted = class == self.shown[image];
            let was_fitted = self.fitted_in[image] > 0;
            if is_fitted && !was_fitted {
                self.fitted_in[image] = epoch as u32;
            } else if !is_fitted && was_fitted {
                (self.fitted_in[image], self.forgotten[image]) = (0, self.forgotten[image] + 1);
            }
        }
        self.predicted = predicted.to_vec();
        let (probabilities, classes) = (probabilities.to_vec(), self.classes);
        self.keep(Moment { step, epoch, probabilities, classes });
    }

    /// Forgets the measurements after `step`: they will be made again. When each image was fitted stays, because the same
    /// seed comes to the same predictions again.
    pub fn go_back_to(&mut self, step: u64) {
        self.moments.retain(|moment| moment.step <= step);
        if self.moments.is_empty() {
            *self = self.begun_again();
        }
    }

    /// The record as bytes, for the browser's storage: little-endian `u64` (images, predicted images, moments, `every`,
    /// `seen`, `counted_to`; step and epoch of each moment), `u32` (`fitted_in`, `forgotten`), then bytes (`shown`, `clean`,
    /// `predicted`, the moments' probabilities). The number of classes is not among them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let head =
            [self.count(), self.predicted.len(), self.moments.len()].map(|count| count as u64);
        let moments = self.moments.iter().flat_map(|moment| [moment.step, moment.epoch]);
        for number in
            head.into_iter().chain([self.every, self.seen, self.counted_to]).chain(moments)
        {
            bytes.extend(number.to_le_bytes());
        }
        for counts in [&self.fitted_in, &self.forgotten] {
            bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        }
        let parts = [&self.shown, &self.clean, &self.predicted].into_iter();
        parts
            .chain(self.moments.iter().map(|moment| &moment.probabilities))
            .for_each(|part| bytes.extend(part));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote of images of so many classes. None if the bytes are not such a record.
    pub fn from_bytes(bytes: &[u8], classes: usize) -> Option<Self> {
        let mut rest = bytes;
        let mut take = |count: usize| rest.split_off(..count);
        let mut number = || Some(u64::from_le_bytes(take(8)?.try_into().ok()?));
        let [count, measured, moments, every, seen, counted_to] =
            [number()?, number()?, number()?, number()?, number()?, number()?];
        // A length that is not that of these bytes must not ask for memory.
        if count > bytes.len() as u64
            || moments > MAX_MOMENTS as u64
            || !(measured == 0 || measured == count)
        {
            return None;
        }
        let count = count as usize;
        let times: Option<Vec<[u64; 2]>> =
            (0..moments).map(|_| Some([number()?, number()?])).collect();
        let mut counts = || -> Option<Vec<u32>> {
            let bytes = take(count * 4)?.chunks_exact(4);
            Some(
                bytes
                    .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                    .collect(),
            )
        };
        let (fitted_in, forgotten) = (counts()?, counts()?);
        let (shown, clean, predicted) =
            (take(count)?.to_vec(), take(count)?.to_vec(), take(measured as usize)?.to_vec());
        let moment = |[step, epoch]: [u64; 2]| {
            let probabilities = take(count.checked_mul(classes)?)?.to_vec();
            Some(Moment { step, epoch, probabilities, classes })
        };
        let moments: Option<Vec<Moment>> = times?.into_iter().map(moment).collect();
        let read = Self {
            shown,
            clean,
            classes,
            predicted,
            fitted_in,
            forgotten,
            moments: moments?,
            every,
            seen,
            counted_to,
        };
        rest.is_empty().then_some(read)
    }

    fn last_step(&self) -> Option<u64> {
        self.moments.last().map(|moment| moment.step)
    }

    /// Adds a moment. The one before it goes, unless it is one of those that are kept: the first and each `every`-th after it.
    fn keep(&mut self, moment: Moment) {
        let was_kept_for_now = self.seen > 0 && !(self.seen - 1).is_multiple_of(self.every);
        if was_kept_for_now {
            self.moments.pop();
        }
        self.moments.push(moment);
        self.seen += 1;
        if self.moments.len() > MAX_MOMENTS {
            let mut at = 0;
            self.moments.retain(|_| {
                at += 1;
                (at - 1) % 2 == 0
            });
            self.every *= 2;
        }
    }
}

impl Moment {
    /// The probability of every class for `image`, in the order of the classes.
    pub fn probabilities(&self, image: usize) -> impl Iterator<Item = f64> {
        let own = &self.probabilities[image * self.classes..][..self.classes];
        own.iter().map(|&share| f64::from(share) / 255.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A measurement that gives each image one class with certainty.
    fn certain_of(classes: &[u8]) -> Vec<u8> {
        let certain = |&class: &u8| (0..10).map(move |other| if other == class { 255 } else { 0 });
        classes.iter().copied().chain(classes.iter().flat_map(certain)).collect()
    }

    /// The first image has its clean label, the others are shown as 5.
    fn three_of_four_corrupted() -> Memorization {
        Memorization::new(vec![1, 5, 5, 5], vec![1, 2, 3, 4], 10)
    }

    #[test]
    fn every_image_has_its_fate() {
        let mut record = three_of_four_corrupted();
        assert_eq!((record.fate(0), record.is_measured(), record.counts()), (None, false, [0; 4]));
        record.push(8, 1, &certain_of(&[1, 5, 3, 9]));
        let fates: Vec<_> = (0..4).filter_map(|image| record.fate(image)).collect();
        assert_eq!(fates, [Fate::FittedClean, Fate::Memorized, Fate::StillClean, Fate::Neither]);
        assert_eq!(record.counts(), [1, 1, 1, 1]);
        assert_eq!(record.moments()[0].probabilities(2).nth(3), Some(1.0));
    }

    #[test]
    fn what_is_forgotten_counts_and_must_be_fitted_again() {
        let mut record = three_of_four_corrupted();
        for (epoch, second) in [(1, 5), (2, 2), (3, 5), (4, 5)] {
            record.push(8 * epoch, epoch, &certain_of(&[1, second as u8, 3, 4]));
        }
        assert_eq!((record.fitted_in(1), record.forgotten(1)), (Some(3), 1));
        assert_eq!(
            (record.fitted_in(0), record.forgotten(0), record.fitted_in(3)),
            (Some(1), 0, None)
        );
    }

    #[test]
    fn what_is_known_survives_being_stored_and_damage_is_noticed() {
        let mut record = three_of_four_corrupted();
        assert_eq!(Memorization::from_bytes(&record.to_bytes(), 10), Some(record.clone()));
        record.push(8, 1, &certain_of(&[1, 5, 3, 9]));
        record.push(16, 2, &certain_of(&[1, 2, 5, 9]));
        let bytes = record.to_bytes();
        assert_eq!(Memorization::from_bytes(&bytes, 10), Some(record.clone()));
        for length in 0..bytes.len() {
            assert_eq!(Memorization::from_bytes(&bytes[..length], 10), None, "{length} bytes");
        }
        assert_eq!(Memorization::from_bytes(&[255; 80], 10), None);
        record.go_back_to(8);
        assert_eq!((record.moments().len(), record.forgotten(1)), (1, 1));
        // What is measured again is not counted again.
        record.push(16, 2, &certain_of(&[1, 2, 5, 9]));
        assert_eq!((record.moments().len(), record.forgotten(1)), (2, 1));
        record.go_back_to(0);
        assert_eq!(record, three_of_four_corrupted());
    }

    #[test]
    fn a_measurement_of_other_images_or_of_a_known_step_is_left_out() {
        let mut record = three_of_four_corrupted();
        record.push(8, 1, &certain_of(&[1, 5]));
        assert!(!record.is_measured());
        record.push(8, 1, &certain_of(&[1, 5, 5, 5]));
        record.push(8, 1, &certain_of(&[1, 2, 5, 5]));
        assert_eq!((record.moments().len(), record.forgotten(1)), (1, 0));
    }

    #[test]
    fn a_long_run_keeps_a_bounded_number_of_moments_spread_over_all_of_it() {
        let mut record = three_of_four_corrupted();
        for epoch in 1..=1000 {
            record.push(epoch, epoch, &certain_of(&[1, 5, 5, 5]));
            assert_eq!(record.moments().last().map(|moment| moment.epoch), Some(epoch));
        }
        let epochs: Vec<_> = record.moments().iter().map(|moment| moment.epoch).collect();
        assert!(epochs.len() <= MAX_MOMENTS && epochs.len() > MAX_MOMENTS / 3, "{}", epochs.len());
        assert_eq!(epochs[0], 1);
        let widest = epochs.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest <= Some(2 * record.every), "{epochs:?}");
        assert_eq!(record.fitted_in(1), Some(1));
    }

    #[test]
    fn a_record_that_was_stored_before_is_still_read() {
        // Two images of three classes, one measurement, written out by hand: what browsers hold must stay readable.
        let mut bytes = Vec::new();
        for number in [2_u64, 2, 1, 1, 1, 8, 8, 1] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [1_u32, 0, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([1, 2, 1, 0, 1, 0]);
        bytes.extend([0, 255, 0, 255, 0, 0]);
        let mut expected = Memorization::new(vec![1, 2], vec![1, 0], 3);
        expected.push(8, 1, &[1, 0, 0, 255, 0, 255, 0, 0]);
        assert_eq!(Memorization::from_bytes(&bytes, 3), Some(expected.clone()));
        assert_eq!(expected.to_bytes(), bytes);
        assert_eq!(Memorization::from_bytes(&bytes, 10), None, "of other classes");
    }
}
