//! The row of views below the heading: the laboratory, the lessons, the runs.

use leptos::prelude::*;

use crate::lab::facts::link::{self, Screen, views};
use crate::lab::state::navigation::Navigation;
use crate::lab::state::settings::Settings;
use crate::lab::views::live::live;

/// The row. Each is a real link, so it can be copied or opened beside this navigation.
#[component]
pub fn Head(settings: Settings, navigation: Navigation) -> impl IntoView {
    let link = move |view: Screen| {
        let here = move || navigation.view.get() == view;
        let href = move || format!("?{}", link::write(&navigation.choices_in(view)));
        view! {
            <li>
                <a
                    href=href
                    aria-current=live(move || here().then_some("page"))
                    data-testid=format!("view-{}", view.word())
                    on:click=move |event| {
                        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                            event.prevent_default();
                            navigation.open_view(view);
                        }
                    }
                >
                    {view.name()}
                </a>
            </li>
        }
    };
    let seen = views().filter(move |view| match view {
        Screen::Lab => true,
        Screen::Lesson(_) => settings.shows("lessons"),
        Screen::Runs => settings.shows("runs"),
    });
    view! {
        <nav class="views" aria-label="Parts of the laboratory">
            <ul>{seen.map(link).collect_view()}</ul>
        </nav>
    }
}
