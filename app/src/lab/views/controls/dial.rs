//! The dial of the page: how many training labels are random.

use leptos::prelude::*;

use super::setting_control::SettingErrorText;
use crate::data::{CIFAR10_CLASSES, Condition};
use crate::lab::facts::drafts::{as_share, in_percent, not_a_percentage};
use crate::lab::facts::format::{grouped, percent};
use crate::lab::facts::race::Race;
use crate::lab::state::settings::Settings;
use crate::lab::views::live::live;

const KEY: &str = "label-corruption";

/// Label corruption, large: a slider in percent, and the same number as text.
#[component]
pub fn Dial(settings: Settings) -> impl IntoView {
    let share = move || settings.recipe.with(|recipe| recipe.label_corruption);
    let slide = move |event| {
        let percent: f64 = event_target_value(&event).parse().unwrap_or(0.0);
        settings.set_draft(KEY, (percent / 100.0).to_string());
    };
    view! {
        <section class="dial card" aria-labelledby="dial-title">
            <h2 id="dial-title">"How many labels are random?"</h2>
            <p class="dial-value">{live(move || percent(share()))}</p>
            <input
                class="dial-slider"
                disabled=live(move || settings.is_fixed(KEY))
                type="range"
                min="0"
                max="100"
                step="1"
                aria-label="Label corruption, slider"
                aria-valuetext=live(move || format!("{} of the labels random", percent(share())))
                prop:value=live(move || (share() * 100.0).round().to_string())
                style:--share=live(move || format!("{}%", share() * 100.0))
                on:input=slide
            />
            <div class="dial-ends" aria-hidden="true">
                <span>"the truth"</span>
                <span>"pure noise"</span>
            </div>
            <p class="dial-meaning" id="help-label-corruption">{live(move || meaning(settings))}</p>
            <div class="dial-text">
                <label for="setting-label-corruption">"Random labels, in %"</label>
                <input
                    id="setting-label-corruption"
                    class="number"
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    disabled=live(move || settings.is_fixed(KEY))
                    prop:value=live(move || in_percent(&settings.draft(KEY)))
                    on:change=move |event| settings.set_draft(KEY, as_share(&event_target_value(&event)))
                    aria-describedby="help-label-corruption error-label-corruption"
                    aria-invalid=live(move || settings.errors.with(|errors| errors.contains_key(KEY)).to_string())
                />
            </div>
            <SettingErrorText settings key=KEY instead=not_a_percentage />
        </section>
    }
}

/// The dial's position in a sentence.
fn meaning(settings: Settings) -> String {
    let (recipe, race) = (settings.recipe.get(), settings.race.get());
    let lane = if race == Race::Labels { "In the second run, e" } else { "E" };
    let corrupted =
        recipe.images as f64 * recipe.label_corruption * (1.0 - 1.0 / CIFAR10_CLASSES as f64);
    match recipe.label_corruption {
        _ if race.decides(KEY) => "The comparison turns this dial itself.".into(),
        _ if race != Race::Labels && recipe.condition == Condition::RandomLabels => {
            "Every label is drawn at random already (see Data below), whatever the dial says."
                .into()
        }
        0.0 => format!("{lane}very picture keeps its own label."),
        share => format!(
            "{lane}{} by one of the ten, drawn blindly. Of {} pictures, about {} end up with a wrong one.",
            if share == 1.0 {
                "very label is replaced".into()
            } else {
                format!("ach label is replaced with probability {}", percent(share))
            },
            grouped(recipe.images),
            grouped(corrupted.round() as u64)
        ),
    }
}
