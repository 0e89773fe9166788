//! The paper's networks: their layers, their parameters, how they start, and their forward pass. Nothing here knows
//! where images come from or how training is run.

mod forward;
mod initialization;
mod layer;
mod network;
mod registry;

pub use forward::{BATCH_NORM_EPSILON, RUNNING_MOMENTUM};
pub use initialization::Initialization;
pub use layer::{Layer, ParameterSpec, Role};
pub use network::{Network, NetworkOptions, NetworkState, Parameter};
pub(crate) use network::{read_all, vector};
pub use registry::{ModelName, parameter_count};
