//! One number that a student predicts.

use leptos::prelude::*;

use crate::lab::browser::canvas::color_name;
use crate::lab::facts::lessons::lesson::Guess;
use crate::lab::facts::lessons::measure::Found;
use crate::lab::state::comparison::Comparison;
use crate::lab::state::prediction::Prediction;
use crate::lab::views::live::live;

/// One number: a slider before the run, and after it what came, large, beside what was said and what the paper has, on the
/// same scale.
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
    let here = move || prediction.is_made().then(|| comparison.measured(guess)).flatten();
    let is_here = move || here().is_some();
    let number = move || here().as_ref().and_then(Found::number);
    // What came, once it has; what was said, before that.
    let loud = move || match here() {
        Some(Found::Number(number)) => measure.words(number),
        Some(Found::Nothing(why)) => why,
        None => predicted().map_or("?".into(), |value| measure.words(value)),
    };
    let words =
        move |value: Option<f64>| value.map_or("not yet".into(), |value| measure.words(value));
    let compared = move || {
        let paper = guess.paper().map(|value| format!(", the paper has {}", measure.words(value)));
        format!("You said {}{}.", words(predicted()), paper.unwrap_or_default())
    };
    // Where the slider stands is what is predicted, moved or not: a press on its middle moves nothing.
    let predict = move |text: String| {
        if let Ok(value) = text.parse() {
            prediction.set(at, value);
        }
    };
    view! {
        <li class="guess" data-testid="guess" style:--here=format!("var({})", color_name(guess.place))>
            <label for=format!("guess-{at}")>{guess.label}</label>
            <span
                class="guess-value"
                class:came=live(is_here)
                data-testid=live(move || if is_here() { "guess-here" } else { "guess-value" })
                data-value=live(move || number().map(|value| value.to_string()))
            >
                {live(loud)}
            </span>
            <input
                id=format!("guess-{at}")
                type="range"
                min="0"
                max=measure.most().to_string()
                step=measure.step().to_string()
                class:untouched=live(move || predicted().is_none())
                disabled=live(move || prediction.is_made())
                hidden=live(is_here)
                aria-valuetext=live(move || words(predicted()))
                prop:value=live(move || predicted().unwrap_or(measure.most() / 2.0).to_string())
                on:input=move |event| predict(event_target_value(&event))
                on:click=move |event| predict(event_target_value(&event))
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "Enter" | " ") {
                        event.prevent_default();
                        predict(event_target_value(&event));
                    }
                }
            />
            <Show when=is_here>
                <div class="scale" aria-hidden="true">
                    <span class="scale-here" style:width=live(move || number().map(share))></span>
                    {move || predicted().map(|value| view! { <span class="scale-guess" style:left=share(value)></span> })}
                    {guess.paper().map(|value| view! { <span class="scale-paper" style:left=share(value)></span> })}
                </div>
                <p class="guess-result">{live(compared)}</p>
            </Show>
        </li>
    }
}
