//! What the worker does with a request: choose a device, load a run, train, save.

use super::images::fetch_data;
use super::messages::{EngineChoice, MAX_IMAGES, Reply, Request};
use super::scope::{AdapterChoice, adapter, post};
use crate::data::{CIFAR10_CLASSES, DataSet, Tier, data_sha256};
use crate::device::{self, OpenDevice};
use crate::kernels::Device;
use crate::models::{Filters, Layer, filters};
use crate::train::{Checkpoint, Event, Fit, InMemory, Recipe, Session, TrainError, check_fit};

/// The worker's one device and one run.
#[derive(Default)]
pub(super) struct Runner {
    /// With its name.
    device: Option<(Device, String)>,
    /// As many training images as some run has asked for, in whole parts.
    data: Option<DataSet>,
    session: Option<Session>,
    is_running: bool,
}

/// A request that could not be met, in one sentence.
struct Refused {
    message: String,
    fatal: bool,
}

impl From<TrainError> for Refused {
    fn from(error: TrainError) -> Self {
        Self { message: error.to_string(), fatal: matches!(error, TrainError::Device { .. }) }
    }
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Self { message, fatal: false }
    }
}

impl Runner {
    pub(super) fn is_running(&self) -> bool {
        self.is_running
    }

    /// Does what the page asks and replies.
    pub(super) async fn answer(&mut self, request: Request, bytes: Option<Vec<u8>>) {
        let done = match request {
            Request::Open { engine } => self.open(engine).await,
            Request::Load { recipe, resume, data_url } => {
                self.load(&recipe, bytes.filter(|_| resume), &data_url).await
            }
            Request::Run => {
                self.is_running =
                    self.session.as_ref().is_some_and(|session| !session.is_finished());
                Ok(())
            }
            Request::Pause => self.pause().await,
            Request::Step => self.step().await,
            Request::Checkpoint => self.save().await,
        };
        self.tell_refusal(done);
    }

    /// Does one piece of training.
    pub(super) async fn advance(&mut self) {
        let done = self.advance_session().await;
        self.tell_refusal(done);
    }

    fn tell_refusal(&mut self, done: Result<(), Refused>) {
        if let Err(Refused { message, fatal }) = done {
            self.is_running = false;
            post(&Reply::Failed { message, fatal }, None);
        }
    }

    async fn open(&mut self, engine: EngineChoice) -> Result<(), Refused> {
        let opened = match (engine, adapter().await) {
            (EngineChoice::Cpu, _) => device::cpu(),
            (EngineChoice::Webgpu, AdapterChoice::None(reason)) => {
                with_note(format!("{reason}, so the CPU computes"))
            }
            (EngineChoice::Auto, AdapterChoice::None(reason)) => {
                with_note(format!("{reason}, so the CPU computes"))
            }
            (EngineChoice::Auto, AdapterChoice::Software(name)) => with_note(format!(
                "WebGPU is only emulated in software here ({name}), so the CPU computes"
            )),
            (EngineChoice::Webgpu, AdapterChoice::Software(_)) => webgpu(true).await,
            (EngineChoice::Webgpu | EngineChoice::Auto, AdapterChoice::Hardware) => {
                webgpu(false).await
            }
        };
        self.device = Some((opened.device, opened.name.clone()));
        post(&Reply::Ready { device: opened.name, note: opened.note }, None);
        Ok(())
    }

