//! What the reader looks at, and the links that lead to it.

use leptos::prelude::*;

use crate::lab::browser::{address, window};
use crate::lab::facts::lessons::text::LESSONS;
use crate::lab::facts::link::{self, Choices, Screen};
use crate::lab::facts::race::Race;
use crate::lab::state::messages::Messages;
use crate::lab::state::settings::Settings;
use crate::train::Recipe;

/// Handles; copies mean the same page.
#[derive(Clone, Copy)]
pub struct Navigation {
    /// What the reader looks at.
    pub view: RwSignal<Screen>,
    /// All that a link to here decides.
    pub choices: Memo<Choices>,
    settings: Settings,
    messages: Messages,
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
        let navigation = Self { view, choices, settings, messages };
        navigation.open_link(&address::query());
        navigation
    }

    /// From now on the address bar holds all that is chosen, as long as it can be taken.
    pub fn start(self) {
        Effect::new(move |_| {
            let choices = self.choices.get();
            if self.settings.are_valid() {
                address::replace_query(&link::write(&choices));
            }
        });
    }

    /// Sets every control from a link.
    pub fn open_link(self, query: &str) {
        let (choices, sentences) = link::read(query);
        for sentence in sentences {
            self.messages.show(sentence);
        }
        self.open_recipe(&choices.recipe, choices.race);
        self.view.set(choices.view);
        self.settings.limits.set(choices.limits);
        if query.contains("engine=") {
            self.settings.engine.set(choices.engine);
        }
    }

    /// Sets every control from a recipe, and shows the laboratory.
    pub fn open_recipe(self, recipe: &Recipe, race: Race) {
        self.settings.set(recipe, race);
        self.view.set(Screen::Lab);
    }

    /// Shows another part of the page. A lesson brings its own settings.
    pub fn open_view(self, view: Screen) {
        if let Screen::Lesson(number) = view {
            let (choices, _) = link::read(LESSONS[number - 1].query);
            self.open_recipe(&choices.recipe, choices.race);
        }
        self.view.set(view);
        window::scroll_to_top();
    }
}
