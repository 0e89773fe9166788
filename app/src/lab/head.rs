//! The row of views below the heading: the laboratory, the lessons, the runs.

use super::live::live;
use leptos::prelude::*;

use super::lessons::LESSONS;
use super::link::{self, Screen, views};
use super::page::Page;

/// The row. Each is a real link, so it can be copied or opened beside this page.
#[component]
pub fn Head(page: Page) -> impl IntoView {
    let link = move |view: Screen| {
        let here = move || page.view.get() == view;
        let href =
            move || format!("?{}", link::write(&link::Choices { view, ..page.choices.get() }));
        view! {
            <li>
                <a
                    href=href
                    aria-current=live(move || here().then_some("page"))
                    data-testid=format!("view-{}", view.word())
                    on:click=move |event| {
                        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                            event.prevent_default();
                            page.open_view(view);
                        }
                    }
                >
                    {name(view)}
                </a>
            </li>
        }
    };
    let seen = views().filter(move |view| match view {
        Screen::Lab => true,
        Screen::Lesson(_) => page.limits.with(|limits| limits.shows("lessons")),
        Screen::Runs => page.limits.with(|limits| limits.shows("runs")),
    });
    view! {
        <nav class="views" aria-label="Parts of the laboratory">
            <ul>{seen.map(link).collect_view()}</ul>
        </nav>
    }
}

fn name(view: Screen) -> String {
    match view {
        Screen::Lab => "Laboratory".into(),
        Screen::Lesson(number) => format!("{number} {}", LESSONS[number - 1].short),
        Screen::Runs => "Runs".into(),
    }
}
