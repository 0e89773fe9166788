//! How many training images the server has.

use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::data::TIERS;

/// `data/index.json`, written when the page is built.
#[derive(Deserialize)]
struct Index {
    training_images: Vec<u64>,
}

/// The largest number of training images served; without an answer, what always comes with the page.
pub async fn available_images() -> u64 {
    let smallest = TIERS[0].train as u64;
    let listed = read_index().await.and_then(|index| index.training_images.into_iter().max());
    listed.map_or(smallest, |most| most.max(smallest))
}

async fn read_index() -> Option<Index> {
    let answer = JsFuture::from(web_sys::window()?.fetch_with_str("data/index.json")).await.ok()?;
    let answer: web_sys::Response = answer.dyn_into().ok()?;
    if !answer.ok() {
        return None;
    }
    let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
    serde_json::from_str(&text).ok()
}
