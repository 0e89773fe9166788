//! The two charts of a run, on any backend: the training loss, and the accuracies with the chance line. Lines are named
//! at their ends rather than in a legend, so that colour never carries a meaning alone.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::curves::{LaneCurves, LearningCurves, Point, finite, thinned};
use super::theme::Theme;

/// Which quantity is drawn against the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// The training loss: a faint line a batch, a strong line the epochs' means.
    Loss,
    /// The accuracies: solid on the training images, dashed on the test images.
    Accuracy,
}

type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Axes<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A name at the end of a line.
struct EndLabel {
    text: String,
    value: f64,
    color: RGBColor,
}

/// Points drawn of one curve; more cannot be told apart on a screen.
const MOST_POINTS: usize = 500;
const FONT_SIZE: f64 = 12.5;
const LINE_HEIGHT: f64 = 16.0;

/// Draws one chart into `area`; presenting it is left to the caller, who may draw more.
pub fn draw_learning_curves<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    chart: Chart,
    curves: &LearningCurves,
    theme: &Theme,
) -> Drawn<DB> {
    area.fill(&theme.background)?;
    let (width, height) = area.dim_in_pixel();
    // Below this there is no room for axes; plotters would compute with negative sizes.
    if width < theme.px(160.0) || height < theme.px(90.0) {
        return Ok(());
    }
    let x_end = round_up(curves.last_step().max(10.0));
    let y_end = match chart {
        Chart::Loss => loss_ceiling(curves),
        Chart::Accuracy => 1.0,
    };
    let labels = end_labels(chart, curves, theme, y_end);
    let mut label_width = 0;
    for label in &labels {
        label_width = label_width.max(area.estimate_text_size(&label.text, &font(theme, FONT_SIZE))?.0);
    }
    let mut axes = ChartBuilder::on(area)
        .margin_top(theme.px(10.0))
        .margin_right(label_width + theme.px(16.0))
        .x_label_area_size(theme.px(24.0))
        .y_label_area_size(theme.px(44.0))
        .build_cartesian_2d(0.0..x_end, 0.0..y_end * 1.02)?;
    let few = width < theme.px(460.0);
    axes.configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme.grid.stroke_width(theme.px(1.0)))
        .axis_style(theme.grid.stroke_width(theme.px(1.0)))
        .set_all_tick_mark_size(theme.px(3.0))
        .x_labels(if few { 4 } else { 7 })
        .y_labels(6)
        .x_label_formatter(&|step| thousands(*step))
        .y_label_formatter(&|value| match chart {
            Chart::Loss => format!("{value:.1}"),
            Chart::Accuracy => format!("{:.0} %", value * 100.0),
        })
        .label_style(font(theme, FONT_SIZE).color(&theme.muted))
        .draw()?;

    draw_chance(&mut axes, chart, curves, theme, x_end, y_end)?;
    for lane in &curves.lanes {
        draw_lane(&mut axes, chart, lane, theme, y_end)?;
    }
    let anchors: Vec<i32> = labels.iter().map(|label| axes.backend_coord(&(x_end, label.value)).1).collect();
    let x = axes.backend_coord(&(x_end, 0.0)).0 + theme.px(8.0) as i32;
    let lowest = axes.backend_coord(&(x_end, 0.0)).1 - theme.px(LINE_HEIGHT / 3.0) as i32;
    for (label, y) in labels.iter().zip(apart(&anchors, theme.px(LINE_HEIGHT) as i32, lowest)) {
        let style = font(theme, FONT_SIZE).color(&label.color).pos(Pos::new(HPos::Left, VPos::Center));
        // `backend_coord` counts from the whole picture, `draw_text` from this area.
        let (left, top) = area.get_base_pixel();
        area.draw_text(&label.text, &style, (x - left, y - top))?;
    }
    Ok(())
}

/// Both charts, one above the other, as an SVG of `width` x `height` pixels.
pub fn learning_curves_svg(curves: &LearningCurves, theme: &Theme, width: u32, height: u32) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width.max(1), height.max(1))).into_drawing_area();
        let titled = |part: &DrawingArea<_, Shift>, title: &str, chart| {
            part.fill(&theme.background)?;
            let style = font(theme, 15.0).color(&theme.ink);
            part.draw_text(title, &style, (theme.px(10.0) as i32, theme.px(10.0) as i32))?;
            draw_learning_curves(&part.margin(theme.px(32.0), 0, 0, 0), chart, curves, theme)
        };
        let (upper, lower) = area.split_vertically((height / 2) as i32);
        let drawn = titled(&upper, "Training loss (nats) against steps", Chart::Loss)
            .and_then(|()| titled(&lower, "Accuracy against steps", Chart::Accuracy))
            .and_then(|()| area.present());
        // The SVG backend writes to memory; formatting into a String does not fail.
        debug_assert!(drawn.is_ok());
    }
    svg
}

