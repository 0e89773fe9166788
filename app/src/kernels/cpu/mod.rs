//! The kernels of the CPU: SIMD through `pulp` (AVX-512, AVX2, NEON, WebAssembly's 128 bits), threads through rayon
//! where there are threads. No step allocates more than scratch space, and no result depends on the number of threads.

mod backward;
mod bias;
mod convolution;
mod copy;
mod core;
mod dense;
mod dropout;
mod forward;
mod geometry;
mod loss;
mod lrn;
mod norm;
mod panels;
mod parallel;
mod pool;
mod region;
mod relu;
mod select;
mod sgd;
mod sizes;
mod tile;

pub use self::core::{CpuBatch, CpuCore};
pub use self::sizes::array_bytes;

#[cfg(test)]
mod tests;
