//! The controls: the dial, what is compared, every setting of a recipe, and the engine. They are read off
//! [`SETTINGS`](crate::train::SETTINGS); the only thing said here of single settings is which come first.

mod dial;
mod scale;
mod setting_control;

use crate::lab::live::live;
use leptos::prelude::*;

use super::link::{ENGINES, engine_word};
use super::page::Page;
use super::race::Race;
use crate::engine::messages::EngineChoice;
use crate::train::{Group, SETTINGS, Setting};
pub use dial::Dial;
use setting_control::SettingControl;

/// The settings that are in sight; the others wait under "More settings".
const FIRST: [&str; 10] = [
    "model",
    "images",
    "condition",
    "learning-rate",
    "batch-size",
    "weight-decay",
    "dropout",
    "random-crop",
    "batch-norm",
    "seed",
];

/// Everything but the dial.
#[component]
pub fn Settings(page: Page) -> impl IntoView {
    let first = FIRST.iter().filter_map(|key| Setting::find(key).ok());
    let first = first.map(|setting| view! { <SettingControl page setting /> }).collect_view();
    // On a phone the results come first; the settings open with a tap.
    let open = window()
        .match_media("(min-width: 60rem)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches());
    view! {
        <details class="settings card" open=open>
            <summary>
                <h2>"Settings"</h2>
            </summary>
            <p class="help">"A change starts the run it concerns anew at step 0; the link in the address bar always holds all settings."</p>
            <RaceControl page />
            {first}
            <details class="more">
                <summary>"More settings"</summary>
                {[Group::Model, Group::Data, Group::Optimization, Group::Stop, Group::Start]
                    .map(|group| view! { <MoreOf page group /> })
                    .collect_view()}
            </details>
            <EngineControl page />
        </details>
    }
}

#[component]
fn MoreOf(page: Page, group: Group) -> impl IntoView {
    let rest = SETTINGS.iter().filter(|setting| {
        setting.group == group && setting.key != "label-corruption" && !FIRST.contains(&setting.key)
    });
    rest.map(|setting| view! { <SettingControl page setting /> }).collect_view()
}

#[component]
fn RaceControl(page: Page) -> impl IntoView {
    let options = Race::ALL.iter().map(|race| {
        let chosen = move || page.race.get() == *race;
        view! { <option value=race.key() prop:selected=chosen>{race.label()}</option> }
    });
    let choose = move |event| {
        let word = event_target_value(&event);
        if let Some(index) = Race::KEYS.iter().position(|key| *key == word) {
            page.race.set(Race::ALL[index]);
        }
    };
    view! {
        <div class="setting">
            <label for="setting-race">"Compare"</label>
            <select id="setting-race" disabled=live(move || page.is_fixed("race")) on:change=choose aria-describedby="help-race">{options.collect_view()}</select>
            <p class="help" id="help-race">{live(move || page.race.get().help())}</p>
        </div>
    }
}

#[component]
fn EngineControl(page: Page) -> impl IntoView {
    let options = ENGINES.map(|(engine, word)| {
        let label = match engine {
            EngineChoice::Auto => "Automatic",
            EngineChoice::Webgpu => "WebGPU",
            EngineChoice::Cpu => "CPU",
        };
        let chosen = move || page.shared.engine.get() == engine;
        view! { <option value=word prop:selected=chosen>{label}</option> }
    });
    let choose = move |event| {
        let word = event_target_value(&event);
        if let Some((engine, _)) = ENGINES.iter().find(|(engine, _)| engine_word(*engine) == word) {
            page.shared.engine.set(*engine);
        }
    };
    view! {
        <div class="setting">
            <label for="engine-select">"Engine"</label>
            <select id="engine-select" data-testid="engine-select" disabled=live(move || page.is_fixed("engine")) on:change=choose aria-describedby="help-engine">
                {options.collect_view()}
            </select>
            <p class="help" id="help-engine">
                "Automatic takes the graphics card through WebGPU where the browser offers a real one, else the CPU. A \
                 change keeps the run: it goes on from its last checkpoint."
            </p>
        </div>
    }
}
