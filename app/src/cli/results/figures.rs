//! Figures of the document, from the runs.

use crate::experiments::{
    CONDITIONS, CORRUPTED_MODELS, EXPERIMENTS, Outcome, Results, Row, Scale, corruption_levels,
    corruption_row,
};
use crate::report::{
    Axis, Line, Plot, Point, Reference, Stroke, round_up, test_errors_plot, thousands,
    times_to_fit_plot,
};

/// A figure, or that its runs are missing.
pub(super) struct Figure {
    /// Part of its file's name.
    pub(super) name: &'static str,
    /// Above it in the document.
    pub(super) title: &'static str,
    /// Above it in the picture: what is drawn upwards.
    pub(super) drawn_title: &'static str,
    pub(super) caption: &'static str,
    pub(super) plot: Option<Plot>,
}

/// Every figure at a scale.
pub(super) fn all(scale: Scale, results: &Results) -> [Figure; 4] {
    [
        Figure {
            name: "fig1a",
            title: "Figure 1a: learning curves",
            drawn_title: "Mean training loss of an epoch (nats)",
            caption: "The small Inception on five versions of the same pictures, with nothing else changed; one seed.",
            plot: learning_curves(scale, results),
        },
        Figure {
            name: "fig1b",
            title: "Figure 1b: how much longer corrupted labels take",
            drawn_title: "Steps to fit, as a multiple of those with true labels",
            caption: "A training set counts as fitted when an epoch's mean loss is at most 0.1; the paper does not say what \
                      it timed.",
            plot: times_to_fit(scale, results),
        },
        Figure {
            name: "fig1c",
            title: "Figure 1c: test error of networks that fit corrupted labels",
            drawn_title: "Test error",
            caption: "Test labels are clean. At the paper's size, rings at both ends are its Table 1.",
            plot: test_errors(scale, results),
        },
        Figure {
            name: "fig2b",
            title: "Figure 2b: batch norm",
            drawn_title: "Accuracy of the small Inception, nothing else regularized",
            caption: "Solid: training images; dashed: test images. The area above a dashed line reaches up to the best test \
                      accuracy so far: what stopping early would have gained. One seed.",
            plot: batch_norm(scale, results),
        },
    ]
}

fn reference(value: f64, name: &str, is_left: bool) -> Option<Reference> {
    Some(Reference { value, name: name.into(), is_left })
}

fn steps_axis(lines: &[Line]) -> Axis {
    let last = lines.iter().flat_map(|line| &line.points).map(|point| point.0).fold(10.0, f64::max);
    Axis { start: 0.0, end: round_up(last), number: thousands, name: "steps" }
}

fn first_run<'a>(results: &'a Results, row: &Row) -> Option<&'a Outcome> {
    results.of(&row.recipe).into_iter().next()
}

fn learning_curves(scale: Scale, results: &Results) -> Option<Plot> {
    let rows = EXPERIMENTS
        .iter()
        .find(|experiment| experiment.name == "fig1a")
        .map(|known| (known.rows)(scale))?;
    let line = |(color, (row, condition)): (usize, (&Row, _))| -> Option<Line> {
        let run = first_run(results, row)?;
        let points =
            run.epochs.iter().map(|epoch| (epoch.step as f64, f64::from(epoch.train_loss)));
        let condition: crate::data::Condition = condition;
        Some(Line {
            name: condition.key().replace('-', " "),
            color,
            points: points.collect(),
            ..Line::default()
        })
    };
    let lines: Vec<Line> = rows.iter().zip(CONDITIONS).enumerate().filter_map(line).collect();
    (!lines.is_empty()).then(|| Plot {
        x: steps_axis(&lines),
        y: Axis { start: 0.0, end: 2.6, number: |loss| format!("{loss:.1}"), name: "" },
        reference: reference(std::f64::consts::LN_10, "guessing 2.30", false),
        lines,
    })
}

/// A curve for each network of something against the share of corrupted labels.
fn over_corruption(
    scale: Scale,
    value: impl Fn(crate::models::ModelName, f64) -> Option<f64>,
) -> Vec<Line> {
    let line = |(color, &model): (usize, &crate::models::ModelName)| {
        let points: Vec<Point> = corruption_levels(scale, model)
            .into_iter()
            .filter_map(|level| Some((level, value(model, level)?)))
            .collect();
        // One level is no curve.
        (points.len() > 1).then(|| Line {
            name: model.key().into(),
            color,
            stroke: Stroke::Marked,
            points,
            band: Vec::new(),
        })
    };
    CORRUPTED_MODELS.iter().enumerate().filter_map(line).collect()
}

fn times_to_fit(scale: Scale, results: &Results) -> Option<Plot> {
    let time = |model, level| {
        results.mean(&corruption_row(scale, model, level).recipe, Outcome::steps_to_fit)
    };
    let lines =
        over_corruption(scale, |model, level| Some(time(model, level)? / time(model, 0.0)?));
    (!lines.is_empty()).then(|| times_to_fit_plot(lines))
}

fn test_errors(scale: Scale, results: &Results) -> Option<Plot> {
    let error = |run: &Outcome| Some(1.0 - run.summary.test_accuracy);
    let mut lines = over_corruption(scale, |model, level| {
        results.mean(&corruption_row(scale, model, level).recipe, error)
    });
    if lines.is_empty() {
        return None;
    }
    if scale == Scale::Paper {
        // Rings have no name of their own: they are told by the line they belong to.
        let drawn: Vec<_> =
            lines.iter().map(|line| (line.color, CORRUPTED_MODELS[line.color])).collect();
        for (color, model) in drawn {
            let ends = [0.0, 1.0].into_iter().filter_map(|level| {
                let published = corruption_row(scale, model, level).published.test?;
                Some((level, 1.0 - published.percent / 100.0))
            });
            lines.push(Line {
                color,
                stroke: Stroke::Rings,
                points: ends.collect(),
                ..Line::default()
            });
        }
    }
    Some(test_errors_plot(lines))
}

fn batch_norm(scale: Scale, results: &Results) -> Option<Plot> {
    let rows = EXPERIMENTS
        .iter()
        .find(|experiment| experiment.name == "fig2b")
        .map(|known| (known.rows)(scale))?;
    let mut lines = Vec::new();
    for ((row, name), color) in rows.iter().zip(["with", "without"]).zip(0..) {
        let Some(run) = first_run(results, row) else { continue };
        let measured = |what: fn(&crate::train::Accuracy) -> f64| -> Vec<Point> {
            run.epochs
                .iter()
                .filter_map(|epoch| Some((epoch.step as f64, what(epoch.accuracy.as_ref()?))))
                .collect()
        };
        let (train, test) = (
            measured(|accuracy| accuracy.train_accuracy),
            measured(|accuracy| accuracy.test_accuracy),
        );
        let running_best = test.iter().scan(0.0_f64, |best, &(step, accuracy)| {
            *best = best.max(accuracy);
            Some((step, *best))
        });
        let band = running_best.collect();
        let line = |what: &str, stroke, points, band| Line {
            name: format!("{name} BN {what}"),
            color,
            stroke,
            points,
            band,
        };
        lines.push(line("train", Stroke::Solid, train, Vec::new()));
        lines.push(line("test", Stroke::Dashed, test, band));
    }
    (!lines.is_empty()).then(|| Plot {
        x: steps_axis(&lines),
        y: Axis {
            start: 0.0,
            end: 1.0,
            number: |share| format!("{:.0} %", 100.0 * share),
            name: "",
        },
        reference: reference(0.1, "chance 10 %", false),
        lines,
    })
}
