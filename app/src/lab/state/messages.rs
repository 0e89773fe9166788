//! Sentences for the reader: what went wrong and what to do.

use leptos::prelude::*;

use crate::lab::facts::format::sentence;

/// What a sentence offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Try again what failed.
    Retry,
    /// Fetch so many images that one is asked first.
    DataDownload,
    /// Take a deleted run back into the list.
    Undo,
    /// Go on in a new worker from the last checkpoint: the one there is silent.
    NewWorker,
}

/// One sentence, and what can be done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Tells it from the others.
    pub id: u64,
    /// The sentence.
    pub text: String,
    /// The button beside it.
    pub offer: Option<Offer>,
    /// What it is about, where a later sentence about the same takes its place.
    about: &'static str,
}

/// The list of sentences; shared by everything that can fail.
#[derive(Clone, Copy)]
pub struct Messages(RwSignal<Vec<Message>>);

/// What the sentences are about that refuse a run.
const REFUSAL: &str = "refusal";
/// Sentences shown at once; older ones give way.
const MAX_MESSAGES: usize = 6;

impl Messages {
    /// An empty list.
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Shows a sentence, once.
    pub fn show(self, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), None, "");
    }

    /// Shows a sentence with a button.
    pub fn show_with(self, offer: Offer, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), Some(offer), "");
    }

    /// Shows a sentence with a button in place of the last one about the same.
    pub fn show_with_about(self, offer: Offer, about: &'static str, text: impl AsRef<str>) {
        self.settle(about);
        self.push(sentence(text.as_ref()), Some(offer), about);
    }

    /// Shows why a run cannot be made as it is asked for.
    pub fn show_refusal(self, text: impl AsRef<str>) {
        self.push(sentence(text.as_ref()), None, REFUSAL);
    }

    /// Takes back why runs could not be made, and the offers to try again: others are made now.
    pub fn clear_refusals(self) {
        self.settle(REFUSAL);
        self.take_back(Offer::Retry);
    }

    /// Shows a sentence in place of the last one about the same.
    pub fn show_about(self, about: &'static str, text: impl AsRef<str>) {
        self.settle(about);
        self.push(sentence(text.as_ref()), None, about);
    }

    /// Takes back what was said about something: it is well now.
    pub fn settle(self, about: &'static str) {
        self.take_back_if(|message| message.about == about);
    }

    /// Takes back what offered this: it does not apply any more.
    pub fn take_back(self, offer: Offer) {
        self.take_back_if(|message| message.offer == Some(offer));
    }

    /// Takes back what offered something to go on: it was done, or is not needed any more.
    pub fn clear_offers(self) {
        self.take_back_if(|message| message.offer.is_some_and(|offer| offer != Offer::Undo));
    }

    fn take_back_if(self, is_meant: impl Fn(&Message) -> bool) {
        if self.0.with_untracked(|messages| messages.iter().any(&is_meant)) {
            self.0.update(|messages| messages.retain(|message| !is_meant(message)));
        }
    }

    fn push(self, text: String, offer: Option<Offer>, about: &'static str) {
        self.0.update(|messages| {
            messages.retain(|message| message.text != text);
            let id = messages.last().map_or(0, |message| message.id + 1);
            messages.push(Message { id, text, offer, about });
            let surplus = messages.len().saturating_sub(MAX_MESSAGES);
            messages.drain(..surplus);
        });
    }

    /// The sentences that are shown, the oldest first.
    pub fn all(self) -> Vec<Message> {
        self.0.get()
    }

    /// Takes a sentence away.
    pub fn dismiss(self, id: u64) {
        self.0.update(|messages| messages.retain(|message| message.id != id));
    }
}
