//! One chart on any backend: lines against a horizontal axis, named beside the chart rather than in a legend, so that colour
//! never carries a meaning alone, with a thin line from each name to the end that it names; a dotted line for what guessing would give. A value that is no number leaves a gap, and one
//! beyond the axis a triangle at its edge.

mod lines;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::{Point, finite, thinned};
use super::labels::apart;
use super::theme::Theme;
use lines::{beyond, draw_line, draw_mark, draw_reference};

/// What a chart shows.
pub struct Plot {
    /// Its lines, the first drawn below the others.
    pub lines: Vec<Line>,
    /// Across.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// A dotted line to compare with.
    pub reference: Option<ReferenceLine>,
}

impl Plot {
    /// Whether a value lies beyond the upright axis, where a triangle stands for it.
    pub fn is_cut(&self) -> bool {
        let mut values =
            self.lines.iter().flat_map(|line| &line.points).filter(|point| finite(point));
        values.any(|point| beyond(point.1, &self.y) != 0)
    }
}

/// A dotted line, such as what guessing would give.
pub struct ReferenceLine {
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
    /// From left to right; where a value is no number the line has a gap.
    pub points: Vec<Point>,
    /// An area around the line, such as the range over seeds, from left to right.
    pub band: Vec<Span>,
    /// A point with a diamond, such as the moment from which a run counts as fitted.
    pub mark: Option<Point>,
}

/// `(x, lower value, upper value)`.
pub type Span = (f64, f64, f64);

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

/// Where the axes of a drawn plot are, in pixels of its image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where the axis across begins.
    pub left: f64,
    /// Where it ends.
    pub right: f64,
    /// The upper end of the upright axis.
    pub top: f64,
    /// Its lower end.
    pub bottom: f64,
}

pub(super) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Axes<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Points drawn of one line; more cannot be told apart on a screen.
const MAX_POINTS: usize = 500;
pub(super) const FONT_SIZE: f64 = 12.5;
const LINE_HEIGHT: f64 = 16.0;
/// From the end of the axis to the names of lines.
const NAME_ASIDE: f64 = 14.0;
/// Below this width there is no room for the names of axes; a chart so small stands beside words that say them.
const ROOM_FOR_NAMES: f64 = 460.0;
/// Between two triangles at the edge.
const TRIANGLE_EVERY: f64 = 10.0;

/// Draws one chart into `area`; presenting it is left to the caller, who may draw more.
pub fn draw_plot<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    plot: &Plot,
    theme: &Theme,
) -> Drawn<DB> {
    draw_framed(area, plot, theme).map(|_| ())
}

/// As [`draw_plot`], and says where its axes are; nowhere where there was no room for them.
fn draw_framed<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    plot: &Plot,
    theme: &Theme,
) -> Result<Option<Frame>, DrawingAreaErrorKind<DB::ErrorType>> {
    area.fill(&theme.background)?;
    let (width, height) = area.dim_in_pixel();
    // Below this there is no room for axes; plotters would compute with negative sizes.
    if width < theme.px(160.0) || height < theme.px(90.0) {
        return Ok(None);
    }
    let named: Vec<(&Line, Point)> =
        plot.lines.iter().filter_map(|line| Some((line, end(line, &plot.y)?))).collect();
    let mut label_width = 0;
    for (line, _) in &named {
        label_width =
            label_width.max(area.estimate_text_size(&line.name, &font(theme, FONT_SIZE))?.0);
    }
    let room_above = (plot.y.end - plot.y.start) * 0.02;
    let is_narrow = width < theme.px(ROOM_FOR_NAMES);
    let name = |axis: &Axis| if is_narrow { "" } else { axis.name };
    let room_for = |axis: &Axis| if name(axis).is_empty() { 0.0 } else { 14.0 };
    // Its letters reach a little to the left of where they are put.
    let beside = if name(&plot.y).is_empty() { 0 } else { theme.px(6.0) };
    let mut axes = ChartBuilder::on(area)
        .margin_top(theme.px(10.0))
        .margin_left(beside)
        .margin_right(label_width + theme.px(NAME_ASIDE + 8.0))
        .x_label_area_size(theme.px(26.0 + room_for(&plot.x)))
        .y_label_area_size(theme.px(44.0 + room_for(&plot.y)))
        .build_cartesian_2d(plot.x.start..plot.x.end, plot.y.start..plot.y.end + room_above)?;
    axes.configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme.grid.stroke_width(theme.px(1.0)))
        .axis_style(theme.grid.stroke_width(theme.px(1.0)))
        .set_all_tick_mark_size(theme.px(3.0))
        .x_labels(if is_narrow { 4 } else { 7 })
        .y_labels(6)
        .x_label_formatter(&|value| (plot.x.number)(*value))
        .y_label_formatter(&|value| (plot.y.number)(*value))
        .label_style(font(theme, FONT_SIZE).color(&theme.muted))
        .axis_desc_style(font(theme, FONT_SIZE).color(&theme.muted))
        .x_desc(name(&plot.x))
        .y_desc(name(&plot.y))
        .draw()?;
    draw_reference(&mut axes, plot, theme)?;
    for line in &plot.lines {
        draw_line(&mut axes, line, &plot.y, theme)?;
    }
    // No line crosses a mark.
    for line in &plot.lines {
        draw_mark(&mut axes, line, &plot.y, theme)?;
    }
    let ends: Vec<(i32, i32)> = named.iter().map(|(_, end)| axes.backend_coord(end)).collect();
    let anchors: Vec<i32> = ends.iter().map(|(_, y)| *y).collect();
    let (right, bottom) = axes.backend_coord(&(plot.x.end, plot.y.start));
    let (left, top) = axes.backend_coord(&(plot.x.start, plot.y.end));
    let (x, lowest) =
        (right + theme.px(NAME_ASIDE) as i32, bottom - theme.px(LINE_HEIGHT / 3.0) as i32);
    // `backend_coord` counts from the whole image, what is drawn into this area from its own corner.
    let (area_left, area_top) = area.get_base_pixel();
    let aside = theme.px(3.0) as i32;
    let places = apart(&anchors, theme.px(LINE_HEIGHT) as i32, top, lowest);
    for (((line, _), (end_x, end_y)), y) in named.iter().zip(ends).zip(places) {
        let color = theme.color(line.color);
        // From the end to its name, where that is not beside it.
        let (from, to) = (end_x + aside, x - aside);
        if to - from > theme.px(NAME_ASIDE) as i32 || (y - end_y).abs() > aside {
            let leader = vec![(from - area_left, end_y - area_top), (to - area_left, y - area_top)];
            let pale = color.mix(0.5).stroke_width(theme.px(1.0));
            area.draw(&PathElement::new(leader, pale))?;
        }
        let style = font(theme, FONT_SIZE).color(&color).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&line.name, &style, (x - area_left, y - area_top))?;
    }
    let [left, right, top, bottom] = [left, right, top, bottom].map(f64::from);
    Ok(Some(Frame { left, right, top, bottom }))
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

