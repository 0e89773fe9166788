//! The kernels of the CPU: SIMD through `pulp` (AVX-512, AVX2, NEON, WebAssembly's 128 bits), threads through rayon
//! where there are threads. No step allocates more than scratch space, and no result depends on the number of threads.

mod convolution;
mod core;
mod dense;
mod geometry;
mod loss;
mod norm;
mod panels;
mod parallel;
mod pool;
mod response;
mod tile;
mod update;

pub use self::core::{Batch, CpuCore};
