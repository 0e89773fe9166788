//! The runs of a comparison: which there are, which lane has which, how far they are, and what the buttons do with them.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::lane::{Lane, LanePhase};
use super::library::Library;
use super::messages::Offer;
use super::settings::Settings;
use super::shared::{EngineDownload, Shared};
use crate::engine::messages::EngineChoice;
use crate::lab::browser::clock::{now_ms, now_utc};
use crate::lab::browser::store::SavedRun;
use crate::lab::facts::history::History;
use crate::lab::facts::kept_run::KeptRun;
use crate::lab::facts::lessons::lesson::Guess;
use crate::lab::facts::race::{LanePlan, Race};

/// Handles; copies mean the same runs.
#[derive(Clone, Copy)]
pub struct Comparison {
    /// The two lanes; the second is used where two runs or more are compared.
    pub lanes: [Lane; 2],
    /// The runs of the comparison, of which two at a time are on the lanes.
    pub plans: Memo<Vec<LanePlan>>,
    /// The runs that are kept.
    pub library: Library,
    settings: Settings,
    shared: Shared,
    /// Runs of the comparison kept before this moment are not counted: it was begun again.
    since: RwSignal<String>,
    /// Counts changes, so that a quick series of them is acted upon once.
    change: StoredValue<u64>,
}

/// A pause in changes after which the runs are made anew.
const SETTLE_MS: u64 = 250;

impl Comparison {
    /// What the settings say, not begun yet.
    pub fn new(settings: Settings, shared: Shared) -> Self {
        Self {
            lanes: [Lane::new(0, shared), Lane::new(1, shared)],
            plans: Memo::new(move |_| {
                settings.recipe.with(|recipe| settings.race.get().plans(recipe))
            }),
            library: shared.library,
            settings,
            shared,
            since: RwSignal::default(),
            change: StoredValue::new(0),
        }
    }

    /// Connects what follows from the settings: the runs, the engine.
    pub fn start(self) {
        let first = StoredValue::new(true);
        Effect::new(move |_| {
            let plans = self.plans.get();
            if self.settings.are_valid() {
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
            let engine = self.settings.engine.get();
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
    }

    /// What is compared.
    pub fn race(self) -> Race {
        self.settings.race.get()
    }

    /// Whether the settings can be taken: else the runs are those of before.
    pub fn is_valid(self) -> bool {
        self.settings.are_valid()
    }

    /// How far the engine's download is.
    pub fn download(self) -> EngineDownload {
        self.shared.download.get()
    }

    /// The histories of the comparison's runs in their order; none of those not begun.
    pub fn histories(self) -> Vec<Option<History>> {
        self.plans.with(|plans| {
            plans.iter().map(|plan| self.with_history_of(plan, Clone::clone)).collect()
        })
    }

    /// What the runs say to a guess of a lesson; none before its run is over.
    pub fn measured(self, guess: &Guess) -> Option<f64> {
        let plans = self.plans.get();
        let history_of = |plan: &LanePlan| self.with_history_of(plan, Clone::clone);
        let first = plans.first().and_then(history_of);
        let own = plans.get(guess.place).and_then(history_of)?;
        guess.measure.of(&own, first.as_ref())
    }

    /// The runs that the charts show beside those of the comparison.
    pub fn overlaid(self) -> Vec<KeptRun> {
        self.library.overlaid()
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

    /// The lanes in use.
    pub fn used_lanes(self) -> impl Iterator<Item = Lane> {
        self.lanes.into_iter().filter(|lane| lane.plan.with(Option::is_some))
    }

    /// Whether Train has something to do.
    pub fn can_train(self) -> bool {
        self.settings.are_valid() && (self.used_lanes().any(Lane::can_run) || self.is_finished())
    }

    /// Whether Step has something to do.
    pub fn can_step(self) -> bool {
        self.settings.are_valid() && !self.is_busy() && self.used_lanes().any(Lane::can_run)
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
        self.since.set(now_utc());
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

    fn apply(self, plans: [Option<LanePlan>; 2], saved: [Option<SavedRun>; 2]) {
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
