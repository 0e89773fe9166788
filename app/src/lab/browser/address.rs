//! The address of the page, its title, and the entries of its history.

use wasm_bindgen::prelude::*;

use super::window::{document, window};

/// The part from `?` on, or nothing.
pub fn query() -> String {
    window().location().search().unwrap_or_default()
}

/// Puts another query into the address bar, in place of the one there.
pub fn replace_query(query: &str) {
    let url = format!("?{query}");
    let replaced = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url)));
    // Pages opened from a file have no history to write to; the page works without.
    drop(replaced);
}

/// Goes to another query, from which the browser's Back leads here.
pub fn push_query(query: &str) {
    let url = format!("?{query}");
    let pushed = window()
        .history()
        .and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&url)));
    // As above.
    drop(pushed);
}

/// Calls back, as long as the page lives, when the browser went back or forth to another entry of this page.
pub fn on_other_entry(changed: impl FnMut() + 'static) {
    let listener = Closure::<dyn FnMut()>::new(changed).into_js_value();
    // Where it cannot be listened to, Back changes the address alone.
    let _ = window().add_event_listener_with_callback("popstate", listener.unchecked_ref());
}

/// The title in the browser's tab.
pub fn set_title(title: &str) {
    document().set_title(title);
}

/// The page without its query: two copies of the page on one server are told apart by it.
pub fn path() -> String {
    let path = window().location().pathname().unwrap_or_default();
    path.trim_end_matches("index.html").into()
}

/// A link to here with another query, whole, so that it can be sent.
pub fn link_with(query: &str) -> String {
    let location = window().location();
    format!("{}{}?{query}", location.origin().unwrap_or_default(), path())
}

/// The folder of the data files, absolute, with a slash at its end.
pub fn data_url() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    web_sys::Url::new_with_base("data/", &base).map_or("data/".into(), |url| url.href())
}
