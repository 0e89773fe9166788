//! Sentences for the reader: what went wrong and what to do.

use leptos::prelude::*;

use super::format::sentence;
use super::page::Page;

/// What a sentence offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Try again what failed.
    Retry,
    /// Go on in a new worker from the last checkpoint: the one there is silent.
    NewWorker,
}

/// One sentence, and what can be done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    id: u64,
    /// The sentence.
    pub text: String,
    /// The button beside it.
    offer: Option<Offer>,
}

/// The list of sentences; shared by everything that can fail.
#[derive(Clone, Copy)]
pub struct Messages(RwSignal<Vec<Message>>);

/// Sentences shown at once; older ones give way.
const MOST: usize = 6;

impl Messages {
    /// An empty list.
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Shows a sentence, once.
    pub fn show(self, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), None);
    }

    /// Shows a sentence with a button.
    pub fn show_with(self, offer: Offer, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), Some(offer));
    }

    /// Takes back what offered something: it was done, or is not needed any more.
    pub fn clear_offers(self) {
        if self.0.with_untracked(|messages| messages.iter().any(|message| message.offer.is_some()))
        {
            self.0.update(|messages| messages.retain(|message| message.offer.is_none()));
        }
    }

    fn push(self, text: String, offer: Option<Offer>) {
        self.0.update(|messages| {
            messages.retain(|message| message.text != text);
            let id = messages.last().map_or(0, |message| message.id + 1);
            messages.push(Message { id, text, offer });
            let surplus = messages.len().saturating_sub(MOST);
            messages.drain(..surplus);
        });
    }

    fn dismiss(self, id: u64) {
        self.0.update(|messages| messages.retain(|message| message.id != id));
    }
}

/// The sentences, announced to screen readers as they come.
#[component]
pub fn MessageList(page: Page) -> impl IntoView {
    let messages = page.shared.messages;
    let item = move |message: Message| {
        let id = message.id;
        view! {
            <div class="message">
                <p>{message.text}</p>
                {message
                    .offer
                    .map(|offer| match offer {
                        Offer::Retry => view! { <button on:click=move |_| page.retry()>"Retry"</button> }.into_any(),
                        Offer::NewWorker => {
                            view! { <button on:click=move |_| page.restart_silent()>"Start a new worker"</button> }
                                .into_any()
                        }
                    })}
                <button class="quiet" aria-label="Dismiss this message" on:click=move |_| messages.dismiss(id)>"×"</button>
            </div>
        }
    };
    view! {
        <div class="messages" role="alert" data-testid="messages">
            <For each=move || messages.0.get() key=|message| (message.id, message.text.clone()) children=item />
        </div>
    }
}
