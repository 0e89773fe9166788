//! One chart on any backend: lines against a horizontal axis, named at their ends rather than in a legend, so that colour
//! never carries a meaning alone; a dotted line for what guessing would give.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::{Point, finite, thinned};
use super::labels::apart;
use super::theme::Theme;

/// What a chart shows.
pub struct Plot {
    /// Its lines, the first drawn below the others.
    pub lines: Vec<Line>,
    /// Across.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// A dotted line to compare with.
    pub reference: Option<Reference>,
}

/// A dotted line, such as what guessing would give.
pub struct Reference {
    /// Where it is.
    pub value: f64,
    /// What it is.
    pub name: String,
    /// Whether the name stands at the left end, where lines end near the right one.
    pub is_left: bool,
}

/// A range with its numbers.
pub struct Axis {
    /// Where it begins.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// How its numbers are written.
    pub number: fn(f64) -> String,
    /// What it is; empty where the surroundings say it.
    pub name: &'static str,
}

/// One line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Beside its end; empty for none.
    pub name: String,
    /// Which of the theme's colours it has.
    pub color: usize,
    /// How it is drawn.
    pub stroke: Stroke,
    /// From left to right.
    pub points: Vec<Point>,
    /// An area from the line up to these values: `(x, value)`.
    pub band: Vec<Point>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// A strong line.
    #[default]
    Solid,
    /// A strong line of dashes.
    Dashed,
    /// A thin pale line.
    Faint,
    /// A strong line with a mark at each point.
    Marked,
    /// Rings alone, for numbers that are not ours.
    Rings,
}

pub(super) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Axes<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Points drawn of one line; more cannot be told apart on a screen.
const MOST_POINTS: usize = 500;
pub(super) const FONT_SIZE: f64 = 12.5;
const LINE_HEIGHT: f64 = 16.0;

/// Draws one chart into `area`; presenting it is left to the caller, who may draw more.
pub fn draw_plot<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    plot: &Plot,
    theme: &Theme,
) -> Drawn<DB> {
    area.fill(&theme.background)?;
    let (width, height) = area.dim_in_pixel();
    // Below this there is no room for axes; plotters would compute with negative sizes.
    if width < theme.px(160.0) || height < theme.px(90.0) {
        return Ok(());
    }
    let named: Vec<(&Line, f64)> =
        plot.lines.iter().filter_map(|line| Some((line, end(line, &plot.y)?))).collect();
    let mut label_width = 0;
    for (line, _) in &named {
        label_width =
            label_width.max(area.estimate_text_size(&line.name, &font(theme, FONT_SIZE))?.0);
    }
    let room_above = (plot.y.end - plot.y.start) * 0.02;
    let mut axes = ChartBuilder::on(area)
        .margin_top(theme.px(10.0))
        .margin_right(label_width + theme.px(16.0))
        .x_label_area_size(theme.px(if plot.x.name.is_empty() { 24.0 } else { 42.0 }))
        .y_label_area_size(theme.px(44.0))
        .build_cartesian_2d(plot.x.start..plot.x.end, plot.y.start..plot.y.end + room_above)?;
    let few = width < theme.px(460.0);
    axes.configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme.grid.stroke_width(theme.px(1.0)))
        .axis_style(theme.grid.stroke_width(theme.px(1.0)))
        .set_all_tick_mark_size(theme.px(3.0))
        .x_labels(if few { 4 } else { 7 })
        .y_labels(6)
        .x_label_formatter(&|value| (plot.x.number)(*value))
        .y_label_formatter(&|value| (plot.y.number)(*value))
        .label_style(font(theme, FONT_SIZE).color(&theme.muted))
        .axis_desc_style(font(theme, FONT_SIZE).color(&theme.muted))
        .x_desc(plot.x.name)
        .draw()?;
    draw_reference(&mut axes, plot, theme)?;
    for line in &plot.lines {
        draw_line(&mut axes, line, &plot.y, theme)?;
    }
    let anchors: Vec<i32> =
        named.iter().map(|(_, value)| axes.backend_coord(&(plot.x.end, *value)).1).collect();
    let (right, bottom) = axes.backend_coord(&(plot.x.end, plot.y.start));
    let highest = axes.backend_coord(&(plot.x.end, plot.y.end)).1;
    let (x, lowest) = (right + theme.px(8.0) as i32, bottom - theme.px(LINE_HEIGHT / 3.0) as i32);
    for ((line, _), y) in
        named.iter().zip(apart(&anchors, theme.px(LINE_HEIGHT) as i32, highest, lowest))
    {
        let color = theme.color(line.color);
        let style = font(theme, FONT_SIZE).color(&color).pos(Pos::new(HPos::Left, VPos::Center));
        // `backend_coord` counts from the whole picture, `draw_text` from this area.
        let (left, top) = area.get_base_pixel();
        area.draw_text(&line.name, &style, (x - left, y - top))?;
    }
    Ok(())
}

