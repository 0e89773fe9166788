//! One worker: started, spoken to in typed messages, ended when dropped.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::window::{document, window};
use crate::engine::messages::{Reply, Request};

/// Under which the tab notes for which version the page was loaded anew.
const RELOADED: &str = "rote-reloaded";

/// What came from the worker.
pub struct Incoming {
    /// The message.
    pub reply: Reply,
    /// The event in it, as the worker wrote it.
    pub event: Option<JsValue>,
    /// What travelled beside it.
    pub bytes: Option<Uint8Array>,
    /// The compiled engine, beside the last [`Reply::Loading`].
    pub module: Option<JsValue>,
}

/// A running worker.
pub struct EngineWorker {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl EngineWorker {
    /// Starts a worker; `module` is the compiled engine where one is there already. `on_error` is told why the worker
    /// died or what it said that is no message. Where the worker is of another version than the page, the page is loaded
    /// anew.
    pub fn start(
        module: Option<&JsValue>,
        on_reply: impl Fn(Incoming) + 'static,
        on_error: impl Fn(String) + Clone + 'static,
    ) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // A cache that holds the worker of another version has no file of this name.
        let file = format!("worker.js?v={}", version());
        let worker = Worker::new_with_options(&file, &options).map_err(|error| words_of(&error))?;

        let on_garbled = on_error.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            match field(&data, "outdated").and_then(|other| other.as_string()) {
                Some(other) if !reload_once() => on_garbled(format!(
                    "it is of version {other}, the page of version {}, and a reload did not help. The server's files \
                     are being exchanged, or are of two builds: wait a minute, then reload",
                    version()
                )),
                Some(_) => {}
                None => match read(&data) {
                    Ok(incoming) => {
                        if matches!(incoming.reply, Reply::Ready { .. }) {
                            forget_reload();
                        }
                        on_reply(incoming);
                    }
                    Err(reason) => on_garbled(reason),
                },
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_error = Closure::new(move |event: ErrorEvent| {
            // Without this, Chromium writes the error to the console as well.
            event.prevent_default();
            // A worker file that cannot be fetched gives an event without a message.
            let message = Reflect::get(&event, &"message".into())
                .ok()
                .and_then(|message| message.as_string());
            on_error(message.unwrap_or_else(|| {
                "its program, worker.js, could not be fetched, or the server sends it as something else than \
                 text/javascript, or forbids workers by its content security policy"
                    .into()
            }));
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));

        let started = Self { worker, _on_message: on_message, _on_error: on_error };
        let start = Object::new();
        set(&start, "version", &version().into());
        set(&start, "module", module.unwrap_or(&JsValue::UNDEFINED));
        started.worker.post_message(&start).map_err(|error| words_of(&error))?;
        Ok(started)
    }

    /// Sends a request; `bytes` are copied, because the page keeps its checkpoint.
    pub fn send(&self, request: &Request, bytes: Option<&Uint8Array>) {
        let message = Object::new();
        let json = serde_json::to_string(request).unwrap_or_default();
        set(&message, "json", &json.into());
        if let Some(bytes) = bytes {
            set(&message, "bytes", bytes);
        }
        if let Err(error) = self.worker.post_message(&message) {
            web_sys::console::error_1(&error);
        }
    }
}

impl Drop for EngineWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// The version of the page's files, which the engine's carry too; nothing where xtask has not finished them.
fn version() -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute("data-version")).unwrap_or_default()
}

/// Loads the page anew if this version of it has not been in this tab, so that files that never fit do not reload for
/// ever. Whether it does.
fn reload_once() -> bool {
    let version = version();
    let Ok(Some(storage)) = window().session_storage() else { return false };
    let known = storage.get_item(RELOADED).ok().flatten();
    known.as_ref() != Some(&version)
        && storage.set_item(RELOADED, &version).is_ok()
        && window().location().reload().is_ok()
}

/// The engine has opened its device, so its files are of the page's version: a mismatch after this is another one.
fn forget_reload() {
    if let Ok(Some(storage)) = window().session_storage() {
        // Where nothing is stored, there is nothing to forget.
        let _ = storage.remove_item(RELOADED);
    }
}

fn field(message: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(message, &name.into()).ok().filter(|value| !value.is_undefined())
}

fn read(message: &JsValue) -> Result<Incoming, String> {
    let field = |name: &str| field(message, name);
    let json =
        field("json").and_then(|json| json.as_string()).ok_or("it sent a message without text")?;
    let reply = serde_json::from_str(&json)
        .map_err(|error| format!("it sent what is no message ({error})"))?;
    // `{ event: { event: … } }`: the reply's kind, then its field.
    let inside = |value: JsValue| Reflect::get(&value, &"event".into());
    let event = js_sys::JSON::parse(&json).and_then(inside).and_then(inside).ok();
    Ok(Incoming {
        reply,
        event,
        bytes: field("bytes").and_then(|bytes| bytes.dyn_into().ok()),
        module: field("module"),
    })
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a property of a fresh object does not fail.
    let _ = Reflect::set(object, &key.into(), value);
}

/// A JavaScript error in words.
pub fn words_of(error: &JsValue) -> String {
    let message =
        Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "unknown reason".into())
}
