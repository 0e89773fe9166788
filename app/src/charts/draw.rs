//! The charts of a run: the training loss, the accuracies, and what became of corrupted labels, each with what guessing would
//! give.

use plotters::prelude::*;

use super::curves::{LaneCurves, LearningCurves, Point};
use super::plot::{Axis, Line, Plot, ReferenceLine, Stroke, draw_titled, round_up, thousands};
use super::theme::Theme;

/// Which quantity is drawn against the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// The training loss: a faint line a batch, a strong line the epochs' means.
    Loss,
    /// The accuracies: solid on the training images, dashed on the test images.
    Accuracy,
    /// Of the training images with a corrupted label, the shares of which the shown and, dashed, the clean label is predicted.
    Corrupted,
}

impl Chart {
    /// What is drawn upwards, for a title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Loss => "Training loss (nats) against steps",
            Self::Accuracy => "Accuracy against steps",
            Self::Corrupted => "What it says of images with a wrong label, against steps",
        }
    }
}

/// Loss and accuracy, one above the other, as an SVG of `width` x `height` pixels.
pub fn learning_curves_svg(
    curves: &LearningCurves,
    theme: &Theme,
    width: u32,
    height: u32,
) -> String {
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (width.max(1), height.max(1))).into_drawing_area();
        let (upper, lower) = area.split_vertically((height / 2) as i32);
        let titled = |area, chart: Chart| {
            draw_titled(area, chart.title(), &learning_plot(chart, curves), theme)
        };
        let drawn = titled(&upper, Chart::Loss).and_then(|()| titled(&lower, Chart::Accuracy));
        let drawn = drawn.and_then(|()| area.present());
        // The SVG backend writes to memory; formatting into a String does not fail.
        debug_assert!(drawn.is_ok());
    }
    svg
}

/// One chart of some runs.
pub fn learning_plot(chart: Chart, curves: &LearningCurves) -> Plot {
    let lines = curves.lanes.iter().flat_map(|lane| match chart {
        Chart::Loss => {
            let has_epochs = !lane.epoch_loss.is_empty();
            [
                line(
                    lane,
                    if has_epochs { None } else { Some("") },
                    Stroke::Faint,
                    &lane.batch_loss,
                ),
                line(lane, has_epochs.then_some(""), Stroke::Solid, &lane.epoch_loss),
            ]
        }
        Chart::Accuracy => [
            line(lane, Some("train"), Stroke::Solid, &lane.train_accuracy),
            line(lane, Some("test"), Stroke::Dashed, &lane.test_accuracy),
        ],
        Chart::Corrupted => [
            line(lane, Some("the lie"), Stroke::Solid, &lane.memorized),
            line(lane, Some("the truth"), Stroke::Dashed, &lane.still_clean),
        ],
    });
    let name = match chart {
        Chart::Loss => "loss (nats)",
        Chart::Accuracy => "accuracy",
        Chart::Corrupted => "share of wrong labels",
    };
    let (end, number, reference): (f64, fn(f64) -> String, _) = match chart {
        Chart::Loss => {
            let guessing = curves.chance_loss();
            (
                loss_ceiling(curves),
                |loss| format!("{loss:.1}"),
                (guessing, format!("guessing {guessing:.2}")),
            )
        }
        Chart::Accuracy | Chart::Corrupted => {
            let chance = curves.chance();
            (
                1.0,
                |share| format!("{:.0} %", share * 100.0),
                (chance, format!("chance {:.0} %", chance * 100.0)),
            )
        }
    };
    let (value, reference) = reference;
    Plot {
        lines: lines.collect(),
        x: Axis {
            start: 0.0,
            end: round_up(curves.last_step().max(10.0)),
            number: thousands,
            name: "steps",
        },
        y: Axis { start: 0.0, end, number, name },
        reference: Some(ReferenceLine { value, name: reference, is_left: false }),
    }
}

