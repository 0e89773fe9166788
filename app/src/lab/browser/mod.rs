//! What the page asks of its browser: storage, files, canvases, the address, the clock, workers. No signals.

// Each uses only what stands before it.

pub mod window;

pub mod clock;

pub mod address;

pub mod storage;

pub mod tabs;

pub mod speed;

pub mod store;

pub mod sizes;

pub mod canvas;

pub mod files;

pub mod engine_worker;
