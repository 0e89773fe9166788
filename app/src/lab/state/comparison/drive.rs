//! What becomes of a comparison: its runs follow from the settings, and its lanes do what the buttons say.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Comparison;
use crate::engine::messages::EngineChoice;
use crate::lab::browser::clock::{now_ms, now_utc};
use crate::lab::browser::store::SavedRun;
use crate::lab::browser::tabs;
use crate::lab::browser::window::on_leaving;
use crate::lab::facts::race::LanePlan;
use crate::lab::facts::sentences::left_sentence;
use crate::lab::state::lane::{Lane, LanePhase};
use crate::lab::state::library::LIST_CHANGED;
use crate::lab::state::messages::Offer;
use crate::lab::state::shared::EngineDownload;

/// A pause in changes after which the runs are made anew.
const SETTLE_MS: u64 = 250;
/// Between two looks at the lanes.
const TICK: Duration = Duration::from_millis(500);

impl Comparison {
    /// Connects what follows from the settings: the runs, the engine.
    pub fn start(self) {
        Effect::new(move |_| {
            self.plans.track();
            if self.settings.are_valid() && self.settings.are_images_known() {
                // The first runs of the page are made at once, later ones when the reader is through with changing.
                if self.wanted.with_value(Option::is_none) {
                    self.settle(None);
                } else {
                    self.settle_soon();
                }
            }
        });
        let on_end = move |lane: usize| {
            // Where others are wanted by now, or on their way, nobody has asked to train those.
            if self.are_plans_there()
                && let Some(next) = untrack(|| self.next_plan())
            {
                self.lanes[lane].go_on_with(next);
            }
        };
        self.shared.on_end.set_value(Some(Callback::new(on_end)));
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
        set_interval(tick, TICK);
        on_leaving(move || self.lanes.into_iter().for_each(Lane::save_soon));
        tabs::on_word(move |word| {
            if word == LIST_CHANGED {
                spawn_local(self.library.read());
            }
            self.lanes.into_iter().for_each(|lane| lane.hear(&word));
        });
    }

    /// Trains every lane that is not over; begins again where all are.
    pub fn train(self) {
        self.settle(Some(|comparison| {
            if untrack(|| comparison.is_finished()) {
                comparison.begin_again();
            }
            comparison.train_lanes();
        }));
    }

    /// Trains every run from step 0, whatever is done of it already.
    pub fn train_anew(self) {
        self.settle(Some(|comparison| {
            comparison.begin_again();
            comparison.train_lanes();
        }));
    }

    fn train_lanes(self) {
        self.forget_failures();
        self.used_lanes().for_each(|lane| {
            // A run that a single step ended makes way for the next one of the comparison.
            if lane.phase.get_untracked() == LanePhase::Finished
                && let Some(next) = untrack(|| self.next_plan())
            {
                return lane.go_on_with(next);
            }
            lane.train();
        });
    }

    /// Pauses every lane.
    pub fn pause(self) {
        self.used_lanes().for_each(Lane::pause);
    }

    /// One step of every lane that is not over.
    pub fn step(self) {
        self.settle(Some(|comparison| comparison.used_lanes().for_each(Lane::step)));
    }

    /// Every run back to step 0.
    pub fn reset(self) {
        self.settle(Some(|comparison| {
            comparison.begin_again();
            comparison.forget_failures();
        }));
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
        let most = self.used_lanes().map(Lane::images).max().unwrap_or(0);
        self.shared.may_download.set_value(most);
        self.shared.messages.take_back(Offer::DataDownload);
        self.used_lanes().for_each(Lane::load_allowed);
    }

    /// Gives every lane that was found silent a new worker.
    pub fn restart_silent(self) {
        self.lanes.into_iter().for_each(Lane::restart_if_silent);
        self.shared.messages.take_back(Offer::NewWorker);
    }

    fn forget_failures(self) {
        self.shared.messages.clear_offers();
        self.shared.messages.clear_refusals();
        if self.shared.download.get_untracked() == EngineDownload::Failed {
            self.shared.download.set(EngineDownload::Ahead);
        }
    }

