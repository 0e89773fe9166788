//! Whether a source of the data crawls, so that another one is worth asking.

use std::time::{Duration, Instant};

/// What a source must bring not to be called slow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub least_bytes: u64,
    pub within: Duration,
}

/// 200 kB/s over half a minute; at that pace the archive takes a quarter of an hour.
pub(super) const PATIENT: Pace =
    Pace { least_bytes: 30 * 200_000, within: Duration::from_secs(30) };

/// Compares what comes with a pace, one stretch of time after the other.
pub(super) struct PaceWatch {
    pace: Pace,
    /// When the stretch began, and how many bytes were here then.
    began: Option<(Instant, u64)>,
}

impl PaceWatch {
    pub fn new(pace: Pace) -> Self {
        Self { pace, began: None }
    }

    /// Hears that `bytes` of `total` are here at `now`. At the end of a stretch that brought too little: its kB/s.
    pub fn crawling(&mut self, bytes: u64, total: u64, now: Instant) -> Option<u64> {
        // With fewer bytes than before, the download began anew.
        let Some((began, before)) = self.began.filter(|(_, before)| *before <= bytes) else {
            self.began = Some((now, bytes));
            return None;
        };
        let took = now.saturating_duration_since(began);
        if took < self.pace.within {
            return None;
        }
        self.began = Some((now, bytes));
        let is_slow = bytes - before < self.pace.least_bytes && bytes < total;
        is_slow.then(|| ((bytes - before) as f64 / 1000.0 / took.as_secs_f64().max(0.001)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a watch says to the bytes that are here every ten seconds, of 100 MB.
    fn said(megabytes: &[u64]) -> Vec<Option<u64>> {
        let (mut watch, start) = (PaceWatch::new(PATIENT), Instant::now());
        let hear = |(index, megabytes): (u64, &u64)| {
            watch.crawling(
                megabytes * 1_000_000,
                100_000_000,
                start + Duration::from_secs(10 * index),
            )
        };
        (0..).zip(megabytes).map(hear).collect()
    }

    #[test]
    fn a_source_that_brings_six_megabytes_in_half_a_minute_is_not_slow() {
        assert_eq!(said(&[50, 50, 50, 56, 56, 56, 62]), [None; 7]);
    }

    #[test]
    fn a_source_that_brings_less_is_told_with_its_rate() {
        assert_eq!(said(&[0, 1, 2, 3]), [None, None, None, Some(100)]);
        assert_eq!(said(&[50, 90, 90, 90, 91, 91, 91])[6], Some(33), "also after a fast beginning");
    }

    #[test]
    fn what_has_arrived_or_begun_anew_is_not_slow() {
        assert_eq!(said(&[99, 99, 99, 100]), [None; 4]);
        assert_eq!(said(&[50, 50, 50, 0]), [None; 4]);
    }
}