/// A plot without a title, as an SVG of `width` x `height` pixels, and where its axes are in it.
pub fn bare_plot_svg(
    plot: &Plot,
    theme: &Theme,
    width: u32,
    height: u32,
) -> (String, Option<Frame>) {
    let mut svg = String::new();
    let frame = {
        let area =
            SVGBackend::with_string(&mut svg, (width.max(1), height.max(1))).into_drawing_area();
        let drawn =
            draw_framed(&area, plot, theme).and_then(|frame| area.present().map(|()| frame));
        // As in `plot_svg`.
        debug_assert!(drawn.is_ok());
        drawn.ok().flatten()
    };
    (svg, frame)
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

/// Where a line that has a name ends, inside the axis.
fn end(line: &Line, y: &Axis) -> Option<Point> {
    let (x, value) = line.points.iter().copied().rfind(finite)?;
    (!line.name.is_empty()).then(|| (x, value.clamp(y.start, y.end)))
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
            y: axis(2.0, "times"),
            reference: Some(ReferenceLine { value: 0.9, name: "chance".into(), is_left: true }),
        }
    }

    #[test]
    fn lines_marks_bands_and_names_are_all_drawn() {
        let line = |name: &str, color, stroke| Line {
            name: name.into(),
            color,
            stroke,
            points: vec![(0.0, 0.5), (1.0, 1.0)],
            band: vec![(0.0, 0.4, 0.6), (1.0, 0.9, 1.5)],
            mark: None,
        };
        let svg = plot_svg(
            "Title",
            &plot(vec![line("one", 0, Stroke::Marked), line("two", 3, Stroke::Dashed)]),
            &Theme::light(),
            700,
            400,
        );
        for part in [
            "Title",
            "one",
            "two",
            "chance",
            "share",
            "times",
            "rotate(270",
            "<circle",
            "<polygon",
            "#006AA7",
        ] {
            assert!(svg.contains(part), "{part} is missing");
        }
    }

    #[test]
    fn values_outside_the_axis_stay_inside_the_image() {
        let wild = Line {
            name: "wild".into(),
            points: vec![(0.0, -5.0), (0.5, f64::NAN), (1.0, 1e9)],
            ..Line::default()
        };
        let svg = plot_svg("", &plot(vec![wild]), &Theme::dark(), 700, 400);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && svg.len() < 20_000);
    }

    fn parts(svg: &str, tag: &str) -> Vec<String> {
        let all = svg.lines().filter(|line| line.starts_with(tag));
        all.map(str::to_owned).collect()
    }

    #[test]
    fn a_value_that_is_no_number_leaves_a_gap_in_line_and_band() {
        let line = |middle: f64| Line {
            color: 0,
            points: vec![(0.0, 0.5), (0.2, 1.0), (0.4, middle), (0.6, 1.0), (1.0, 0.5)],
            band: vec![
                (0.0, 0.4, 0.6),
                (0.2, 0.8, 1.2),
                (0.4, middle, 1.0),
                (0.6, 0.9, 1.1),
                (1.0, 0.2, 1.0),
            ],
            ..Line::default()
        };
        let drawn = |middle| plot_svg("", &plot(vec![line(middle)]), &Theme::light(), 700, 400);
        let count = |svg: &str| {
            let own = |tag| parts(svg, tag).iter().filter(|part| part.contains("#006AA7")).count();
            (own("<polyline"), own("<polygon"))
        };
        assert_eq!(count(&drawn(0.8)), (1, 1));
        assert_eq!(count(&drawn(f64::NAN)), (2, 2));
    }

    #[test]
    fn a_value_beyond_the_axis_has_a_triangle_at_the_edge_and_the_chart_says_that_it_is_cut() {
        let line = |highest: f64| Line {
            points: vec![(0.0, 0.5), (0.5, highest), (1.0, 0.5)],
            ..Line::default()
        };
        let (within, above, below) =
            (plot(vec![line(2.0)]), plot(vec![line(2.5)]), plot(vec![line(-0.1)]));
        let triangles =
            |plot: &Plot| parts(&plot_svg("", plot, &Theme::light(), 700, 400), "<polygon").len();
        assert_eq!([&within, &above, &below].map(triangles), [0, 1, 1]);
        assert_eq!([&within, &above, &below].map(Plot::is_cut), [false, true, true]);
        // A loss that is no number is no value.
        assert!(!plot(vec![line(f64::NAN)]).is_cut());
    }

    #[test]
    fn a_marked_moment_is_a_diamond_in_the_colour_of_its_line_with_the_background_around_it() {
        let line = |mark| Line { points: vec![(0.0, 0.5), (1.0, 1.0)], mark, ..Line::default() };
        let diamonds = |mark| {
            let svg = plot_svg("", &plot(vec![line(mark)]), &Theme::light(), 700, 400);
            parts(&svg, "<polygon")
        };
        assert_eq!(diamonds(None), Vec::<String>::new());
        assert_eq!(diamonds(Some((0.5, f64::NAN))), Vec::<String>::new());
        let drawn = diamonds(Some((0.5, 0.75)));
        assert_eq!(drawn.len(), 2);
        assert!(drawn[0].contains("#FFFFFF") && drawn[1].contains("#006AA7"), "{drawn:?}");
    }

    #[test]
    fn a_small_chart_leaves_the_names_of_its_axes_to_the_words_around_it() {
        let svg = |width| plot_svg("", &plot(Vec::new()), &Theme::light(), width, 300);
        assert!(svg(600).contains("share") && svg(600).contains("times"));
        assert!(!svg(320).contains("share") && !svg(320).contains("times"));
    }

    #[test]
    fn a_name_beside_the_end_of_another_line_is_led_to_its_own() {
        let line = |name: &str, last: f64, value: f64| Line {
            name: name.into(),
            points: vec![(0.0, 0.5), (last, value)],
            ..Line::default()
        };
        // Of each name, where its leader begins and ends; plotters writes a path as a polyline.
        let leaders = |lines: Vec<Line>| {
            let (svg, frame) = bare_plot_svg(&plot(lines), &Theme::light(), 700, 400);
            let own = parts(&svg, "<polyline");
            let pale = own.into_iter().filter(|part| part.contains("opacity=\"0.5\""));
            (pale.collect::<Vec<_>>(), frame.unwrap())
        };
        let (alone, _) = leaders(vec![line("one", 1.0, 0.5), line("two", 1.0, 1.5)]);
        assert_eq!(alone, Vec::<String>::new(), "names beside their ends need none");
        let (crowded, _) = leaders(vec![line("one", 1.0, 1.0), line("two", 1.0, 1.0)]);
        assert_eq!(crowded.len(), 2, "moved apart, both are led to their end");
        let (early, frame) = leaders(vec![line("one", 0.5, 1.0)]);
        assert_eq!(early.len(), 1, "a line that ends before the axis does is led to");
        let middle = (frame.left + frame.right) / 2.0;
        let begin = early[0].split("points=\"").nth(1).unwrap().split(',').next().unwrap();
        let begin: f64 = begin.parse().unwrap();
        assert!(
            (begin - middle - 3.0).abs() <= 1.0,
            "{begin} is not the end of the line, at {middle}"
        );
    }

    #[test]
    fn axis_ends_are_round_and_not_below_the_last_step() {
        assert_eq!(
            [round_up(10.0), round_up(10.5), round_up(101.0), round_up(799.0)],
            [10.0, 15.0, 150.0, 800.0]
        );
    }
}
