//! The memorization map: every training image of a lane, alive while it trains.

mod detail;
mod paint;

use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::charts::Theme;
use crate::data::Fate;
use crate::lab::browser::canvas::{Styles, context, pixel_ratio, resize};
use crate::lab::facts::arrangement::{Filter, ImageOrder, arranged, cell_words, moved};
use crate::lab::facts::format::grouped;
use crate::lab::state::appearance::Appearance;
use crate::lab::state::comparison::Comparison;
use crate::lab::state::lane::Lane;
use crate::lab::views::live::live;
use crate::train::Memorization;
use detail::Detail;
use paint::{Cells, Look, Painted};

/// The map of one lane; where two run, of the one that is chosen.
#[component]
pub fn MemorizationMap(comparison: Comparison) -> impl IntoView {
    let chosen = RwSignal::new(None::<usize>);
    // Without a choice the last: in a race of truth and lies that is the one with the lies.
    let lane = Memo::new(move |_| {
        let used: Vec<usize> = comparison.used_lanes().map(|lane| lane.index).collect();
        chosen.get().filter(|index| used.contains(index)).or(used.last().copied()).unwrap_or(0)
    });
    let lane = move || comparison.lanes[lane.get()];
    let (order, filter) = (RwSignal::new(ImageOrder::Given), RwSignal::new(Filter::All));
    let selected = RwSignal::new(None::<usize>);
    let any = Memo::new(move |_| lane().with_memory(|memory| memory.count() > 0));
    let tabs = move || {
        let used: Vec<Lane> = comparison.used_lanes().collect();
        let tab = |lane: Lane| {
            let title = move || lane.plan.get().map(|plan| plan.title).unwrap_or_default();
            view! {
                <button
                    class="word"
                    aria-pressed=live(move || is_chosen(comparison, chosen, lane.index).to_string())
                    on:click=move |_| {
                        chosen.set(Some(lane.index));
                        selected.set(None);
                    }
                >
                    {title}
                </button>
            }
        };
        (used.len() > 1).then(|| used.into_iter().map(tab).collect_view())
    };
    view! {
        <Show when=move || any.get()>
            <section class="map card" aria-labelledby="map-title" data-testid="map">
                <div class="card-head">
                    <h2 id="map-title">"What it memorizes"</h2>
                    <span class="tools">{tabs}</span>
                </div>
                <Legend lane=Signal::derive(lane) />
                <div class="map-tools">
                    <label>
                        "Sorted: "
                        <Words words=ImageOrder::KEYS choose=move |at: usize| order.set(ImageOrder::ALL[at]) />
                    </label>
                    <label>
                        "Shown: "
                        <Words
                            words=Filter::KEYS
                            choose=move |at: usize| {
                                filter.set(Filter::ALL[at]);
                                selected.set(None);
                            }
                        />
                    </label>
                </div>
                <Images lane=Signal::derive(lane) order filter selected />
                <Detail lane=Signal::derive(lane) selected />
            </section>
        </Show>
    }
}

fn is_chosen(comparison: Comparison, chosen: RwSignal<Option<usize>>, index: usize) -> bool {
    let last = comparison.used_lanes().map(|lane| lane.index).last();
    chosen.get().or(last) == Some(index)
}

#[component]
fn Words(words: &'static [&'static str], choose: impl Fn(usize) + 'static) -> impl IntoView {
    let options =
        words.iter().map(|word| view! { <option value=*word>{*word}</option> }).collect_view();
    let change = move |event| {
        let word = event_target_value(&event);
        if let Some(at) = words.iter().position(|known| *known == word) {
            choose(at);
        }
    };
    view! { <select on:change=change>{options}</select> }
}

/// The key to the frames, with how many there are of each: the map in numbers.
#[component]
fn Legend(lane: Signal<Lane>) -> impl IntoView {
    let counts = Memo::new(move |_| lane.get().with_memory(Memorization::counts));
    let measured = Memo::new(move |_| lane.get().with_memory(Memorization::is_measured));
    let entry = move |fate: Fate, word: &'static str, class: &'static str| {
        let count = move || {
            if measured.get() { grouped(counts.get()[fate as usize] as u64) } else { "–".into() }
        };
        view! {
            <li>
                <span class=format!("swatch {class}") aria-hidden="true"></span>
                <b data-testid=format!("fate-{class}")>{count}</b>
                {format!(" {word}")}
            </li>
        }
    };
    view! {
        <ul class="legend">
            {entry(Fate::FittedClean, "learned the truth", "truth")}
            {entry(Fate::Memorized, "memorized the lie", "lie")}
            {entry(Fate::StillClean, "told a lie, still says the truth", "still")}
            {entry(Fate::Neither, "neither", "neither")}
        </ul>
    }
}

