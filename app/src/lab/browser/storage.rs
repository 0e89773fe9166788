//! Small texts that the browser keeps, and its word that it keeps what is large.

use std::cell::Cell;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::window::window;

/// What the browser keeps of small texts; none where it refuses.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Asks the browser not to give away what this page stores when room gets scarce. Once a visit, when there is something to
/// lose: some browsers ask their user.
pub fn ask_to_persist() {
    thread_local! {
        static WAS_ASKED: Cell<bool> = const { Cell::new(false) };
    }
    if WAS_ASKED.replace(true) {
        return;
    }
    let field = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).ok();
    let asked = field(&window(), "navigator")
        .and_then(|navigator| field(&navigator, "storage"))
        .and_then(|storage| {
            let persist: Function = field(&storage, "persist")?.dyn_into().ok()?;
            persist.call0(&storage).ok()?.dyn_into::<Promise>().ok()
        });
    if let Some(asked) = asked {
        // Whatever the answer, nothing more can be done.
        let ignore = Closure::<dyn FnMut(JsValue)>::new(|_| ());
        let _ = asked.catch(&ignore);
        ignore.forget();
    }
}
