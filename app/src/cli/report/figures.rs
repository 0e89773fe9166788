//! Figures of the document, from the runs. Where a line has several seeds it is their mean, with a band from the lowest to
//! the highest of them.

use super::figure_files::ChartFile;
use crate::charts::{
    Axis, Line, Plot, Point, ReferenceLine, Span, Stroke, round_up, test_errors_plot, thousands,
    times_to_fit_plot,
};
use crate::experiments::{
    CONDITIONS, CORRUPTED_MODELS, EXPERIMENTS, Outcome, Results, Row, Scale, corruption_levels,
    corruption_row, mean,
};
use crate::models::ModelName;
use crate::train::{EpochMetrics, StopReason};

/// A figure, or that its runs are missing.
pub(super) struct Figure {
    /// Part of its file's name.
    pub(super) name: &'static str,
    /// Above it in the document and in the image.
    pub(super) title: &'static str,
    /// Below it in the document.
    pub(super) caption: String,
    pub(super) plot: Option<Plot>,
}

impl Figure {
    fn of(
        name: &'static str,
        title: &'static str,
        caption: &str,
        drawn: Option<(Plot, usize)>,
    ) -> Self {
        let (plot, seeds) = drawn.map_or((None, 1), |(plot, seeds)| (Some(plot), seeds));
        let seeds = match seeds {
            0 | 1 => " One seed.".to_owned(),
            most => format!(
                " Lines are means over up to {most} seeds; bands reach from the lowest of them to the highest."
            ),
        };
        let is_cut = plot.as_ref().is_some_and(Plot::is_cut);
        let cut = if is_cut { " A triangle at an edge: a value beyond it." } else { "" };
        Self { name, title, caption: format!("{caption}{seeds}{cut}"), plot }
    }

    /// What its files are made of; none where it was not run.
    pub(super) fn drawing(&self, scale: Scale) -> Option<ChartFile<'_>> {
        let plot = self.plot.as_ref()?;
        Some(ChartFile { name: format!("{}-{}", scale.key(), self.name), title: self.title, plot })
    }
}

/// Every figure at a scale.
pub(super) fn all(scale: Scale, results: &Results) -> [Figure; 4] {
    [
        Figure::of(
            "fig1a",
            "Figure 1a: learning curves",
            "Mean training loss of each epoch: the small Inception on five versions of the same images, with nothing else \
             changed.",
            learning_curves(scale, results),
        ),
        Figure::of(
            "fig1b",
            "Figure 1b: how much longer corrupted labels take",
            "A training set counts as fitted when an epoch's mean loss is at most 0.1; the paper does not say what it timed. \
             A gap: a level that was not fitted by every seed, or not run.",
            times_to_fit(scale, results),
        ),
        Figure::of(
            "fig1c",
            "Figure 1c: test error of networks that fit corrupted labels",
            "Test labels are clean. At the paper's size, rings at both ends are its Table 1.",
            test_errors(scale, results),
        ),
        Figure::of(
            "fig2b",
            "Figure 2b: batch norm, nothing else regularized",
            "Accuracy of the small Inception. Solid: training images; dashed: test images. The faint line is the best test \
             accuracy so far: what stopping early would have had.",
            batch_norm(scale, results),
        ),
    ]
}

fn reference(value: f64, name: &str, is_left: bool) -> Option<ReferenceLine> {
    Some(ReferenceLine { value, name: name.into(), is_left })
}

fn steps_axis(lines: &[Line]) -> Axis {
    let last = lines.iter().flat_map(|line| &line.points).map(|point| point.0).fold(10.0, f64::max);
    Axis { start: 0.0, end: round_up(last), number: thousands, name: "steps" }
}

/// The runs of a row that can be averaged, and how many there are in all. A run that diverged has no curve to average; it is
/// drawn where there is no other.
fn runs_of<'a>(results: &'a Results, row: &Row) -> (Vec<&'a Outcome>, usize) {
    let mut runs = results.of(&row.recipe);
    let all = runs.len();
    let has_diverged = |run: &Outcome| run.summary.stopped_by == StopReason::Diverged;
    if runs.iter().any(|run| !has_diverged(run)) {
        runs.retain(|run| !has_diverged(run));
    }
    (runs, all)
}