fn draw_lane<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    chart: Chart,
    lane: &LaneCurves,
    theme: &Theme,
    y_end: f64,
) -> Drawn<DB> {
    let color = theme.lanes[lane.lane % theme.lanes.len()];
    let visible = |points: &[Point]| -> Vec<Point> {
        thinned(points, MOST_POINTS).into_iter().map(|(step, value)| (step, value.min(y_end))).collect()
    };
    let strong = color.stroke_width(theme.px(2.0));
    match chart {
        Chart::Loss => {
            axes.draw_series(LineSeries::new(visible(&lane.batch_loss), color.mix(0.3).stroke_width(theme.px(1.0))))?;
            axes.draw_series(LineSeries::new(visible(&lane.epoch_loss), strong))?;
        }
        Chart::Accuracy => {
            axes.draw_series(LineSeries::new(visible(&lane.train_accuracy), strong))?;
            let (dash, gap) = (theme.px(5.0), theme.px(4.0));
            axes.draw_series(DashedLineSeries::new(visible(&lane.test_accuracy), dash, gap, strong))?;
        }
    }
    Ok(())
}

fn draw_chance<DB: DrawingBackend>(
    axes: &mut Axes<DB>,
    chart: Chart,
    curves: &LearningCurves,
    theme: &Theme,
    x_end: f64,
    y_end: f64,
) -> Drawn<DB> {
    let (value, text) = match chart {
        Chart::Loss => (curves.chance_loss(), format!("guessing {:.2}", curves.chance_loss())),
        Chart::Accuracy => (curves.chance(), format!("chance {:.0} %", curves.chance() * 100.0)),
    };
    if value > y_end {
        return Ok(());
    }
    let style = theme.muted.stroke_width(theme.px(1.0));
    let dots = DashedLineSeries::new([(0.0, value), (x_end, value)], theme.px(1.0), theme.px(3.0), style);
    axes.draw_series(dots)?;
    let style = font(theme, FONT_SIZE - 1.0).color(&theme.muted).pos(Pos::new(HPos::Right, VPos::Top));
    let offset = (-(theme.px(4.0) as i32), theme.px(7.0) as i32);
    axes.draw_series([EmptyElement::at((x_end, value)) + Text::new(text, offset, style)])?;
    Ok(())
}

fn end_labels(chart: Chart, curves: &LearningCurves, theme: &Theme, y_end: f64) -> Vec<EndLabel> {
    let mut labels = Vec::new();
    for lane in &curves.lanes {
        let color = theme.lanes[lane.lane % theme.lanes.len()];
        let mut push = |points: &[Point], what: &str| {
            if let Some((_, value)) = points.iter().copied().rfind(finite) {
                let text = [lane.name.as_str(), what].into_iter().filter(|part| !part.is_empty());
                labels.push(EndLabel {
                    text: text.collect::<Vec<_>>().join(" "),
                    value: value.clamp(0.0, y_end),
                    color,
                });
            }
        };
        match chart {
            Chart::Loss if lane.epoch_loss.is_empty() => push(&lane.batch_loss, ""),
            Chart::Loss => push(&lane.epoch_loss, ""),
            Chart::Accuracy => {
                push(&lane.train_accuracy, "train");
                push(&lane.test_accuracy, "test");
            }
        }
    }
    labels
}

/// Moves positions apart until neighbours are at least `gap` pixels from each other: each crowd is spread around its
/// middle, the others stay where they are. None goes below `lowest` (pixels count downwards).
fn apart(positions: &[i32], gap: i32, lowest: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by_key(|&index| positions[index]);
    // With a gap taken off for each one below it, "far enough apart" becomes "not decreasing", and the nearest
    // non-decreasing sequence is found by merging neighbours into crowds (sum, count) while they stand the wrong way.
    let mut crowds: Vec<(i32, i32)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut crowd = (positions[index] - rank as i32 * gap, 1);
        while let Some(&(sum, count)) = crowds.last().filter(|(sum, count)| sum * crowd.1 > crowd.0 * count) {
            crowds.pop();
            crowd = (sum + crowd.0, count + crowd.1);
        }
        crowds.push(crowd);
    }
    let spread = crowds.iter().flat_map(|&(sum, count)| (0..count).map(move |_| sum / count));
    let mut placed = positions.to_vec();
    for ((rank, &index), place) in order.iter().enumerate().zip(spread) {
        placed[index] = place + rank as i32 * gap;
    }
    let mut limit = lowest;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(limit);
        limit = placed[index] - gap;
    }
    placed
}

