//! Charts: plain numbers in, SVG out, for files and for the page alike, natively PNG and PDF too.
//! Nothing here knows how the numbers were made.

mod corruption;
mod curves;
mod draw;
mod labels;
#[cfg(feature = "native")]
mod letters;
mod order;
#[cfg(feature = "native")]
mod pdf;
mod plot;
#[cfg(feature = "native")]
mod png;
mod read_out;
#[cfg(feature = "native")]
mod shapes;
mod table;
mod theme;

pub use corruption::{test_errors_plot, times_to_fit_plot};
pub use curves::{LaneCurves, LearningCurves, Point, thinned};
pub use draw::{Chart, learning_curves_svg, learning_plot};
pub use order::ordered_by;
#[cfg(feature = "native")]
pub use pdf::plot_pdf;
pub use plot::{
    Axis, Frame, Line, Plot, ReferenceLine, Span, Stroke, bare_plot_svg, draw_plot, plot_svg,
    round_up, thousands,
};
#[cfg(feature = "native")]
pub use png::plot_png;
pub use read_out::{read_out, stops};
pub use table::{PlotTable, plot_table};
pub use theme::Theme;
