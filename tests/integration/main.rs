//! Integration tests of the crate, in one binary so that burn is linked once.

mod architecture;
mod bad_input;
mod command_line;
mod devices;
mod grid;
mod kernels;
mod models;
mod programme;
mod randomizations;
mod recipe;
mod support;
mod training;
