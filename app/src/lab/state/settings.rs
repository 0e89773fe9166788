//! What the controls say, what it means, and what of it the reader may not change.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::data::TIERS;
use crate::engine::messages::EngineChoice;
use crate::lab::browser::sizes::available_images;
use crate::lab::facts::drafts::{Drafts, Refusals, recipe_of};
use crate::lab::facts::link::Limits;
use crate::lab::facts::race::Race;
use crate::train::Recipe;

/// A server that has not said for so long how many images it has is not waited for.
const SERVER_MS: u64 = 5000;

/// Handles; copies mean the same controls.
#[derive(Clone, Copy)]
pub struct Settings {
    /// What is compared.
    pub race: RwSignal<Race>,
    /// Where it is computed.
    pub engine: RwSignal<EngineChoice>,
    /// What the link takes away from the reader.
    pub limits: RwSignal<Limits>,
    /// Training images that can be had here; unknown until the server has said.
    pub available_images: RwSignal<Option<u64>>,
    /// What the controls mean, those in error left at their defaults.
    pub recipe: Memo<Recipe>,
    /// The sentence for each setting in error.
    pub errors: Memo<Refusals>,
    drafts: RwSignal<Drafts>,
}

impl Settings {
    /// The defaults, computed on `engine`.
    pub fn new(engine: RwSignal<EngineChoice>) -> Self {
        let drafts = RwSignal::new(Drafts::of(&Recipe::default()));
        let available_images = RwSignal::new(None);
        let read =
            Memo::new(move |_| drafts.with(|drafts| recipe_of(drafts, available_images.get())));
        Self {
            race: RwSignal::new(Race::Off),
            engine,
            limits: RwSignal::new(Limits::default()),
            available_images,
            recipe: Memo::new(move |_| read.get().0),
            errors: Memo::new(move |_| read.get().1),
            drafts,
        }
    }

    /// Asks the server how many training images it has. Without an answer there are those that come with the page, until it
    /// says otherwise.
    pub fn ask_server(self) {
        let give_up = move || {
            if self.available_images.with_untracked(Option::is_none) {
                self.available_images.set(Some(TIERS[0].train as u64));
            }
        };
        set_timeout(give_up, Duration::from_millis(SERVER_MS));
        spawn_local(async move { self.available_images.set(Some(available_images().await)) });
    }

    /// Sets every control of a recipe, and what is compared.
    pub fn set(self, recipe: &Recipe, race: Race) {
        self.drafts.set(Drafts::of(recipe));
        self.race.set(race);
    }

    /// Whether everything that stands in the controls can be taken.
    pub fn are_valid(self) -> bool {
        self.errors.with(Refusals::is_empty)
    }

    /// Whether it is known that there are so many images as are asked for: what comes with the page is always there, of more
    /// the server has to say it first.
    pub fn are_images_known(self) -> bool {
        self.available_images.with(Option::is_some)
            || self.recipe.with(|recipe| recipe.images <= TIERS[0].train as u64)
    }

    /// Whether a control cannot be used: the comparison decides it, or the link has fixed it.
    pub fn is_fixed(self, key: &str) -> bool {
        self.race.get().decides(key) || self.limits.with(|limits| limits.fixes(key))
    }

    /// Whether a part of the page is to be seen.
    pub fn shows(self, part: &str) -> bool {
        self.limits.with(|limits| limits.shows(part))
    }

    /// What stands in a control.
    pub fn draft(self, key: &'static str) -> String {
        self.drafts.with(|drafts| drafts.get(key).to_owned())
    }

    /// Puts text into a control.
    pub fn set_draft(self, key: &'static str, text: String) {
        self.drafts.update(|drafts| drafts.put(key, text));
    }
}
