//! Runs: the buttons that make them, each with its numbers and images, and the list of those that are kept.

pub mod images;

pub mod filters;

pub mod run_bar;

pub mod lane_panel;

pub mod table;
