//! Charts: plain numbers in, strokes on any plotters backend out (SVG natively, canvas in the page). Nothing here knows
//! how the numbers were made.

mod curves;
mod draw;
mod labels;
mod memorization;
mod plot;
mod theme;

pub use curves::{LaneCurves, LearningCurves, Point, thinned};
pub use draw::{Chart, learning_curves_svg, learning_plot};
pub use memorization::{Fate, Memorization, Moment};
pub use plot::{Axis, Line, Plot, Reference, Stroke, draw_plot, plot_svg, round_up, thousands};
pub use theme::Theme;
