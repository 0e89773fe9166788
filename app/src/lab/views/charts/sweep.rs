//! Figures 1b and 1c, drawn point by point while the corruption sweep runs.

use leptos::prelude::*;

use super::chart_figure::ChartFigure;
use crate::charts::{Line, Plot, Point, Stroke, test_errors_plot, times_to_fit_plot};
use crate::lab::facts::format::percent;
use crate::lab::facts::race::LanePlan;
use crate::lab::facts::sweep::{SweepRun, points, sentences, times_words};
use crate::lab::state::comparison::Comparison;

/// Both figures.
#[component]
pub fn SweepCharts(comparison: Comparison) -> impl IntoView {
    // Asked at every redraw of a run under way; the figures are drawn anew when one is over.
    let runs = Memo::new(move |_| {
        let of = |plan: &LanePlan| comparison.with_history_of(plan, SweepRun::of).flatten();
        comparison.plans.with(|plans| plans.iter().map(of).collect::<Vec<_>>())
    });
    let errors = move || runs.with(|runs| points(runs, |run, _| Some(run.test_error)));
    let times = move || runs.with(|runs| points(runs, SweepRun::times_to_fit));
    let draw = move |plot: fn(Vec<Line>) -> Plot, points: Vec<Point>| {
        let name = comparison.plans.with(|plans| plans[0].recipe.model.key().to_owned());
        plot(vec![Line { name, stroke: Stroke::Marked, points, ..Line::default() }])
    };
    view! {
        <ChartFigure
            file="time-to-fit"
            title="Time to fit"
            drawn_title="Steps to fit, as a multiple of those with true labels"
            caption="Figure 1b, a point a run: steps until it is fitted, as a multiple of those with true labels. Across: \
                     labels replaced at random."
            across="Random labels"
            number=times_words
            plot=move |()| draw(times_to_fit_plot, times())
            summary=Signal::derive(move || sentences(times(), times_words, "the time of true labels"))
        />
        <ChartFigure
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
