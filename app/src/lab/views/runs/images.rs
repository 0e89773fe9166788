//! The first training images of a lane, each with its shown label, its clean one and what the network predicts.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::Clamped;
use web_sys::{HtmlCanvasElement, ImageData};

use crate::data::Fate;
use crate::lab::browser::canvas::context;
use crate::lab::facts::arrangement::class_name;
use crate::lab::state::lane::Lane;
use crate::lab::views::live::live;
use crate::train::Memorization;

/// Height and width of an image as it is fed to the network.
const SIDE: usize = 28;
/// Images shown with their labels written out; the map has them all.
const MAX_CARDS: usize = 10;
const BYTES: usize = SIDE * SIDE * 4;

/// The word of a card's mark, and the mark; none before the first measurement.
fn mark(fate: Option<Fate>) -> (&'static str, &'static str) {
    match fate {
        None => ("unknown", ""),
        Some(Fate::FittedClean | Fate::Memorized) => ("as-shown", "✓"),
        Some(Fate::StillClean) => ("truth", "◆"),
        Some(Fate::Neither) => ("neither", "✕"),
    }
}

/// The images, with the key to their marks.
#[component]
pub fn ImageGrid(lane: Lane) -> impl IntoView {
    let cards = move || {
        lane.images.with(|images| {
            let labels = untrack(|| {
                lane.with_memory(|memory| {
                    (0..memory.count().min(MAX_CARDS))
                        .map(|image| (memory.shown(image), memory.clean(image)))
                        .collect::<Vec<_>>()
                })
            });
            let cards = images.chunks_exact(BYTES).zip(labels).enumerate();
            cards
                .map(|(index, (pixels, (shown, clean)))| {
                    view! { <ImageCard lane index pixels=pixels.to_vec() shown clean /> }
                })
                .collect_view()
        })
    };
    let any = move || lane.images.with(|images| !images.is_empty());
    let judged = Memo::new(move |_| lane.with_memory(Memorization::is_measured));
    view! {
        <Show when=any>
            <h3>"What it is told"</h3>
            <p class="key">
                "The label under each picture is the one it is trained on. "
                <Show when=move || judged.get() fallback=|| "Marks appear after the first epoch.">
                    "It now says: "
                    <span class="nowrap"><b>"✓"</b>" as told"</span>", "
                    <span class="nowrap"><b>"◆"</b>" the truth instead"</span>", "
                    <span class="nowrap"><b>"✕"</b>" something else"</span>"."
                </Show>
            </p>
            <ul class="pictures" tabindex="0" aria-label="The first training pictures">{cards}</ul>
        </Show>
    }
}

#[component]
fn ImageCard(lane: Lane, index: usize, pixels: Vec<u8>, shown: u8, clean: u8) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            paint(&canvas, &pixels);
        }
    });
    let predicted = Memo::new(move |_| lane.with_memory(|memory| memory.predicted(index)));
    let fate = move || predicted.get().map(|predicted| Fate::of(predicted, shown, clean));
    let says = move || {
        predicted
            .get()
            .map(|class| format!("; the network says {}", class_name(class)))
            .unwrap_or_default()
    };
    let title = Memo::new(move |_| {
        let truth =
            if shown == clean { String::new() } else { format!(", really {}", class_name(clean)) };
        format!("Labelled {}{truth}{}", class_name(shown), says())
    });
    view! {
        <li class="picture" data-verdict=live(move || mark(fate()).0) title=live(move || title.get())>
            <span class="frame">
                <canvas node_ref=canvas width=SIDE height=SIDE role="img" aria-label=live(move || title.get())></canvas>
                <span class="mark" aria-hidden="true">{live(move || mark(fate()).1)}</span>
            </span>
            <span class="shown" aria-hidden="true">{class_name(shown)}</span>
            <span class="clean" aria-hidden="true">{(shown != clean).then(|| format!("really {}", class_name(clean)))}</span>
        </li>
    }
}

fn paint(canvas: &HtmlCanvasElement, pixels: &[u8]) {
    let image =
        ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), SIDE as u32, SIDE as u32);
    if let (Some(context), Ok(image)) = (context(canvas), image) {
        // Only a tainted or oversized image fails here, and this one is neither.
        let _ = context.put_image_data(&image, 0.0, 0.0);
    }
}