/// What a line is called, with how many of its seeds it shows where that is not all of them.
fn name_of(name: &str, shown: usize, all: usize) -> String {
    if shown == all { name.to_owned() } else { format!("{name} ({shown} of {all})") }
}

/// The mean of curves, and the span of their values, at the steps that all of them have.
fn over_seeds(curves: &[Vec<Point>]) -> (Vec<Point>, Vec<Span>) {
    let Some((first, others)) = curves.split_first() else { return Default::default() };
    let at_step = |&(step, value): &Point| -> Option<(f64, Vec<f64>)> {
        let at = |curve: &Vec<Point>| {
            let found = curve.binary_search_by(|point| point.0.total_cmp(&step)).ok()?;
            Some(curve[found].1)
        };
        let others: Option<Vec<f64>> = others.iter().map(at).collect();
        Some((step, std::iter::once(value).chain(others?).collect()))
    };
    let found: Vec<_> = first.iter().filter_map(at_step).collect();
    let means = found.iter().filter_map(|(step, values)| Some((*step, mean(values)?))).collect();
    (means, spans(&found))
}

/// From the lowest to the highest value at each place; none where there is one value everywhere, which has no width.
fn spans(places: &[(f64, Vec<f64>)]) -> Vec<Span> {
    if places.iter().all(|(_, values)| values.len() < 2) {
        return Vec::new();
    }
    let span = |(x, values): &(f64, Vec<f64>)| {
        let low = values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN);
        (*x, low, values.iter().copied().reduce(f64::max).unwrap_or(f64::NAN))
    };
    places.iter().map(span).collect()
}

/// What each epoch says, against its step.
fn curve(run: &Outcome, what: impl Fn(&EpochMetrics) -> Option<f64>) -> Vec<Point> {
    let epochs = run.epochs.iter();
    epochs.filter_map(|epoch| Some((epoch.step as f64, what(epoch)?))).collect()
}

fn rows_of(name: &str, scale: Scale) -> Vec<Row> {
    let found = EXPERIMENTS.iter().find(|experiment| experiment.name == name);
    found.map_or_else(Vec::new, |experiment| (experiment.rows)(scale))
}

fn learning_curves(scale: Scale, results: &Results) -> Option<(Plot, usize)> {
    let mut seeds = 0;
    let mut lines = Vec::new();
    for (color, (row, condition)) in rows_of("fig1a", scale).iter().zip(CONDITIONS).enumerate() {
        let (runs, all) = runs_of(results, row);
        if runs.is_empty() {
            continue;
        }
        seeds = seeds.max(runs.len());
        let loss = |epoch: &EpochMetrics| Some(f64::from(epoch.train_loss));
        let curves: Vec<_> = runs.iter().map(|run| curve(run, loss)).collect();
        let (points, band) = over_seeds(&curves);
        let name = name_of(&condition.key().replace('-', " "), runs.len(), all);
        lines.push(Line { name, color, points, band, ..Line::default() });
    }
    (!lines.is_empty()).then(|| {
        let plot = Plot {
            x: steps_axis(&lines),
            y: Axis {
                start: 0.0,
                end: 2.6,
                number: |loss| format!("{loss:.1}"),
                name: "training loss (nats)",
            },
            reference: reference(std::f64::consts::LN_10, "guessing 2.30", false),
            lines,
        };
        (plot, seeds)
    })
}

/// A curve for each network of something against the share of corrupted labels, and the most seeds that a place of it has.
/// `values` has a value for each seed at a level; where there is none the line has a gap.
fn over_corruption(
    scale: Scale,
    values: impl Fn(ModelName, f64) -> Option<Vec<f64>>,
) -> (Vec<Line>, usize) {
    let mut seeds = 0;
    let mut lines = Vec::new();
    for (color, &model) in CORRUPTED_MODELS.iter().enumerate() {
        let at_level = |level| (level, values(model, level).unwrap_or_default());
        let found: Vec<_> = corruption_levels(scale, model).into_iter().map(at_level).collect();
        // One level is no curve.
        if found.iter().filter(|(_, values)| !values.is_empty()).count() < 2 {
            continue;
        }
        seeds = found.iter().map(|(_, values)| values.len()).fold(seeds, usize::max);
        let point = |(level, values): &(f64, Vec<f64>)| (*level, mean(values).unwrap_or(f64::NAN));
        lines.push(Line {
            name: model.key().into(),
            color,
            stroke: Stroke::Marked,
            points: found.iter().map(point).collect(),
            band: spans(&found),
            mark: None,
        });
    }
    (lines, seeds)
}

