//! The charts of the runs on the page, drawn by `charts` in the colours of the stylesheet.

use leptos::prelude::*;

use super::chart_figure::ChartFigure;
use super::fit_order::FitOrder;
use super::sweep::SweepCharts;
use crate::charts::{Chart, LearningCurves, learning_plot};
use crate::data::CIFAR10_CLASSES;
use crate::lab::facts::fit_clock::FitClock;
use crate::lab::facts::format::percent;
use crate::lab::facts::history::History;
use crate::lab::facts::race::Race;
use crate::lab::facts::sentences::chart_sentence;
use crate::lab::state::comparison::Comparison;

/// All charts; the one about corrupted labels where there are any.
#[component]
pub fn Charts(comparison: Comparison) -> impl IntoView {
    let any_corrupted = Memo::new(move |_| {
        let is_corrupted = |history: &History| {
            history.facts.as_ref().is_some_and(|facts| facts.corrupted_labels > 0)
        };
        comparison
            .plans
            .get()
            .iter()
            .any(|plan| comparison.with_history_of(plan, is_corrupted).unwrap_or_default())
    });
    view! {
        <FitOrder comparison />
        <div class="charts">
            <Show when=move || comparison.race() == Race::Corruption>
                <SweepCharts comparison />
            </Show>
            <Learning
                comparison
                chart=Chart::Accuracy
                title="Accuracy"
                caption="Solid: training pictures, against the labels it is told. Dashed: test pictures it never saw, \
                         against the truth. Diamond: fitted. Across: steps."
            />
            <Learning
                comparison
                chart=Chart::Loss
                title="Training loss"
                caption="Cross-entropy: how little the network expected the labels it is told, in nats, which are bits to the \
                         base e. 0 is no surprise; guessing among ten is 2.30. Strong: mean of an epoch. Faint: single batches. \
                         Diamond: fitted. A triangle: a value beyond the edge. Across: steps."
            />
            <Show when=move || any_corrupted.get()>
                <Learning
                    comparison
                    chart=Chart::Corrupted
                    title="Pictures with a wrong label"
                    caption="Solid: the share of them for which it says the lie it is told. Dashed: the share for which \
                             it says the truth that nobody told it. Across: steps."
                />
            </Show>
        </div>
    }
}

/// A chart of learning curves.
#[component]
fn Learning(
    comparison: Comparison,
    chart: Chart,
    title: &'static str,
    caption: &'static str,
) -> impl IntoView {
    let file = match chart {
        Chart::Loss => "loss",
        Chart::Accuracy => "accuracy",
        Chart::Corrupted => "wrong-labels",
    };
    let number: fn(f64) -> String =
        if chart == Chart::Loss { |loss| format!("{loss:.3}") } else { percent };
    let plot = move |()| learning_plot(chart, &curves(comparison));
    let summary = Signal::derive(move || summary(comparison, chart));
    view! { <ChartFigure file title drawn_title=chart.title() caption across="Step" number plot summary /> }
}

/// The runs of the comparison, and behind them those that are laid over.
fn curves(comparison: Comparison) -> LearningCurves {
    let plans = comparison.plans.get();
    let clock = FitClock::of(&plans[0].recipe);
    let mut place = plans.len();
    let overlaid = comparison.library.of_overlaid(|run| {
        place += 1;
        run.history.curves(&run.name, place - 1, clock)
    });
    let own = plans.iter().filter_map(|plan| {
        // A single run needs no name, unless others lie over it.
        let uses_short = overlaid.is_empty() || !plan.short.is_empty();
        let name = if uses_short { &plan.short } else { &plan.title };
        comparison.with_history_of(plan, |history| history.curves(name, plan.place, clock))
    });
    let mut lanes: Vec<_> = own.collect();
    lanes.extend(overlaid);
    LearningCurves { lanes, classes: CIFAR10_CLASSES }
}

/// The chart in a sentence, for those who do not see it.
fn summary(comparison: Comparison, chart: Chart) -> String {
    let plans = comparison.plans.get();
    let own = plans.iter().filter_map(|plan| {
        comparison.with_history_of(plan, |history| chart_sentence(chart, &plan.title, history))
    });
    let overlaid =
        comparison.library.of_overlaid(|run| chart_sentence(chart, &run.name, &run.history));
    let reference = match chart {
        Chart::Loss => "Guessing has a loss of 2.30.",
        Chart::Accuracy | Chart::Corrupted => "Guessing is right in 10 % of the cases.",
    };
    format!("{} {reference}", own.chain(overlaid).collect::<Vec<_>>().join(" "))
}
