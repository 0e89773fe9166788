//! What a lane makes of its worker's messages, and of its worker's death.

use std::sync::Arc;
use std::time::Duration;

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{Lane, LanePhase, MAX_CHECKPOINT_MS, MAX_DEATHS, PULSE_MS, Wish};
use crate::data::CIFAR10_CLASSES;
use crate::engine::messages::{EngineChoice, Reply, Request};
use crate::lab::browser::clock::now_ms;
use crate::lab::browser::engine_worker::Incoming;
use crate::lab::browser::speed;
use crate::lab::facts::format::sentence;
use crate::lab::facts::link::engine_word;
use crate::lab::state::library::STORAGE_MS;
use crate::lab::state::messages::Offer;
use crate::lab::state::shared::EngineDownload;
use crate::train::Event;

impl Lane {
    pub(super) fn receive(self, incoming: Incoming) {
        let Incoming { reply, event: written, bytes, module } = incoming;
        let was_silent = self.core.try_update_value(|core| {
            core.last_news_ms = now_ms();
            std::mem::take(&mut core.is_silent)
        });
        if was_silent == Some(true) {
            self.shared.messages.settle(self.silence());
        }
        // Between the request for another run and its start, what arrives still belongs to the one before.
        let loaded = self.core.with_value(|core| core.loaded);
        match reply {
            Reply::Loading { loaded_bytes, total_bytes } => match module {
                Some(module) => {
                    self.shared.module.set_value(Some(module));
                    self.shared.download.set(EngineDownload::Done);
                }
                None => {
                    self.shared.download.set(EngineDownload::Under { loaded_bytes, total_bytes })
                }
            },
            Reply::LoadingImages { loaded_bytes, total_bytes } => {
                self.shared.images_download.set(Some((loaded_bytes, total_bytes)));
            }
            Reply::Ready { device, note } => {
                speed::remember_device(engine_word(self.shared.engine.get_untracked()), &device);
                self.device.set(Some((device, note)));
                self.core.update_value(|core| core.opened = true);
                self.load();
            }
            Reply::Images { shown, clean } => {
                self.shared.images_download.set(None);
                self.core.update_value(|core| {
                    core.memory = core.memory.clone().of_images(shown, clean, CIFAR10_CLASSES)
                });
                self.images.set(Arc::new(bytes.map(|bytes| bytes.to_vec()).unwrap_or_default()));
            }
            Reply::Event { event: event @ Event::Started { .. } } => self.started(event, written),
            Reply::Event { event } if loaded => self.happened(event, written),
            Reply::Predictions { step, epoch } if loaded => {
                let measured = bytes.map(|bytes| bytes.to_vec()).unwrap_or_default();
                self.core.update_value(|core| core.memory.push(step, epoch, &measured));
                self.pulse_soon();
            }
            Reply::Filters { side } if loaded => {
                self.filters.set(bytes.map(|bytes| (side, Arc::new(bytes.to_vec()))));
            }
            Reply::Checkpoint { step } if loaded => {
                if let Some(bytes) = bytes {
                    self.keep_checkpoint(bytes, step);
                }
            }
            Reply::Paused { .. } if loaded => self.paused(),
            Reply::Event { .. }
            | Reply::Predictions { .. }
            | Reply::Filters { .. }
            | Reply::Checkpoint { .. }
            | Reply::Paused { .. } => {}
            Reply::Failed { message, fatal: true } => self.died(message),
            Reply::Failed { message, fatal: false } => self.refused(message),
        }
    }

    fn started(self, event: Event, written: Option<JsValue>) {
        let Event::Started { recipe, step, .. } = &event else { return };
        if self.answered() > 0
            || !self
                .plan
                .with_untracked(|plan| plan.as_ref().is_some_and(|plan| plan.recipe == *recipe))
        {
            return;
        }
        if *step == 0 {
            self.shared.recorder.clear(self.index);
        }
        self.shared.recorder.push(self.index, written);
        self.core.update_value(|core| {
            core.loaded = true;
            core.history.push(event);
            // What was measured after the checkpoint will be measured again.
            core.memory.go_back_to(core.history.step);
        });
        self.pulse_soon();
        self.fulfil();
    }

    fn happened(self, event: Event, written: Option<JsValue>) {
        self.shared.recorder.push(self.index, written);
        match &event {
            Event::Warning { message } => self.shared.messages.show(message),
            Event::Step { step, .. } => {
                let (now, step) = (now_ms(), *step);
                self.core.update_value(|core| core.rate.note(now, step));
            }
            Event::Started { .. } | Event::Epoch(_) | Event::Finished(_) => {}
        }
        let over = matches!(event, Event::Finished(_));
        self.core.update_value(|core| core.history.push(event));
        self.pulse_soon();
        if over {
            let wish =
                self.core.try_update_value(|core| std::mem::replace(&mut core.wish, Wish::Rest));
            self.keep_run();
            self.rest();
            self.send(&Request::Checkpoint);
            // A single step ends what it was a step of, and begins nothing else.
            if let (Some(Wish::Run), Some(ended)) = (wish, self.shared.on_end.get_value()) {
                ended.run(self.index);
            }
        }
    }

