//! The state of the page: what the controls say, what follows from it, and what the buttons do.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use super::lane::{Lane, Phase, now_ms};
use super::link::{self, Choices};
use super::race::{LanePlan, Race};
use super::shared::{Download, Shared};
use crate::engine::messages::EngineChoice;
use crate::train::{Recipe, SETTINGS, Setting, SettingError};

/// What stands in each control, as text.
type Drafts = BTreeMap<&'static str, String>;

/// Handles; copies mean the same page.
#[derive(Clone, Copy)]
pub struct Page {
    /// The two lanes; the second is used in a race only.
    pub lanes: [Lane; 2],
    /// What the lanes have in common.
    pub shared: Shared,
    /// What is compared.
    pub race: RwSignal<Race>,
    /// Training images that can be had here; unknown until the server has said.
    pub available_images: RwSignal<Option<u64>>,
    /// What the controls mean, those in error left at their defaults.
    pub choices: Memo<Choices>,
    /// The sentence for each setting in error.
    pub errors: Memo<BTreeMap<&'static str, String>>,
    drafts: RwSignal<Drafts>,
    /// Counts changes, so that a quick series of them is acted upon once.
    change: StoredValue<u64>,
}

/// A pause in changes after which the runs are made anew.
const SETTLE_MS: u64 = 250;

impl Page {
    /// The page of the current URL.
    pub fn new() -> Self {
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let data_url = web_sys::Url::new_with_base("data/", &base).map_or("data/".into(), |url| url.href());
        let shared = Shared::new(data_url);
        let drafts = RwSignal::new(drafts_of(&Recipe::default()));
        let race = RwSignal::new(Race::Off);
        let available_images = RwSignal::new(None);
        let read = Memo::new(move |_| drafts.with(|drafts| recipe_of(drafts, available_images.get())));
        let choices =
            Memo::new(move |_| Choices { recipe: read.get().0, race: race.get(), engine: shared.engine.get() });
        let errors = Memo::new(move |_| read.get().1);
        let lanes = [Lane::new(0, shared), Lane::new(1, shared)];
        let page = Self { lanes, shared, race, available_images, choices, errors, drafts, change: StoredValue::new(0) };
        page.open_link(&window().location().search().unwrap_or_default());
        page
    }

    /// Connects what follows from the controls: the URL, the runs, the engine.
    pub fn start(self) {
        let first = StoredValue::new(true);
        Effect::new(move |_| {
            let choices = self.choices.get();
            if self.errors.with(BTreeMap::is_empty) {
                write_url(&choices);
                let is_first = first.get_value();
                first.set_value(false);
                if is_first { self.open_saved(choices) } else { self.apply_soon(choices) }
            }
        });
        Effect::new(move |engine_before: Option<EngineChoice>| {
            let engine = self.shared.engine.get();
            if engine_before.is_some_and(|before| before != engine) {
                self.change_engine();
            }
            engine
        });
        Effect::new(move |_| {
            if self.shared.download.get() == Download::Done {
                self.lanes.into_iter().for_each(Lane::ensure_worker);
            }
        });
        let tick = move || self.lanes.into_iter().for_each(|lane| lane.tick(now_ms()));
        set_interval(tick, Duration::from_secs(1));
        spawn_local(async move { self.available_images.set(Some(super::sizes::available_images().await)) });
    }

    /// Sets every control from a link.
    pub fn open_link(self, query: &str) {
        let (choices, sentences) = link::read(query);
        for sentence in sentences {
            self.shared.messages.show(sentence);
        }
        self.drafts.set(drafts_of(&choices.recipe));
        self.race.set(choices.race);
        if query.contains("engine=") {
            self.shared.engine.set(choices.engine);
        }
    }

    /// What stands in a control.
    pub fn draft(self, key: &'static str) -> String {
        self.drafts.with(|drafts| drafts.get(key).cloned().unwrap_or_default())
    }

    /// Puts text into a control.
    pub fn set_draft(self, key: &'static str, text: String) {
        self.drafts.update(|drafts| _ = drafts.insert(key, text));
    }

    /// The lanes in use.
    pub fn used_lanes(self) -> impl Iterator<Item = Lane> {
        self.lanes.into_iter().filter(|lane| lane.plan.with(Option::is_some))
    }

    /// Whether Train has something to do.
    pub fn can_train(self) -> bool {
        self.errors.with(BTreeMap::is_empty) && (self.used_lanes().any(Lane::can_run) || self.is_finished())
    }

