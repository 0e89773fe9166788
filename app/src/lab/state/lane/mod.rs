//! A lane: one run in one worker. Here is what the page may ask of it; `drive` makes it happen, and `receive` takes what
//! the worker answers.

mod drive;
mod keep;
mod receive;

use std::sync::Arc;

use js_sys::Uint8Array;
use leptos::prelude::*;

use crate::engine::messages::Request;
use crate::lab::browser::engine_worker::EngineWorker;
use crate::lab::browser::speed;
use crate::lab::browser::store::SavedRun;
use crate::lab::facts::history::History;
use crate::lab::facts::race::LanePlan;
use crate::lab::facts::rate::Rate;
use crate::lab::facts::sentences::LeftRun;
use crate::lab::state::shared::{EngineDownload, Shared};
use crate::train::{Memorization, Recipe};

words! {
    /// Where a lane stands; the words are its `data-state`.
    pub enum LanePhase {
        /// At step 0, ready or getting ready.
        Idle = "idle",
        /// Wants to train, and waits for the engine or the data.
        Loading = "loading",
        /// Training.
        Running = "running",
        /// Stopped on the way.
        Paused = "paused",
        /// Over.
        Finished = "finished",
        /// Cannot go on; a message says why.
        Failed = "failed",
    }
}

/// What the worker is to do once it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Rest,
    Run,
    Step,
}

/// One run in one worker. A handle: copies mean the same lane.
#[derive(Clone, Copy)]
pub struct Lane {
    /// `a` or `b`.
    pub name: &'static str,
    /// Its place, and its colour.
    pub index: usize,
    /// Where it stands.
    pub phase: RwSignal<LanePhase>,
    /// What it runs, if it is used at all.
    pub plan: RwSignal<Option<LanePlan>>,
    /// Its images, `[count, 28, 28, 4]` RGBA.
    pub images: RwSignal<Arc<Vec<u8>>>,
    /// Its first layer: the side of each image, and `[units, side, side, 4]` RGBA.
    pub filters: RwSignal<Option<(usize, Arc<Vec<u8>>)>>,
    /// The device, once chosen, and why not another.
    pub device: RwSignal<Option<(String, Option<String>)>>,
    /// Counts up a few times a second while there is news; numbers and charts hang on it.
    pulse: RwSignal<u64>,
    shared: Shared,
    core: StoredValue<LaneInner, LocalStorage>,
}

/// What no view hangs on directly.
struct LaneInner {
    worker: Option<EngineWorker>,
    /// The device is chosen.
    opened: bool,
    /// The worker holds the run of the plan.
    loaded: bool,
    /// Loads that the worker has not answered: only the last one's start counts, or a step would be asked for twice.
    loads: u32,
    wish: Wish,
    history: History,
    memory: Memorization,
    checkpoint: Option<Uint8Array>,
    /// How many there were.
    checkpoints: u32,
    /// The steps that the last one has behind it.
    checkpoint_step: u64,
    /// Time until the next one, by how long the last one took.
    checkpoint_every_ms: f64,
    /// Checkpoints on their way into the browser's storage.
    saving: u32,
    /// Whether the browser has stored a part of this run; unknown before its first answer.
    is_stored: Option<bool>,
    /// The worker stands still; the lane is paused once its checkpoint is stored.
    pause_due: bool,
    /// How often it stood still: a pause is told from the next one.
    pauses: u32,
    /// Workers lost one after the other without getting further.
    deaths: u32,
    /// The step the last of them had reached.
    death_step: u64,
    rate: Rate,
    last_news_ms: f64,
    /// It has said nothing for so long that a new worker was offered.
    is_silent: bool,
    last_checkpoint_ms: f64,
    last_tick_ms: f64,
    pulse_due: bool,
    /// The reader knows that another tab has the same run.
    is_tab_told: bool,
}

impl Lane {
    /// A lane that is not used yet.
    pub fn new(index: usize, shared: Shared) -> Self {
        Self {
            name: ["a", "b"][index],
            index,
            phase: RwSignal::new(LanePhase::Idle),
            plan: RwSignal::new(None),
            images: RwSignal::default(),
            filters: RwSignal::default(),
            device: RwSignal::new(None),
            pulse: RwSignal::new(0),
            shared,
            core: StoredValue::new_local(LaneInner {
                worker: None,
                opened: false,
                loaded: false,
                loads: 0,
                wish: Wish::Rest,
                history: History::default(),
                memory: Memorization::default(),
                checkpoint: None,
                checkpoints: 0,
                checkpoint_step: 0,
                checkpoint_every_ms: FIRST_CHECKPOINT_MS,
                saving: 0,
                is_stored: None,
                pause_due: false,
                pauses: 0,
                deaths: 0,
                death_step: 0,
                rate: Rate::default(),
                last_news_ms: 0.0,
                is_silent: false,
                last_checkpoint_ms: 0.0,
                last_tick_ms: 0.0,
                pulse_due: false,
                is_tab_told: false,
            }),
        }
    }