/// A plot with a title above it, as an SVG of `width` x `height` pixels.
pub fn plot_svg(title: &str, plot: &Plot, theme: &Theme, width: u32, height: u32) -> String {
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (width.max(1), height.max(1))).into_drawing_area();
        let drawn = draw_titled(&area, title, plot, theme).and_then(|()| area.present());
        // The SVG backend writes to memory; formatting into a String does not fail.
        debug_assert!(drawn.is_ok());
    }
    svg
}

/// A plot without a title, as an SVG of `width` x `height` pixels.
pub fn bare_plot_svg(plot: &Plot, theme: &Theme, width: u32, height: u32) -> String {
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (width.max(1), height.max(1))).into_drawing_area();
        let drawn = draw_plot(&area, plot, theme).and_then(|()| area.present());
        // As in `plot_svg`.
        debug_assert!(drawn.is_ok());
    }
    svg
}

/// Draws a title and the plot below it.
pub(super) fn draw_titled<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    plot: &Plot,
    theme: &Theme,
) -> Drawn<DB> {
    area.fill(&theme.background)?;
    let style = font(theme, 15.0).color(&theme.ink);
    area.draw_text(title, &style, (theme.px(10.0) as i32, theme.px(10.0) as i32))?;
    draw_plot(&area.margin(theme.px(32.0), 0, 0, 0), plot, theme)
}

/// Where the name of a line stands: at its last value, inside the axis.
fn end(line: &Line, y: &Axis) -> Option<f64> {
    let (_, value) = line.points.iter().copied().rfind(finite)?;
    (!line.name.is_empty()).then(|| value.clamp(y.start, y.end))
}

fn draw_line<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    line: &Line,
    y: &Axis,
    theme: &Theme,
) -> Drawn<DB> {
    let color = theme.color(line.color);
    let inside = |points: &[Point]| -> Vec<Point> {
        thinned(points, MOST_POINTS)
            .into_iter()
            .map(|(x, value)| (x, value.clamp(y.start, y.end)))
            .collect()
    };
    let points = inside(&line.points);
    if !line.band.is_empty() {
        let outline: Vec<Point> =
            points.iter().copied().chain(inside(&line.band).into_iter().rev()).collect();
        axes.draw_series([Polygon::new(outline, color.mix(0.18).filled())])?;
    }
    let strong = color.stroke_width(theme.px(2.0));
    match line.stroke {
        Stroke::Faint => {
            axes.draw_series(LineSeries::new(
                points.clone(),
                color.mix(0.3).stroke_width(theme.px(1.0)),
            ))?;
        }
        Stroke::Solid | Stroke::Marked => {
            axes.draw_series(LineSeries::new(points.clone(), strong))?;
        }
        Stroke::Dashed => {
            axes.draw_series(DashedLineSeries::new(
                points.clone(),
                theme.px(5.0),
                theme.px(4.0),
                strong,
            ))?;
        }
        Stroke::Rings => {
            axes.draw_series(
                points.iter().map(|point| Circle::new(*point, theme.px(6.0), strong)),
            )?;
        }
    }
    // A line of one point would not be seen.
    if line.stroke == Stroke::Marked || (points.len() == 1 && line.stroke != Stroke::Rings) {
        axes.draw_series(
            points.into_iter().map(|point| Circle::new(point, theme.px(3.0), color.filled())),
        )?;
    }
    Ok(())
}

