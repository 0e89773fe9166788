//! What only paper shows: a lesson with room to write, and where the page is found again.

use leptos::prelude::*;

use crate::lab::browser::address;
use crate::lab::facts::lessons::lesson::Lesson;
use crate::lab::facts::link;
use crate::lab::state::navigation::Navigation;
use crate::lab::views::live::live;

/// The chapter with room to write, and none of the answers.
#[component]
pub fn Worksheet(
    number: usize,
    lesson: &'static Lesson,
    /// What is going to happen.
    lead: Memo<String>,
) -> impl IntoView {
    let rows = lesson.guesses.iter().map(|guess| {
        // What the paper has is read off the page, when the run is over.
        let paper = if guess.paper().is_some() { "" } else { "–" };
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
            <p>{lead}</p>
            <table>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"I predict"</th>
                        <th scope="col">"It came out"</th>
                        <th scope="col">"The paper has (50,000 pictures)"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
            <h3>"What surprised me"</h3>
            <p class="write"></p>
            <h3>"Why I think it is so"</h3>
            <p class="write"></p>
            <h3>"What I tried next, and what came of it"</h3>
            <p class="write"></p>
        </section>
    }
}

/// The address of what is printed.
#[component]
pub fn PrintedAddress(navigation: Navigation) -> impl IntoView {
    let address = move || address::link_with(&link::write(&navigation.choices.get()));
    view! { <p class="address" aria-hidden="true">{live(address)}</p> }
}
