//! What the lanes have in common: messages, the engine's download, where the data lies.

use js_sys::{Array, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::library::Library;
use super::messages::Messages;
use crate::engine::messages::EngineChoice;

/// The engine on its way into the browser; fetched once for all lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineDownload {
    /// Not asked for yet.
    Ahead,
    /// On its way.
    Under {
        /// Bytes so far.
        loaded_bytes: u64,
        /// Bytes in all, or 0 where the server does not say.
        total_bytes: u64,
    },
    /// Here.
    Done,
    /// Could not be fetched.
    Failed,
}

/// Handles; copies mean the same.
#[derive(Clone, Copy)]
pub struct Shared {
    /// Sentences for the reader.
    pub messages: Messages,
    /// The engine's download.
    pub download: RwSignal<EngineDownload>,
    /// The compiled engine.
    pub module: StoredValue<Option<JsValue>, LocalStorage>,
    /// Which engine is asked for.
    pub engine: RwSignal<EngineChoice>,
    /// The folder of the data files, absolute, with a slash at its end.
    pub data_url: StoredValue<String>,
    /// Whether the reader has agreed to download all of CIFAR-10.
    pub may_download: StoredValue<bool>,
    /// The runs that are kept.
    pub library: Library,
    /// The events, for whoever watches from outside.
    pub recorder: EventRecorder,
}

impl Shared {
    /// Nothing fetched, nothing to say. `data_url` as in the field.
    pub fn new(data_url: String) -> Self {
        let messages = Messages::new();
        Self {
            messages,
            library: Library::new(messages),
            download: RwSignal::new(EngineDownload::Ahead),
            module: StoredValue::new_local(None),
            engine: RwSignal::new(EngineChoice::Auto),
            data_url: StoredValue::new(data_url),
            may_download: StoredValue::new(false),
            recorder: EventRecorder::new(),
        }
    }
}

/// `window.roteEvents`: an array a lane, of the events as plain objects. They are stored with the run, and read by tests
/// and by the curious in the browser's console.
#[derive(Clone, Copy)]
pub struct EventRecorder(StoredValue<[Array; 2], LocalStorage>);

/// Events kept of a lane; beyond, every second step is left out.
const MAX_RECORDED: u32 = 20_000;

impl EventRecorder {
    fn new() -> Self {
        let lanes = [Array::new(), Array::new()];
        let all: Array = lanes.iter().collect();
        // The page works without it.
        let _ = Reflect::set(&window(), &"roteEvents".into(), &all);
        Self(StoredValue::new_local(lanes))
    }

    /// Adds an event.
    pub fn push(self, lane: usize, event: Option<JsValue>) {
        let Some(event) = event else { return };
        self.0.with_value(|lanes| _ = lanes[lane].push(&event));
        if self.events(lane).length() > MAX_RECORDED {
            let mut steps = 0;
            let kept = self.events(lane).filter(&mut |event, _, _| {
                let is_step =
                    Reflect::get(&event, &"event".into()).is_ok_and(|kind| kind == "step");
                steps += u32::from(is_step);
                !is_step || steps % 2 == 0
            });
            self.fill(lane, &kept);
        }
    }

    /// The events of a lane.
    pub fn events(self, lane: usize) -> Array {
        self.0.with_value(|lanes| lanes[lane].clone())
    }

    /// Puts other events in place of a lane's own.
    pub fn fill(self, lane: usize, events: &Array) {
        self.clear(lane);
        self.0.with_value(|lanes| events.iter().for_each(|event| _ = lanes[lane].push(&event)));
    }

    /// Forgets the events of a lane.
    pub fn clear(self, lane: usize) {
        self.0.with_value(|lanes| lanes[lane].set_length(0));
    }
}
