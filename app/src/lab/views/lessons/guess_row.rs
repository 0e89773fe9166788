//! One number that a student predicts.

use leptos::prelude::*;

use crate::lab::facts::lessons::lesson::Guess;
use crate::lab::state::comparison::Comparison;
use crate::lab::state::prediction::Prediction;
use crate::lab::views::live::live;

/// One number: a slider before the run, and after it what came and what the paper has, on the same scale.
#[component]
pub fn GuessRow(
    comparison: Comparison,
    prediction: Prediction,
    guess: &'static Guess,
    at: usize,
) -> impl IntoView {
    let measure = guess.measure;
    let share = move |value: f64| format!("{}%", 100.0 * (value / measure.most()).clamp(0.0, 1.0));
    let predicted = move || prediction.value(at);
    let here =
        Memo::new(move |_| if prediction.is_made() { comparison.measured(guess) } else { None });
    let paper = move || here.get().and_then(|_| guess.paper());
    let words =
        move |value: Option<f64>| value.map_or("not yet".into(), |value| measure.words(value));
    view! {
        <li class="guess" data-testid="guess">
            <label for=format!("guess-{at}")>{guess.label}</label>
            <span class="guess-value">{live(move || predicted().map_or("?".into(), |value| measure.words(value)))}</span>
            <input
                id=format!("guess-{at}")
                type="range"
                min="0"
                max=measure.most().to_string()
                step=measure.step().to_string()
                class:untouched=live(move || predicted().is_none())
                disabled=live(move || prediction.is_made())
                hidden=live(move || here.get().is_some())
                aria-valuetext=live(move || words(predicted()))
                prop:value=live(move || predicted().unwrap_or(measure.most() / 2.0).to_string())
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        prediction.set(at, value);
                    }
                }
            />
            <Show when=move || here.get().is_some()>
                <div class="scale" aria-hidden="true">
                    <span class="scale-here" style:width=live(move || here.get().map(share))></span>
                    {move || predicted().map(|value| view! { <span class="scale-guess" style:left=share(value)></span> })}
                    {move || paper().map(|value| view! { <span class="scale-paper" style:left=share(value)></span> })}
                </div>
                <p class="guess-result">
                    <span data-testid="guess-here" data-value=live(move || here.get().map(|value| value.to_string()))>
                        "Here "
                        <b>{live(move || words(here.get()))}</b>
                    </span>
                    <span>", you said " {live(move || words(predicted()))}</span>
                    {live(move || paper().map(|value| format!(", the paper {}", measure.words(value))))}
                </p>
            </Show>
        </li>
    }
}
