//! The numbers of a lane: how well it knows what it was told, and how well what it never saw.

use leptos::prelude::*;

use super::images::ImageGrid;
use super::run_bar::phase_words;
use crate::data::CIFAR10_CLASSES;
use crate::lab::browser::canvas::color_name;
use crate::lab::facts::format::{grouped, percent};
use crate::lab::facts::history::History;
use crate::lab::facts::sentences::{corruption_sentence, end_sentence};
use crate::lab::state::lane::Lane;
use crate::lab::views::live::live;

/// One lane: heading, numbers, images.
#[component]
pub fn LanePanel(lane: Lane, shows_images: Signal<bool>) -> impl IntoView {
    let title = move || lane.plan.get().map(|plan| plan.title).unwrap_or_default();
    let color = move || color_name(lane.plan.get().map_or(lane.index, |plan| plan.place));
    view! {
        <section
            class="lane card"
            style:--lane=live(move || format!("var({})", color()))
            data-testid=format!("lane-{}", lane.name)
            data-state=live(move || lane.phase.get().key())
            aria-labelledby=format!("lane-title-{}", lane.name)
        >
            <header>
                <h2 id=format!("lane-title-{}", lane.name)>{title}</h2>
                <span class="phase">{live(move || phase_words(lane.phase.get()))}</span>
            </header>
            <div class="accuracies">
                <Meter
                    label="Train accuracy"
                    testid="train-accuracy"
                    value=Signal::derive(move || lane.with_history(|history| history.accuracies().map(|both| both.0)))
                />
                <Meter
                    label="Test accuracy"
                    testid="test-accuracy"
                    value=Signal::derive(move || lane.with_history(|history| history.accuracies().map(|both| both.1)))
                />
            </div>
            <Numbers lane />
            <p class="sentence">{live(move || lane.with_history(corruption_sentence))}</p>
            <p class="sentence end">
                {live(move || lane.with_history(|history| history.summary.as_ref().map(end_sentence)))}
            </p>
            {move || shows_images.get().then(|| view! { <ImageGrid lane /> })}
        </section>
    }
}

/// A share as a number and a bar, with a tick where guessing would be.
#[component]
fn Meter(label: &'static str, testid: &'static str, value: Signal<Option<f64>>) -> impl IntoView {
    let text = move || value.get().map_or("–".into(), percent);
    let width = move || format!("{}%", value.get().unwrap_or(0.0) * 100.0);
    view! {
        <div class="meter">
            <span class="meter-label">{label}</span>
            <span
                class="meter-value"
                data-testid=testid
                data-value=live(move || value.get().map(|value| value.to_string()).unwrap_or_default())
            >
                {text}
            </span>
            <span class="bar" aria-hidden="true" style:--chance=format!("{}%", 100.0 / CIFAR10_CLASSES as f64)>
                <span style:width=width></span>
            </span>
        </div>
    }
}

#[component]
fn Numbers(lane: Lane) -> impl IntoView {
    let loss = move || lane.with_history(History::loss);
    let step = move || lane.with_history(|history| history.step);
    let last =
        move || lane.with_history(|history| history.facts.as_ref().map(|facts| facts.last_step));
    let epoch = move || lane.with_history(History::epoch);
    let parameters =
        move || lane.with_history(|history| history.facts.as_ref().map(|facts| facts.parameters));
    let or_dash = |number: Option<u64>| number.map_or("–".into(), grouped);
    view! {
        <dl class="numbers">
            <div>
                <dt>"Batch loss"</dt>
                <dd data-testid="train-loss" data-value=live(move || loss().map(|loss| loss.to_string()).unwrap_or_default())>
                    {live(move || loss().map_or("–".into(), |loss| format!("{loss:.3}")))}
                </dd>
            </div>
            <div>
                <dt>"Step"</dt>
                <dd>
                    <span data-testid="step" data-value=live(move || step().to_string())>{live(move || grouped(step()))}</span>
                    <span class="of">{live(move || last().map(|last| format!(" of {}", grouped(last))))}</span>
                </dd>
            </div>
            <div>
                <dt>"Epoch"</dt>
                <dd>{live(move || grouped(epoch()))}</dd>
            </div>
            <div>
                <dt>"Parameters"</dt>
                <dd>{live(move || or_dash(parameters()))}</dd>
            </div>
        </dl>
    }
}
