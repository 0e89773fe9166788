//! The state of the page: what the controls say, what follows from it, and what the buttons do.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use super::history::History;
use super::lane::{Lane, LanePhase, now_ms};
use super::lessons::LESSONS;
use super::library::{KeptRun, Library};
use super::link::{self, Choices, Limits, Screen};
use super::messages::Offer;
use super::race::{LanePlan, Race};
use super::shared::{EngineDownload, Shared};
use crate::engine::messages::EngineChoice;
use crate::train::{Recipe, SETTINGS, Setting, SettingError};

/// What stands in each control, as text.
type Drafts = BTreeMap<&'static str, String>;

/// Handles; copies mean the same page.
#[derive(Clone, Copy)]
pub struct Page {
    /// The two lanes; the second is used where two runs or more are compared.
    pub lanes: [Lane; 2],
    /// What the lanes have in common.
    pub shared: Shared,
    /// What the reader looks at.
    pub view: RwSignal<Screen>,
    /// What is compared.
    pub race: RwSignal<Race>,
    /// The runs of the comparison, of which two at a time are on the lanes.
    pub plans: Memo<Vec<LanePlan>>,
    /// The runs that are kept.
    pub library: Library,
    /// Counts up when the window or the colour scheme changes.
    pub look: RwSignal<u32>,
    /// What the link takes away from the reader.
    pub limits: RwSignal<Limits>,
    /// Training images that can be had here; unknown until the server has said.
    pub available_images: RwSignal<Option<u64>>,
    /// What the controls mean, those in error left at their defaults.
    pub choices: Memo<Choices>,
    /// The sentence for each setting in error.
    pub errors: Memo<BTreeMap<&'static str, String>>,
    drafts: RwSignal<Drafts>,
    /// Runs of the comparison kept before this moment are not counted: it was begun again.
    since: RwSignal<String>,
    /// Counts changes, so that a quick series of them is acted upon once.
    change: StoredValue<u64>,
}

/// A pause in changes after which the runs are made anew.
const SETTLE_MS: u64 = 250;

impl Page {
    /// The page of the current URL.
    pub fn new() -> Self {
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let data_url =
            web_sys::Url::new_with_base("data/", &base).map_or("data/".into(), |url| url.href());
        let shared = Shared::new(data_url);
        let drafts = RwSignal::new(drafts_of(&Recipe::default()));
        let race = RwSignal::new(Race::Off);
        let available_images = RwSignal::new(None);
        let (view, limits) = (RwSignal::new(Screen::Lab), RwSignal::new(Limits::default()));
        let read =
            Memo::new(move |_| drafts.with(|drafts| recipe_of(drafts, available_images.get())));
        let choices = Memo::new(move |_| Choices {
            recipe: read.get().0,
            race: race.get(),
            engine: shared.engine.get(),
            view: view.get(),
            limits: limits.get(),
        });
        let errors = Memo::new(move |_| read.get().1);
        let page = Self {
            lanes: [Lane::new(0, shared), Lane::new(1, shared)],
            shared,
            view,
            race,
            plans: Memo::new(move |_| choices.with(|choices| choices.race.plans(&choices.recipe))),
            library: shared.library,
            look: RwSignal::new(0),
            limits,
            available_images,
            choices,
            errors,
            drafts,
            since: RwSignal::default(),
            change: StoredValue::new(0),
        };
        page.open_link(&window().location().search().unwrap_or_default());
        page
    }

    /// Connects what follows from the controls: the URL, the runs, the engine.
    pub fn start(self) {
        super::canvas::watch_look(self.look);
        Effect::new(move |_| {
            let choices = self.choices.get();
            if self.errors.with(BTreeMap::is_empty) {
                write_url(&choices);
            }
        });
        let first = StoredValue::new(true);
        Effect::new(move |_| {
            let plans = self.plans.get();
            if self.errors.with(BTreeMap::is_empty) {
                let is_first = first.get_value();
                first.set_value(false);
                if is_first { self.open_saved(plans) } else { self.apply_soon(plans) }
            }
        });
        // A lane that is done takes the next run of the comparison.
        for lane in self.lanes {
            Effect::new(move |_| {
                if lane.phase.get() == LanePhase::Finished
                    && let Some(next) = untrack(|| self.next_plan())
                {
                    lane.set_plan(Some(next), None);
                    lane.train();
                }
            });
        }
        Effect::new(move |engine_before: Option<EngineChoice>| {
            let engine = self.shared.engine.get();
            if engine_before.is_some_and(|before| before != engine) {
                self.change_engine();
            }
            engine
        });
        Effect::new(move |_| {
            if self.shared.download.get() == EngineDownload::Done {
                self.lanes.into_iter().for_each(Lane::ensure_worker);
            }
        });
        let tick = move || self.lanes.into_iter().for_each(|lane| lane.tick(now_ms()));
        set_interval(tick, Duration::from_secs(1));
        spawn_local(async move {
            self.available_images.set(Some(super::sizes::available_images().await))
        });
    }

