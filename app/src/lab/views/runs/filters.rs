//! The first layer of each lane as images: told the truth it looks for other things than told lies.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::Clamped;
use web_sys::{HtmlCanvasElement, ImageData};

use crate::lab::browser::canvas::{context, resize};
use crate::lab::state::comparison::Comparison;
use crate::lab::state::lane::Lane;

/// Images a row.
const COLUMNS: usize = 8;

/// The first layers of all lanes, side by side.
#[component]
pub fn FirstLayers(comparison: Comparison) -> impl IntoView {
    let any =
        Memo::new(move |_| comparison.used_lanes().any(|lane| lane.filters.with(Option::is_some)));
    let lanes =
        move || comparison.used_lanes().map(|lane| view! { <FirstLayer lane /> }).collect_view();
    view! {
        <Show when=move || any.get()>
            <section class="filters card" aria-labelledby="filters-title" data-testid="filters">
                <h2 id="filters-title">"What the first layer looks for"</h2>
                <p class="help">
                    "The weights of its first units as pictures, as of the last checkpoint: grey is nothing, a colour is what \
                     excites the unit. The same seed starts both lanes from the same weights."
                </p>
                <div class="filter-lanes">{lanes}</div>
            </section>
        </Show>
    }
}

#[component]
fn FirstLayer(lane: Lane) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        if let (Some(canvas), Some((side, rgba))) = (canvas.get(), lane.filters.get()) {
            paint(&canvas, side, &rgba);
        }
    });
    let title = move || lane.plan.get().map(|plan| plan.title).unwrap_or_default();
    let label = move || format!("First-layer weights of {}, one small picture a unit", title());
    view! {
        <Show when=move || lane.filters.with(Option::is_some)>
            <figure>
                <canvas node_ref=canvas role="img" aria-label=label></canvas>
                <figcaption>{title}</figcaption>
            </figure>
        </Show>
    }
}

/// The filters in rows, a pixel apart.
fn paint(canvas: &HtmlCanvasElement, side: usize, rgba: &Arc<Vec<u8>>) {
    let bytes = side * side * 4;
    let count = rgba.len() / bytes.max(1);
    let pitch = side + 1;
    resize(canvas, (COLUMNS * pitch - 1) as u32, (count.div_ceil(COLUMNS) * pitch - 1) as u32);
    let Some(context) = context(canvas) else { return };
    for (at, pixels) in rgba.chunks_exact(bytes).enumerate() {
        if let Ok(image) =
            ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), side as u32, side as u32)
        {
            let (x, y) = (at % COLUMNS * pitch, at / COLUMNS * pitch);
            // Only a tainted or oversized image fails here, and this one is neither.
            let _ = context.put_image_data(&image, x as f64, y as f64);
        }
    }
}
