//! The page: controls, charts, images, and the lanes that speak with the workers. No tensor is computed here, and
//! nothing of `models` or `device` is used but names, so that the page stays small and answers at once.
//!
//! What browser tests may lean on:
//! - `data-testid` `train`, `pause`, `step`, `reset`, `status`, `engine-select`, `messages`;
//! - `data-testid` `lane-a`, `lane-b` with `data-state` (a word of [`lane::LanePhase`]), and inside them `train-accuracy`,
//!   `test-accuracy`, `train-loss`, `step`, each with the plain number as `data-value` (empty before the first);
//! - inputs with the id `setting-<key>` (`setting-race` for the comparison): texts take effect on `change`, so leave
//!   the field or press Enter; a sentence about a bad value stands in `#error-<key>`;
//! - `window.roteEvents[lane]`: the lane's events as objects, emptied when it goes back to step 0.

mod app;
mod canvas;
mod chart_figure;
mod charts;
mod controls;
mod files;
mod filters;
mod format;
mod head;
mod history;
mod images;
mod lane;
mod lane_panel;
mod lessons;
mod library;
mod link;
mod live;
mod map;
mod messages;
mod page;
mod presets;
mod race;
mod run_bar;
mod shared;
mod sizes;
mod speed;
mod store;
mod sweep;

pub use app::start;
