//! A chapter on the page, and on paper as a worksheet.

use crate::lab::live::live;
use leptos::prelude::*;

use super::prediction::Prediction;
use super::{Guess, LESSONS, Lesson};
use crate::lab::link::{self, Screen};
use crate::lab::page::Page;

/// Question, prediction, reveal. The charts stand beside it.
#[component]
pub fn LessonView(page: Page, number: usize) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let prediction = Prediction::of(number);
    let (done, all) = (move || page.progress().0, move || page.progress().1);
    let here = move || lesson.guesses.iter().filter_map(|guess| guess.here(page)).count();
    let shown = move |at: usize| prediction.is_made() && lesson.guesses[at].here(page).is_some();
    let is_over = Memo::new(move |_| prediction.is_made() && here() == lesson.guesses.len());
    let run = move |_| {
        prediction.make();
        // What was run before says the same again: the seed is fixed.
        if untrack(move || here() < lesson.guesses.len()) {
            page.train();
        }
    };
    let run_state = move || match () {
        () if is_over.get() => "This is what came of it.".to_owned(),
        () if !prediction.is_made() && !prediction.is_complete() => {
            "Move every slider to where you expect it.".into()
        }
        () if !prediction.is_made() => "Settled? Then see.".into(),
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
                    .map(|(at, guess)| view! { <GuessRow page prediction guess at /> })
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
                    disabled=live(move || prediction.is_made() || !prediction.is_complete())
                    on:click=run
                >
                    "Run it"
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
                <Reveal page number />
            </Show>
            <button class="link print" on:click=move |_| _ = window().print()>"Print the worksheet"</button>
        </article>
        <Worksheet number lesson />
    }
}

/// One number: a slider before the run, and after it what came and what the paper has, on the same scale.
#[component]
fn GuessRow(page: Page, prediction: Prediction, guess: &'static Guess, at: usize) -> impl IntoView {
    let measure = guess.measure;
    let share = move |value: f64| format!("{}%", 100.0 * (value / measure.most()).clamp(0.0, 1.0));
    let predicted = move || prediction.value(at);
    let here = Memo::new(move |_| if prediction.is_made() { guess.here(page) } else { None });
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

#[component]
fn Reveal(page: Page, number: usize) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let (words, query) = lesson.next;
    let open = move |query: &'static str| {
        move |event: leptos::ev::MouseEvent| {
            if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                page.open_link(query);
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
                <a href=format!("?{}", link::write(&link::read(query).0)) on:click=open(query)>
                    {words}
                </a>
            </p>
            {(following <= LESSONS.len())
                .then(|| {
                    view! {
                        <button
                            class="primary"
                            data-testid="next-lesson"
                            on:click=move |_| page.open_view(Screen::Lesson(following))
                        >
                            {format!("Next: {}", LESSONS[following - 1].title)}
                        </button>
                    }
                })}
        </div>
    }
}

/// The chapter with room to write; seen on paper only.
#[component]
fn Worksheet(number: usize, lesson: &'static Lesson) -> impl IntoView {
    let rows = lesson.guesses.iter().map(|guess| {
        let paper = guess.paper().map(|value| guess.measure.words(value)).unwrap_or_default();
        view! {
            <tr>
                <th scope="row">{guess.label}</th>
                <td></td>
                <td></td>
                <td>{paper}</td>
            </tr>
        }
    });
    view! {
        <section class="worksheet" aria-hidden="true">
            <p class="worksheet-head">
                <span>{format!("Rote, lesson {number}: {}", lesson.title)}</span>
                <span>"Name ____________________  Date ____________"</span>
            </p>
            <h2>{lesson.question}</h2>
            <p>{lesson.lead}</p>
            <table>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"I predict"</th>
                        <th scope="col">"It came out"</th>
                        <th scope="col">"The paper (50,000 pictures)"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
            <h3>"What surprised me"</h3>
            <p class="write"></p>
            <h3>"Why I think it is so"</h3>
            <p class="write"></p>
            <h3>"Try"</h3>
            <p>{lesson.next.0}</p>
            <p class="write"></p>
        </section>
    }
}
