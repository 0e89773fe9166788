//! What becomes of a comparison: its runs follow from the settings, and its lanes do what the buttons say.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Comparison;
use crate::engine::messages::EngineChoice;
use crate::lab::browser::clock::{now_ms, now_utc};
use crate::lab::browser::store::SavedRun;
use crate::lab::facts::race::LanePlan;
use crate::lab::state::lane::{Lane, LanePhase};
use crate::lab::state::messages::Offer;
use crate::lab::state::shared::EngineDownload;

/// A pause in changes after which the runs are made anew.
const SETTLE_MS: u64 = 250;

impl Comparison {
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