/// The images: a canvas for those who see it, and the same as a grid for those who hear it, of which the row that one is in is
/// there. An image is chosen by a click or with the arrow keys.
#[component]
fn Images(
    lane: Signal<Lane>,
    order: RwSignal<ImageOrder>,
    filter: RwSignal<Filter>,
    selected: RwSignal<Option<usize>>,
) -> impl IntoView {
    let appearance = Appearance::of_page();
    let canvas = NodeRef::<html::Canvas>::new();
    let shown = Memo::new(move |_| {
        lane.get().with_memory(|memory| arranged(memory, order.get(), filter.get()))
    });
    let cells = RwSignal::new(Cells::default());
    let painted = StoredValue::new(Painted::default());
    Effect::new(move |_| {
        appearance.track();
        let lane = lane.get();
        let Some(canvas) = canvas.get() else { return };
        let (images, scale) = (lane.images.get(), scale());
        let look = look_of(scale);
        shown.with(|shown| {
            lane.with_memory(|memory| {
                let css_width = canvas.parent_element().map_or(0, |parent| parent.client_width());
                let placed = Cells::fitting(f64::from(css_width), shown.len(), scale);
                resize(&canvas, placed.width(), placed.height());
                let _ = web_sys::HtmlElement::style(&canvas)
                    .set_property("width", &format!("{}px", f64::from(placed.width()) / scale));
                if cells.get_untracked() != placed {
                    cells.set(placed);
                }
                let chosen = selected.get();
                let marks =
                    shown.iter().map(|&image| (image, memory.fate(image), chosen == Some(image)));
                let marks = marks.collect();
                if let Some(context) = context(&canvas) {
                    painted.update_value(|painted| {
                        painted.update(&context, placed, look, &images, marks)
                    });
                }
            });
        });
    });
    let place_of = move |image: Option<usize>| {
        let image = image?;
        shown.with(|shown| shown.iter().position(|of| *of == image))
    };
    let click = move |event: web_sys::MouseEvent| {
        let scale = scale();
        let at = cells
            .get_untracked()
            .at(f64::from(event.offset_x()) * scale, f64::from(event.offset_y()) * scale);
        selected.set(at.and_then(|at| shown.with(|shown| shown.get(at).copied())));
    };
    let press = move |event: KeyboardEvent| {
        let (cells, now) = (cells.get_untracked(), untrack(|| place_of(selected.get())));
        let count = shown.with_untracked(Vec::len);
        let Some(next) = moved(&event.key(), now, cells.columns, count) else { return };
        event.prevent_default();
        selected.set(shown.with_untracked(|shown| shown.get(next).copied()));
        // Its row is to be seen.
        if let Some(scrolled) = canvas.get_untracked().and_then(|canvas| canvas.parent_element()) {
            let (top, bottom) = cells.row(next, scale());
            let from = f64::from(scrolled.scroll_top());
            let to = from.min(top).max(bottom - f64::from(scrolled.client_height()));
            scrolled.set_scroll_top(to as i32);
        }
    };
    let summary = move || {
        let counts = lane.get().with_memory(Memorization::counts);
        let shown = shown.with(Vec::len);
        format!(
            "{shown} training pictures. It learned the truth of {}, memorized the lie of {}, still says the truth of {}, \
             and neither of {}. The arrow keys lead from one picture to the next; each is described below.",
            counts[Fate::FittedClean as usize],
            counts[Fate::Memorized as usize],
            counts[Fate::StillClean as usize],
            counts[Fate::Neither as usize]
        )
    };
    let (grid, row) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    // By hand, because no cell is seen: views of their own would weigh more than the map.
    Effect::new(move |before: Option<String>| {
        let (Some(grid), Some(place)) = (grid.get(), row.get()) else { return String::new() };
        let (columns, chosen) = (cells.get().columns.max(1), selected.get());
        let (at, count) = (place_of(chosen), shown.with(Vec::len));
        let first = at.unwrap_or(0) / columns * columns;
        let mut row = String::new();
        lane.get().with_memory(|memory| {
            shown.with(|shown| {
                for (column, &image) in (1..).zip(shown.iter().skip(first).take(columns)) {
                    let words = cell_words(memory, image);
                    row += &format!(
                        "<span role=gridcell id=cell-{image} aria-colindex={column} aria-selected={}>{words}</span>",
                        chosen == Some(image)
                    );
                }
            });
        });
        // Without cells it is no grid, and a name needs a role.
        set_or_remove(&grid, "role", Some(if count > 0 { "grid" } else { "group" }.to_owned()));
        let attributes = [
            ("aria-rowcount", count.div_ceil(columns).to_string()),
            ("aria-colcount", columns.to_string()),
        ];
        for (name, value) in attributes {
            set_or_remove(&grid, name, (count > 0).then_some(value));
        }
        let active = at.and(chosen).map(|image| format!("cell-{image}"));
        set_or_remove(&grid, "aria-activedescendant", active);
        let row = format!("<div role=row aria-rowindex={}>{row}</div>", first / columns + 1);
        let row = if count == 0 { String::new() } else { row };
        if before.as_ref() != Some(&row) {
            place.set_inner_html(&row);
        }
        row
    });
    view! {
        <div
            class="map-pictures"
            data-testid="map-grid"
            node_ref=grid
            tabindex="0"
            aria-label=live(summary)
            on:keydown=press
        >
            <canvas node_ref=canvas aria-hidden="true" on:click=click></canvas>
            <div class="unseen" node_ref=row></div>
        </div>
        <Show when=move || shown.with(Vec::is_empty)>
            <p class="help">"No picture is in this group now."</p>
        </Show>
    }
}

fn set_or_remove(element: &web_sys::Element, name: &str, value: Option<String>) {
    // What an element refuses is not heard; it is still seen.
    let _ = match value {
        Some(value) => element.set_attribute(name, &value),
        None => element.remove_attribute(name),
    };
}

/// Pixels of the map in a CSS pixel. Three would show no more than two: an image has 28.
fn scale() -> f64 {
    pixel_ratio().min(2.0)
}

fn look_of(scale: f64) -> Look {
    let (styles, light) = (Styles::read(), Theme::light());
    let color = |name: &str, otherwise| {
        let plotters::style::RGBColor(red, green, blue) = styles.color(name, otherwise);
        [red, green, blue]
    };
    Look {
        surface: color("--surface", light.background),
        ink: color("--ink", light.ink),
        truth: color("--fate-truth", light.lines[0]),
        lie: color("--fate-lie", light.lines[1]),
        still: color("--fate-still", light.lines[2]),
        frame: (2.0 * scale).round() as usize,
    }
}
