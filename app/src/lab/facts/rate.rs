//! How fast a run goes, measured over the last seconds.

use std::collections::VecDeque;

const WINDOW_MS: f64 = 12_000.0;
const SAMPLE_MS: f64 = 200.0;

/// Steps and when they were reported.
#[derive(Default)]
pub struct Rate(VecDeque<(f64, u64)>);

impl Rate {
    /// Forgets everything: the run begins, or goes on after a pause.
    pub fn restart(&mut self) {
        self.0.clear();
    }

    /// Notes that `step` was reported at `now_ms`.
    pub fn note(&mut self, now_ms: f64, step: u64) {
        if self.0.back().is_some_and(|(at, _)| now_ms - at < SAMPLE_MS) {
            return;
        }
        self.0.push_back((now_ms, step));
        while self.0.len() > 2 && self.0.front().is_some_and(|(at, _)| now_ms - at > WINDOW_MS) {
            self.0.pop_front();
        }
    }

    /// Steps a second, once two reports are there.
    pub fn steps_per_second(&self) -> Option<f64> {
        let ((from, first), (to, last)) = (self.0.front()?, self.0.back()?);
        (last > first && to > from).then(|| (last - first) as f64 / (to - from) * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = Rate::default();
        rate.note(0.0, 0);
        assert_eq!(rate.steps_per_second(), None, "one report says nothing of speed");
        // Five steps a second for ten seconds, then twenty a second for longer than is looked back on.
        for second in 1..=10_u32 {
            rate.note(1000.0 * f64::from(second), 5 * u64::from(second));
        }
        assert_eq!(rate.steps_per_second(), Some(5.0));
        for second in 11..=40_u32 {
            rate.note(1000.0 * f64::from(second), 50 + 20 * u64::from(second - 10));
        }
        assert_eq!(rate.steps_per_second(), Some(20.0));
        rate.restart();
        assert_eq!(rate.steps_per_second(), None);
    }
}