/// A line of a lane, named after the lane and `what` it is; unnamed without. A solid one is marked where the run was fitted.
fn line(lane: &LaneCurves, what: Option<&str>, stroke: Stroke, points: &[Point]) -> Line {
    let name = what.map_or_else(String::new, |what| {
        let parts = [lane.name.as_str(), what].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    });
    let moment = |step: f64| points.iter().copied().find(|point| point.0 == step);
    let mark = lane.fitted.filter(|_| stroke == Stroke::Solid).and_then(moment);
    Line { name, color: lane.lane, stroke, points: points.to_vec(), mark, ..Line::default() }
}

/// Room for the largest loss but for rare spikes, and always for the loss of guessing; a run that diverges, whose losses
/// have many digits, is cut at ten times that.
fn loss_ceiling(curves: &LearningCurves) -> f64 {
    let mut losses: Vec<f64> = curves.all_losses().map(|(_, loss)| loss).collect();
    losses.sort_unstable_by(f64::total_cmp);
    let high = losses.get(losses.len().saturating_sub(1) * 98 / 100).copied().unwrap_or(0.0);
    let guessing = curves.chance_loss();
    (high * 1.05).min(guessing * 10.0).max(guessing * 1.1).max(0.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::plot_svg;

    fn race() -> LearningCurves {
        let lane = |name: &str, lane, test: f64| LaneCurves {
            name: name.into(),
            lane,
            fitted: Some(32.0),
            batch_loss: (1..=40).map(|step| (f64::from(step), 2.4 / f64::from(step))).collect(),
            epoch_loss: (1..=5)
                .map(|epoch| (f64::from(epoch) * 8.0, 2.0 / f64::from(epoch)))
                .collect(),
            train_accuracy: (1..=5)
                .map(|epoch| (f64::from(epoch) * 8.0, f64::from(epoch) / 5.0))
                .collect(),
            test_accuracy: (1..=5).map(|epoch| (f64::from(epoch) * 8.0, test)).collect(),
            memorized: (1..=5)
                .map(|epoch| (f64::from(epoch) * 8.0, f64::from(epoch) / 5.0))
                .collect(),
            still_clean: vec![(8.0, 0.4), (40.0, 0.05)],
        };
        LearningCurves { lanes: vec![lane("true", 0, 0.4), lane("random", 1, 0.1)], classes: 10 }
    }

    #[test]
    fn every_line_and_both_reference_lines_are_named() {
        let svg = learning_curves_svg(&race(), &Theme::light(), 720, 640);
        for text in [
            "true train",
            "true test",
            "random train",
            "random test",
            "chance 10 %",
            "guessing 2.30",
            "100 %",
        ] {
            assert!(svg.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn what_became_of_corrupted_labels_is_drawn_as_memorized_and_clean() {
        let svg =
            plot_svg("", &learning_plot(Chart::Corrupted, &race()), &Theme::light(), 720, 320);
        for text in ["random the lie", "random the truth", "chance 10 %"] {
            assert!(svg.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn each_chart_marks_the_moment_from_which_a_run_is_fitted_once_a_run() {
        for (chart, value) in [(Chart::Loss, 0.5), (Chart::Accuracy, 0.8), (Chart::Corrupted, 0.8)]
        {
            let plot = learning_plot(chart, &race());
            let marks: Vec<Point> = plot.lines.iter().filter_map(|line| line.mark).collect();
            assert_eq!(marks, [(32.0, value), (32.0, value)], "{chart:?}");
        }
        let mut never = race();
        never.lanes.iter_mut().for_each(|lane| lane.fitted = None);
        let plot = learning_plot(Chart::Loss, &never);
        assert!(plot.lines.iter().all(|line| line.mark.is_none()));
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
    fn the_numbers_of_a_diverged_runs_axis_are_short_enough_for_its_margin() {
        let mut curves = race();
        curves.lanes[0].batch_loss.extend((41..90).map(|step| (f64::from(step), 1e12)));
        let axis = learning_plot(Chart::Loss, &curves).y;
        let longest = (axis.number)(axis.end);
        assert!(longest.len() <= 4, "{longest}");
        let as_ever = learning_plot(Chart::Loss, &race()).y.end;
        assert!(as_ever > 2.3 && as_ever < 3.0, "{as_ever}");
    }

    #[test]
    fn an_image_too_small_for_axes_is_left_blank() {
        assert!(!learning_curves_svg(&race(), &Theme::light(), 40, 40).contains("chance"));
    }
}
