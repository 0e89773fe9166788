//! How the page looks now: what is drawn in pixels is drawn again when it changes.

use leptos::prelude::*;

use crate::lab::browser::window::on_other_look;

/// Counts the looks the page has had: one for each size of its window and each colour scheme. A handle: copies mean the same.
/// It concerns everything that is drawn and nothing else, so it is not handed from view to view but lies in the context.
#[derive(Clone, Copy)]
pub struct Appearance(RwSignal<u32>);

impl Appearance {
    /// Watches the window, for all views below the one that calls this.
    pub fn watch() {
        let count = RwSignal::new(0);
        on_other_look(move || count.update(|count| *count += 1));
        provide_context(Self(count));
    }

    /// That of the page.
    pub fn of_page() -> Self {
        expect_context()
    }

    /// Runs what calls this again when the look is another.
    pub fn track(self) {
        self.0.track();
    }
}
