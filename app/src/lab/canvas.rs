//! Charts and canvases: their size on this screen, and the stylesheet's colours.

use leptos::html;
use leptos::prelude::*;
use plotters::style::RGBColor;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::charts::{Plot, Theme, bare_plot_svg};

/// A chart that is drawn again when what it is read off changes, or the look of the page. It is an SVG image in the
/// page: sharp on every screen and on paper, and the same code writes it to a file.
#[component]
pub fn PlotImage(
    /// Changes with the window and the colour scheme.
    look: RwSignal<u32>,
    /// What is drawn.
    #[prop(into)]
    plot: Callback<(), Plot>,
    /// The same in words, for those who do not see it.
    summary: Signal<String>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        look.track();
        let plot = plot.run(());
        let Some(place) = place.get() else { return };
        let size = |css_pixels: i32| u32::try_from(css_pixels).unwrap_or(0);
        place.set_inner_html(&bare_plot_svg(
            &plot,
            &theme(),
            size(place.client_width()),
            size(place.client_height()),
        ));
    });
    view! { <div class="plot" node_ref=place role="img" aria-label=summary></div> }
}

/// Counts up when the window or the colour scheme changes.
pub fn watch_look(look: RwSignal<u32>) {
    let changed = move || look.update(|count| *count += 1);
    // Both live as long as the page.
    drop(window_event_listener(leptos::ev::resize, move |_| changed()));
    let listener = Closure::<dyn FnMut()>::new(changed);
    if let Ok(Some(scheme)) = window().match_media("(prefers-color-scheme: dark)") {
        let _ =
            scheme.add_event_listener_with_callback("change", listener.as_ref().unchecked_ref());
    }
    listener.forget();
}

/// Device pixels in a CSS pixel.
pub fn pixel_ratio() -> f64 {
    window().device_pixel_ratio().max(1.0)
}

/// Gives a canvas so many device pixels. Setting a size, even the same, would clear it.
pub fn resize(canvas: &HtmlCanvasElement, width: u32, height: u32) {
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
}

/// What one draws on.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// The colours of lines in the stylesheet.
const LINES: [&str; 5] = ["--lane-a", "--lane-b", "--line-3", "--line-4", "--line-5"];

/// The name of a line's colour.
pub fn color_name(line: usize) -> &'static str {
    LINES[line % LINES.len()]
}

/// The chart colours of the stylesheet; a property that is missing keeps the colour of [`Theme::light`].
fn theme() -> Theme {
    let light = Theme::light();
    let styles = Styles::read();
    Theme {
        background: styles.color("--surface", light.background),
        ink: styles.color("--ink", light.ink),
        muted: styles.color("--muted", light.muted),
        grid: styles.color("--line", light.grid),
        lines: LINES
            .iter()
            .zip(light.lines)
            .map(|(name, otherwise)| styles.color(name, otherwise))
            .collect(),
        font: "system-ui, sans-serif".into(),
        scale: 1.0,
    }
}

/// The colours that are named in the stylesheet, as they are now.
pub struct Styles(Option<web_sys::CssStyleDeclaration>);

impl Styles {
    /// Of the page.
    pub fn read() -> Self {
        let root = document().document_element();
        Self(root.and_then(|root| window().get_computed_style(&root).ok().flatten()))
    }

    /// A colour by its name, or another where there is none.
    pub fn color(&self, name: &str, otherwise: RGBColor) -> RGBColor {
        let value = self.0.as_ref().and_then(|styles| styles.get_property_value(name).ok());
        value.and_then(|value| hex_color(value.trim())).unwrap_or(otherwise)
    }
}

/// `#rrggbb`.
fn hex_color(text: &str) -> Option<RGBColor> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some(RGBColor(channel(0)?, channel(2)?, channel(4)?))
}
