//! The two charts on canvases, drawn by `report` in the colours of the stylesheet.

use leptos::html;
use leptos::prelude::*;
use plotters::prelude::IntoDrawingArea;
use plotters::style::RGBColor;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::format::percent;
use super::page::Page;
use crate::data::CIFAR10_CLASSES;
use crate::report::{Chart, LearningCurves, Theme, draw_learning_curves};

/// Both charts.
#[component]
pub fn Charts(page: Page) -> impl IntoView {
    let look = RwSignal::new(0_u32);
    watch_look(look);
    view! {
        <div class="charts">
            <ChartFigure
                page
                look
                chart=Chart::Accuracy
                title="Accuracy"
                caption="Solid: training pictures, against the labels it is told. Dashed: test pictures it never saw, \
                         against the truth. Across: steps."
            />
            <ChartFigure
                page
                look
                chart=Chart::Loss
                title="Training loss"
                caption="Cross-entropy in nats. Strong: mean of an epoch. Faint: single batches. Across: steps."
            />
        </div>
    }
}

#[component]
fn ChartFigure(
    page: Page,
    look: RwSignal<u32>,
    chart: Chart,
    title: &'static str,
    caption: &'static str,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        look.track();
        let curves = curves(page);
        if let Some(canvas) = canvas.get() {
            draw(&canvas, chart, &curves);
        }
    });
    view! {
        <figure class="chart card">
            <h2>{title}</h2>
            <canvas node_ref=canvas role="img" aria-label=move || summary(page, chart)></canvas>
            <figcaption>{caption}</figcaption>
        </figure>
    }
}

fn curves(page: Page) -> LearningCurves {
    let lanes = page.used_lanes().filter_map(|lane| {
        let plan = lane.plan.get()?;
        Some(lane.with_history(|history| history.curves(&plan, lane.index)))
    });
    LearningCurves { lanes: lanes.collect(), classes: CIFAR10_CLASSES }
}

/// The chart in a sentence, for those who do not see it.
fn summary(page: Page, chart: Chart) -> String {
    let lanes = page.used_lanes().map(|lane| {
        let title = lane.plan.get().map(|plan| plan.title).unwrap_or_default();
        lane.with_history(|history| match chart {
            Chart::Loss => match history.loss {
                Some(loss) => format!("{title}: training loss {loss:.3} at step {}.", history.step),
                None => format!("{title}: no step taken yet."),
            },
            Chart::Accuracy => match history.accuracies() {
                Some((train, test)) => {
                    format!("{title}: train accuracy {}, test accuracy {}.", percent(train), percent(test))
                }
                None => format!("{title}: not measured yet."),
            },
        })
    });
    let reference = match chart {
        Chart::Loss => "Guessing has a loss of 2.30.",
        Chart::Accuracy => "Guessing is right in 10 % of the cases.",
    };
    format!("{} {reference}", lanes.collect::<Vec<_>>().join(" "))
}

/// Counts up when the window or the colour scheme changes.
fn watch_look(look: RwSignal<u32>) {
    let changed = move || look.update(|count| *count += 1);
    // Both live as long as the page.
    drop(window_event_listener(leptos::ev::resize, move |_| changed()));
    let listener = Closure::<dyn FnMut()>::new(changed);
    if let Ok(Some(scheme)) = window().match_media("(prefers-color-scheme: dark)") {
        let _ = scheme.add_event_listener_with_callback("change", listener.as_ref().unchecked_ref());
    }
    listener.forget();
}

fn draw(canvas: &HtmlCanvasElement, chart: Chart, curves: &LearningCurves) {
    let scale = window().device_pixel_ratio().max(1.0);
    let pixels = |css_pixels: i32| (f64::from(css_pixels) * scale).round() as u32;
    let (width, height) = (pixels(canvas.client_width()), pixels(canvas.client_height()));
    // Setting a size, even the same, clears the canvas.
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let context = canvas.get_context("2d").ok().flatten();
    if let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok()) {
        context.set_line_join("round");
        context.set_line_cap("round");
    }
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let area = backend.into_drawing_area();
    let drawn = draw_learning_curves(&area, chart, curves, &theme(scale)).and_then(|()| area.present());
    if let Err(error) = drawn {
        leptos::logging::error!("a chart could not be drawn: {error}");
    }
}

/// The chart colours of the stylesheet; a property that is missing keeps the colour of [`Theme::light`].
fn theme(scale: f64) -> Theme {
    let styles = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    let color = |name: &str, otherwise: RGBColor| {
        let value = styles.as_ref().and_then(|styles| styles.get_property_value(name).ok());
        value.and_then(|value| hex_color(value.trim())).unwrap_or(otherwise)
    };
    let light = Theme::light();
    Theme {
        background: color("--surface", light.background),
        ink: color("--ink", light.ink),
        muted: color("--muted", light.muted),
        grid: color("--line", light.grid),
        lines: vec![color("--lane-a", light.lines[0]), color("--lane-b", light.lines[1])],
        font: "system-ui, sans-serif".into(),
        scale,
    }
}

/// `#rrggbb`.
fn hex_color(text: &str) -> Option<RGBColor> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some(RGBColor(channel(0)?, channel(2)?, channel(4)?))
}
