//! What the page is doing: signals, and what changes them. Three handles are what views are given: the settings say what is
//! wanted, the comparison makes the runs of it, the navigation says what of all that is looked at.

// Each uses only what stands before it.

pub mod appearance;

pub mod messages;

pub mod library;

pub mod recorder;

pub mod shared;

pub mod lane;

pub mod settings;

pub mod comparison;

pub mod navigation;

pub mod prediction;