/// What every seed at a level of corruption came to; none if one of them did not come to anything, or diverged.
fn at_level(
    (scale, results): (Scale, &Results),
    (model, level): (ModelName, f64),
    what: impl Fn(&Outcome) -> Option<f64>,
) -> Option<Vec<f64>> {
    let runs = results.of(&corruption_row(scale, model, level).recipe);
    let value = |run: &&Outcome| {
        (run.summary.stopped_by != StopReason::Diverged).then(|| what(run)).flatten()
    };
    runs.iter().map(value).collect()
}

fn times_to_fit(scale: Scale, results: &Results) -> Option<(Plot, usize)> {
    let steps = |model, level| at_level((scale, results), (model, level), Outcome::steps_to_fit);
    let (lines, seeds) = over_corruption(scale, |model, level| {
        let clean = mean(&steps(model, 0.0)?)?;
        Some(steps(model, level)?.into_iter().map(|steps| steps / clean).collect())
    });
    (!lines.is_empty()).then(|| (times_to_fit_plot(lines), seeds))
}

fn test_errors(scale: Scale, results: &Results) -> Option<(Plot, usize)> {
    let error = |run: &Outcome| Some(1.0 - run.summary.test_accuracy);
    let (mut lines, seeds) =
        over_corruption(scale, |model, level| at_level((scale, results), (model, level), error));
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
    Some((test_errors_plot(lines), seeds))
}

