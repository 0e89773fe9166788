//! A chapter on the page, and on paper as a worksheet.

use leptos::html;
use leptos::prelude::*;

use super::guess_row::GuessRow;
use super::worksheet::Worksheet;
use crate::lab::browser::window;
use crate::lab::facts::history::History;
use crate::lab::facts::lessons::text::LESSONS;
use crate::lab::facts::link::{self, Screen};
use crate::lab::state::comparison::Comparison;
use crate::lab::state::navigation::Navigation;
use crate::lab::state::prediction::Prediction;
use crate::lab::views::live::live;

/// Question, prediction, reveal. The charts stand beside it once the prediction is made.
#[component]
pub fn LessonView(
    comparison: Comparison,
    navigation: Navigation,
    prediction: Prediction,
    number: usize,
    /// Whether a teacher's link leaves the way to other lessons.
    shows_lessons: Signal<bool>,
) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let lead = Memo::new(move |_| {
        let images = comparison.plans.with(|plans| plans.first().map(|plan| plan.recipe.images));
        lesson.lead_with(images.unwrap_or_default())
    });
    let are_over = move || {
        let is_over = |history: &History| history.summary.is_some();
        let of = |plan| comparison.with_history_of(plan, is_over).unwrap_or_default();
        comparison.plans.get().iter().all(of)
    };
    // Over when its runs are, whatever can be measured of them.
    let is_over = Memo::new(move |_| prediction.is_made() && are_over());
    let state_place = NodeRef::<html::Div>::new();
    // Its button goes when it is pressed: who pressed it by key is put where it says what happens now.
    let focus_state = move || {
        let _ = state_place.get_untracked().map(|place| place.focus());
    };
    let run = move |_| {
        prediction.make();
        focus_state();
        // What was run before would say the same, but a prediction is followed by watching what comes of it.
        if untrack(are_over) {
            comparison.train_anew();
        } else {
            comparison.train();
        }
    };
    let back = move |_| {
        prediction.take_back();
        focus_state();
    };
    let another_student = move |_| {
        prediction.clear_all();
        comparison.reset();
    };
    let run_state = move || match () {
        () if is_over.get() => "This is what came of it.".to_owned(),
        () if !prediction.is_made() && !prediction.is_complete() => {
            "Put every slider where you expect it.".into()
        }
        () if !prediction.is_made() => "Settled? Then see.".into(),
        () if !comparison.is_busy() => {
            "Your prediction stands, but the runs are not over: go on.".into()
        }
        () => match comparison.progress() {
            (done, all) if all > 1 => format!("{done} of {all} runs are done."),
            _ => "Training. Watch the curves.".into(),
        },
    };
    let is_anything_shown = move || {
        prediction.is_made()
            && lesson.guesses.iter().any(|guess| comparison.measured(guess).is_some())
    };
    view! {
        <article class="lesson card" aria-labelledby="lesson-title" data-testid="lesson">
            <p class="lesson-number">{format!("Lesson {number} of {}", LESSONS.len())}</p>
            <h2 id="lesson-title">{lesson.question}</h2>
            <p class="lesson-lead">{lead}</p>
            <h3>{live(move || if is_anything_shown() { "What came of it" } else { "Your prediction" })}</h3>
            <ul class="guesses">
                {lesson
                    .guesses
                    .iter()
                    .enumerate()
                    .map(|(at, guess)| view! { <GuessRow comparison prediction guess at /> })
                    .collect_view()}
            </ul>
            <Show when=is_anything_shown>
                <p class="guess-key">
                    "Bar: here. Ring: what you said."
                    {lesson
                        .guesses
                        .iter()
                        .any(|guess| guess.paper().is_some())
                        .then_some(" Line: the paper, with 50,000 pictures.")}
                </p>
            </Show>
            <div class="lesson-state" role="status" tabindex="-1" node_ref=state_place data-testid="lesson-state">
                {live(run_state)}
            </div>
            <div class="buttons lesson-buttons">
                <button
                    class:primary=live(move || !prediction.is_made())
                    data-testid="predict"
                    disabled=live(move || !prediction.is_complete())
                    hidden=live(move || prediction.is_made() && (is_over.get() || comparison.is_busy()))
                    on:click=run
                >
                    {live(move || if prediction.is_made() { "Go on" } else { "Run it" })}
                </button>
                <button
                    data-testid="predict-again"
                    hidden=live(move || !prediction.is_made())
                    on:click=back
                >
                    "Predict again"
                </button>
            </div>
            <Show when=move || is_over.get()>
                <Reveal comparison navigation number shows_lessons />
            </Show>
            <p class="lesson-foot tools">
                <button class="link" on:click=move |_| window::print()>"Print the worksheet"</button>
                <button
                    class="link"
                    data-testid="new-student"
                    title="Takes back the predictions of all lessons in this browser, and begins the runs of this one again"
                    on:click=another_student
                >
                    "New student"
                </button>
            </p>
        </article>
        <Worksheet number lesson lead />
    }
}

#[component]
fn Reveal(
    comparison: Comparison,
    navigation: Navigation,
    number: usize,
    shows_lessons: Signal<bool>,
) -> impl IntoView {
    let lesson = &LESSONS[number - 1];
    let runs = move || {
        let plans = comparison.plans.get();
        lesson.own_runs(comparison.race(), &plans, comparison.histories())
    };
    let told = move || match runs() {
        none if none.is_empty() => "The lesson asks about other runs than these.".into(),
        runs => (lesson.told)(&runs).join("\n"),
    };
    let words = move || (lesson.next)(&runs()).0;
    let query = move || (lesson.next)(&runs()).1;
    let open = move |event: leptos::ev::MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            navigation.open_link(&untrack(query));
        }
    };
    // What a teacher has fixed may leave nothing to try.
    let leads_elsewhere = Signal::derive(move || !navigation.can_follow(&query()));
    let following = number + 1;
    view! {
        <div class="reveal" data-testid="reveal">
            <p class="told" data-testid="told">{live(told)}</p>
            <h3>"How it is understood"</h3>
            <p>{lesson.why}</p>
            <p class="help">{lesson.paper}</p>
            <h3 hidden=leads_elsewhere>"Try"</h3>
            <p hidden=leads_elsewhere>
                <a data-testid="try" href=live(move || format!("?{}", link::write(&navigation.choices_of(&query())))) on:click=open>
                    {live(words)}
                </a>
            </p>
            {move || {
                (following <= LESSONS.len() && shows_lessons.get())
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
                    })
            }}
        </div>
    }
}
