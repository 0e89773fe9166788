//! Ready-made links, as a row of buttons.

use leptos::prelude::*;

use crate::lab::facts::link;
use crate::lab::facts::presets::PRESETS;
use crate::lab::state::navigation::Navigation;

/// The row. Each is a real link, so it can be copied or opened beside this navigation.
#[component]
pub fn Presets(navigation: Navigation) -> impl IntoView {
    let links = PRESETS.map(|(name, query)| {
        let written = Memo::new(move |_| link::write(&navigation.choices_of(query)));
        let chosen =
            move || (link::write(&navigation.choices.get()) == written.get()).then_some("true");
        view! {
            <li>
                <a
                    href=move || format!("?{}", written.get())
                    aria-current=chosen
                    on:click=move |event| {
                        let with_key = event.ctrl_key() || event.meta_key() || event.shift_key();
                        if !with_key {
                            event.prevent_default();
                            navigation.open_link(query);
                        }
                    }
                >
                    {name}
                </a>
            </li>
        }
    });
    view! {
        <nav class="presets" aria-label="Ready-made experiments">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}