    /// Reads the history, and again when there is news.
    pub fn with_history<T>(self, read: impl FnOnce(&History) -> T) -> T {
        self.pulse.track();
        self.core.with_value(|core| read(&core.history))
    }

    /// Reads what became of its images, and again when there is news.
    pub fn with_memory<T>(self, read: impl FnOnce(&Memorization) -> T) -> T {
        self.pulse.track();
        self.core.with_value(|core| read(&core.memory))
    }

    /// Steps a second, measured over the last seconds.
    pub fn steps_per_second(self) -> Option<f64> {
        self.pulse.track();
        self.core.with_value(|core| core.rate.steps_per_second())
    }

    /// Whether it has the run of a recipe.
    pub fn has(self, recipe: &Recipe) -> bool {
        self.plan.with(|plan| plan.as_ref().is_some_and(|plan| plan.recipe == *recipe))
    }

    /// Whether it can take Train: it has something to do and is not doing it.
    pub fn can_run(self) -> bool {
        self.plan.with(Option::is_some)
            && matches!(self.phase.get(), LanePhase::Idle | LanePhase::Paused | LanePhase::Failed)
    }

    /// Whether it is under way.
    pub fn is_busy(self) -> bool {
        matches!(self.phase.get(), LanePhase::Running | LanePhase::Loading)
    }

    /// Puts a run that was left on the way into the list of runs; what came to its end is there already.
    fn keep_if_begun(self) {
        if self.core.with_value(|core| core.history.summary.is_none()) {
            self.keep_run();
        }
    }

    /// Puts the run into the list of runs.
    fn keep_run(self) {
        let Some(plan) = self.plan.get_untracked() else { return };
        let device = self.device.get_untracked().map(|(device, _)| device).unwrap_or_default();
        let last = self.core.with_value(|core| core.history.epochs.last().cloned());
        if let Some(last) = last.filter(|last| last.seconds > 0.0) {
            // Measuring is a part of the time.
            speed::remember(
                &plan.recipe,
                &device,
                (last.epoch * plan.recipe.images) as f64 / last.seconds,
            );
            if self.core.with_value(|core| core.history.summary.is_some()) {
                speed::remember_end(&plan.recipe, last.epoch);
            }
        }
        self.core
            .with_value(|core| self.shared.library.keep(&plan.title, &plan.recipe, &core.history));
    }

    /// The run that is on the way and would be left for another, or none.
    pub fn left_for(self, plan: Option<&LanePlan>) -> Option<LeftRun> {
        let own = self.plan.get_untracked()?;
        if plan.is_some_and(|plan| plan.recipe == own.recipe) {
            return None;
        }
        let does_storage_answer = self.shared.library.does_storage_answer();
        self.core.with_value(|core| {
            let is_on_the_way = core.history.summary.is_none() && core.history.step > 0;
            is_on_the_way.then(|| LeftRun {
                title: own.title,
                step: core.history.step,
                has_epochs: !core.history.epochs.is_empty(),
                is_stored: core.is_stored.unwrap_or(core.saving > 0 && does_storage_answer),
            })
        })
    }

    /// Gives the lane its run, or none. A run that is the same goes on; `saved` is its stored part, if any.
    pub fn set_plan(self, plan: Option<LanePlan>, saved: Option<SavedRun>) {
        let same_run = |plan: &LanePlan| untrack(|| self.has(&plan.recipe));
        match plan {
            None => {
                self.clear();
                self.plan.set(None);
                self.core.update_value(|core| {
                    (core.worker, core.opened, core.loads, core.is_silent) = (None, false, 0, false)
                });
                self.shared.messages.settle(self.silence());
                self.shared.images_download.set(None);
            }
            Some(plan) if same_run(&plan) => self.plan.set(Some(plan)),
            Some(plan) => {
                self.clear();
                self.core.update_value(|core| core.is_tab_told = false);
                self.plan.set(Some(plan));
                if let Some(saved) = saved {
                    self.take_saved(saved);
                }
                self.load();
            }
        }
    }