    /// Whether Step has something to do.
    pub fn can_step(self) -> bool {
        self.errors.with(BTreeMap::is_empty) && !self.is_busy() && self.used_lanes().any(Lane::can_run)
    }

    /// Whether anything is under way.
    pub fn is_busy(self) -> bool {
        self.used_lanes().any(Lane::is_busy)
    }

    /// Whether every lane is over.
    pub fn is_finished(self) -> bool {
        let mut phases = self.used_lanes().map(|lane| lane.phase.get()).peekable();
        phases.peek().is_some() && phases.all(|phase| phase == Phase::Finished)
    }

    /// Trains every lane that is not over; begins again where all are.
    pub fn train(self) {
        if self.is_finished() {
            self.reset();
        }
        self.forget_failures();
        self.used_lanes().for_each(Lane::train);
    }

    /// Pauses every lane.
    pub fn pause(self) {
        self.used_lanes().for_each(Lane::pause);
    }

    /// One step of every lane that is not over.
    pub fn step(self) {
        self.used_lanes().for_each(Lane::step);
    }

    /// Every lane back to step 0.
    pub fn reset(self) {
        self.used_lanes().for_each(Lane::reset);
    }

    /// Tries again what failed.
    pub fn retry(self) {
        self.forget_failures();
        self.used_lanes().for_each(Lane::retry);
    }

    fn forget_failures(self) {
        self.shared.messages.clear_retries();
        if self.shared.download.get_untracked() == Download::Failed {
            self.shared.download.set(Download::Ahead);
        }
    }

    fn apply_soon(self, choices: Choices) {
        self.change.update_value(|count| *count += 1);
        let change = self.change.get_value();
        let act = move || {
            if self.change.get_value() == change {
                self.apply(&choices, [None, None]);
            }
        };
        set_timeout(act, Duration::from_millis(SETTLE_MS));
    }

    /// The first runs of the page, as far as they were stored.
    fn open_saved(self, choices: Choices) {
        let change = self.change.get_value();
        spawn_local(async move {
            let plans = choices.race.lanes(&choices.recipe);
            let mut saved = [None, None];
            for ((lane, plan), saved) in self.lanes.iter().zip(&plans).zip(&mut saved) {
                *saved = lane.saved(&plan.recipe.to_toml()).await;
            }
            if self.change.get_value() == change {
                self.apply(&choices, saved);
            }
        });
    }

    fn apply(self, choices: &Choices, saved: [Option<super::store::SavedRun>; 2]) {
        let mut plans = choices.race.lanes(&choices.recipe).into_iter().map(Some).collect::<Vec<Option<LanePlan>>>();
        plans.resize(2, None);
        for ((lane, plan), saved) in self.lanes.into_iter().zip(plans).zip(saved) {
            lane.set_plan(plan, saved);
        }
    }

    fn change_engine(self) {
        for lane in self.lanes {
            if lane.plan.with_untracked(Option::is_some) {
                lane.move_to_new_worker();
            } else {
                lane.end_worker();
            }
        }
    }
}

fn drafts_of(recipe: &Recipe) -> Drafts {
    SETTINGS.iter().map(|setting| (setting.key, setting.get(recipe))).collect()
}

/// The recipe of the texts, and the sentence for each that cannot be taken.
fn recipe_of(drafts: &Drafts, available_images: Option<u64>) -> (Recipe, BTreeMap<&'static str, String>) {
    let mut recipe = Recipe::default();
    let mut errors = BTreeMap::new();
    for (key, text) in drafts {
        if let Err(error) = Setting::find(key).and_then(|setting| setting.set(&mut recipe, text.trim())) {
            errors.insert(*key, error.to_string());
        }
    }
    if let Some(available) = available_images.filter(|available| recipe.images > *available) {
        let allowed = format!("at most {available}, the training images served here (`cargo xtask data` makes more)");
        let error = SettingError::OutOfRange { key: "images", value: recipe.images.to_string(), allowed };
        errors.insert("images", error.to_string());
    }
    if let Err(error) = recipe.check() {
        errors.entry("batch-size").or_insert(error.to_string());
    }
    (recipe, errors)
}

fn write_url(choices: &Choices) {
    let url = format!("?{}", link::write(choices));
    let replaced =
        window().history().and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url)));
    // Pages opened from a file have no history to write to; the page works without.
    drop(replaced);
}