fn draw_reference<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    plot: &Plot,
    theme: &Theme,
) -> Drawn<DB> {
    let Some(Reference { value, name, is_left }) =
        plot.reference.as_ref().filter(|line| line.value <= plot.y.end)
    else {
        return Ok(());
    };
    let ends = [(plot.x.start, *value), (plot.x.end, *value)];
    let style = theme.muted.stroke_width(theme.px(1.0));
    axes.draw_series(DashedLineSeries::new(ends, theme.px(1.0), theme.px(3.0), style))?;
    let aside = theme.px(4.0) as i32;
    let (end, anchor, aside) =
        if *is_left { (ends[0], HPos::Left, aside) } else { (ends[1], HPos::Right, -aside) };
    let style = font(theme, FONT_SIZE - 1.0).color(&theme.muted).pos(Pos::new(anchor, VPos::Top));
    axes.draw_series([
        EmptyElement::at(end) + Text::new(name.clone(), (aside, theme.px(7.0) as i32), style)
    ])?;
    Ok(())
}

pub(super) fn font(theme: &Theme, css_pixels: f64) -> TextStyle<'_> {
    (theme.font.as_str(), theme.px(css_pixels)).into_font().into()
}

/// The next of the round numbers, twenty to a decade, so that an axis stands still for a while.
pub fn round_up(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor()) / 2.0;
    (value / unit).ceil() * unit
}

/// A number of steps on an axis.
pub fn thousands(step: f64) -> String {
    if step >= 10_000.0 { format!("{}k", step / 1000.0) } else { format!("{step}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(lines: Vec<Line>) -> Plot {
        let axis =
            |end, name| Axis { start: 0.0, end, number: |value| format!("{value:.1}"), name };
        Plot {
            lines,
            x: axis(1.0, "share"),
            y: axis(2.0, ""),
            reference: Some(Reference { value: 0.9, name: "chance".into(), is_left: true }),
        }
    }

    #[test]
    fn lines_marks_bands_and_names_are_all_drawn() {
        let line = |name: &str, color, stroke| Line {
            name: name.into(),
            color,
            stroke,
            points: vec![(0.0, 0.5), (1.0, 1.0)],
            band: vec![(0.0, 0.6), (1.0, 1.5)],
        };
        let svg = plot_svg(
            "Title",
            &plot(vec![line("one", 0, Stroke::Marked), line("two", 3, Stroke::Dashed)]),
            &Theme::light(),
            700,
            400,
        );
        for part in ["Title", "one", "two", "chance", "share", "<circle", "<polygon", "#006AA7"] {
            assert!(svg.contains(part), "{part} is missing");
        }
    }

    #[test]
    fn values_outside_the_axis_stay_inside_the_picture() {
        let wild = Line {
            name: "wild".into(),
            points: vec![(0.0, -5.0), (0.5, f64::NAN), (1.0, 1e9)],
            ..Line::default()
        };
        let svg = plot_svg("", &plot(vec![wild]), &Theme::dark(), 700, 400);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.len() < 20_000);
    }

    #[test]
    fn axis_ends_are_round_and_not_below_the_last_step() {
        assert_eq!(
            [round_up(10.0), round_up(10.5), round_up(101.0), round_up(799.0)],
            [10.0, 15.0, 150.0, 800.0]
        );
    }
}