    /// Sets every control from a link.
    pub fn open_link(self, query: &str) {
        let (choices, sentences) = link::read(query);
        for sentence in sentences {
            self.shared.messages.show(sentence);
        }
        self.open_recipe(&choices.recipe, choices.race);
        self.view.set(choices.view);
        self.limits.set(choices.limits);
        if query.contains("engine=") {
            self.shared.engine.set(choices.engine);
        }
    }

    /// Sets every control from a recipe, and shows the laboratory.
    pub fn open_recipe(self, recipe: &Recipe, race: Race) {
        self.drafts.set(drafts_of(recipe));
        self.race.set(race);
        self.view.set(Screen::Lab);
    }

    /// Shows another part of the page. A lesson brings its own settings.
    pub fn open_view(self, view: Screen) {
        if let Screen::Lesson(number) = view {
            let (choices, _) = link::read(LESSONS[number - 1].query);
            self.open_recipe(&choices.recipe, choices.race);
        }
        self.view.set(view);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    /// The history of a run of the comparison: of the lane that has it, or of the list. None if it was not begun.
    pub fn with_history_of<T>(
        self,
        plan: &LanePlan,
        read: impl FnOnce(&History) -> T,
    ) -> Option<T> {
        let on_lane = self.used_lanes().find(|lane| lane.has(&plan.recipe));
        match on_lane {
            Some(lane) if lane.with_history(|history| history.step > 0) => {
                Some(lane.with_history(read))
            }
            _ => self.done(plan).map(|run| read(&run.history)),
        }
    }

    /// A finished run of the comparison.
    fn done(self, plan: &LanePlan) -> Option<KeptRun> {
        self.library
            .finished(&plan.recipe)
            .filter(|run| self.since.with(|since| run.date >= *since))
    }

    /// How many runs of the comparison are done, and how many there are.
    pub fn progress(self) -> (usize, usize) {
        self.plans.with(|plans| {
            (plans.iter().filter(|plan| self.done(plan).is_some()).count(), plans.len())
        })
    }

    /// The first run of the comparison that is neither done nor on a lane.
    fn next_plan(self) -> Option<LanePlan> {
        let on_lane = |plan: &LanePlan| self.used_lanes().any(|lane| lane.has(&plan.recipe));
        self.plans.with(|plans| {
            plans.iter().find(|plan| !on_lane(plan) && self.done(plan).is_none()).cloned()
        })
    }

    /// Whether a control cannot be used: the comparison decides it, or the link has fixed it.
    pub fn is_fixed(self, key: &str) -> bool {
        self.race.get().decides(key) || self.limits.with(|limits| limits.fixes(key))
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
        self.errors.with(BTreeMap::is_empty)
            && (self.used_lanes().any(Lane::can_run) || self.is_finished())
    }

    /// Whether Step has something to do.
    pub fn can_step(self) -> bool {
        self.errors.with(BTreeMap::is_empty)
            && !self.is_busy()
            && self.used_lanes().any(Lane::can_run)
    }

    /// Whether anything is under way.
    pub fn is_busy(self) -> bool {
        self.used_lanes().any(Lane::is_busy)
    }

    /// Whether every lane is over.
    pub fn is_finished(self) -> bool {
        let mut phases = self.used_lanes().map(|lane| lane.phase.get()).peekable();
        phases.peek().is_some() && phases.all(|phase| phase == LanePhase::Finished)
    }

    /// Trains every lane that is not over; begins again where all are.
    pub fn train(self) {
        if self.is_finished() {
            self.begin_again();
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

    /// Every run back to step 0.
    pub fn reset(self) {
        self.begin_again();
        self.forget_failures();
    }

    fn begin_again(self) {
        self.since.set(String::from(js_sys::Date::new_0().to_iso_string()));
        let plans = self.plans.get_untracked();
        let first = self.first_plans(&plans);
        for (lane, plan) in self.lanes.into_iter().zip(first) {
            match plan {
                Some(plan) if lane.has(&plan.recipe) => lane.reset(),
                plan => lane.set_plan(plan, None),
            }
        }
    }

    /// Tries again what failed.
    pub fn retry(self) {
        self.forget_failures();
        self.used_lanes().for_each(Lane::retry);
    }

    /// Fetches what was asked about, and goes on with what was wanted.
    pub fn allow_download(self) {
        self.shared.may_download.set_value(true);
        self.shared.messages.take_back(Offer::DataDownload);
        self.used_lanes().for_each(Lane::load_allowed);
    }

    /// Gives every lane that was found silent a new worker.
    pub fn restart_silent(self) {
        self.shared.messages.clear_offers();
        self.lanes.into_iter().for_each(Lane::restart_if_silent);
    }

    fn forget_failures(self) {
        self.shared.messages.clear_offers();
        if self.shared.download.get_untracked() == EngineDownload::Failed {
            self.shared.download.set(EngineDownload::Ahead);
        }
    }

    /// What the lanes begin with: the first runs that are not done. Where all are, one stands ready to be made again.
    fn first_plans(self, plans: &[LanePlan]) -> [Option<LanePlan>; 2] {
        // A comparison of two is shown as two, done or not.
        let mut open =
            plans.iter().filter(|plan| plans.len() <= 2 || untrack(|| self.done(plan)).is_none());
        let first = open.next().or(plans.first());
        [first.cloned(), open.next().cloned()]
    }

    fn apply_soon(self, plans: Vec<LanePlan>) {
        self.change.update_value(|count| *count += 1);
        let change = self.change.get_value();
        let act = move || {
            if self.change.get_value() == change {
                self.apply(self.first_plans(&plans), [None, None]);
            }
        };
        set_timeout(act, Duration::from_millis(SETTLE_MS));
    }

    /// The first runs of the page, as far as they were stored.
    fn open_saved(self, plans: Vec<LanePlan>) {
        let change = self.change.get_value();
        spawn_local(async move {
            self.library.read().await;
            let plans = self.first_plans(&plans);
            let mut saved = [None, None];
            for ((lane, plan), saved) in self.lanes.iter().zip(&plans).zip(&mut saved) {
                if let Some(plan) = plan {
                    *saved = lane.saved(&plan.recipe.to_full_toml()).await;
                }
            }
            if self.change.get_value() == change {
                self.apply(plans, saved);
            }
        });
    }

    fn apply(self, plans: [Option<LanePlan>; 2], saved: [Option<super::store::SavedRun>; 2]) {
        // Asked again below if it still applies.
        self.shared.messages.take_back(Offer::DataDownload);
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
    let mut drafts = Drafts::new();
    // To collect would bring a sort of its own into the page.
    drafts.extend(SETTINGS.iter().map(|setting| (setting.key, setting.get(recipe))));
    drafts
}

/// The recipe of the texts, and the sentence for each that cannot be taken.
fn recipe_of(
    drafts: &Drafts,
    available_images: Option<u64>,
) -> (Recipe, BTreeMap<&'static str, String>) {
    let mut recipe = Recipe::default();
    let mut errors = BTreeMap::new();
    for (key, text) in drafts {
        if let Err(error) =
            Setting::find(key).and_then(|setting| setting.set(&mut recipe, text.trim()))
        {
            errors.insert(*key, error.to_string());
        }
    }
    if let Some(available) = available_images.filter(|available| recipe.images > *available) {
        let allowed = format!(
            "at most {available}, the training images served here (`cargo xtask data` makes more)"
        );
        let error =
            SettingError::OutOfRange { key: "images", value: recipe.images.to_string(), allowed };
        errors.insert("images", error.to_string());
    }
    if let Err(error) = recipe.check() {
        errors.entry("batch-size").or_insert(error.to_string());
    }
    (recipe, errors)
}

fn write_url(choices: &Choices) {
    let url = format!("?{}", link::write(choices));
    let replaced = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url)));
    // Pages opened from a file have no history to write to; the page works without.
    drop(replaced);
}