    async fn load(
        &mut self,
        recipe: &Recipe,
        saved: Option<Vec<u8>>,
        data_url: &str,
    ) -> Result<(), Refused> {
        self.is_running = false;
        self.session = None;
        let (device, name) =
            self.device.as_ref().ok_or_else(|| "no device is open; reload the page".to_owned())?;
        // Before the images are fetched, which may take longer than any patience.
        check_fit(Fit { recipe, in_memory: InMemory::Nothing, at_a_time: 1 }, device)?;
        let images = recipe.images as usize;
        let tier = Tier::holding(images).map_err(TrainError::from)?;
        // More training images than asked for do no harm: a smaller set is the beginning of a larger one.
        let serves =
            |data: &DataSet| data.train.count() >= images && data.test.count() == tier.test;
        // What does not serve goes before the other comes.
        let kept = self.data.take().filter(serves);
        let data = match kept {
            Some(data) => data,
            None => fetch_data(tier, images, data_url).await?,
        };
        let made = match saved {
            Some(bytes) => Session::resume(&Checkpoint::from_bytes(&bytes)?, recipe, &data, device),
            None => Session::new(recipe, &data, device),
        };
        self.data = Some(data);
        let mut session = made?;
        session.computed_by(name, data_sha256(images).map_err(TrainError::from)?)?;
        let run_images = session.train_images();
        let count = run_images.count().min(MAX_IMAGES);
        let previews: Vec<u8> = (0..count).flat_map(|index| run_images.preview(index)).collect();
        let (shown, clean) =
            (run_images.shown[..count].to_vec(), run_images.clean[..count].to_vec());
        post(&Reply::Images { shown, clean }, Some(&previews));
        self.session = Some(session);
        // The first piece of work only says what the run is.
        self.advance_session().await
    }

    async fn advance_session(&mut self) -> Result<(), Refused> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let events = session.advance().await?;
        tell(session, events);
        self.is_running &= !session.is_finished();
        Ok(())
    }

    async fn step(&mut self) -> Result<(), Refused> {
        self.is_running = false;
        let Some(session) = &mut self.session else { return Ok(()) };
        let before = session.step();
        while !session.is_finished() && (session.step() == before || session.is_measuring()) {
            let events = session.advance().await?;
            tell(session, events);
        }
        let losses = session.flush().await?;
        tell(session, losses);
        post(&Reply::Paused { step: session.step() }, None);
        Ok(())
    }

    async fn pause(&mut self) -> Result<(), Refused> {
        self.is_running = false;
        self.save().await?;
        if let Some(session) = &self.session {
            post(&Reply::Paused { step: session.step() }, None);
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<(), Refused> {
        let Some(session) = &mut self.session else { return Ok(()) };
        let (checkpoint, losses) = session.checkpoint().await?;
        tell(session, losses);
        post(&Reply::Checkpoint { step: session.step() }, Some(&checkpoint.to_bytes()));
        let layers = checkpoint.recipe.model.layers(checkpoint.recipe.batch_norm);
        let first = layers
            .iter()
            .flat_map(Layer::parameters)
            .next()
            .zip(checkpoint.network.parameters.first());
        if let Some(Filters { side, rgba }) =
            first.and_then(|(spec, weight)| filters(&spec, weight))
        {
            post(&Reply::Filters { side }, Some(&rgba));
        }
        Ok(())
    }
}

/// Posts events, and after a measured epoch what the network says about the images the page shows.
fn tell(session: &Session, events: Vec<Event>) {
    for event in events {
        let measured = match &event {
            Event::Epoch(metrics) if metrics.accuracy.is_some() => {
                Some((metrics.step, metrics.epoch))
            }
            _ => None,
        };
        post(&Reply::Event { event }, None);
        if let Some((step, epoch)) = measured {
            post(&Reply::Predictions { step, epoch }, Some(&said(session)));
        }
    }
}

/// What the network says about the images the page shows, as in [`Reply::Predictions`].
fn said(session: &Session) -> Vec<u8> {
    let said = session.predictions();
    let count = said.classes.len().min(MAX_IMAGES);
    let probabilities = said.probabilities[..count * CIFAR10_CLASSES]
        .iter()
        .map(|share| (share * 255.0).round() as u8);
    said.classes[..count].iter().copied().chain(probabilities).collect()
}

async fn webgpu(software: bool) -> OpenDevice {
    let opened = device::webgpu(software).await;
    opened.unwrap_or_else(|error| with_note(format!("{error}; the CPU computes instead")))
}

fn with_note(note: String) -> OpenDevice {
    OpenDevice { note: Some(note), ..device::cpu() }
}
