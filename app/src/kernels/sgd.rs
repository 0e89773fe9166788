//! The optimizer: stochastic gradient descent with momentum and weight decay, the only one of the paper's experiments.
//!
//! For every parameter `w` with gradient `g` of the batch's mean cross-entropy and velocity `v`:
//!
//! ```text
//! v <- momentum * v + (g + weight_decay * w)
//! w <- w - learning_rate * v
//! ```
//!
//! The term `weight_decay * w` is that of a loss with `weight_decay / 2 * |w|^2` added. It acts only in the ranges of
//! [`Plan::decayed`](super::plan::Plan::decayed), which are the weights and biases that the recipe names
//! (`train/decay.rs`). The velocity is not dampened, as in PyTorch and TensorFlow.
//!
//! Who applies it: `kernels/cpu/sgd.rs` on the CPU, `kernels/gpu/wgsl/sgd.wgsl` on a GPU, each in one pass over the
//! flat vector of all parameters.

/// Settings of one optimizer step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// Factor of the velocity when it is taken off the parameters.
    pub learning_rate: f32,
    /// Share of the last velocity that is kept.
    pub momentum: f32,
    /// Factor of the parameters in the velocity, on the decayed ranges only.
    pub weight_decay: f32,
}
