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
