//! How a lane gets its wish: a worker, a device, a run, and then the request.

use leptos::prelude::*;

use super::{ASLEEP_MS, Lane, LanePhase, MAX_UNASKED, SILENCE_MS, Wish};
use crate::data::{CIFAR10_TEST_IMAGES, INPUT_VALUES, Tier};
use crate::engine::messages::{EngineChoice, Request};
use crate::lab::browser::clock::now_ms;
use crate::lab::browser::engine_worker::EngineWorker;
use crate::lab::facts::format::{grouped, megabytes};
use crate::lab::state::messages::Offer;
use crate::lab::state::shared::EngineDownload;

impl Lane {
    /// Called twice a second: asks for checkpoints, and notices a worker that has gone silent.
    pub fn tick(self, now_ms: f64) {
        let before = self
            .core
            .try_update_value(|core| std::mem::replace(&mut core.last_tick_ms, now_ms))
            .unwrap_or_default();
        let phase = self.phase.get_untracked();
        // A lane without a worker waits for another one's download.
        let is_watched = matches!(phase, LanePhase::Running | LanePhase::Loading)
            && self.core.with_value(|core| core.worker.is_some());
        if !is_watched || now_ms - before > ASLEEP_MS {
            // Who rests says nothing, and who was asleep could not.
            self.core.update_value(|core| core.last_news_ms = now_ms);
        } else if self.core.with_value(|core| now_ms - core.last_news_ms > SILENCE_MS) {
            self.core.update_value(|core| (core.last_news_ms, core.is_silent) = (now_ms, true));
            let title = self.plan.with_untracked(|plan| {
                plan.as_ref().map_or(String::new(), |plan| plan.title.clone())
            });
            self.shared.messages.show_with_about(
                Offer::NewWorker,
                self.silence(),
                format!(
                    "“{title}” has not {} for {:.0} s: the device may still be preparing, or hang. Wait, go on from the last \
                     checkpoint in a new worker, or choose the CPU under Engine.",
                    if phase == LanePhase::Running { "finished a step" } else { "got ready" },
                    SILENCE_MS / 1000.0
                ),
            );
        }
        // A hidden page is woken once a minute, which looks like sleep, and its run goes on meanwhile.
        if self.core.with_value(|core| now_ms - core.last_checkpoint_ms > core.checkpoint_every_ms)
        {
            self.save_soon();
        }
    }

    /// Starts a worker if there is none and the engine is at hand, or no other lane is fetching it.
    pub fn ensure_worker(self) {
        let needed = self.plan.with_untracked(Option::is_some)
            && self.core.with_value(|core| core.worker.is_none());
        let module = self.shared.module.get_value();
        let fetching = matches!(self.shared.download.get_untracked(), EngineDownload::Under { .. });
        if !needed || (module.is_none() && fetching) {
            return;
        }
        if module.is_none() {
            self.shared.download.set(EngineDownload::Under { loaded_bytes: 0, total_bytes: 0 });
        }
        let started = EngineWorker::start(
            module.as_ref(),
            move |incoming| self.receive(incoming),
            move |reason| {
                self.died(format!(
                    "The worker of lane {} stopped: {reason}.",
                    self.name.to_uppercase()
                ))
            },
        );
        match started {
            Ok(worker) => {
                // Where the graphics card fails again and again, the CPU still can.
                let asked = self.shared.engine.get_untracked();
                let gives_up =
                    asked == EngineChoice::Auto && self.core.with_value(|core| core.deaths > 1);
                worker.send(
                    &Request::Open { engine: if gives_up { EngineChoice::Cpu } else { asked } },
                    None,
                );
                self.core.update_value(|core| core.worker = Some(worker));
            }
            Err(reason) => {
                self.phase.set(LanePhase::Failed);
                self.shared.messages.show_with(Offer::Retry, format!(
                    "This browser does not start module workers ({reason}); use a current Chrome, Edge, Firefox or Safari."
                ));
            }
        }
    }

