//! The charts of the runs on the page, drawn by `charts` in the colours of the stylesheet.

use leptos::prelude::*;

use super::chart_figure::ChartFigure;
use super::format::percent;
use super::history::History;
use super::page::Page;
use super::race::Race;
use super::sweep::SweepCharts;
use crate::charts::{Chart, LearningCurves, learning_plot};
use crate::data::CIFAR10_CLASSES;

/// All charts; the one about corrupted labels where there are any.
#[component]
pub fn Charts(page: Page) -> impl IntoView {
    let any_corrupted = Memo::new(move |_| {
        let is_corrupted = |history: &History| {
            history.facts.as_ref().is_some_and(|facts| facts.corrupted_labels > 0)
        };
        page.plans
            .get()
            .iter()
            .any(|plan| page.with_history_of(plan, is_corrupted).unwrap_or_default())
    });
    view! {
        <div class="charts">
            <Show when=move || page.race.get() == Race::Corruption>
                <SweepCharts page />
            </Show>
            <Learning
                page
                chart=Chart::Accuracy
                title="Accuracy"
                caption="Solid: training pictures, against the labels it is told. Dashed: test pictures it never saw, \
                         against the truth. Across: steps."
            />
            <Learning
                page
                chart=Chart::Loss
                title="Training loss"
                caption="Cross-entropy in nats. Strong: mean of an epoch. Faint: single batches. A triangle: a value \
                         beyond the edge. Across: steps."
            />
            <Show when=move || any_corrupted.get()>
                <Learning
                    page
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
fn Learning(page: Page, chart: Chart, title: &'static str, caption: &'static str) -> impl IntoView {
    let file = match chart {
        Chart::Loss => "loss",
        Chart::Accuracy => "accuracy",
        Chart::Corrupted => "wrong-labels",
    };
    let number: fn(f64) -> String =
        if chart == Chart::Loss { |loss| format!("{loss:.3}") } else { percent };
    let plot = move |()| learning_plot(chart, &curves(page));
    let summary = Signal::derive(move || summary(page, chart));
    view! { <ChartFigure look=page.look file title drawn_title=chart.title() caption across="Step" number plot summary /> }
}

/// The runs of the comparison, and behind them those that are laid over.
fn curves(page: Page) -> LearningCurves {
    let plans = page.plans.get();
    let own = plans.iter().filter_map(|plan| {
        page.with_history_of(plan, |history| history.curves(&plan.short, plan.place))
    });
    let overlaid = page.library.overlaid();
    let overlaid = overlaid
        .iter()
        .enumerate()
        .map(|(at, run)| run.history.curves(&run.name, plans.len() + at));
    LearningCurves { lanes: own.chain(overlaid).collect(), classes: CIFAR10_CLASSES }
}

/// The chart in a sentence, for those who do not see it.
fn summary(page: Page, chart: Chart) -> String {
    let plans = page.plans.get();
    let own = plans.iter().filter_map(|plan| {
        page.with_history_of(plan, |history| sentence(chart, &plan.title, history))
    });
    let overlaid = page.library.overlaid();
    let overlaid = overlaid.iter().map(|run| sentence(chart, &run.name, &run.history));
    let reference = match chart {
        Chart::Loss => "Guessing has a loss of 2.30.",
        Chart::Accuracy | Chart::Corrupted => "Guessing is right in 10 % of the cases.",
    };
    format!("{} {reference}", own.chain(overlaid).collect::<Vec<_>>().join(" "))
}

fn sentence(chart: Chart, title: &str, history: &History) -> String {
    match chart {
        Chart::Loss => match history.loss() {
            Some(loss) => format!("{title}: training loss {loss:.3} at step {}.", history.step),
            None => format!("{title}: no step taken yet."),
        },
        Chart::Accuracy => match history.accuracies() {
            Some((train, test)) => {
                format!(
                    "{title}: train accuracy {}, test accuracy {}.",
                    percent(train),
                    percent(test)
                )
            }
            None => format!("{title}: not measured yet."),
        },
        Chart::Corrupted => match history.corrupted().filter(|corrupted| corrupted.count > 0) {
            Some(corrupted) => {
                let share = |count: u64| percent(count as f64 / corrupted.count as f64);
                let (lie, truth) = (share(corrupted.memorized), share(corrupted.still_clean));
                format!(
                    "{title}: it says the lie for {lie} of the wrong labels and the truth for {truth}."
                )
            }
            None => format!("{title}: no wrong label measured."),
        },
    }
}
