//! The control of one setting, whatever its kind. Its input has the id `setting-<key>`.

use leptos::prelude::*;

use crate::data::CIFAR10_TRAIN_IMAGES;
use crate::lab::facts::format::sentence;
use crate::lab::facts::scale::{POSITIONS, SliderScale};
use crate::lab::state::settings::Settings;
use crate::lab::views::live::live;
use crate::train::{Setting, SettingKind};

/// A label, an input, its help and, if the value cannot be taken, the sentence that says so.
#[component]
pub fn SettingControl(settings: Settings, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    let decided = move || settings.race.get().decides(key);
    let input = match setting.kind {
        SettingKind::Choice(words) => choice(settings, setting, words).into_any(),
        SettingKind::Switch => switch(settings, setting).into_any(),
        SettingKind::Integer { .. } | SettingKind::Number { .. } => {
            view! { <NumberInput settings setting /> }.into_any()
        }
    };
    view! {
        <div class="setting" class:decided=decided class:switch=setting.kind == SettingKind::Switch>
            <label for=format!("setting-{key}")>{setting.label}</label>
            {input}
            <p class="help" id=format!("help-{key}")>
                {live(move || match () {
                    () if decided() => "The comparison decides this, one way in each run.",
                    () if settings.is_fixed(key) => "This link has fixed it.",
                    () => setting.help.trim(),
                })}
            </p>
            <SettingErrorText settings key />
        </div>
    }
}

/// The sentence of a setting in error, tied to its input by `aria-describedby`.
#[component]
pub fn SettingErrorText(
    settings: Settings,
    key: &'static str,
    /// What is said of what stands in the control, where it is written otherwise than the setting.
    #[prop(optional)]
    instead: Option<fn(&str) -> String>,
) -> impl IntoView {
    let error = move || {
        let own = settings.errors.with(|errors| errors.get(key).cloned())?;
        Some(instead.map_or(own, |words| words(&settings.draft(key))))
    };
    view! {
        <p class="error" id=format!("error-{key}") aria-live="polite">
            {live(move || error().map(|error| sentence(&error)))}
        </p>
    }
}

/// Text for a number (or the word for none), with a slider beside it.
#[component]
pub fn NumberInput(settings: Settings, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    let scale = move || {
        let available = settings.available_images.get().unwrap_or(CIFAR10_TRAIN_IMAGES as u64);
        let most =
            if key == "images" { available } else { settings.recipe.with(|recipe| recipe.images) };
        SliderScale::of(setting, most)
    };
    let position = move || {
        let value = settings.draft(key).trim().parse::<f64>().unwrap_or(0.0);
        scale().map_or(0.0, |scale| scale.position_of(value)).to_string()
    };
    let slide = move |event| {
        let position = event_target_value(&event).parse().unwrap_or(0.0);
        if let Some(scale) = scale() {
            settings.set_draft(key, scale.text_at(position));
        }
    };
    let has_slider = untrack(|| scale().is_some());
    let width = if has_slider { "number" } else { "number wide" };
    view! {
        <div class="number-row">
            <input
                class=width
                id=format!("setting-{key}")
                type="text"
                inputmode="decimal"
                autocomplete="off"
                spellcheck="false"
                disabled=live(move || settings.is_fixed(key))
                prop:value=live(move || settings.draft(key))
                on:change=move |event| settings.set_draft(key, event_target_value(&event))
                aria-describedby=format!("help-{key} error-{key}")
                aria-invalid=live(move || settings.errors.with(|errors| errors.contains_key(key)).to_string())
            />
            {has_slider
                .then(|| {
                    view! {
                        <input
                            class="slider"
                            type="range"
                            min="0"
                            max=POSITIONS.to_string()
                            step="1"
                            disabled=live(move || settings.is_fixed(key))
                            aria-label=format!("{}, slider", setting.label)
                            aria-valuetext=live(move || settings.draft(key))
                            prop:value=position
                            on:input=slide
                        />
                    }
                })}
            {setting.kind.none().map(|word| {
                let chosen = move || settings.draft(key).trim() == word;
                view! {
                    <button
                        class="word"
                        type="button"
                        disabled=live(move || settings.is_fixed(key))
                        aria-pressed=live(move || chosen().to_string())
                        on:click=move |_| settings.set_draft(key, word.into())
                    >
                        {word}
                    </button>
                }
            })}
        </div>
    }
}

fn choice(
    settings: Settings,
    setting: &'static Setting,
    words: &'static [&'static str],
) -> impl IntoView {
    let key = setting.key;
    let options = words.iter().map(|word| {
        let chosen = move || settings.draft(key) == *word;
        view! { <option value=*word prop:selected=chosen>{*word}</option> }
    });
    view! {
        <select
            id=format!("setting-{key}")
            disabled=live(move || settings.is_fixed(key))
            on:change=move |event| settings.set_draft(key, event_target_value(&event))
            aria-describedby=format!("help-{key} error-{key}")
        >
            {options.collect_view()}
        </select>
    }
}

fn switch(settings: Settings, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    view! {
        <input
            id=format!("setting-{key}")
            type="checkbox"
            disabled=live(move || settings.is_fixed(key))
            prop:checked=live(move || settings.draft(key) == "true")
            on:change=move |event| settings.set_draft(key, event_target_checked(&event).to_string())
            aria-describedby=format!("help-{key} error-{key}")
        />
    }
}
