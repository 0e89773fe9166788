//! The whole page below the heading that `index.html` already shows.

use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::charts::Charts;
use super::controls::{Dial, Settings};
use super::format::sentence;
use super::lane_panel::LanePanel;
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
    let lanes = page.lanes.map(|lane| {
        let used = move || lane.plan.with(Option::is_some);
        view! {
            <Show when=used>
                <LanePanel lane />
            </Show>
        }
    });
    // Why the device is not the one a reader might expect; both lanes have the same.
    let note = move || page.lanes[0].device.get().and_then(|(_, note)| note).map(|note| sentence(&note));
    view! {
        <Presets page />
        <MessageList page />
        <div class="bench">
            <div class="controls">
                <Dial page />
                <Settings page />
            </div>
            <RunBar page />
            <div class="results">
                {move || note().map(|note| view! { <p class="note" data-testid="engine-note">{note}</p> })}
                <Charts page />
                <div class="lanes">{lanes.into_iter().collect_view()}</div>
            </div>
        </div>
    }
}
