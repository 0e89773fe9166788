//! Charts: plain numbers in, SVG out, for files and for the page alike; and the record of what became of each picture.
//! Nothing here knows how the numbers were made.

mod corruption;
mod curves;
mod draw;
mod labels;
mod memorization;
mod order;
mod plot;
mod table;
mod theme;

pub use corruption::{test_errors_plot, times_to_fit_plot};
pub use curves::{LaneCurves, LearningCurves, Point, thinned};
pub use draw::{Chart, learning_curves_svg, learning_plot};
pub use memorization::{Fate, Memorization, Moment};
pub use order::ordered_by;
pub use plot::{
    Axis, Line, Plot, Reference, Stroke, bare_plot_svg, draw_plot, plot_svg, round_up, thousands,
};
pub use table::{PlotTable, plot_table};
pub use theme::Theme;
