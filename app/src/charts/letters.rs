//! The outlines and widths of letters, from the font that comes with the program.

use ttf_parser::{Face, OutlineBuilder};

static FONT: &[u8] = include_bytes!("fonts/DejaVuSans-subset.ttf");

/// Straight pieces in which a bend is drawn.
const PIECES: u32 = 6;

fn face() -> Face<'static> {
    Face::parse(FONT, 0).expect("the font that comes with the program can be read")
}

/// How wide a text is, in ems.
pub(super) fn width(text: &str) -> f64 {
    let face = face();
    let advances = text.chars().map(|letter| advance(&face, letter));
    advances.sum()
}

fn advance(face: &Face, letter: char) -> f64 {
    let glyph = face.glyph_index(letter).unwrap_or_default();
    f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f64::from(face.units_per_em())
}

/// The outlines of a text of ems of this size: closed polygons, from the left end of its foot, downwards. Holes run the
/// other way round.
pub(super) fn outlines(text: &str, em: f64) -> Vec<Vec<(f64, f64)>> {
    let face = face();
    let scale = em / f64::from(face.units_per_em());
    let mut outlines = Outlines { scale, ..Outlines::default() };
    for letter in text.chars() {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        // A space has no outline.
        let _ = face.outline_glyph(glyph, &mut outlines);
        outlines.left += advance(&face, letter) * em;
    }
    outlines.polygons
}

#[derive(Default)]
struct Outlines {
    scale: f64,
    left: f64,
    polygons: Vec<Vec<(f64, f64)>>,
    pen: (f64, f64),
}

impl Outlines {
    fn to(&mut self, x: f64, y: f64) {
        self.pen = (x, y);
        let point = (self.left + x * self.scale, -y * self.scale);
        if let Some(polygon) = self.polygons.last_mut() {
            polygon.push(point);
        }
    }

    fn bend(&mut self, at: impl Fn(f64) -> (f64, f64)) {
        for piece in 1..=PIECES {
            let (x, y) = at(f64::from(piece) / f64::from(PIECES));
            self.to(x, y);
        }
    }
}

impl OutlineBuilder for Outlines {
    fn move_to(&mut self, x: f32, y: f32) {
        self.polygons.push(Vec::new());
        self.to(x.into(), y.into());
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to(x.into(), y.into());
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let points = [self.pen, (x1.into(), y1.into()), (x.into(), y.into())];
        self.bend(|share| {
            let rest = 1.0 - share;
            weighted(&points, &[rest * rest, 2.0 * rest * share, share * share])
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let points =
            [self.pen, (x1.into(), y1.into()), (x2.into(), y2.into()), (x.into(), y.into())];
        self.bend(|share| {
            let rest = 1.0 - share;
            let weights = [
                rest * rest * rest,
                3.0 * rest * rest * share,
                3.0 * rest * share * share,
                share * share * share,
            ];
            weighted(&points, &weights)
        });
    }

    fn close(&mut self) {}
}

fn weighted(points: &[(f64, f64)], weights: &[f64]) -> (f64, f64) {
    let sum = |coordinate: fn(&(f64, f64)) -> f64| {
        points.iter().zip(weights).map(|(point, weight)| coordinate(point) * weight).sum()
    };
    (sum(|point| point.0), sum(|point| point.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_widths_and_holes_of_the_font() {
        // DejaVu Sans: a space is 651 of 2048 units wide, an o 1253.
        assert!((width(" o") - (651.0 + 1253.0) / 2048.0).abs() < 1e-9);
        assert_eq!(outlines("o", 10.0).len(), 2, "a ring has an outer and an inner outline");
        assert_eq!(outlines(" ", 10.0).len(), 0);
        // What the font does not have is drawn as its box, not left out.
        assert!(!outlines("\u{4e00}", 10.0).is_empty());
    }
}
