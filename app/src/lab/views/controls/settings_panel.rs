//! The controls but for the dial: what is compared, every setting of a recipe, and the engine. They are read off
//! [`SETTINGS`](crate::train::SETTINGS); the only thing said here of single settings is which come first.

use leptos::prelude::*;

use super::setting_control::SettingControl;
use crate::engine::messages::EngineChoice;
use crate::lab::browser::window;
use crate::lab::facts::link::{ENGINES, engine_word};
use crate::lab::facts::race::Race;
use crate::lab::state::settings::Settings;
use crate::lab::views::live::live;
use crate::train::{Group, SETTINGS, Setting};

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
pub fn SettingsPanel(settings: Settings) -> impl IntoView {
    let first = FIRST.iter().filter_map(|key| Setting::find(key).ok());
    let first = first.map(|setting| view! { <SettingControl settings setting /> }).collect_view();
    // On a phone the results come first; the settings open with a tap.
    let open = window::matches("(min-width: 60rem)");
    view! {
        <details class="settings card" open=open>
            <summary>
                <h2>"Settings"</h2>
            </summary>
            <p class="help">"A change makes it another run, which begins at step 0, or goes on where it was left before; the link in the address bar always holds all settings."</p>
            <RaceControl settings />
            {first}
            <details class="more">
                <summary>"More settings"</summary>
                {[Group::Model, Group::Data, Group::Optimization, Group::Stop, Group::Start]
                    .map(|group| view! { <MoreOf settings group /> })
                    .collect_view()}
            </details>
            <EngineControl settings />
        </details>
    }
}

#[component]
fn MoreOf(settings: Settings, group: Group) -> impl IntoView {
    let rest = SETTINGS.iter().filter(|setting| {
        setting.group == group && setting.key != "label-corruption" && !FIRST.contains(&setting.key)
    });
    rest.map(|setting| view! { <SettingControl settings setting /> }).collect_view()
}

#[component]
fn RaceControl(settings: Settings) -> impl IntoView {
    let options = Race::ALL.iter().map(|race| {
        let chosen = move || settings.race.get() == *race;
        view! { <option value=race.key() prop:selected=chosen>{race.label()}</option> }
    });
    let choose = move |event| {
        let word = event_target_value(&event);
        if let Some(index) = Race::KEYS.iter().position(|key| *key == word) {
            settings.race.set(Race::ALL[index]);
        }
    };
    view! {
        <div class="setting">
            <label for="setting-race">"Compare"</label>
            <select id="setting-race" disabled=live(move || settings.is_fixed("race")) on:change=choose aria-describedby="help-race">{options.collect_view()}</select>
            <p class="help" id="help-race">{live(move || settings.race.get().help())}</p>
        </div>
    }
}

#[component]
fn EngineControl(settings: Settings) -> impl IntoView {
    let options = ENGINES.map(|(engine, word)| {
        let label = match engine {
            EngineChoice::Auto => "Automatic",
            EngineChoice::Webgpu => "WebGPU",
            EngineChoice::Cpu => "CPU",
        };
        let chosen = move || settings.engine.get() == engine;
        view! { <option value=word prop:selected=chosen>{label}</option> }
    });
    let choose = move |event| {
        let word = event_target_value(&event);
        if let Some((engine, _)) = ENGINES.iter().find(|(engine, _)| engine_word(*engine) == word) {
            settings.engine.set(*engine);
        }
    };
    view! {
        <div class="setting">
            <label for="engine-select">"Engine"</label>
            <select id="engine-select" data-testid="engine-select" disabled=live(move || settings.is_fixed("engine")) on:change=choose aria-describedby="help-engine">
                {options.collect_view()}
            </select>
            <p class="help" id="help-engine">
                "Automatic takes the graphics card through WebGPU where the browser offers a real one, else the CPU. A \
                 change keeps the run: it goes on from its last checkpoint."
            </p>
        </div>
    }
}