    /// Trains the next run of a comparison after one that is over: that one is in the list, and its last checkpoint would only
    /// take the place of a run that is on the way.
    pub fn go_on_with(self, next: LanePlan) {
        self.forget_saved();
        self.set_plan(Some(next), None);
        self.train();
    }

    /// Back to step 0 of the same run.
    pub fn reset(self) {
        self.clear();
        self.forget_saved();
        self.load();
    }

    /// Ends the worker: the next one opens another device.
    pub fn end_worker(self) {
        let was_fetching =
            matches!(self.shared.download.get_untracked(), EngineDownload::Under { .. });
        self.core.update_value(|core| {
            (core.worker, core.opened, core.loaded, core.loads) = (None, false, false, 0);
            core.is_silent = false;
        });
        self.shared.messages.settle(self.silence());
        self.device.set(None);
        self.shared.images_download.set(None);
        if was_fetching && self.shared.module.with_value(Option::is_none) {
            // The download ended with its worker; the next worker begins it again.
            self.shared.download.set(EngineDownload::Ahead);
        }
    }

    /// Goes on in a new worker, from the last checkpoint or, where there is none yet, from step 0.
    pub fn move_to_new_worker(self) {
        self.end_worker();
        self.core.update_value(|core| core.deaths = 0);
        if self.phase.get_untracked() == LanePhase::Running {
            self.phase.set(LanePhase::Loading);
        }
        self.load();
    }

    /// Goes on in a new worker if this one was found silent.
    pub fn restart_if_silent(self) {
        if self.core.with_value(|core| core.is_silent) {
            self.move_to_new_worker();
        }
    }

    /// Trains until paused or finished.
    pub fn train(self) {
        self.want(Wish::Run);
    }

    /// Takes one step.
    pub fn step(self) {
        self.want(Wish::Step);
    }

    /// Stops after the step under way.
    pub fn pause(self) {
        let running = self.phase.get_untracked() == LanePhase::Running;
        self.core.update_value(|core| core.wish = Wish::Rest);
        if running {
            self.send(&Request::Pause);
        } else if self.phase.get_untracked() == LanePhase::Loading {
            self.rest();
        }
    }

    /// Tries again after a failure; what was wanted then is wanted still.
    pub fn retry(self) {
        if self.phase.get_untracked() == LanePhase::Failed {
            self.core.update_value(|core| core.deaths = 0);
            match self.core.with_value(|core| core.wish) {
                Wish::Rest => self.rest(),
                Wish::Run | Wish::Step => self.phase.set(LanePhase::Loading),
            }
            self.load();
        }
    }

    /// What the message about its silence is about: another lane has its own.
    fn silence(self) -> &'static str {
        ["silence of a", "silence of b"][self.index]
    }

    fn clear(self) {
        self.keep_if_begun();
        self.core.update_value(|core| {
            core.history = History::default();
            core.memory = core.memory.begun_again();
            core.checkpoint = None;
            core.checkpoint_every_ms = FIRST_CHECKPOINT_MS;
            core.wish = Wish::Rest;
            core.pause_due = false;
            core.is_stored = None;
            core.deaths = 0;
            core.loaded = false;
            core.rate.restart();
        });
        self.filters.set(None);
        self.phase.set(LanePhase::Idle);
        self.shared.recorder.clear(self.index);
        self.pulse.update(|count| *count += 1);
    }

    fn send(self, request: &Request) {
        self.core.with_value(|core| {
            if let Some(worker) = &core.worker {
                worker.send(request, None);
            }
        });
    }
}

/// Time between stored checkpoints of a running lane: at first, and the longest.
const FIRST_CHECKPOINT_MS: f64 = 1_000.0;
const MAX_CHECKPOINT_MS: f64 = 10_000.0;
/// Time between two looks at a lane after which this machine was asleep, or the tab not allowed to run.
const ASLEEP_MS: f64 = 5_000.0;
/// A lane that says nothing for so long gets a message.
const SILENCE_MS: f64 = 60_000.0;
/// Workers lost at the same step, on the last device there is, before a lane rests: a third would be lost there too. Where
/// another device may be left, or none was ever opened, one more is tried.
const MAX_DEATHS: u32 = 2;
/// Training images that are fetched without a question.
const MAX_UNASKED: usize = 10_000;
/// Time between redraws.
const PULSE_MS: u64 = 150;
