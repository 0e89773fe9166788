//! The whole page below the heading that `index.html` already shows.

use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::charts::Charts;
use super::controls::{Dial, Settings};
use super::filters::FirstLayers;
use super::format::sentence;
use super::head::Head;
use super::lane_panel::LanePanel;
use super::lessons::LessonView;
use super::library::RunsTable;
use super::link::Screen;
use super::map::MemorizationMap;
use super::messages::MessageList;
use super::page::Page;
use super::presets::Presets;
use super::run_bar::RunBar;

/// Replaces the skeleton of `index.html` by the living page.
pub fn start() {
    let Some(place) = document().get_element_by_id("app") else { return };
    place.set_inner_html("");
    if let Ok(place) = place.dyn_into() {
        mount_to(place, App).forget();
    }
}

#[component]
fn App() -> impl IntoView {
    let page = Page::new();
    page.start();
    let view = page.view;
    view! {
        <Head page />
        <MessageList page />
        {move || match view.get() {
            Screen::Lab => view! { <Laboratory page /> }.into_any(),
            Screen::Lesson(number) => view! { <Chapter page number /> }.into_any(),
            Screen::Runs => view! { <RunsView page /> }.into_any(),
        }}
    }
}

/// Everything in one place.
#[component]
fn Laboratory(page: Page) -> impl IntoView {
    let shows = move |part: &'static str| page.limits.with(|limits| limits.shows(part));
    view! {
        {move || shows("presets").then(|| view! { <Presets page /> })}
        <div class="bench">
            <div class="controls">
                {move || shows("dial").then(|| view! { <Dial page /> })}
                {move || shows("settings").then(|| view! { <Settings page /> })}
            </div>
            <RunBar page />
            <div class="results">
                <EngineNote page />
                {move || shows("charts").then(|| view! { <Charts page /> })}
                <Lanes page />
                {move || shows("map").then(|| view! { <MemorizationMap page /> })}
                {move || shows("filters").then(|| view! { <FirstLayers page /> })}
                {move || shows("runs").then(|| view! { <RunsTable page /> })}
            </div>
        </div>
    }
}

/// A lesson beside the curves and the map of its run.
#[component]
fn Chapter(page: Page, number: usize) -> impl IntoView {
    view! {
        <div class="bench chapter">
            <div class="controls">
                <LessonView page number />
            </div>
            <RunBar page />
            <div class="results">
                <EngineNote page />
                <Charts page />
                <MemorizationMap page />
            </div>
        </div>
    }
}

/// The runs that are kept, with the charts they can be laid over.
#[component]
fn RunsView(page: Page) -> impl IntoView {
    view! {
        <div class="results alone">
            <RunsTable page />
            <Charts page />
        </div>
    }
}

/// Why the device is not the one a reader might expect; both lanes have the same.
#[component]
fn EngineNote(page: Page) -> impl IntoView {
    let note =
        move || page.lanes[0].device.get().and_then(|(_, note)| note).map(|note| sentence(&note));
    move || note().map(|note| view! { <p class="note" data-testid="engine-note">{note}</p> })
}

#[component]
fn Lanes(page: Page) -> impl IntoView {
    let lanes = page.lanes.map(|lane| {
        let used = move || lane.plan.with(Option::is_some);
        view! {
            <Show when=used>
                <LanePanel page lane />
            </Show>
        }
    });
    view! { <div class="lanes">{lanes.into_iter().collect_view()}</div> }
}
