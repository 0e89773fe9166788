//! What the reader looks at, and the links that lead to it.

use std::time::Duration;

use leptos::prelude::*;

use crate::lab::browser::{address, window};
use crate::lab::facts::link::{self, Choices, Screen};
use crate::lab::facts::race::Race;
use crate::lab::state::messages::Messages;
use crate::lab::state::settings::Settings;
use crate::train::Recipe;

/// Time between changes of the address: Safari refuses more than a hundred in half a minute.
const ADDRESS_MS: u64 = 400;

/// Handles; copies mean the same page.
#[derive(Clone, Copy)]
pub struct Navigation {
    /// What the reader looks at.
    pub view: RwSignal<Screen>,
    /// All that a link to here decides.
    pub choices: Memo<Choices>,
    settings: Settings,
    messages: Messages,
    /// What the browser's current entry of the history looks at.
    entry: StoredValue<Screen>,
    /// The query that is to stand in the address bar shortly.
    next_query: StoredValue<Option<String>>,
}

impl Navigation {
    /// The page of the current address, which sets every control.
    pub fn new(settings: Settings, messages: Messages) -> Self {
        let view = RwSignal::new(Screen::Lab);
        let choices = Memo::new(move |_| Choices {
            recipe: settings.recipe.get(),
            race: settings.race.get(),
            engine: settings.engine.get(),
            view: view.get(),
            limits: settings.limits.get(),
        });
        let (entry, next_query) = (StoredValue::new(Screen::Lab), StoredValue::new(None));
        let navigation = Self { view, choices, settings, messages, entry, next_query };
        navigation.take(navigation.read(&address::query()));
        entry.set_value(view.get_untracked());
        navigation
    }

    /// From now on the address bar holds all that is chosen, as long as it can be taken, and each view has an entry in the
    /// browser's history.
    pub fn start(self) {
        Effect::new(move |taken: Option<Choices>| {
            let (is_valid, now) = (self.settings.are_valid(), self.choices.get());
            // What stands in the controls and cannot be taken leaves the address as it is, but for the view.
            let choices = match taken {
                Some(taken) if !is_valid => Choices { view: now.view, ..taken },
                _ => now,
            };
            let query = link::write(&choices);
            if self.entry.get_value() == choices.view {
                self.write_soon(query);
            } else {
                self.write_now();
                self.entry.set_value(choices.view);
                address::push_query(&query);
            }
            // Not before: in Chromium the entry that is left would get it.
            address::set_title(&choices.view.title());
            choices
        });
        address::on_other_entry(move || {
            // What was to be written belongs to the entry that was left.
            self.next_query.set_value(None);
            let choices = self.read(&address::query());
            self.entry.set_value(choices.view);
            self.take(Choices { engine: self.settings.engine.get_untracked(), ..choices });
        });
        window::on_leaving(move || self.write_now());
    }

    fn write_soon(self, query: String) {
        let is_under_way = self.next_query.with_value(Option::is_some);
        self.next_query.set_value(Some(query));
        if !is_under_way {
            set_timeout(move || self.write_now(), Duration::from_millis(ADDRESS_MS));
        }
    }

    fn write_now(self) {
        if let Some(query) = self.next_query.try_update_value(Option::take).flatten() {
            address::replace_query(&query);
        }
    }

    /// What a link says; what it has wrong is told.
    fn read(self, query: &str) -> Choices {
        let (choices, sentences) = link::read(query);
        for sentence in sentences {
            self.messages.show(sentence);
        }
        choices
    }

    fn take(self, choices: Choices) {
        self.settings.set(&choices.recipe, choices.race);
        self.settings.limits.set(choices.limits);
        self.settings.engine.set(choices.engine);
        self.view.set(choices.view);
    }

    /// What a link within the page leads to: what is fixed and hidden stays so.
    pub fn choices_of(self, query: &str) -> Choices {
        link::within(link::read(query).0, &self.choices.get())
    }

    /// Whether a link leads to what it names, though settings are fixed.
    pub fn can_follow(self, query: &str) -> bool {
        let (wanted, found) = (link::read(query).0, self.choices_of(query));
        wanted.recipe == found.recipe && wanted.race == found.race
    }

    /// Follows a link within the page.
    pub fn open_link(self, query: &str) {
        self.take(untrack(|| self.choices_of(query)));
    }

    /// Sets every control from a recipe, but for those that are fixed, and shows the laboratory.
    pub fn open_recipe(self, recipe: &Recipe, race: Race) {
        let now = self.choices.get_untracked();
        let choices = Choices { recipe: recipe.clone(), race, view: Screen::Lab, ..now.clone() };
        self.take(link::within(choices, &now));
    }

    /// What a link to another part of the page says. A lesson brings its own settings.
    pub fn choices_in(self, view: Screen) -> Choices {
        link::to_view(view, &self.choices.get())
    }

    /// Shows another part of the page. Only a lesson brings settings: elsewhere what stands in the controls stays there, what
    /// cannot be taken too.
    pub fn open_view(self, view: Screen) {
        match view {
            Screen::Lesson(_) => self.take(untrack(|| self.choices_in(view))),
            Screen::Lab | Screen::Runs => self.view.set(view),
        }
        window::scroll_to_top();
    }
}
