//! A chapter on the page, and on paper as a worksheet.

use leptos::prelude::*;

use super::guess_row::GuessRow;
use super::worksheet::Worksheet;
use crate::lab::browser::window;
use crate::lab::facts::lessons::text::LESSONS;
use crate::lab::facts::link::{self, Screen};
use crate::lab::state::comparison::Comparison;
use crate::lab::state::navigation::Navigation;
use crate::lab::state::prediction::Prediction;
use crate::lab::views::live::live;

/// Question, prediction, reveal. The charts stand beside it.
#[component]
pub fn LessonView(comparison: Comparison, navigation: Navigation, number: usize) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let prediction = Prediction::of(number);
    let (done, all) = (move || comparison.progress().0, move || comparison.progress().1);
    let here = move || lesson.guesses.iter().filter_map(|guess| comparison.measured(guess)).count();
    let shown =
        move |at: usize| prediction.is_made() && comparison.measured(&lesson.guesses[at]).is_some();
    let is_over = Memo::new(move |_| prediction.is_made() && here() == lesson.guesses.len());
    let run = move |_| {
        prediction.make();
        // What was run before says the same again: the seed is fixed.
        if untrack(move || here() < lesson.guesses.len()) {
            comparison.train();
        }
    };
    let run_state = move || match () {
        () if is_over.get() => "This is what came of it.".to_owned(),
        () if !prediction.is_made() && !prediction.is_complete() => {
            "Move every slider to where you expect it.".into()
        }
        () if !prediction.is_made() => "Settled? Then see.".into(),
        () if !comparison.is_busy() => "It has not run to its end: go on.".into(),
        () if all() > 1 => format!("{} of {} runs are done.", done(), all()),
        () => "Training. Watch the curves.".into(),
    };
    view! {
        <article class="lesson card" aria-labelledby="lesson-title" data-testid="lesson">
            <p class="lesson-number">{format!("Lesson {number} of {}", LESSONS.len())}</p>
            <h2 id="lesson-title">{lesson.question}</h2>
            <p class="lesson-lead">{lesson.lead}</p>
            <h3>"Your prediction"</h3>
            <ul class="guesses">
                {lesson
                    .guesses
                    .iter()
                    .enumerate()
                    .map(|(at, guess)| view! { <GuessRow comparison prediction guess at /> })
                    .collect_view()}
            </ul>
            <Show when=move || (0..lesson.guesses.len()).any(shown)>
                <p class="guess-key">
                    "Bar: here. Ring: what you said."
                    {lesson
                        .guesses
                        .iter()
                        .any(|guess| guess.paper().is_some())
                        .then_some(" Line: the paper, with 50,000 pictures.")}
                </p>
            </Show>
            <p class="lesson-state" role="status" data-testid="lesson-state">{run_state}</p>
            <div class="buttons lesson-buttons">
                <button
                    class="primary"
                    data-testid="predict"
                    disabled=live(move || {
                        let is_settled = is_over.get() || comparison.is_busy();
                        if prediction.is_made() { is_settled } else { !prediction.is_complete() }
                    })
                    on:click=run
                >
                    {live(move || if prediction.is_made() && !is_over.get() { "Go on" } else { "Run it" })}
                </button>
                <button
                    data-testid="predict-again"
                    disabled=live(move || !prediction.is_made())
                    on:click=move |_| prediction.take_back()
                >
                    "Predict again"
                </button>
            </div>
            <Show when=move || is_over.get()>
                <Reveal navigation number />
            </Show>
            <button class="link print" on:click=move |_| window::print()>"Print the worksheet"</button>
        </article>
        <Worksheet number lesson />
    }
}

#[component]
fn Reveal(navigation: Navigation, number: usize) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let (words, query) = lesson.next;
    let open = move |query: &'static str| {
        move |event: leptos::ev::MouseEvent| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                navigation.open_link(query);
            }
        }
    };
    let following = number + 1;
    view! {
        <div class="reveal" data-testid="reveal">
            <h3>"Why"</h3>
            <p>{lesson.why}</p>
            <p class="help">{lesson.paper}</p>
            <h3>"Try"</h3>
            <p>
                <a href=move || format!("?{}", link::write(&navigation.choices_of(query))) on:click=open(query)>
                    {words}
                </a>
            </p>
            {(following <= LESSONS.len())
                .then(|| {
                    view! {
                        <button
                            class="primary"
                            data-testid="next-lesson"
                            on:click=move |_| navigation.open_view(Screen::Lesson(following))
                        >
                            {format!("Next: {}", LESSONS[following - 1].title)}
                        </button>
                    }
                })}
        </div>
    }
}
