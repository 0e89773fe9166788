//! Integration tests of the crate, in one binary so that burn is linked once.

mod architecture;
mod bad_input;
mod command_line;
mod devices;
mod diverged;
mod export;
mod graphs;
mod grid;
mod kernels;
mod lab_layers;
mod limits;
mod models;
mod nan_is_seen;
mod plain;
mod programme;
mod randomizations;
mod recipe;
#[cfg(unix)]
mod signals;
mod support;
mod threads;
mod training;
