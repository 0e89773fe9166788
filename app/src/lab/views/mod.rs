//! What is seen: components, each with the smallest part of the state that it needs.

// Each uses only what stands before it.

pub mod live;

pub mod plot_image;

pub mod message_list;

pub mod head;

pub mod presets;

pub mod controls;

pub mod charts;

pub mod map;

pub mod runs;

pub mod lessons;

pub mod app;
