//! What Rote computes with: a network as a list of operations ([`plan`]), and the kernels that carry it out, forward
//! and backward, on the CPU ([`cpu`]) and on GPUs ([`gpu`]). Nothing here knows what a network is for, where numbers
//! come from, or when to stop.

mod core;
pub mod cpu;
pub mod gpu;
pub mod limits;
pub mod plan;
pub mod sgd;

pub use self::core::{Batch, Core, Device, Images, Loss, TrainState};
pub use self::sgd::SgdStep;
