//! The lines of a plot: their strokes, bands and marks, and what of them lies beyond an axis.

use super::*;

pub(super) fn draw_line<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    line: &Line,
    y: &Axis,
    theme: &Theme,
) -> Drawn<DB> {
    let color = theme.color(line.color);
    let inside = |(x, value): Point| (x, value.clamp(y.start, y.end));
    let is_gap = |&(x, low, high): &Span| !finite(&(x, low)) || !high.is_finite();
    for part in line.band.split(is_gap).filter(|part| !part.is_empty()) {
        let part: Vec<&Span> =
            part.iter().step_by(part.len().div_ceil(MAX_POINTS).max(1)).collect();
        let upper = part.iter().rev().map(|&&(x, _, high)| inside((x, high)));
        let outline: Vec<Point> =
            part.iter().map(|&&(x, low, _)| inside((x, low))).chain(upper).collect();
        axes.draw_series([Polygon::new(outline, color.mix(0.18).filled())])?;
    }
    for part in line.points.split(|point| !finite(point)).filter(|part| !part.is_empty()) {
        let points = thinned(part, MAX_POINTS);
        draw_part(
            axes,
            line.stroke,
            &points.iter().copied().map(inside).collect::<Vec<_>>(),
            color,
            theme,
        )?;
        draw_triangles(axes, line.stroke, &points, y, color, theme)?;
    }
    Ok(())
}

/// A line without a gap.
fn draw_part<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    stroke: Stroke,
    points: &[Point],
    color: RGBColor,
    theme: &Theme,
) -> Drawn<DB> {
    let strong = color.stroke_width(theme.px(2.0));
    let all = points.iter().copied();
    match stroke {
        Stroke::Faint => {
            let pale = color.mix(0.3).stroke_width(theme.px(1.0));
            axes.draw_series(LineSeries::new(all.clone(), pale))?;
        }
        Stroke::Solid | Stroke::Marked => {
            axes.draw_series(LineSeries::new(all.clone(), strong))?;
        }
        Stroke::Dashed => {
            let (dash, space) = (theme.px(5.0), theme.px(4.0));
            axes.draw_series(DashedLineSeries::new(all.clone(), dash, space, strong))?;
        }
        Stroke::Rings => {
            axes.draw_series(all.clone().map(|point| Circle::new(point, theme.px(6.0), strong)))?;
        }
    }
    // A line of one point would not be seen.
    if stroke == Stroke::Marked || (points.len() == 1 && stroke != Stroke::Rings) {
        axes.draw_series(all.map(|point| Circle::new(point, theme.px(3.0), color.filled())))?;
    }
    Ok(())
}

/// -1 for a value below the axis, 1 for one above it.
pub(super) fn beyond(value: f64, y: &Axis) -> i32 {
    i32::from(value > y.end) - i32::from(value < y.start)
}

/// Where values lie beyond the axis, triangles at its edge that point to them.
fn draw_triangles<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    stroke: Stroke,
    points: &[Point],
    y: &Axis,
    color: RGBColor,
    theme: &Theme,
) -> Drawn<DB> {
    let strength = if stroke == Stroke::Faint { 0.5 } else { 1.0 };
    let (half, height) = (theme.px(4.0) as i32, theme.px(7.0) as i32);
    let mut last = i32::MIN / 2;
    for &(x, value) in points {
        let side = beyond(value, y);
        let edge = (x, value.clamp(y.start, y.end));
        let pixel = axes.backend_coord(&edge).0;
        if side == 0 || pixel - last < theme.px(TRIANGLE_EVERY) as i32 {
            continue;
        }
        last = pixel;
        let corners = vec![(-half, side * height), (half, side * height), (0, 0)];
        axes.draw_series([
            EmptyElement::at(edge) + Polygon::new(corners, color.mix(strength).filled())
        ])?;
    }
    Ok(())
}

/// The diamond at a line's mark, apart from what is below it by a rim of the background.
pub(super) fn draw_mark<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    line: &Line,
    y: &Axis,
    theme: &Theme,
) -> Drawn<DB> {
    let Some((x, value)) = line.mark.filter(finite) else { return Ok(()) };
    let place = (x, value.clamp(y.start, y.end));
    for (half, color) in [(8.0, theme.background), (6.0, theme.color(line.color))] {
        let half = theme.px(half) as i32;
        let corners = vec![(0, -half), (half, 0), (0, half), (-half, 0)];
        axes.draw_series([EmptyElement::at(place) + Polygon::new(corners, color.filled())])?;
    }
    Ok(())
}

pub(super) fn draw_reference<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    plot: &Plot,
    theme: &Theme,
) -> Drawn<DB> {
    let Some(ReferenceLine { value, name, is_left }) =
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
