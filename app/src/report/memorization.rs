//! What became of each training picture while a network learned: fitted when, forgotten how often, said what in between.

use super::order::ordered_by;
use crate::data::CIFAR10_CLASSES;

/// Measurements of which all probabilities are kept; beyond, every second one is dropped.
const MOST_MOMENTS: usize = 128;

/// What the network makes of a picture at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It says neither what it is told nor, where that is a lie, the truth.
    NotFitted,
    /// It was told the truth and says it.
    LearnedTruth,
    /// It was told a lie and says the truth.
    StillTruth,
    /// It was told a lie and says it.
    MemorizedLie,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Steps done.
    pub step: u64,
    /// Epochs done.
    pub epoch: u64,
    /// The probability of every class, `[pictures, 10]`, 255 meaning 1.
    probabilities: Vec<u8>,
}

/// The pictures of a run and everything the network said of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memorization {
    shown: Vec<u8>,
    clean: Vec<u8>,
    /// What it said last; empty before the first measurement.
    said: Vec<u8>,
    /// The epoch since which it has said what it is told without a break; 0 where it does not.
    fitted_in: Vec<u32>,
    /// How often it had said what it is told and then did not.
    forgotten: Vec<u32>,
    moments: Vec<Moment>,
    /// Of the measurements, each how-manieth is kept.
    every: u64,
    seen: u64,
    /// The step up to which fitting and forgetting are counted: a run that goes on from a checkpoint says again what it
    /// has said.
    counted_to: u64,
}

impl Memorization {
    /// Pictures that carry the labels `shown` and are `clean`, of which nothing was said yet.
    pub fn new(shown: Vec<u8>, clean: Vec<u8>) -> Self {
        let count = shown.len().min(clean.len());
        Self {
            shown,
            clean,
            fitted_in: vec![0; count],
            forgotten: vec![0; count],
            every: 1,
            ..Self::default()
        }
    }

    /// The same pictures at the start of a run.
    pub fn begun_again(&self) -> Self {
        Self::new(self.shown.clone(), self.clean.clone())
    }

    /// What is known, where it is of these pictures; else they begin anew.
    pub fn of_pictures(self, shown: Vec<u8>, clean: Vec<u8>) -> Self {
        if (&self.shown, &self.clean) == (&shown, &clean) { self } else { Self::new(shown, clean) }
    }

    /// Pictures.
    pub fn count(&self) -> usize {
        self.fitted_in.len()
    }

    /// The label it is told.
    pub fn shown(&self, picture: usize) -> u8 {
        self.shown[picture]
    }

    /// What it is.
    pub fn clean(&self, picture: usize) -> u8 {
        self.clean[picture]
    }

    /// Whether it is told a lie.
    pub fn is_lie(&self, picture: usize) -> bool {
        self.shown[picture] != self.clean[picture]
    }

    /// Whether anything was said yet.
    pub fn is_measured(&self) -> bool {
        !self.said.is_empty()
    }

    /// What the network says; none before the first measurement.
    pub fn said(&self, picture: usize) -> Option<u8> {
        self.said.get(picture).copied()
    }

    /// Its fate so far; none before the first measurement.
    pub fn fate(&self, picture: usize) -> Option<Fate> {
        let said = self.said(picture)?;
        Some(match (said == self.shown[picture], said == self.clean[picture]) {
            (true, true) => Fate::LearnedTruth,
            (true, false) => Fate::MemorizedLie,
            (false, true) => Fate::StillTruth,
            (false, false) => Fate::NotFitted,
        })
    }

    /// The epoch since which it says what it is told.
    pub fn fitted_in(&self, picture: usize) -> Option<u32> {
        self.fitted_in.get(picture).copied().filter(|epoch| *epoch > 0)
    }

    /// How often it was forgotten.
    pub fn forgotten(&self, picture: usize) -> u32 {
        self.forgotten.get(picture).copied().unwrap_or(0)
    }

