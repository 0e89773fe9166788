//! The control of one setting, whatever its kind. Its input has the id `setting-<key>`.

use crate::lab::live::live;
use leptos::prelude::*;

use super::scale::{POSITIONS, SliderScale};
use crate::data::CIFAR10_TRAIN_IMAGES;
use crate::lab::format::sentence;
use crate::lab::page::Page;
use crate::train::{Setting, SettingKind};

/// A label, an input, its help and, if the value cannot be taken, the sentence that says so.
#[component]
pub fn SettingControl(page: Page, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    let decided = move || page.race.get().decides(key);
    let input = match setting.kind {
        SettingKind::Choice(words) => choice(page, setting, words).into_any(),
        SettingKind::Switch => switch(page, setting).into_any(),
        SettingKind::Integer { .. } | SettingKind::Number { .. } => {
            view! { <NumberInput page setting /> }.into_any()
        }
    };
    view! {
        <div class="setting" class:decided=decided class:switch=setting.kind == SettingKind::Switch>
            <label for=format!("setting-{key}")>{setting.label}</label>
            {input}
            <p class="help" id=format!("help-{key}")>
                {live(move || match () {
                    () if decided() => "The comparison decides this, one way in each run.",
                    () if page.is_fixed(key) => "This link has fixed it.",
                    () => setting.help.trim(),
                })}
            </p>
            <SettingErrorText page key />
        </div>
    }
}

/// The sentence of a setting in error, tied to its input by `aria-describedby`.
#[component]
pub fn SettingErrorText(page: Page, key: &'static str) -> impl IntoView {
    let error = move || page.errors.with(|errors| errors.get(key).cloned());
    view! {
        <p class="error" id=format!("error-{key}") aria-live="polite">
            {live(move || error().map(|error| sentence(&error)))}
        </p>
    }
}

/// Text for a number (or the word for none), with a slider beside it.
#[component]
pub fn NumberInput(page: Page, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    let scale = move || {
        let available = page.available_images.get().unwrap_or(CIFAR10_TRAIN_IMAGES as u64);
        let most = if key == "images" {
            available
        } else {
            page.choices.with(|choices| choices.recipe.images)
        };
        SliderScale::of(setting, most)
    };
    let position = move || {
        let value = page.draft(key).trim().parse::<f64>().unwrap_or(0.0);
        scale().map_or(0.0, |scale| scale.position_of(value)).to_string()
    };
    let slide = move |event| {
        let position = event_target_value(&event).parse().unwrap_or(0.0);
        if let Some(scale) = scale() {
            page.set_draft(key, scale.text_at(position));
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
                disabled=live(move || page.is_fixed(key))
                prop:value=live(move || page.draft(key))
                on:change=move |event| page.set_draft(key, event_target_value(&event))
                aria-describedby=format!("help-{key} error-{key}")
                aria-invalid=live(move || page.errors.with(|errors| errors.contains_key(key)).to_string())
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
                            disabled=live(move || page.is_fixed(key))
                            aria-label=format!("{}, slider", setting.label)
                            aria-valuetext=live(move || page.draft(key))
                            prop:value=position
                            on:input=slide
                        />
                    }
                })}
            {setting.kind.none().map(|word| {
                let chosen = move || page.draft(key).trim() == word;
                view! {
                    <button
                        class="word"
                        type="button"
                        disabled=live(move || page.is_fixed(key))
                        aria-pressed=live(move || chosen().to_string())
                        on:click=move |_| page.set_draft(key, word.into())
                    >
                        {word}
                    </button>
                }
            })}
        </div>
    }
}

fn choice(page: Page, setting: &'static Setting, words: &'static [&'static str]) -> impl IntoView {
    let key = setting.key;
    let options = words.iter().map(|word| {
        let chosen = move || page.draft(key) == *word;
        view! { <option value=*word prop:selected=chosen>{*word}</option> }
    });
    view! {
        <select
            id=format!("setting-{key}")
            disabled=live(move || page.is_fixed(key))
            on:change=move |event| page.set_draft(key, event_target_value(&event))
            aria-describedby=format!("help-{key} error-{key}")
        >
            {options.collect_view()}
        </select>
    }
}

fn switch(page: Page, setting: &'static Setting) -> impl IntoView {
    let key = setting.key;
    view! {
        <input
            id=format!("setting-{key}")
            type="checkbox"
            disabled=live(move || page.is_fixed(key))
            prop:checked=live(move || page.draft(key) == "true")
            on:change=move |event| page.set_draft(key, event_target_checked(&event).to_string())
            aria-describedby=format!("help-{key} error-{key}")
        />
    }
}
