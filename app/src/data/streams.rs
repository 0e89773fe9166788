//! Random numbers. Everything a run draws comes from a named ChaCha stream, computed on the CPU with the same arithmetic
//! in every build, so one seed gives the same weights, labels and batches in a tab, on a desktop and on any device.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of random numbers with a name.
pub struct Stream {
    generator: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Stream {
    /// The stream for `purpose` (and, say, epoch or image `index`) of a run with this seed.
    pub fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let mut name = Sha256::new();
        name.update(seed.to_le_bytes());
        name.update(index.to_le_bytes());
        name.update(purpose.as_bytes());
        Self { generator: ChaCha8Rng::from_seed(name.finalize().into()), spare_normal: None }
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..bound`, without bias (Lemire 2019). `bound` must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let rejected_below = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.generator.next_u32()) * u64::from(bound);
            if product as u32 >= rejected_below {
                return (product >> 32) as u32;
            }
        }
    }

    /// Standard normal (Box and Muller 1958), with `libm`'s logarithm and cosine so that every platform agrees.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare_normal = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Puts `items` in a uniformly drawn order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u32 + 1) as usize;
            items.swap(last, chosen);
        }
    }

    /// A uniformly drawn permutation of `0..count`.
    pub fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_purpose_and_index_and_on_nothing_else() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).uniform();
        assert_eq!(first(1, "weights", 0), first(1, "weights", 0));
        assert_ne!(first(1, "weights", 0), first(2, "weights", 0));
        assert_ne!(first(1, "weights", 0), first(1, "labels", 0));
        assert_ne!(first(1, "weights", 0), first(1, "weights", 1));
    }

    #[test]
    fn the_streams_never_change_between_versions() {
        // Old recipes and checkpoints rely on it. The numbers were printed once by this code.
        let mut stream = Stream::new(1, "weights", 0);
        let drawn: Vec<u32> = (0..4).map(|_| stream.below(1_000_000)).collect();
        assert_eq!(drawn, PINNED);
    }
    const PINNED: [u32; 4] = [849_275, 255_927, 337_952, 3_466];

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(7, "test", 0);
        let count = 100_000;
        let drawn: Vec<f64> = (0..count).map(|_| stream.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / count as f64;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count as f64;
        // Four standard errors: 1/sqrt(n) for the mean, sqrt(2/n) for the variance.
        assert!(mean.abs() < 4.0 / (count as f64).sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / count as f64).sqrt(), "variance {variance}");
    }

    #[test]
    fn a_bounded_draw_reaches_every_value_equally_often() {
        let mut stream = Stream::new(3, "test", 0);
        let mut counts = [0u32; 10];
        (0..100_000).for_each(|_| counts[stream.below(10) as usize] += 1);
        // 10,000 each; the deviation of a count is sqrt(100000 * 0.1 * 0.9) = 95.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 4 * 95), "{counts:?}");
    }
}
