//! The worker that trains. `public/worker.js` loads it and hands it the page's messages.

use wasm_bindgen::prelude::wasm_bindgen;

fn main() {
    rote::engine::worker::start();
}

/// Takes a message of the page: a `Request` as JSON, and bytes where it has some.
#[wasm_bindgen]
pub fn handle(json: &str, bytes: Option<Vec<u8>>) {
    rote::engine::worker::handle(json, bytes);
}
