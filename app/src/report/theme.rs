//! The colours and sizes of charts. The page fills a [`Theme`] from its stylesheet; the SVG pictures use these constants.

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
    /// One colour a lane.
    pub lanes: [RGBColor; 2],
    /// The font family, as the backend names it.
    pub font: String,
    /// Device pixels a CSS pixel, so that lines and letters keep their size on a dense screen.
    pub scale: f64,
}

impl Theme {
    /// On white: blue and vermilion of Okabe and Ito's palette, darkened until small text in them is readable.
    pub fn light() -> Self {
        Self {
            background: RGBColor(255, 255, 255),
            ink: RGBColor(29, 28, 26),
            muted: RGBColor(94, 90, 84),
            grid: RGBColor(232, 229, 222),
            lanes: [RGBColor(0, 106, 167), RGBColor(178, 74, 0)],
            font: "sans-serif".into(),
            scale: 1.0,
        }
    }

    /// On dark grey: sky blue and orange of the same palette.
    pub fn dark() -> Self {
        Self {
            background: RGBColor(29, 32, 37),
            ink: RGBColor(236, 234, 230),
            muted: RGBColor(173, 168, 159),
            grid: RGBColor(51, 55, 62),
            lanes: [RGBColor(102, 187, 237), RGBColor(236, 167, 44)],
            font: "sans-serif".into(),
            scale: 1.0,
        }
    }

    /// `css_pixels` in the pixels of the backend, at least one.
    pub(super) fn px(&self, css_pixels: f64) -> u32 {
        (css_pixels * self.scale).round().max(1.0) as u32
    }
}
