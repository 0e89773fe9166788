//! Integration tests of the crate, in one binary so that burn is linked once.

mod architecture;
mod bad_input;
mod command_line;
mod devices;
mod export;
mod grid;
mod kernels;
mod models;
mod plain;
mod programme;
mod randomizations;
mod recipe;
#[cfg(unix)]
mod signals;
mod support;
mod training;
