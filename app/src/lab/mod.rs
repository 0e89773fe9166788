//! The page: controls, charts, images, and the lanes that speak with the workers. No tensor is computed here, and
//! nothing of `models` or `device` is used but names, so that the page stays small and answers at once.
//!
//! What browser tests may lean on:
//! - `data-testid` `train`, `pause`, `step`, `reset`, `status`, `engine-select`, `messages`;
//! - `data-testid` `lane-a`, `lane-b` with `data-state` (a word of `state::lane::LanePhase`), and inside them `train-accuracy`,
//!   `test-accuracy`, `train-loss`, `step`, each with the plain number as `data-value` (empty before the first);
//! - inputs with the id `setting-<key>` (`setting-race` for the comparison): texts take effect on `change`, so leave
//!   the field or press Enter; a sentence about a bad value stands in `#error-<key>`;
//! - `window.roteEvents[lane]`: the lane's events as objects, emptied when it goes back to step 0.

// Four layers, each of which uses only those before it; `tests/integration/lab_layers.rs` holds this, file by file.

// Natively it is there for its tests alone.
#[cfg_attr(not(feature = "lab"), expect(dead_code, reason = "the tests use it, and the page"))]
mod facts;

#[cfg(feature = "lab")]
mod browser;

#[cfg(feature = "lab")]
mod state;

#[cfg(feature = "lab")]
mod views;

#[cfg(feature = "lab")]
pub use views::app::start;
