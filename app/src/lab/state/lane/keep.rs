//! Keeping a lane's run in the browser, and finding it again.

use js_sys::{JSON, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Lane;
use crate::data::CIFAR10_CLASSES;
use crate::lab::browser::store::{self, SavedRun};
use crate::lab::facts::history::History;
use crate::train::Memorization;

impl Lane {
    /// The stored part of this run, if there is one.
    pub async fn saved(self, recipe_toml: &str) -> Option<SavedRun> {
        // A refusal is reported when the first checkpoint is to be stored; nothing is lost yet.
        store::load(self.name, recipe_toml).await.ok().flatten()
    }

    pub(super) fn take_saved(self, saved: SavedRun) {
        let mut history = History::default();
        for event in saved.events.iter().filter_map(|event| JSON::stringify(&event).ok()) {
            // Stored by an older page, perhaps: then there is nothing to go on from.
            let Ok(event) = serde_json::from_str(&String::from(event)) else { return };
            history.push(event);
        }
        self.core.update_value(|core| {
            core.history = history;
            core.memory = saved
                .memory
                .and_then(|bytes| Memorization::from_bytes(&bytes.to_vec(), CIFAR10_CLASSES))
                .unwrap_or_default();
            core.checkpoint = Some(saved.bytes);
        });
        self.shared.recorder.fill(self.index, &saved.events);
        self.rest();
        self.pulse_soon();
    }

    pub(super) fn save(self) {
        let Some(plan) = self.plan.get_untracked() else { return };
        let run = self.core.with_value(|core| {
            let bytes = core.checkpoint.clone()?;
            let events = self.shared.recorder.events(self.index);
            let memory = Some(Uint8Array::from(&core.memory.to_bytes()[..]));
            Some(SavedRun {
                recipe: plan.recipe.to_full_toml(),
                step: core.history.step,
                events,
                bytes,
                memory,
            })
        });
        let Some(run) = run else { return };
        self.core.update_value(|core| core.saving += 1);
        spawn_local(async move {
            if let Err(reason) = store::save(self.name, &run).await {
                self.shared.messages.show(format!(
                    "The browser does not store this run ({reason}): training goes on, but a reload will lose it; \
                     allow storage for this page or leave its private window."
                ));
            }
            self.core.update_value(|core| core.saving -= 1);
            self.pause_if_due();
        });
    }

    pub(super) fn forget_saved(self) {
        spawn_local(async move {
            // Where nothing can be stored, there is nothing to forget.
            let _ = store::forget(self.name).await;
        });
    }
}
