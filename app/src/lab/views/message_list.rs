//! The sentences for the reader, each with the button that does something about it.

use leptos::prelude::*;

use crate::lab::state::comparison::Comparison;
use crate::lab::state::messages::{Message, Messages, Offer};

/// The sentences, announced to screen readers as they come.
#[component]
pub fn MessageList(messages: Messages, comparison: Comparison) -> impl IntoView {
    let item = move |message: Message| {
        let id = message.id;
        view! {
            <div class="message">
                <p>{message.text}</p>
                {message
                    .offer
                    .map(|offer| {
                        let (label, act) = button(offer);
                        view! { <button on:click=move |_| act(comparison)>{label}</button> }
                    })}
                <button class="quiet" aria-label="Dismiss this message" on:click=move |_| messages.dismiss(id)>"×"</button>
            </div>
        }
    };
    view! {
        <div class="messages" role="alert" data-testid="messages">
            <For each=move || messages.all() key=|message| (message.id, message.text.clone()) children=item />
        </div>
    }
}

/// What the button of an offer says and does.
fn button(offer: Offer) -> (&'static str, fn(Comparison)) {
    match offer {
        Offer::Retry => ("Retry", Comparison::retry),
        Offer::Undo => ("Undo", |comparison| comparison.library.undo()),
        Offer::DataDownload => ("Download", Comparison::allow_download),
        Offer::NewWorker => ("Start a new worker", Comparison::restart_silent),
    }
}