/// Room for the largest loss but for rare spikes, and always for the loss of guessing.
fn loss_ceiling(curves: &LearningCurves) -> f64 {
    let mut losses: Vec<f64> = curves.all_losses().map(|(_, loss)| loss).collect();
    losses.sort_by(f64::total_cmp);
    let high = losses.get(losses.len().saturating_sub(1) * 98 / 100).copied().unwrap_or(0.0);
    (high * 1.05).max(curves.chance_loss() * 1.1).max(0.1)
}

/// The next of the round numbers, twenty to a decade, so that the axis stands still for a while.
fn round_up(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor()) / 2.0;
    (value / unit).ceil() * unit
}

fn thousands(step: f64) -> String {
    if step >= 10_000.0 { format!("{}k", step / 1000.0) } else { format!("{step}") }
}

fn font(theme: &Theme, css_pixels: f64) -> TextStyle<'_> {
    (theme.font.as_str(), theme.px(css_pixels)).into_font().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race() -> LearningCurves {
        let lane = |name: &str, lane, test: f64| LaneCurves {
            name: name.into(),
            lane,
            batch_loss: (1..=40).map(|step| (f64::from(step), 2.4 / f64::from(step))).collect(),
            epoch_loss: (1..=5).map(|epoch| (f64::from(epoch) * 8.0, 2.0 / f64::from(epoch))).collect(),
            train_accuracy: (1..=5).map(|epoch| (f64::from(epoch) * 8.0, f64::from(epoch) / 5.0)).collect(),
            test_accuracy: (1..=5).map(|epoch| (f64::from(epoch) * 8.0, test)).collect(),
        };
        LearningCurves { lanes: vec![lane("true", 0, 0.4), lane("random", 1, 0.1)], classes: 10 }
    }

    #[test]
    fn every_line_and_both_reference_lines_are_named() {
        let svg = learning_curves_svg(&race(), &Theme::light(), 720, 640);
        for text in ["true train", "true test", "random train", "random test", "chance 10 %", "guessing 2.30", "100 %"]
        {
            assert!(svg.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn each_lane_is_drawn_in_its_own_colour() {
        let svg = learning_curves_svg(&race(), &Theme::light(), 720, 640);
        assert!(svg.contains("#006AA7") && svg.contains("#B24A00"));
    }

    #[test]
    fn no_runs_and_empty_runs_give_axes_and_the_chance_line() {
        let empty = LearningCurves { lanes: vec![LaneCurves::default()], classes: 10 };
        for curves in [LearningCurves { lanes: vec![], classes: 10 }, empty] {
            let svg = learning_curves_svg(&curves, &Theme::dark(), 400, 400);
            assert!(svg.contains("chance 10 %"));
            assert!(!svg.contains("NaN"));
        }
    }

    #[test]
    fn a_diverged_loss_does_not_spoil_the_axis() {
        let mut curves = race();
        curves.lanes[0].batch_loss.extend([(41.0, f64::NAN), (42.0, f64::INFINITY)]);
        let svg = learning_curves_svg(&curves, &Theme::light(), 720, 640);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn a_picture_too_small_for_axes_is_left_blank() {
        assert!(!learning_curves_svg(&race(), &Theme::light(), 40, 40).contains("chance"));
    }

    #[test]
    fn crowded_labels_are_spread_around_their_middle_and_others_stay() {
        assert_eq!(apart(&[100, 100, 300], 16, 400), [92, 108, 300]);
        assert_eq!(apart(&[50, 10], 16, 400), [50, 10]);
        assert_eq!(apart(&[100, 100], 16, 100), [84, 100]);
        assert_eq!(apart(&[], 16, 400), Vec::<i32>::new());
    }

    #[test]
    fn axis_ends_are_round_and_not_below_the_last_step() {
        assert_eq!([round_up(10.0), round_up(10.5), round_up(101.0), round_up(799.0)], [10.0, 15.0, 150.0, 800.0]);
    }
}
