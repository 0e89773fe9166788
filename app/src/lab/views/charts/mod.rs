//! Charts of what runs say, with their files, their numbers and the same in words.

pub mod chart_figure;

pub mod fit_order;

pub mod sweep;

pub mod learning;
