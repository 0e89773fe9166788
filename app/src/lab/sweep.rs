//! Figures 1b and 1c, drawn point by point while the corruption sweep runs.

use leptos::prelude::*;

use super::chart_figure::ChartFigure;
use super::format::percent;
use super::history::History;
use super::page::Page;
use super::race::LEVELS;
use crate::charts::{Line, Plot, Point, Stroke, test_errors_plot, times_to_fit_plot};

/// Both figures.
#[component]
pub fn SweepCharts(page: Page) -> impl IntoView {
    let errors =
        move || points(page, |history, _| Some(1.0 - history.summary.as_ref()?.test_accuracy));
    let times = move || {
        points(page, |history, clean| Some(history.steps_to_fit()? / clean?.steps_to_fit()?))
    };
    let draw = move |plot: fn(Vec<Line>) -> Plot, points: Vec<Point>| {
        let name = page.choices.with(|choices| choices.recipe.model.key().to_owned());
        plot(vec![Line { name, stroke: Stroke::Marked, points, ..Line::default() }])
    };
    view! {
        <ChartFigure
            look=page.look
            file="time-to-fit"
            title="Time to fit"
            drawn_title="Steps to fit, as a multiple of those with true labels"
            caption="Figure 1b, a point a run: steps until an epoch's mean loss is at most 0.1 or all is fitted, as a multiple of those with \
                     true labels. Across: labels replaced at random."
            across="Random labels"
            number=times_words
            plot=move |()| draw(times_to_fit_plot, times())
            summary=Signal::derive(move || sentences(times(), times_words, "the time of true labels"))
        />
        <ChartFigure
            look=page.look
            file="test-error"
            title="Test error"
            drawn_title="Test error"
            caption="Figure 1c, a point a run: test pictures named wrongly by the network in the end. Across: labels \
                     replaced at random."
            across="Random labels"
            number=percent
            plot=move |()| draw(test_errors_plot, errors())
            summary=Signal::derive(move || sentences(errors(), percent, "test error"))
        />
    }
}

/// Of each run of the sweep that is over: the share of random labels, and what `read` takes from it and from the run with
/// true labels; no number where it takes nothing, as from a run that never fitted.
fn points(page: Page, read: impl Fn(&History, Option<&History>) -> Option<f64>) -> Vec<Point> {
    let plans = page.plans.get();
    let over = |plan| {
        page.with_history_of(plan, Clone::clone)
            .filter(|history: &History| history.summary.is_some())
    };
    let histories: Vec<Option<History>> = plans.iter().map(over).collect();
    let clean = histories.first().and_then(Option::as_ref);
    let point = |(level, history): (f64, &Option<History>)| {
        Some((level, read(history.as_ref()?, clean).unwrap_or(f64::NAN)))
    };
    LEVELS.into_iter().zip(&histories).filter_map(point).collect()
}

fn times_words(times: f64) -> String {
    format!("{times:.1} times")
}

fn sentences(points: Vec<Point>, number: fn(f64) -> String, what: &str) -> String {
    if points.is_empty() {
        return "No run of the comparison is over yet.".into();
    }
    let sentences = points.into_iter().map(|(level, value)| {
        if value.is_nan() {
            return format!("{} random labels: not fitted.", percent(level));
        }
        format!("{} random labels: {} {what}.", percent(level), number(value))
    });
    sentences.collect::<Vec<_>>().join(" ")
}
