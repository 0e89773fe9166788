//! The paper's networks: their layers, their parameters, how they start, and their plan for the kernels. Nothing here
//! knows where images come from or how training is run.

#[cfg(feature = "tensors")]
mod filters;
mod initialization;
mod layer;
#[cfg(feature = "tensors")]
mod network;
#[cfg(feature = "tensors")]
mod plan;
mod registry;
#[cfg(feature = "tensors")]
pub mod timing;

#[cfg(feature = "tensors")]
pub use filters::{Filters, MOST_FILTERS, filters};
pub use initialization::Initialization;
pub use layer::{Layer, ParameterSpec, Role};
#[cfg(feature = "tensors")]
pub use network::{Network, NetworkOptions, NetworkState};
#[cfg(feature = "tensors")]
pub use plan::{PlanError, build_plan};
pub use registry::{ModelName, parameter_count};
