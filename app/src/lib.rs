//! Rote: a laboratory for *Understanding deep learning requires rethinking generalization* (Zhang, Bengio, Hardt,
//! Recht, Vinyals; ICLR 2017). One core, two builds: a command line and a page that trains in the browser.
//!
//! The modules stand in the order that data flows; `docs/ARCHITECTURE.md` says what each of them never knows. A run is a
//! [`train::Recipe`], a [`train::Session`] that is driven, and the [`train::Event`]s it tells:
//!
//! ```
#![doc = include_str!("../examples/train.rs")]
//! ```

#[macro_use]
mod words;

#[cfg(feature = "native")]
pub mod cli;
pub mod data;
#[cfg(feature = "tensors")]
pub mod device;
#[cfg(any(feature = "engine", feature = "lab"))]
pub mod engine;
#[cfg(any(feature = "native", feature = "lab"))]
pub mod experiments;
#[cfg(feature = "tensors")]
pub mod kernels;
#[cfg(feature = "lab")]
pub mod lab;
pub mod models;
pub mod report;
pub mod train;