    /// The measurements that are kept, in order.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// How many pictures have each fate, in the order of [`Fate`].
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for fate in (0..self.count()).filter_map(|picture| self.fate(picture)) {
            counts[fate as usize] += 1;
        }
        counts
    }

    /// The pictures by when they were fitted, those that are not last; as they come where that is the same.
    pub fn by_fitted(&self) -> Vec<usize> {
        ordered_by(self.count(), |picture| self.fitted_in(picture).unwrap_or(u32::MAX).into())
    }

    /// Takes in a measurement: the likeliest classes, `[pictures]`, then the probabilities, `[pictures, 10]`. One that
    /// does not fit the pictures is left out.
    pub fn push(&mut self, step: u64, epoch: u64, said: &[u8]) {
        let count = self.count();
        if count == 0
            || said.len() != count * (1 + CIFAR10_CLASSES)
            || self.last_step().is_some_and(|last| step <= last)
        {
            return;
        }
        let (classes, probabilities) = said.split_at(count);
        let is_new = step > self.counted_to;
        self.counted_to = self.counted_to.max(step);
        for (picture, &class) in classes.iter().enumerate().filter(|_| is_new) {
            let is_fitted = class == self.shown[picture];
            let was_fitted = self.fitted_in[picture] > 0;
            if is_fitted && !was_fitted {
                self.fitted_in[picture] = epoch as u32;
            } else if !is_fitted && was_fitted {
                (self.fitted_in[picture], self.forgotten[picture]) =
                    (0, self.forgotten[picture] + 1);
            }
        }
        self.said = classes.to_vec();
        self.keep(Moment { step, epoch, probabilities: probabilities.to_vec() });
    }

    /// Forgets the measurements after a step: they will be made again. When each picture was fitted stays, as the same
    /// seed says the same again.
    pub fn go_back_to(&mut self, step: u64) {
        self.moments.retain(|moment| moment.step <= step);
        if self.moments.is_empty() {
            *self = self.begun_again();
        }
    }

    /// All of it, to be stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let head = [self.count(), self.said.len(), self.moments.len()].map(|count| count as u64);
        let moments = self.moments.iter().flat_map(|moment| [moment.step, moment.epoch]);
        for number in
            head.into_iter().chain([self.every, self.seen, self.counted_to]).chain(moments)
        {
            bytes.extend(number.to_le_bytes());
        }
        for counts in [&self.fitted_in, &self.forgotten] {
            bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        }
        let texts = [&self.shown, &self.clean, &self.said].into_iter();
        texts
            .chain(self.moments.iter().map(|moment| &moment.probabilities))
            .for_each(|part| bytes.extend(part));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; none of anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut take = |count: usize| rest.split_off(..count);
        let mut number = || Some(u64::from_le_bytes(take(8)?.try_into().ok()?));
        let [count, said, moments, every, seen, counted_to] =
            [number()?, number()?, number()?, number()?, number()?, number()?];
        // A length that is not that of these bytes must not ask for memory.
        if count > bytes.len() as u64
            || moments > MOST_MOMENTS as u64
            || !(said == 0 || said == count)
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
        let (shown, clean, said) =
            (take(count)?.to_vec(), take(count)?.to_vec(), take(said as usize)?.to_vec());
        let moment = |[step, epoch]: [u64; 2]| {
            Some(Moment { step, epoch, probabilities: take(count * CIFAR10_CLASSES)?.to_vec() })
        };
        let moments: Option<Vec<Moment>> = times?.into_iter().map(moment).collect();
        let read = Self {
            shown,
            clean,
            said,
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

    /// Keeps every how-manieth moment, and always the last.
    fn keep(&mut self, moment: Moment) {
        let is_stop_gap = self.seen > 0 && !(self.seen - 1).is_multiple_of(self.every);
        if is_stop_gap {
            self.moments.pop();
        }
        self.moments.push(moment);
        self.seen += 1;
        if self.moments.len() > MOST_MOMENTS {
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
    /// The probability of every class of a picture.
    pub fn probabilities(&self, picture: usize) -> impl Iterator<Item = f64> {
        let own = &self.probabilities[picture * CIFAR10_CLASSES..][..CIFAR10_CLASSES];
        own.iter().map(|&share| f64::from(share) / 255.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A measurement in which each picture is said with all certainty to be a class.
    fn said(classes: &[u8]) -> Vec<u8> {
        let certain = |&class: &u8| (0..10).map(move |other| if other == class { 255 } else { 0 });
        classes.iter().copied().chain(classes.iter().flat_map(certain)).collect()
    }

    fn told() -> Memorization {
        // The first is told the truth, the others that they are 5.
        Memorization::new(vec![1, 5, 5, 5], vec![1, 2, 3, 4])
    }

    #[test]
    fn every_picture_has_its_fate() {
        let mut map = told();
        assert_eq!((map.fate(0), map.is_measured(), map.counts()), (None, false, [0; 4]));
        map.push(8, 1, &said(&[1, 5, 3, 9]));
        let fates: Vec<_> = (0..4).filter_map(|picture| map.fate(picture)).collect();
        assert_eq!(
            fates,
            [Fate::LearnedTruth, Fate::MemorizedLie, Fate::StillTruth, Fate::NotFitted]
        );
        assert_eq!(map.counts(), [1, 1, 1, 1]);
        assert_eq!(map.moments()[0].probabilities(2).nth(3), Some(1.0));
    }

    #[test]
    fn what_is_forgotten_counts_and_must_be_fitted_again() {
        let mut map = told();
        for (epoch, second) in [(1, 5), (2, 2), (3, 5), (4, 5)] {
            map.push(8 * epoch, epoch, &said(&[1, second as u8, 3, 4]));
        }
        assert_eq!((map.fitted_in(1), map.forgotten(1)), (Some(3), 1));
        assert_eq!((map.fitted_in(0), map.forgotten(0), map.fitted_in(3)), (Some(1), 0, None));
        assert_eq!(map.by_fitted(), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_known_survives_being_stored_and_damage_is_noticed() {
        let mut map = told();
        assert_eq!(Memorization::from_bytes(&map.to_bytes()), Some(map.clone()));
        map.push(8, 1, &said(&[1, 5, 3, 9]));
        map.push(16, 2, &said(&[1, 2, 5, 9]));
        let bytes = map.to_bytes();
        assert_eq!(Memorization::from_bytes(&bytes), Some(map.clone()));
        for length in 0..bytes.len() {
            assert_eq!(Memorization::from_bytes(&bytes[..length]), None, "{length} bytes");
        }
        assert_eq!(Memorization::from_bytes(&[255; 80]), None);
        map.go_back_to(8);
        assert_eq!((map.moments().len(), map.forgotten(1)), (1, 1));
        // What is said again is not counted again.
        map.push(16, 2, &said(&[1, 2, 5, 9]));
        assert_eq!((map.moments().len(), map.forgotten(1)), (2, 1));
        map.go_back_to(0);
        assert_eq!(map, told());
    }

    #[test]
    fn a_measurement_of_other_pictures_or_told_twice_is_left_out() {
        let mut map = told();
        map.push(8, 1, &said(&[1, 5]));
        assert!(!map.is_measured());
        map.push(8, 1, &said(&[1, 5, 5, 5]));
        map.push(8, 1, &said(&[1, 2, 5, 5]));
        assert_eq!((map.moments().len(), map.forgotten(1)), (1, 0));
    }

    #[test]
    fn a_long_run_keeps_a_bounded_number_of_moments_spread_over_all_of_it() {
        let mut map = told();
        for epoch in 1..=1000 {
            map.push(epoch, epoch, &said(&[1, 5, 5, 5]));
            assert_eq!(map.moments().last().map(|moment| moment.epoch), Some(epoch));
        }
        let epochs: Vec<_> = map.moments().iter().map(|moment| moment.epoch).collect();
        assert!(
            epochs.len() <= MOST_MOMENTS && epochs.len() > MOST_MOMENTS / 3,
            "{}",
            epochs.len()
        );
        assert_eq!(epochs[0], 1);
        let widest = epochs.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest <= Some(2 * map.every), "{epochs:?}");
        assert_eq!(map.fitted_in(1), Some(1));
    }
}
