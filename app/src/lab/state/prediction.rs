//! What a student predicted, kept in the browser until it is taken back.

use leptos::prelude::*;

use crate::lab::browser::storage::storage;
use crate::lab::facts::lessons::text::LESSONS;

/// The predictions of a lesson. A handle: copies mean the same.
#[derive(Clone, Copy)]
pub struct Prediction {
    lesson: usize,
    values: RwSignal<Vec<Option<f64>>>,
    is_made: RwSignal<bool>,
}

impl Prediction {
    /// Of a lesson, counted from 1, as it was left.
    pub fn of(lesson: usize) -> Self {
        let count = LESSONS[lesson - 1].guesses.len();
        let stored = storage().and_then(|storage| storage.get_item(&key(lesson)).ok().flatten());
        let made = stored.as_deref().map(read).filter(|values| values.len() == count);
        let is_made = made.is_some();
        let values =
            made.map_or(vec![None; count], |values| values.into_iter().map(Some).collect());
        Self { lesson, values: RwSignal::new(values), is_made: RwSignal::new(is_made) }
    }

    /// What was predicted of a guess; none before it is touched.
    pub fn value(self, guess: usize) -> Option<f64> {
        self.values.with(|values| values[guess])
    }

    /// Predicts.
    pub fn set(self, guess: usize, value: f64) {
        self.values.update(|values| values[guess] = Some(value));
    }

    /// Whether everything is predicted.
    pub fn is_complete(self) -> bool {
        self.values.with(|values| values.iter().all(Option::is_some))
    }

    /// Whether it stands: then it cannot be changed, and results are shown.
    pub fn is_made(self) -> bool {
        self.is_made.get()
    }

    /// Lets it stand.
    pub fn make(self) {
        self.is_made.set(true);
        let text: Vec<_> = self
            .values
            .get_untracked()
            .into_iter()
            .flatten()
            .map(|value| value.to_string())
            .collect();
        if let Some(storage) = storage() {
            // Where nothing can be stored, it stands until the page is closed.
            let _ = storage.set_item(&key(self.lesson), &text.join(" "));
        }
    }

    /// Takes it back.
    pub fn take_back(self) {
        self.is_made.set(false);
        self.values.update(|values| values.fill(None));
        forget(self.lesson);
    }

    /// Takes it back, and those of all other lessons: another student begins.
    pub fn clear_all(self) {
        self.take_back();
        (1..=LESSONS.len()).for_each(forget);
    }
}

fn forget(lesson: usize) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&key(lesson));
    }
}

fn key(lesson: usize) -> String {
    format!("rote-lesson-{lesson}")
}

fn read(text: &str) -> Vec<f64> {
    text.split(' ').filter_map(|word| word.parse().ok()).collect()
}
