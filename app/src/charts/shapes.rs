//! What plotters draws, as a list of shapes that is then written as PNG or PDF. Both are made from a drawing four times as
//! large as the image, because plotters counts in whole pixels.

use std::convert::Infallible;

use plotters::prelude::IntoDrawingArea;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::letters;
use super::plot::{Plot, draw_titled};
use super::theme::Theme;

/// Units in a CSS pixel.
pub(super) const UNITS: u32 = 4;
/// The SVG backend's: a font of so many pixels has an em that much smaller.
const EMS: f64 = 1.24;

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    /// Red, green, blue.
    pub(super) rgb: (u8, u8, u8),
    /// 0 is not seen, 1 hides what is below.
    pub(super) opacity: f64,
}

/// Something drawn. Places are in units, downwards from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A line through points, with round corners and blunt ends.
    Path { points: Vec<(f64, f64)>, width: f64, paint: Paint },
    /// An area within points.
    Area { points: Vec<(f64, f64)>, paint: Paint },
    /// A disc, or a ring where it has a width.
    Circle { center: (f64, f64), radius: f64, width: Option<f64>, paint: Paint },
    /// Letters.
    Words { text: String, at: (f64, f64), em: f64, align: Align, is_upright: bool, paint: Paint },
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

impl Align {
    /// How far a text of this width reaches to the left of its place.
    pub(super) fn before(self, width: f64) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => width / 2.0,
            Self::End => width,
        }
    }
}

/// A plot with a title, `width` x `height` CSS pixels large, as shapes.
pub(super) fn shapes(
    title: &str,
    plot: &Plot,
    theme: &Theme,
    (width, height): (u32, u32),
) -> Vec<Shape> {
    let theme = Theme { scale: f64::from(UNITS), ..theme.clone() };
    let mut drawing = Drawing { size: (width * UNITS, height * UNITS), shapes: Vec::new() };
    {
        let area = (&mut drawing).into_drawing_area();
        let drawn = draw_titled(&area, title, plot, &theme);
        // Pushing to a list does not fail.
        debug_assert!(drawn.is_ok());
    }
    drawing.shapes
}

struct Drawing {
    size: (u32, u32),
    shapes: Vec<Shape>,
}

type DrawResult = Result<(), DrawingErrorKind<Infallible>>;

impl Drawing {
    fn push(&mut self, color: BackendColor, shape: impl FnOnce(Paint) -> Shape) -> DrawResult {
        if color.alpha > 0.0 {
            self.shapes.push(shape(Paint { rgb: color.rgb, opacity: color.alpha }));
        }
        Ok(())
    }
}

fn exact((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x), f64::from(y))
}

impl DrawingBackend for &mut Drawing {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> DrawResult {
        Ok(())
    }

    fn present(&mut self) -> DrawResult {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> DrawResult {
        let points = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)].map(exact).to_vec();
        self.push(color, |paint| Shape::Area { points, paint })
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> DrawResult {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> DrawResult {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path(corners.into_iter().chain([(left, top)]), style)
        }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> DrawResult {
        let points = path.into_iter().map(exact).collect();
        let width = f64::from(style.stroke_width());
        self.push(style.color(), |paint| Shape::Path { points, width, paint })
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> DrawResult {
        let (center, radius) = (exact(center), f64::from(radius));
        let width = (!fill).then(|| f64::from(style.stroke_width()));
        self.push(style.color(), |paint| Shape::Circle { center, radius, width, paint })
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> DrawResult {
        let points = vert.into_iter().map(exact).collect();
        self.push(style.color(), |paint| Shape::Area { points, paint })
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> DrawResult {
        let em = style.size() / EMS;
        // As the SVG backend shifts the foot of the letters.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76 * em,
            VPos::Center => 0.27 * em,
            VPos::Bottom => -0.27 * em,
        };
        let align = match style.anchor().h_pos {
            HPos::Left => Align::Start,
            HPos::Center => Align::Middle,
            HPos::Right => Align::End,
        };
        let (x, y) = exact(place);
        // Only the name of the upright axis is turned, and its letters stand to the left.
        let is_upright = matches!(style.transform(), FontTransform::Rotate270);
        let at = if is_upright { (x + down, y) } else { (x, y + down) };
        let text = text.to_owned();
        self.push(style.color(), |paint| Shape::Words { text, at, em, align, is_upright, paint })
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let em = style.size() / EMS;
        Ok(((letters::width(text) * em).ceil() as u32, em.ceil() as u32))
    }
}
