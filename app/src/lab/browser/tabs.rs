//! What the tabs of this page tell each other.

use std::cell::OnceCell;

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type BroadcastChannel;
    #[wasm_bindgen(constructor, catch)]
    fn new(name: &str) -> Result<BroadcastChannel, JsValue>;
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post(this: &BroadcastChannel, message: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn set_on_message(this: &BroadcastChannel, listener: &JsValue);
}

thread_local! {
    static CHANNEL: OnceCell<Option<BroadcastChannel>> = const { OnceCell::new() };
}

fn with_channel(act: impl FnOnce(&BroadcastChannel)) {
    CHANNEL.with(|channel| {
        // Where a browser has none, each tab stays alone.
        if let Some(channel) = channel.get_or_init(|| BroadcastChannel::new("rote").ok()) {
            act(channel);
        }
    });
}

/// Tells the other tabs.
pub fn tell(word: &str) {
    // A word that does not arrive is missed by no one.
    with_channel(|channel| _ = channel.post(word));
}

/// Calls back, as long as the page lives, with what another tab tells.
pub fn on_word(mut heard: impl FnMut(String) + 'static) {
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        if let Some(word) =
            Reflect::get(&event, &"data".into()).ok().and_then(|word| word.as_string())
        {
            heard(word);
        }
    });
    with_channel(|channel| channel.set_on_message(&listener.into_js_value()));
}
