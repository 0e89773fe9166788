//! One image of the map, large: what it is, what the network is told, what it said over time.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::Clamped;
use web_sys::ImageData;

use crate::charts::{Axis, Line, Plot, Point, ReferenceLine, Stroke, round_up, thousands};
use crate::lab::browser::canvas::context;
use crate::lab::facts::arrangement::class_name;
use crate::lab::facts::format::percent;
use crate::lab::state::lane::Lane;
use crate::lab::views::live::live;
use crate::lab::views::plot_image::PlotImage;
use crate::train::Memorization;

const SIDE: usize = 28;
const BYTES: usize = SIDE * SIDE * 4;

/// The chosen image.
#[component]
pub fn Detail(lane: Signal<Lane>, selected: RwSignal<Option<usize>>) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        let (Some(canvas), Some(image)) = (canvas.get(), selected.get()) else { return };
        let images = lane.get().images.get();
        let Some(pixels) = images.get(image * BYTES..(image + 1) * BYTES) else { return };
        let image =
            ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), SIDE as u32, SIDE as u32);
        if let (Some(context), Ok(image)) = (context(&canvas), image) {
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    });
    let words = Memo::new(move |_| {
        let image = selected.get()?;
        lane.get().with_memory(|memory| (image < memory.count()).then(|| story(memory, image)))
    });
    let plot = move |()| {
        let image = selected.get();
        lane.get()
            .with_memory(|memory| plot_of(memory, image.filter(|image| *image < memory.count())))
    };
    // Said when an image is chosen, and not at every measurement.
    let spoken = Memo::new(move |_| {
        selected.track();
        untrack(|| words.get())
    });
    let summary = Signal::derive(move || {
        format!("Probabilities over time. {}", words.get().unwrap_or_default())
    });
    view! {
        <p class="unseen" role="status" data-testid="spoken">{live(move || spoken.get())}</p>
        <Show
            when=move || words.with(Option::is_some)
            fallback=|| view! { <p class="help">"Choose a picture to see what the network said of it, and when."</p> }
        >
            <div class="detail" data-testid="detail">
                <canvas class="enlarged" node_ref=canvas width=SIDE height=SIDE role="img" aria-label="The chosen picture"></canvas>
                <div>
                    <p data-testid="story">{live(move || words.get())}</p>
                    <figure class="detail-chart">
                        <PlotImage plot summary across="Step" number=percent />
                        <figcaption>"Probability of the label it is told and, where that is a lie, of the truth. Across: steps."</figcaption>
                    </figure>
                </div>
            </div>
        </Show>
    }
}

/// Everything about an image in a few sentences.
fn story(memory: &Memorization, image: usize) -> String {
    let (shown, clean) = (memory.shown(image), memory.clean(image));
    let told = if shown == clean {
        format!("Picture {}: {}, and so it is told.", image + 1, class_name(clean))
    } else {
        format!(
            "Picture {}: {}, but it is told {}.",
            image + 1,
            class_name(clean),
            class_name(shown)
        )
    };
    let Some(said) = memory.predicted(image) else {
        return format!("{told} It has not been asked yet.");
    };
    let certainty =
        memory.moments().last().and_then(|last| last.probabilities(image).nth(usize::from(said)));
    let now =
        format!("It now says {} ({}).", class_name(said), percent(certainty.unwrap_or_default()));
    let fitted = match memory.fitted_in(image) {
        Some(epoch) => format!("As told since epoch {epoch}"),
        None => "Not as told".into(),
    };
    let forgotten = match memory.forgotten(image) {
        0 => "never forgotten".into(),
        1 => "forgotten once".into(),
        2 => "forgotten twice".into(),
        times => format!("forgotten {times} times"),
    };
    format!("{told} {now} {fitted}, {forgotten}.")
}

fn plot_of(memory: &Memorization, image: Option<usize>) -> Plot {
    let of_class = |class: u8, name: &str, color, stroke| {
        let points: Vec<Point> = image.map_or_else(Vec::new, |image| {
            let value =
                |moment: &crate::train::Moment| moment.probabilities(image).nth(usize::from(class));
            memory
                .moments()
                .iter()
                .filter_map(|moment| Some((moment.step as f64, value(moment)?)))
                .collect()
        });
        Line { name: name.into(), color, stroke, points, ..Line::default() }
    };
    let lines = image.map_or_else(Vec::new, |image| {
        let (shown, clean) = (memory.shown(image), memory.clean(image));
        let told = of_class(shown, &format!("told: {}", class_name(shown)), 1, Stroke::Solid);
        let truth = (shown != clean)
            .then(|| of_class(clean, &format!("is: {}", class_name(clean)), 0, Stroke::Dashed));
        std::iter::once(told).chain(truth).collect()
    });
    let last = memory.moments().last().map_or(10.0, |last| last.step as f64);
    Plot {
        lines,
        x: Axis { start: 0.0, end: round_up(last.max(10.0)), number: thousands, name: "" },
        y: Axis {
            start: 0.0,
            end: 1.0,
            number: |share| format!("{:.0} %", 100.0 * share),
            name: "",
        },
        reference: Some(ReferenceLine { value: 0.1, name: "chance 10 %".into(), is_left: false }),
    }
}