    pub(super) fn want(self, wish: Wish) {
        match self.phase.get_untracked() {
            LanePhase::Idle | LanePhase::Paused => self.core.update_value(|core| core.wish = wish),
            LanePhase::Failed => {
                self.core.update_value(|core| core.wish = wish);
                return self.retry();
            }
            LanePhase::Loading | LanePhase::Running | LanePhase::Finished => return,
        }
        if self.core.with_value(|core| core.loaded) {
            return self.fulfil();
        }
        self.phase.set(LanePhase::Loading);
        // The last of the loads on their way is of this plan, unless the reader was to be asked first.
        if self.core.with_value(|core| core.loads == 0) || self.asks_first() {
            self.load();
        }
    }

    /// Sends the wish to a worker that is loaded.
    pub(super) fn fulfil(self) {
        let now = now_ms();
        let wish = self.core.with_value(|core| core.wish);
        match wish {
            Wish::Rest => return self.rest(),
            Wish::Run => self.send(&Request::Run),
            Wish::Step => self.send(&Request::Step),
        }
        self.core.update_value(|core| {
            core.pause_due = false;
            core.rate.restart();
            core.rate.note(now, core.history.step);
            core.last_news_ms = now;
            core.last_checkpoint_ms = now;
        });
        self.phase.set(LanePhase::Running);
    }

    /// The phase of a lane that is not under way.
    pub(super) fn rest(self) {
        let phase = self.core.with_value(|core| match &core.history {
            history if history.summary.is_some() => LanePhase::Finished,
            history if history.step > 0 => LanePhase::Paused,
            _ => LanePhase::Idle,
        });
        // The numbers change with the phase, not a moment later: a lane that says finished shows its last step.
        self.pulse.update(|count| *count += 1);
        self.phase.set(phase);
    }

    /// Goes on with what was wanted when the download was asked about.
    pub fn load_allowed(self) {
        if self.core.with_value(|core| core.loaded) {
            return;
        }
        if self.core.with_value(|core| core.wish != Wish::Rest) {
            self.phase.set(LanePhase::Loading);
        }
        self.load();
    }

    /// How many training images the plan asks for.
    pub fn images(self) -> usize {
        self.plan.with_untracked(|plan| plan.as_ref().map_or(0, |plan| plan.recipe.images as usize))
    }

    /// Whether the images of the plan are so many that the reader is to agree first; if so, asks, and the lane rests.
    fn asks_first(self) -> bool {
        let images = self.images();
        if images <= MAX_UNASKED.max(self.shared.may_download.get_value()) {
            return false;
        }
        // The parts of CIFAR-10 with these images, as they come; and those that the run trains and tests on, as it holds them.
        let download = Tier::holding(images).map_or(0, |tier| tier.parts_bytes(images));
        let held = (images + CIFAR10_TEST_IMAGES) * INPUT_VALUES * size_of::<f32>();
        self.shared.messages.show_with(
            Offer::DataDownload,
            format!(
                "{} training images: {} are downloaded, and each run holds {} of memory besides while it is open; press \
                 Download, or choose {} images or fewer.",
                grouped(images as u64),
                megabytes(download as u64),
                megabytes(held as u64),
                grouped(MAX_UNASKED as u64)
            ),
        );
        if self.phase.get_untracked() == LanePhase::Loading {
            self.rest();
        }
        true
    }

    /// Gives the worker the run of the plan, from the last checkpoint if there is one.
    pub(super) fn load(self) {
        self.core.update_value(|core| core.loaded = false);
        if self.asks_first() {
            return;
        }
        if !self.core.with_value(|core| core.opened && core.worker.is_some()) {
            // `Reply::Ready` comes back here.
            return self.ensure_worker();
        }
        let Some(plan) = self.plan.get_untracked() else { return };
        self.core.update_value(|core| {
            if let Some(worker) = &core.worker {
                core.loads += 1;
                let data_url = self.shared.data_url.get_value();
                let request = Request::Load {
                    recipe: plan.recipe,
                    resume: core.checkpoint.is_some(),
                    data_url,
                };
                worker.send(&request, core.checkpoint.as_ref());
            }
        });
    }
}
