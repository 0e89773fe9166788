//! What weight decay touches. The rule only; the optimizer applies it (`kernels/sgd.rs`).

use crate::models::Role;

words! {
    /// Which parameters weight decay touches. The paper does not say.
    pub enum DecayOn {
        /// Weights of convolutions and dense layers, not biases and shifts (TF-slim).
        Weights = "weights",
        /// Weights of dense layers only (TensorFlow's CIFAR-10 tutorial).
        DenseWeights = "dense-weights",
        /// Every parameter (PyTorch's default).
        All = "all",
    }
}

impl DecayOn {
    /// Whether parameters of this role are pulled towards zero.
    pub fn touches(self, role: Role) -> bool {
        match self {
            Self::All => true,
            Self::Weights => matches!(role, Role::ConvWeight | Role::DenseWeight),
            Self::DenseWeights => role == Role::DenseWeight,
        }
    }
}
