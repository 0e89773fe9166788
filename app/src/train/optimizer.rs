//! Stochastic gradient descent with momentum, as the paper uses it (appendix A).

use burn::tensor::Tensor;

use super::DecayOn;
use crate::models::Parameter;

/// The optimizer: `v <- momentum * v + (gradient + decay * w)`, `w <- w - rate * v`. No dampening; the rate is outside
/// the velocity, so lowering it acts at once.
pub struct Sgd {
    /// Share of the last velocity that is kept.
    pub momentum: f64,
    /// The factor of weight decay.
    pub weight_decay: f64,
    /// Which parameters it touches.
    pub weight_decay_on: DecayOn,
    /// One velocity a parameter, in the network's order.
    pub velocities: Vec<Tensor<1>>,
}

impl Sgd {
    /// An optimizer at rest.
    pub fn new(momentum: f64, weight_decay: f64, weight_decay_on: DecayOn, parameters: &[Parameter]) -> Self {
        let velocities = parameters.iter().map(|parameter| parameter.values.zeros_like()).collect();
        Self { momentum, weight_decay, weight_decay_on, velocities }
    }

    /// One update of `parameters` by `gradients`, in the same order.
    pub fn step(&mut self, parameters: &mut [Parameter], gradients: Vec<Tensor<1>>, learning_rate: f64) {
        for ((parameter, velocity), gradient) in parameters.iter_mut().zip(&mut self.velocities).zip(gradients) {
            let decays = self.weight_decay > 0.0 && self.weight_decay_on.touches(parameter.spec.role);
            let pull = if decays { gradient + parameter.values.clone() * self.weight_decay } else { gradient };
            velocity.inplace(|velocity| velocity * self.momentum + pull);
            parameter.values.inplace(|values| values - velocity.clone() * learning_rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu;
    use crate::models::{ParameterSpec, Role};

    /// Three steps on two weights with gradients 1, 1, -1 and -2, 0, 2.
    fn three_steps(role: Role, momentum: f64, weight_decay: f64, on: DecayOn) -> Vec<f32> {
        let device = cpu().device;
        let spec = ParameterSpec { name: "w".into(), role, shape: vec![2] };
        let mut parameters = [Parameter { spec, values: Tensor::from_floats([1.0, -1.0], &device) }];
        let mut sgd = Sgd::new(momentum, weight_decay, on, &parameters);
        for gradient in [[1.0, -2.0], [1.0, 0.0], [-1.0, 2.0]] {
            sgd.step(&mut parameters, vec![Tensor::from_floats(gradient, &device)], 0.1);
        }
        let [parameter] = parameters;
        pollster::block_on(parameter.values.into_data_async()).unwrap().try_into_vec().unwrap()
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} and {expected}");
        }
    }

    #[test]
    fn momentum_keeps_its_share_and_dampens_nothing() {
        // v: 1, 1.9, 0.71 and -2, -1.8, 0.38, so w falls by 0.1 of their sums, 3.61 and -3.42.
        assert_close(&three_steps(Role::DenseWeight, 0.9, 0.0, DecayOn::Weights), &[1.0 - 0.361, -1.0 + 0.342]);
    }

    #[test]
    fn weight_decay_adds_its_share_of_the_weight_to_the_gradient_before_momentum() {
        // w0 = 1: g + 0.5 w = 1.5, w = 0.85; 1.425, v = 2.775, w = 0.5725; -0.71375, v = 1.78375, w = 0.394125.
        // w1 = -1: -2.5, w = -0.75; -0.375, v = -2.625, w = -0.4875; 1.75625, v = -0.60625, w = -0.426875.
        assert_close(&three_steps(Role::ConvWeight, 0.9, 0.5, DecayOn::Weights), &[0.394_125, -0.426_875]);
    }

    #[test]
    fn weight_decay_touches_only_what_it_is_set_to() {
        let without = three_steps(Role::Bias, 0.9, 0.0, DecayOn::All);
        assert_close(&three_steps(Role::Bias, 0.9, 0.5, DecayOn::Weights), &without);
        assert_close(&three_steps(Role::ConvWeight, 0.9, 0.5, DecayOn::DenseWeights), &without);
        assert!((three_steps(Role::Bias, 0.9, 0.5, DecayOn::All)[0] - without[0]).abs() > 0.1);
    }
}
