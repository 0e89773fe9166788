//! What the page knows without a browser: plain values, and what follows from them. All of it compiles natively, where its
//! tests run.

// Each uses only what stands before it.

pub mod format;

pub mod fit_clock;

pub mod history;

pub mod sentences;

pub mod rate;

pub mod race;

pub mod order;

pub mod sweep;

pub mod kept_run;

pub mod drafts;

pub mod scale;

pub mod arrangement;

pub mod lessons;

pub mod link;

pub mod presets;