fn batch_norm(scale: Scale, results: &Results) -> Option<(Plot, usize)> {
    let mut seeds = 0;
    let mut lines = Vec::new();
    for ((row, name), color) in rows_of("fig2b", scale).iter().zip(["with", "without"]).zip(0..) {
        let (runs, all) = runs_of(results, row);
        if runs.is_empty() {
            continue;
        }
        seeds = seeds.max(runs.len());
        let curves = |what: fn(&crate::train::Accuracy) -> f64| -> Vec<Vec<Point>> {
            let of_run = |run: &&Outcome| curve(run, |epoch| Some(what(epoch.accuracy.as_ref()?)));
            runs.iter().map(of_run).collect()
        };
        let (train, test) =
            (curves(|accuracy| accuracy.train_accuracy), curves(|accuracy| accuracy.test_accuracy));
        let best_so_far = |curve: &Vec<Point>| -> Vec<Point> {
            let best = curve.iter().scan(0.0_f64, |best, &(step, accuracy)| {
                *best = best.max(accuracy);
                Some((step, *best))
            });
            best.collect()
        };
        let best: Vec<_> = test.iter().map(best_so_far).collect();
        let line = |name: String, stroke, (points, band)| Line {
            name,
            color,
            stroke,
            points,
            band,
            ..Line::default()
        };
        let named = |what: &str| name_of(&format!("{name} BN {what}"), runs.len(), all);
        lines.push(line(String::new(), Stroke::Faint, (over_seeds(&best).0, Vec::new())));
        lines.push(line(named("train"), Stroke::Solid, over_seeds(&train)));
        lines.push(line(named("test"), Stroke::Dashed, over_seeds(&test)));
    }
    (!lines.is_empty()).then(|| {
        let plot = Plot {
            x: steps_axis(&lines),
            y: Axis {
                start: 0.0,
                end: 1.0,
                number: |share| format!("{:.0} %", 100.0 * share),
                name: "accuracy",
            },
            reference: reference(0.1, "chance 10 %", false),
            lines,
        };
        (plot, seeds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Recipe, Summary};

    /// A run whose epochs of ten steps have these losses.
    fn run(recipe: &Recipe, seed: u64, losses: &[f32]) -> Outcome {
        let epoch = |(at, &train_loss): (usize, &f32)| EpochMetrics {
            epoch: at as u64 + 1,
            step: 10 * (at as u64 + 1),
            learning_rate: 0.1,
            train_loss,
            accuracy: None,
            seconds: 1.0,
            images_per_second: 1.0,
        };
        let diverged = losses.iter().any(|loss| !loss.is_finite());
        Outcome {
            epochs: losses.iter().enumerate().map(epoch).collect(),
            test_images: 500,
            summary: Summary {
                recipe: Recipe { seed, ..recipe.clone() },
                train_accuracy: 1.0,
                test_accuracy: 0.4,
                train_loss: losses.last().copied().unwrap_or(0.0),
                corrupted: None,
                steps: 10 * losses.len() as u64,
                epochs: losses.len() as u64,
                seconds: 1.0,
                stopped_by: if diverged { StopReason::Diverged } else { StopReason::Epochs },
            },
        }
    }

    #[test]
    fn a_level_that_was_never_fitted_leaves_a_gap_instead_of_a_bridge() {
        let level = |share: f64| corruption_row(Scale::Desk, CORRUPTED_MODELS[0], share).recipe;
        let levels = corruption_levels(Scale::Desk, CORRUPTED_MODELS[0]);
        let never = levels[2];
        let runs = levels.iter().map(|&share| {
            let losses: &[f32] = if share == never { &[2.0, 1.5] } else { &[2.0, 0.05] };
            run(&level(share), 1, losses)
        });
        let (plot, _) = times_to_fit(Scale::Desk, &Results(runs.collect())).unwrap();
        let points = &plot.lines[0].points;
        assert_eq!(points.len(), levels.len());
        for (share, times) in points {
            assert!(if *share == never { times.is_nan() } else { *times == 1.0 }, "{points:?}");
        }
    }

    #[test]
    fn several_seeds_are_a_mean_with_a_band_and_one_is_a_line() {
        let row = &rows_of("fig1a", Scale::Desk)[0].recipe;
        let one = Results(vec![run(row, 1, &[2.0, 1.0])]);
        let (plot, seeds) = learning_curves(Scale::Desk, &one).unwrap();
        assert_eq!((seeds, plot.lines[0].band.len()), (1, 0));
        let three = [(1, [2.0, 1.0]), (2, [2.5, 1.0]), (3, [1.5, 0.25])];
        let three = Results(three.iter().map(|(seed, losses)| run(row, *seed, losses)).collect());
        let (plot, seeds) = learning_curves(Scale::Desk, &three).unwrap();
        assert_eq!(seeds, 3);
        assert_eq!(plot.lines[0].points, [(10.0, 2.0), (20.0, 0.75)]);
        assert_eq!(plot.lines[0].band, [(10.0, 1.5, 2.5), (20.0, 0.25, 1.0)]);
        let [figure, ..] = all(Scale::Desk, &three);
        assert!(figure.caption.contains("up to 3 seeds"), "{}", figure.caption);
    }

    #[test]
    fn a_diverged_seed_is_no_part_of_the_mean_and_is_told() {
        let row = &rows_of("fig1a", Scale::Desk)[0].recipe;
        let runs = vec![run(row, 1, &[2.0, 1.0]), run(row, 2, &[2.0, f32::NAN])];
        let (plot, _) = learning_curves(Scale::Desk, &Results(runs)).unwrap();
        assert_eq!(plot.lines[0].points, [(10.0, 2.0), (20.0, 1.0)]);
        assert!(plot.lines[0].name.ends_with("(1 of 2)"), "{}", plot.lines[0].name);
    }

    #[test]
    fn a_loss_beyond_the_axis_is_told_in_the_caption() {
        let row = &rows_of("fig1a", Scale::Desk)[0].recipe;
        let caption = |loss| {
            let [figure, ..] = all(Scale::Desk, &Results(vec![run(row, 1, &[loss, 1.0])]));
            figure.caption
        };
        assert!(caption(2.7).contains("triangle") && !caption(2.5).contains("triangle"));
    }
}
