//! A link for a class: what of the page is hidden, which settings are fixed as they are now, and where it opens.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::lab::browser::{address, files};
use crate::lab::facts::link::{self, Choices, Limits, PARTS, Screen, fixable, views};
use crate::lab::state::navigation::Navigation;
use crate::lab::views::live::live;

/// The panel. The link is only made here; the page itself stays as it is.
#[component]
pub fn ClassLink(navigation: Navigation) -> impl IntoView {
    let (hidden, fixed) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
    let (view, set_view) = signal(Screen::Lab);
    let (said, set_said) = signal("");
    let written = move || {
        // A lesson has its own settings, a teacher's seed or the like on top where they are fixed.
        let limits = Limits { hidden: hidden.get(), fixed: fixed.get() };
        let now = Choices { limits, ..navigation.choices.get() };
        address::link_with(&link::write(&link::to_view(view.get(), &now)))
    };
    let copy = move |_| {
        spawn_local(async move {
            set_said.set(match files::copy(untrack(written)).await {
                true => "Copied.",
                false => "This browser does not let a page copy: select the link and copy it.",
            });
        });
    };
    let options = views().map(|one| view! { <option value=one.word()>{one.name()}</option> });
    let choose = move |event| {
        let word = event_target_value(&event);
        set_view.set(views().find(|one| one.word() == word).unwrap_or_default());
    };
    view! {
        <details class="settings card class-link" data-testid="class-link">
            <summary>
                <h2>"A link for your class"</h2>
            </summary>
            <p class="help">"It opens the page with the settings of now, for everyone the same. A lesson opens with its own settings and those \
                 that you fix; what it compares stays its own."</p>
            <div class="setting">
                <label for="class-view">"Open at"</label>
                <select id="class-view" on:change=choose>{options.collect_view()}</select>
            </div>
            <Words title="Hide" words=PARTS.into() chosen=hidden />
            <Words title="Fix as it is now" words=fixable().collect() chosen=fixed />
            <div class="setting">
                <label for="class-address">"The link"</label>
                <input id="class-address" class="number wide" type="text" readonly prop:value=live(written) />
            </div>
            <button type="button" data-testid="copy-link" on:click=copy>"Copy"</button>
            <p class="help" role="status">{live(move || said.get())}</p>
        </details>
    }
}

/// Words to be chosen from; those that are stand in their order.
#[component]
fn Words(
    title: &'static str,
    words: Vec<&'static str>,
    chosen: RwSignal<Vec<String>>,
) -> impl IntoView {
    let all = words.clone();
    let boxes = words.into_iter().map(move |word| {
        let all = all.clone();
        let choose = move |event| {
            let is_chosen = event_target_checked(&event);
            chosen.update(|chosen| {
                let keeps = |other: &&&str| {
                    if **other == word {
                        is_chosen
                    } else {
                        chosen.iter().any(|one| one == **other)
                    }
                };
                *chosen = all.iter().filter(keeps).map(|word| (*word).to_owned()).collect();
            });
        };
        view! {
            <label class="choice">
                <input type="checkbox" on:change=choose />
                {word.replace('-', " ")}
            </label>
        }
    });
    view! {
        <fieldset class="choices">
            <legend>{title}</legend>
            {boxes.collect_view()}
        </fieldset>
    }
}
