//! What the lanes have in common: messages, the engine's download, where the data lies.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::engine::messages::EngineChoice;
use crate::lab::state::library::Library;
use crate::lab::state::messages::Messages;
use crate::lab::state::recorder::EventRecorder;

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
    /// How much of the images is here, in bytes, and of how much; none where none are on their way.
    pub images_download: RwSignal<Option<(u64, u64)>>,
    /// The compiled engine.
    pub module: StoredValue<Option<JsValue>, LocalStorage>,
    /// Which engine is asked for.
    pub engine: RwSignal<EngineChoice>,
    /// The folder of the data files, absolute, with a slash at its end.
    pub data_url: StoredValue<String>,
    /// The largest set of images, by its training images, that the reader has agreed to download.
    pub may_download: StoredValue<usize>,
    /// The runs that are kept.
    pub library: Library,
    /// The events, for whoever watches from outside.
    pub recorder: EventRecorder,
    /// Called with the number of a lane whose run came to its end while it was to train.
    pub on_end: StoredValue<Option<Callback<usize>>>,
}

impl Shared {
    /// Nothing fetched, nothing to say. `data_url` as in the field.
    pub fn new(data_url: String) -> Self {
        let messages = Messages::new();
        Self {
            messages,
            library: Library::new(messages),
            download: RwSignal::new(EngineDownload::Ahead),
            images_download: RwSignal::new(None),
            module: StoredValue::new_local(None),
            engine: RwSignal::new(EngineChoice::Auto),
            data_url: StoredValue::new(data_url),
            may_download: StoredValue::new(0),
            recorder: EventRecorder::new(),
            on_end: StoredValue::new(None),
        }
    }
}
