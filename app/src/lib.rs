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
#[cfg(feature = "tensors")]
mod memory;
pub mod number;

// In the order that data flows, which the formatter keeps where a line is free between two modules.

pub mod data;

#[cfg(feature = "tensors")]
pub mod kernels;

pub mod models;

pub mod train;

#[cfg(any(feature = "native", feature = "lab"))]
pub mod experiments;

#[cfg(any(feature = "native", feature = "lab"))]
pub mod charts;

#[cfg(feature = "tensors")]
pub mod device;

#[cfg(feature = "native")]
pub mod cli;

// Its messages are types only, so they are tested natively too.
#[cfg(any(feature = "engine", feature = "lab", test))]
pub mod engine;

// What it knows without a browser is tested natively too.
#[cfg(any(feature = "lab", test))]
pub mod lab;
