//! The address of the page.

use wasm_bindgen::JsValue;

use super::window::{document, window};

/// The part from `?` on, or nothing.
pub fn query() -> String {
    window().location().search().unwrap_or_default()
}

/// The page's own address, without its query.
pub fn page() -> String {
    let location = window().location();
    location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default()
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

/// The folder of the data files, absolute, with a slash at its end.
pub fn data_url() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    web_sys::Url::new_with_base("data/", &base).map_or("data/".into(), |url| url.href())
}