    fn paused(self) {
        match self.core.with_value(|core| core.wish) {
            // Train was pressed again before the pause arrived.
            Wish::Run => return,
            // A step sends no checkpoint of its own, and a reload must find it.
            Wish::Step => self.send(&Request::Checkpoint),
            Wish::Rest => {}
        }
        self.core.update_value(|core| {
            core.wish = Wish::Rest;
            core.pause_due = true;
            core.pauses += 1;
        });
        self.pause_if_due();
        let this = self.core.with_value(|core| core.pauses);
        // A storage that never answers does not keep the page from pausing.
        let pause = move || {
            if self.core.with_value(|core| core.pause_due && core.pauses == this) {
                self.core.update_value(|core| core.pause_due = false);
                self.rest();
            }
        };
        set_timeout(pause, Duration::from_millis(STORAGE_MS as u64));
    }

    /// Shows the pause once the checkpoint is stored: who reads "paused" may close the page.
    pub(super) fn pause_if_due(self) {
        if self.core.with_value(|core| core.pause_due && core.saving == 0) {
            self.core.update_value(|core| core.pause_due = false);
            self.rest();
        }
    }

    /// The worker is well but could not do what it was asked.
    fn refused(self, message: String) {
        self.shared.images_download.set(None);
        let loaded = self.core.with_value(|core| core.loaded);
        if !loaded && self.answered() > 0 {
            // Another load is on its way; what became of this one does not matter any more.
            return;
        }
        // Tried again, the same checkpoint would be refused again.
        let is_about_checkpoint = message.contains("checkpoint")
            && self.core.with_value(|core| core.checkpoint.is_some());
        if !loaded && is_about_checkpoint {
            self.drop_saved(&message);
            if self.core.with_value(|core| core.wish == Wish::Rest) {
                self.rest();
            }
            return self.load();
        }
        self.shared.messages.show_refusal(message);
        self.core.update_value(|core| core.wish = Wish::Rest);
        if loaded { self.rest() } else { self.phase.set(LanePhase::Failed) }
    }

    /// Notes the answer to a load; returns how many are still awaited.
    fn answered(self) -> u32 {
        self.core
            .try_update_value(|core| {
                core.loads = core.loads.saturating_sub(1);
                core.loads
            })
            .unwrap_or_default()
    }

    /// The worker is gone. Another goes on from the last checkpoint, unless they keep dying.
    pub(super) fn died(self, message: String) {
        self.shared.images_download.set(None);
        // A dying worker may say so twice.
        if self.core.with_value(|core| core.worker.is_none()) {
            return;
        }
        if matches!(self.shared.download.get_untracked(), EngineDownload::Under { .. }) {
            self.shared.download.set(EngineDownload::Failed);
            self.shared.messages.show_with(Offer::Retry, message);
            self.phase.set(LanePhase::Failed);
            return self.bury();
        }
        let message = sentence(&message);
        let deaths = self.core.try_update_value(|core| {
            let is_further = core.history.step > core.death_step;
            core.deaths = if is_further { 1 } else { core.deaths + 1 };
            core.death_step = core.history.step;
            core.deaths
        });
        // Where the graphics card was chosen for the reader, the CPU is still to be tried.
        let is_on_cpu = self.device.with_untracked(|device| {
            device.as_ref().is_some_and(|(name, _)| name.starts_with("CPU"))
        }) || self.shared.engine.get_untracked() != EngineChoice::Auto;
        let deaths = deaths.unwrap_or_default();
        if deaths > MAX_DEATHS || (deaths == MAX_DEATHS && is_on_cpu) {
            self.phase.set(LanePhase::Failed);
            self.shared.messages.show_with(Offer::Retry, format!(
                "{message} That was time {deaths} at the same step: choose a smaller batch size, fewer images or another \
                 engine, or press Retry."
            ));
            return self.bury();
        }
        let goes_on = self.core.with_value(|core| match core.checkpoint {
            Some(_) => "goes on from its last checkpoint",
            None => "begins again at step 0 (the same seed gives the same curve)",
        });
        self.shared
            .messages
            .show(format!("{message} A new worker was started; the run {goes_on}."));
        if self.phase.get_untracked() == LanePhase::Running {
            self.phase.set(LanePhase::Loading);
        }
        self.bury();
        set_timeout(move || self.load(), Duration::from_millis(200));
    }

    /// Drops the worker, but not from within its own callback.
    fn bury(self) {
        let worker = self.core.try_update_value(|core| {
            (core.opened, core.loaded, core.loads) = (false, false, 0);
            core.worker.take()
        });
        set_timeout(move || drop(worker), Duration::ZERO);
    }

    fn keep_checkpoint(self, bytes: Uint8Array, step: u64) {
        let now = now_ms();
        self.core.update_value(|core| {
            core.checkpoint = Some(bytes);
            core.checkpoints += 1;
            core.checkpoint_step = step;
            // A run that has just begun is kept often, a long one seldom: what is lost is a part of what was computed. Times
            // ten, because a checkpoint may take a tenth of the time at first; of a long run it takes a hundredth.
            let took = now - core.last_checkpoint_ms;
            core.checkpoint_every_ms =
                (core.checkpoint_every_ms * 1.25).max(took * 10.0).min(MAX_CHECKPOINT_MS);
        });
        self.save();
    }

    /// Redraws shortly: at most every [`PULSE_MS`], when the browser is about to paint.
    pub(super) fn pulse_soon(self) {
        if self.core.with_value(|core| core.pulse_due) {
            return;
        }
        self.core.update_value(|core| core.pulse_due = true);
        let paint = move || {
            self.core.update_value(|core| core.pulse_due = false);
            self.pulse.update(|count| *count += 1);
        };
        set_timeout(move || request_animation_frame(paint), Duration::from_millis(PULSE_MS));
    }
}
