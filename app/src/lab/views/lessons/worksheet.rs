//! A lesson on paper.

use leptos::prelude::*;

use crate::lab::facts::lessons::lesson::Lesson;

/// The chapter with room to write; seen on paper only.
#[component]
pub fn Worksheet(number: usize, lesson: &'static Lesson) -> impl IntoView {
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
