//! Sentences for the reader: what went wrong and what to do.

use leptos::prelude::*;

use super::format::sentence;
use super::page::Page;

/// One sentence, and whether trying again makes sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    id: u64,
    /// The sentence.
    pub text: String,
    /// Offer a button that tries again.
    pub retry: bool,
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
        self.push(sentence(text.as_ref()), false);
    }

    /// Shows a sentence with a Retry button.
    pub fn show_with_retry(self, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), true);
    }

    /// Takes back what offered a Retry.
    pub fn clear_retries(self) {
        self.0.update(|messages| messages.retain(|message| !message.retry));
    }

    fn push(self, text: String, retry: bool) {
        self.0.update(|messages| {
            messages.retain(|message| message.text != text);
            let id = messages.last().map_or(0, |message| message.id + 1);
            messages.push(Message { id, text, retry });
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
                {message.retry.then(|| view! { <button on:click=move |_| page.retry()>"Retry"</button> })}
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