    /// What the lanes begin with: the first runs that are not done. Where all are, one stands ready to be made again.
    fn first_plans(self, plans: &[LanePlan]) -> [Option<LanePlan>; 2] {
        // A comparison of two is shown as two, done or not.
        let mut open =
            plans.iter().filter(|plan| plans.len() <= 2 || !untrack(|| self.is_done(plan)));
        let first = open.next().or(plans.first());
        [first.cloned(), open.next().cloned()]
    }

    fn settle_soon(self) {
        self.change.update_value(|count| *count += 1);
        let change = self.change.get_value();
        let act = move || {
            if self.change.get_value() == change {
                self.settle(None);
            }
        };
        set_timeout(act, Duration::from_millis(SETTLE_MS));
    }

    /// Whether the lanes have the runs that the settings say now.
    fn are_plans_there(self) -> bool {
        let plans = self.plans.get_untracked();
        self.wanted.with_value(|wanted| wanted.as_ref() == Some(&plans))
            && !self.is_taking_up.get_value()
    }

    /// Takes what stands in the controls now, however short a while ago it was put there, and then acts.
    fn settle(self, act: Option<fn(Self)>) {
        if untrack(|| !self.settings.are_valid() || !self.settings.are_images_known()) {
            return;
        }
        let plans = self.plans.get_untracked();
        let is_wanted = self.wanted.with_value(|wanted| wanted.as_ref() == Some(&plans));
        match act {
            Some(act) if self.are_plans_there() => act(self),
            Some(_) => self.then.set_value(act),
            None => {}
        }
        if !is_wanted {
            self.take_up(plans);
        }
    }

    /// Gives the lanes their runs, as far as they were stored, and then does what was asked for meanwhile.
    fn take_up(self, plans: Vec<LanePlan>) {
        let is_first = self
            .wanted
            .try_update_value(|wanted| wanted.replace(plans.clone()))
            .flatten()
            .is_none();
        self.is_taking_up.set_value(true);
        spawn_local(async move {
            if is_first {
                self.library.read().await;
            }
            let wanted = plans;
            let plans = self.first_plans(&wanted);
            let mut saved = [None, None];
            for ((lane, plan), saved) in self.lanes.iter().zip(&plans).zip(&mut saved) {
                let is_new = |plan: &&LanePlan| untrack(|| !lane.has(&plan.recipe));
                if let Some(plan) = plan.as_ref().filter(is_new) {
                    *saved = lane.saved(&plan.recipe).await;
                }
            }
            for (lane, plan) in self.lanes.into_iter().zip(&plans) {
                if lane.left_for(plan.as_ref()).is_some() {
                    lane.save_before_leaving().await;
                }
            }
            // Otherwise others are wanted by now, and are on their way.
            if self.wanted.with_value(|now| now.as_ref() == Some(&wanted)) {
                self.apply(plans, saved);
                self.is_taking_up.set_value(false);
                if let Some(act) = self.then.try_update_value(Option::take).flatten() {
                    act(self);
                }
            }
        });
    }

    fn apply(self, plans: [Option<LanePlan>; 2], saved: [Option<SavedRun>; 2]) {
        // Asked again below if it still applies.
        self.shared.messages.take_back(Offer::DataDownload);
        let lanes = self.lanes.into_iter().zip(&plans);
        let left: Vec<_> = lanes.filter_map(|(lane, plan)| lane.left_for(plan.as_ref())).collect();
        if !left.is_empty() {
            self.shared.messages.show_about("left", left_sentence(&left));
        }
        for ((lane, plan), saved) in self.lanes.into_iter().zip(plans).zip(saved) {
            lane.set_plan(plan, saved);
        }
        // What was refused is not asked for any more, unless a lane has it still.
        if self.lanes.iter().all(|lane| lane.phase.get_untracked() != LanePhase::Failed) {
            self.shared.messages.clear_refusals();
        }
    }

    fn change_engine(self) {
        // What the last engine could not do, this one is asked anew.
        self.forget_failures();
        for lane in self.lanes {
            if lane.plan.with_untracked(Option::is_some) {
                lane.move_to_new_worker();
            } else {
                lane.end_worker();
            }
        }
    }
}
