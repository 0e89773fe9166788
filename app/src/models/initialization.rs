//! How weights start. The paper does not say; each choice here is a usual one of its time.

use super::layer::{ParameterSpec, Role};
use crate::data::Stream;

words! {
    /// The distribution weights are drawn from; biases and batch norm's shifts start at zero.
    pub enum Initialization {
        /// Uniform within `sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010), TF-slim's default.
        Glorot = "glorot",
        /// Normal with deviation `sqrt(2 / fan_in)` (He et al. 2015).
        He = "he",
        /// Uniform within `1 / sqrt(fan_in)`, the default of PyTorch's layers.
        Torch = "torch",
    }
}

impl Initialization {
    /// The starting values of a parameter, row by row. They depend on the seed and its name only.
    pub fn draw(self, parameter: &ParameterSpec, seed: u64) -> Vec<f32> {
        if matches!(parameter.role, Role::Bias | Role::Beta) {
            return vec![0.0; parameter.len()];
        }
        let (fan_in, fan_out) = parameter.fans();
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        let mut stream = Stream::new(seed, &format!("weights/{}", parameter.name), 0);
        let mut within = |limit: f64| -> Vec<f32> {
            (0..parameter.len()).map(|_| (limit * (2.0 * stream.uniform() - 1.0)) as f32).collect()
        };
        match self {
            Self::Glorot => within((6.0 / (fan_in + fan_out)).sqrt()),
            Self::Torch => within(1.0 / fan_in.sqrt()),
            Self::He => {
                let deviation = (2.0 / fan_in).sqrt();
                (0..parameter.len()).map(|_| (deviation * stream.normal()) as f32).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(values: &[f32]) -> f64 {
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / values.len() as f64)
            .sqrt()
    }

    #[test]
    fn each_distribution_has_its_textbook_deviation() {
        let weight =
            ParameterSpec { name: "w".into(), role: Role::DenseWeight, shape: vec![2352, 512] };
        // A uniform on (-a, a) deviates by a / sqrt(3).
        for (initialization, expected) in [
            (Initialization::Glorot, (2.0f64 / (2352.0 + 512.0)).sqrt()),
            (Initialization::Torch, 1.0 / (3.0f64 * 2352.0).sqrt()),
            (Initialization::He, (2.0f64 / 2352.0).sqrt()),
        ] {
            let found = deviation(&initialization.draw(&weight, 1));
            assert!(
                (found / expected - 1.0).abs() < 0.005,
                "{}: {found} and {expected}",
                initialization.key()
            );
        }
    }

    #[test]
    fn the_fans_of_a_convolution_count_its_window() {
        let weight =
            ParameterSpec { name: "w".into(), role: Role::ConvWeight, shape: vec![64, 3, 5, 5] };
        assert_eq!(weight.fans(), (75, 1600));
    }
}
