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

/// For timing against other libraries; see `rote::engine::timing`.
#[wasm_bindgen]
pub async fn prepare_timing(
    model: String,
    batch: usize,
    backend: String,
    software: bool,
) -> Result<String, String> {
    rote::engine::timing::prepare(&model, batch, &backend, software).await
}

/// For timing against other libraries; see `rote::engine::timing`.
#[wasm_bindgen]
pub async fn run_timing(steps: usize, read_every: usize) -> Result<String, String> {
    rote::engine::timing::run(steps, read_every).await
}
