//! Canvases: their size on this screen, and the stylesheet's colours.

use plotters::style::RGBColor;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::window::{document, window};
use crate::charts::Theme;

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
const LINES: [&str; 6] = ["--lane-a", "--lane-b", "--line-3", "--line-4", "--line-5", "--line-6"];

/// The name of a line's colour.
pub fn color_name(line: usize) -> &'static str {
    LINES[line % LINES.len()]
}

/// The chart colours of the stylesheet; a property that is missing keeps the colour of [`Theme::light`].
pub fn theme() -> Theme {
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
