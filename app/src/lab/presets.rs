//! Ready-made links, as a row of buttons.

use leptos::prelude::*;

use super::link;
use super::page::Page;

/// `(name, query)`.
const PRESETS: [(&str, &str); 8] = [
    ("Race: true vs random labels", link::START),
    ("Half the labels random", "label-corruption=0.5&stop-at-train-accuracy=1"),
    ("More and more random labels", "race=corruption&images=500&stop-at-train-accuracy=1"),
    ("Five kinds of data", "race=conditions&images=500&epochs=60"),
    ("Shuffled pixels", "condition=shuffled-pixels&stop-at-train-accuracy=1"),
    ("Random pixels", "condition=random-pixels&stop-at-train-accuracy=1"),
    ("Gaussian noise", "condition=gaussian&stop-at-train-accuracy=1"),
    ("A small CNN", "model=cnn-small&condition=random-labels&images=500&stop-at-train-accuracy=1"),
];

/// The row. Each is a real link, so it can be copied or opened beside this page.
#[component]
pub fn Presets(page: Page) -> impl IntoView {
    let links = PRESETS.map(|(name, query)| {
        let (choices, _) = link::read(query);
        let written = link::write(&choices);
        let written_now = written.clone();
        let chosen = move || (link::write(&page.choices.get()) == written_now).then_some("true");
        view! {
            <li>
                <a
                    href=format!("?{written}")
                    aria-current=chosen
                    on:click=move |event| {
                        let with_key = event.ctrl_key() || event.meta_key() || event.shift_key();
                        if !with_key {
                            event.prevent_default();
                            page.open_link(query);
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
