//! The whole page below the heading that `index.html` already shows.

use leptos::html;
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::charts::learning::Charts;
use super::controls::class_link::ClassLink;
use super::controls::dial::Dial;
use super::controls::settings_panel::SettingsPanel;
use super::head::Head;
use super::lessons::lesson_view::LessonView;
use super::lessons::worksheet::PrintedAddress;
use super::map::MemorizationMap;
use super::message_list::MessageList;
use super::presets::Presets;
use super::runs::filters::FirstLayers;
use super::runs::lane_panel::LanePanel;
use super::runs::run_bar::RunBar;
use super::runs::table::RunsTable;
use crate::lab::browser::address;
use crate::lab::browser::window::document;
use crate::lab::facts::format::sentence;
use crate::lab::facts::link::Screen;
use crate::lab::state::appearance::Appearance;
use crate::lab::state::comparison::Comparison;
use crate::lab::state::navigation::Navigation;
use crate::lab::state::prediction::Prediction;
use crate::lab::state::settings::Settings;
use crate::lab::state::shared::Shared;
use crate::lab::views::live::live;

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
    Appearance::watch();
    let shared = Shared::new(address::data_url());
    let settings = Settings::new(shared.engine);
    let comparison = Comparison::new(settings, shared);
    let navigation = Navigation::new(settings, shared.messages);
    navigation.start();
    comparison.start();
    settings.ask_server();
    let view = navigation.view;
    let place = NodeRef::<html::Div>::new();
    let before = StoredValue::new(view.get_untracked());
    // Who comes to another view by key or by ear is put there, and told where that is.
    let focus = move || {
        // A page that is gone has no focus.
        let _ = place.get_untracked().map(|place| place.focus());
    };
    let body = move || {
        let shown = view.get();
        if before.get_value() != shown {
            request_animation_frame(focus);
        }
        before.set_value(shown);
        match shown {
            Screen::Lab => view! { <Laboratory settings comparison navigation /> }.into_any(),
            Screen::Lesson(number) => {
                view! { <Chapter settings comparison navigation number /> }.into_any()
            }
            Screen::Runs => view! { <RunsView settings comparison navigation /> }.into_any(),
        }
    };
    view! {
        <Head settings navigation />
        <MessageList messages=shared.messages comparison />
        <div class="view" node_ref=place tabindex="-1" role="group" aria-label=live(move || view.get().name())>
            {body}
        </div>
        <PrintedAddress navigation />
    }
}

/// Everything in one place.
#[component]
fn Laboratory(settings: Settings, comparison: Comparison, navigation: Navigation) -> impl IntoView {
    let shows = move |part: &'static str| settings.shows(part);
    view! {
        {move || shows("presets").then(|| view! { <Presets navigation /> })}
        <div class="bench">
            <div class="controls">
                {move || shows("dial").then(|| view! { <Dial settings /> })}
                {move || shows("settings").then(|| view! { <SettingsPanel settings /> })}
                {move || shows("settings").then(|| view! { <ClassLink navigation /> })}
            </div>
            <RunBar comparison />
            <div class="results">
                <EngineNote comparison />
                {move || shows("charts").then(|| view! { <Charts comparison /> })}
                <Lanes settings comparison />
                {move || shows("map").then(|| view! { <MemorizationMap comparison /> })}
                {move || shows("filters").then(|| view! { <FirstLayers comparison /> })}
                {move || shows("runs").then(|| view! { <RunsTable library=comparison.library navigation /> })}
            </div>
        </div>
    }
}

/// A lesson beside the curves and the map of its run, which are seen by who has predicted them.
#[component]
fn Chapter(
    settings: Settings,
    comparison: Comparison,
    navigation: Navigation,
    number: usize,
) -> impl IntoView {
    let prediction = Prediction::of(number);
    let shows = move |part: &'static str| settings.shows(part);
    let shows_lessons = Signal::derive(move || shows("lessons"));
    view! {
        <div class="bench chapter">
            <div class="controls">
                <LessonView comparison navigation prediction number shows_lessons />
            </div>
            <Show
                when=move || prediction.is_made()
                fallback=|| view! {
                    <p class="help unpredicted" data-testid="unpredicted">
                        "Curves and pictures appear here when you have made your prediction."
                    </p>
                }
            >
                <RunBar comparison />
                <div class="results">
                    <EngineNote comparison />
                    {move || shows("charts").then(|| view! { <Charts comparison /> })}
                    {move || shows("map").then(|| view! { <MemorizationMap comparison /> })}
                </div>
            </Show>
        </div>
    }
}

/// The runs that are kept, with the charts they can be laid over.
#[component]
fn RunsView(settings: Settings, comparison: Comparison, navigation: Navigation) -> impl IntoView {
    view! {
        <div class="results alone">
            {move || settings.shows("runs").then(|| view! { <RunsTable library=comparison.library navigation /> })}
            {move || settings.shows("charts").then(|| view! { <Charts comparison /> })}
        </div>
    }
}

/// Why the device is not the one a reader might expect; both lanes have the same.
#[component]
fn EngineNote(comparison: Comparison) -> impl IntoView {
    let note = move || {
        comparison.lanes[0].device.get().and_then(|(_, note)| note).map(|note| sentence(&note))
    };
    move || note().map(|note| view! { <p class="note" data-testid="engine-note">{note}</p> })
}

#[component]
fn Lanes(settings: Settings, comparison: Comparison) -> impl IntoView {
    let lanes = comparison.lanes.map(|lane| {
        let used = move || lane.plan.with(Option::is_some);
        view! {
            <Show when=used>
                <LanePanel lane shows_images=Signal::derive(move || settings.shows("pictures")) />
            </Show>
        }
    });
    view! { <div class="lanes">{lanes.into_iter().collect_view()}</div> }
}
