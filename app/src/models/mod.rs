//! The paper's networks: their layers, their parameters, how they start, and their forward pass. Nothing here knows
//! where images come from or how training is run.

#[cfg(feature = "tensors")]
mod forward;
mod initialization;
mod layer;
#[cfg(feature = "tensors")]
mod network;
mod registry;

#[cfg(feature = "tensors")]
pub use forward::{BATCH_NORM_EPSILON, RUNNING_MOMENTUM};
pub use initialization::Initialization;
pub use layer::{Layer, ParameterSpec, Role};
#[cfg(feature = "tensors")]
pub use network::{Network, NetworkOptions, NetworkState, Parameter};
#[cfg(feature = "tensors")]
pub(crate) use network::{read_all, vector};
pub use registry::{ModelName, parameter_count};
