//! The colours and sizes of charts. The page fills a [`Theme`] from its stylesheet; the SVG images use these constants.

use plotters::style::RGBColor;

/// How a chart looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Behind everything.
    pub background: RGBColor,
    /// Titles.
    pub ink: RGBColor,
    /// Axis labels and the chance line.
    pub muted: RGBColor,
    /// Grid lines.
    pub grid: RGBColor,
    /// One colour a line; lines beyond the last begin again.
    pub lines: Vec<RGBColor>,
    /// The font family, as the backend names it.
    pub font: String,
    /// Device pixels a CSS pixel, so that lines and letters keep their size on a dense screen.
    pub scale: f64,
}

impl Theme {
    /// On white: blue, vermilion, green, purple, ochre and black of Okabe and Ito's palette, darkened until small text in them is
    /// readable.
    pub fn light() -> Self {
        Self {
            background: RGBColor(255, 255, 255),
            ink: RGBColor(29, 28, 26),
            muted: RGBColor(94, 90, 84),
            grid: RGBColor(232, 229, 222),
            lines: [
                (0, 106, 167),
                (178, 74, 0),
                (0, 117, 84),
                (150, 70, 130),
                (128, 98, 0),
                (74, 69, 64),
            ]
            .map(rgb)
            .into(),
            font: "sans-serif".into(),
            scale: 1.0,
        }
    }

    /// On dark grey: sky blue, orange, green, pink, yellow and white of the same palette.
    pub fn dark() -> Self {
        Self {
            background: RGBColor(29, 32, 37),
            ink: RGBColor(236, 234, 230),
            muted: RGBColor(173, 168, 159),
            grid: RGBColor(51, 55, 62),
            lines: [
                (102, 187, 237),
                (236, 167, 44),
                (64, 201, 155),
                (226, 152, 200),
                (226, 214, 92),
                (214, 208, 198),
            ]
            .map(rgb)
            .into(),
            font: "sans-serif".into(),
            scale: 1.0,
        }
    }

    /// The colour of a line.
    pub(super) fn color(&self, line: usize) -> RGBColor {
        self.lines.get(line % self.lines.len().max(1)).copied().unwrap_or(self.ink)
    }

    /// `css_pixels` in the pixels of the backend, at least one.
    pub(super) fn px(&self, css_pixels: f64) -> u32 {
        (css_pixels * self.scale).round().max(1.0) as u32
    }
}

fn rgb((red, green, blue): (u8, u8, u8)) -> RGBColor {
    RGBColor(red, green, blue)
}
