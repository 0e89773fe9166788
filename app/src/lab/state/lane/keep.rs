//! Keeping a lane's run in the browser, and finding it again.

use std::future::pending;

use js_sys::{Array, JSON, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::{Lane, LanePhase};
use crate::data::CIFAR10_CLASSES;
use crate::engine::messages::Request;
use crate::lab::browser::clock::{at_most, now_ms};
use crate::lab::browser::store::{self, SavedRun, Stored};
use crate::lab::browser::{storage, tabs};
use crate::lab::facts::history::History;
use crate::lab::state::library::STORAGE_MS;
use crate::train::{Event, Memorization, Recipe};

/// A worker that has not sent its checkpoint for so long is not waited for when its run is left.
const LEAVING_MS: u32 = 500;

impl Lane {
    /// The stored part of the run of a recipe, if there is one. A storage that was found silent is not asked.
    pub async fn saved(self, recipe: &Recipe) -> Option<SavedRun> {
        let library = self.shared.library;
        if !library.does_storage_answer() {
            return None;
        }
        let answer = at_most(STORAGE_MS, store::load(&recipe.to_full_toml())).await;
        library.note_answer(answer.is_some());
        // A refusal is reported when the first checkpoint is to be stored; nothing is lost yet.
        match answer?.ok()? {
            Stored::Run(run) => Some(run),
            Stored::Nothing => None,
            Stored::Garbled => {
                self.tell_dropped("it is no run");
                None
            }
        }
    }

    pub(super) fn take_saved(self, saved: SavedRun) {
        let mut history = History::default();
        match serde_json::from_str::<Vec<Event>>(&saved.events) {
            Ok(events) => events.into_iter().for_each(|event| history.push(event)),
            Err(reason) => return self.drop_saved(&reason.to_string()),
        }
        self.core.update_value(|core| {
            core.history = history;
            core.memory = saved
                .memory
                .and_then(|bytes| Memorization::from_bytes(&bytes.to_vec(), CIFAR10_CLASSES))
                .unwrap_or_default();
            (core.checkpoint, core.checkpoint_step) = (Some(saved.bytes), saved.step);
            core.is_stored = Some(true);
        });
        if let Some(events) =
            JSON::parse(&saved.events).ok().and_then(|events| events.dyn_into::<Array>().ok())
        {
            self.shared.recorder.fill(self.index, &events);
        }
        self.rest();
        self.pulse_soon();
    }

    /// What was stored of this run is of no use: it is forgotten, and the run begins again.
    pub(super) fn drop_saved(self, reason: &str) {
        self.forget_saved();
        self.core.update_value(|core| {
            core.checkpoint = None;
            core.is_stored = None;
            core.history = History::default();
            core.memory = core.memory.begun_again();
        });
        self.shared.recorder.clear(self.index);
        self.pulse_soon();
        self.tell_dropped(reason);
    }

    fn tell_dropped(self, reason: &str) {
        self.shared.messages.show(format!(
            "What was stored of this run cannot be gone on with ({reason}): it was dropped, and the run begins again at \
             step 0 (the same seed gives the same curve)"
        ));
    }

    pub(super) fn save(self) {
        let Some(plan) = self.plan.get_untracked() else { return };
        // A storage that does not answer is not given more and more.
        if self.core.with_value(|core| core.saving > 1) {
            return;
        }
        let run = self.core.with_value(|core| {
            let bytes = core.checkpoint.clone()?;
            let events =
                serde_json::to_string(&core.history.events_with_steps()).unwrap_or_default();
            let memory = Some(Uint8Array::from(&core.memory.to_bytes()[..]));
            Some(SavedRun {
                recipe: plan.recipe.to_full_toml(),
                step: core.checkpoint_step,
                events,
                bytes,
                memory,
            })
        });
        let Some(run) = run else { return };
        self.core.update_value(|core| core.saving += 1);
        spawn_local(async move {
            let stored = store::save(&run).await;
            self.shared.library.note_answer(true);
            let key = store::key_of(&run.recipe);
            if self.is_own(&key) {
                // What was stored once stays there, whatever becomes of what is further.
                let is_stored = stored.is_ok();
                self.core.update_value(|core| {
                    core.is_stored = Some(is_stored || core.is_stored == Some(true))
                });
            }
            match stored {
                Ok(()) => {
                    storage::ask_to_persist();
                    tabs::tell(&key);
                }
                Err(reason) => self.shared.messages.show(format!(
                    "The browser does not store this run ({reason}): training goes on, but a reload will lose it; \
                     make room on the disk, allow storage for this page or leave its private window."
                )),
            }
            self.core.update_value(|core| core.saving = core.saving.saturating_sub(1));
            self.pause_if_due();
        });
    }

    /// Asks for a checkpoint now: the page may be gone in a moment.
    pub fn save_soon(self) {
        if self.phase.get_untracked() == LanePhase::Running
            && self.core.with_value(|core| core.loaded)
        {
            self.core.update_value(|core| core.last_checkpoint_ms = now_ms());
            self.send(&Request::Checkpoint);
        }
    }

    /// Waits for a checkpoint of now, for a moment: the run is about to be left.
    pub async fn save_before_leaving(self) {
        let checkpoints = || self.core.with_value(|core| core.checkpoints);
        let before = checkpoints();
        self.save_soon();
        for _ in 0..LEAVING_MS / 20 {
            let is_running = self.phase.get_untracked() == LanePhase::Running;
            if !is_running || checkpoints() != before {
                return;
            }
            at_most(20, pending::<()>()).await;
        }
    }

    /// Whether a run that is stored under this key is the one of the plan.
    fn is_own(self, key: &str) -> bool {
        self.plan.with_untracked(|plan| {
            plan.as_ref().is_some_and(|plan| store::key_of(&plan.recipe.to_full_toml()) == key)
        })
    }

    /// Another tab has stored a run: if it is this one, the reader is told, once.
    pub fn hear(self, key: &str) {
        if !self.core.with_value(|core| core.is_tab_told) && self.is_own(key) {
            self.core.update_value(|core| core.is_tab_told = true);
            self.shared.messages.show_about(
                "tabs",
                "Another tab of this page trains the same run. Both get the same curve, and the one that is further is kept",
            );
        }
    }

    pub(super) fn forget_saved(self) {
        let Some(plan) = self.plan.get_untracked() else { return };
        spawn_local(async move {
            // Where nothing can be stored, there is nothing to forget.
            let _ = store::forget(&plan.recipe.to_full_toml()).await;
        });
    }
}
