//! Charts as PNG: shapes filled with exact edges, twice as many pixels a side as the SVG has.

use super::letters;
use super::plot::Plot;
use super::shapes::{Paint, Shape, UNITS, shapes};
use super::theme::Theme;

/// Pixels in a CSS pixel, so that a chart is sharp on a dense screen and in a document.
const DENSITY: u32 = 2;

type Polygon = Vec<(f64, f64)>;

/// A plot with a title above it, as a PNG of twice `width` x `height` pixels.
pub fn plot_png(title: &str, plot: &Plot, theme: &Theme, width: u32, height: u32) -> Vec<u8> {
    let (width, height) = (width.max(1), height.max(1));
    let mut image = Raster::new(width * DENSITY, height * DENSITY);
    shapes(title, plot, theme, (width, height)).iter().for_each(|shape| image.draw(shape));
    image.encode()
}

struct Raster {
    width: usize,
    height: usize,
    /// Red, green and blue of each pixel.
    pixels: Vec<u8>,
}

impl Raster {
    fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    fn draw(&mut self, shape: &Shape) {
        let scale = f64::from(DENSITY) / f64::from(UNITS);
        let scaled = |points: &[(f64, f64)]| -> Polygon {
            points.iter().map(|(x, y)| (x * scale, y * scale)).collect()
        };
        match shape {
            Shape::Area { points, paint } => self.fill(&[scaled(points)], *paint),
            Shape::Path { points, width, paint } => {
                self.cover(&stroke(&scaled(points), width * scale), *paint);
            }
            Shape::Circle { center, radius, width, paint } => {
                let center = (center.0 * scale, center.1 * scale);
                let half = width.map_or(0.0, |width| width * scale / 2.0);
                let outer = circle(center, radius * scale + half);
                let mut inner = circle(center, radius * scale - half);
                inner.reverse();
                let ring = [outer, inner];
                self.fill(&ring[..if width.is_some() { 2 } else { 1 }], *paint);
            }
            Shape::Words { text, at, em, align, is_upright, paint } => {
                let left = align.before(letters::width(text) * em);
                let place = |(x, y): (f64, f64)| {
                    let (x, y) = (x - left, y);
                    let (x, y) = if *is_upright { (y, -x) } else { (x, y) };
                    ((at.0 + x) * scale, (at.1 + y) * scale)
                };
                let outlines: Vec<Polygon> = letters::outlines(text, *em)
                    .into_iter()
                    .map(|outline| outline.into_iter().map(place).collect())
                    .collect();
                self.fill(&outlines, *paint);
            }
        }
    }

    /// Fills the area within polygons; those that run the other way round are holes.
    fn fill(&mut self, polygons: &[Polygon], paint: Paint) {
        let mut mask = Mask::around(polygons, self.width, self.height);
        polygons.iter().for_each(|polygon| mask.add(polygon));
        let shares = mask.shares();
        self.blend(&mask, &shares, paint);
    }

    /// Fills what any of the polygons covers.
    fn cover(&mut self, polygons: &[Polygon], paint: Paint) {
        let all = Mask::around(polygons, self.width, self.height);
        let mut covered = vec![0.0; all.width * all.height];
        for polygon in polygons {
            let mut mask = Mask::around(std::slice::from_ref(polygon), self.width, self.height);
            mask.add(polygon);
            for (at, share) in mask.shares().into_iter().enumerate() {
                let (x, y) = (mask.left + at % mask.width, mask.top + at / mask.width);
                let place = &mut covered[(y - all.top) * all.width + x - all.left];
                *place = share.max(*place);
            }
        }
        self.blend(&all, &covered, paint);
    }

    fn blend(&mut self, mask: &Mask, shares: &[f64], paint: Paint) {
        let (red, green, blue) = paint.rgb;
        for (at, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let (x, y) = (mask.left + at % mask.width, mask.top + at / mask.width);
            let pixel = &mut self.pixels[3 * (y * self.width + x)..][..3];
            for (channel, value) in pixel.iter_mut().zip([red, green, blue]) {
                let opacity = share * paint.opacity;
                let mixed = f64::from(*channel) * (1.0 - opacity) + f64::from(value) * opacity;
                *channel = mixed.round() as u8;
            }
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(::png::ColorType::Rgb);
        encoder.set_depth(::png::BitDepth::Eight);
        let written =
            encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.pixels));
        // As many bytes as were announced, written to memory.
        debug_assert!(written.is_ok());
        bytes
    }
}

/// How much of each pixel a shape covers. Edges are added as the change of coverage from each pixel to the next, in each row
/// in proportion to the part of the row that they cross; summed along a row, these are the shares.
struct Mask {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    /// One more a row than there are pixels.
    changes: Vec<f64>,
}

impl Mask {
    /// For what lies around these polygons, within an image.
    fn around(polygons: &[Polygon], width: usize, height: usize) -> Self {
        let points = || polygons.iter().flatten();
        let range = |coordinate: fn(&(f64, f64)) -> f64, end: usize| {
            let least = points().map(coordinate).fold(f64::INFINITY, f64::min).floor();
            let most = points().map(coordinate).fold(f64::NEG_INFINITY, f64::max).ceil();
            // Casts to whole numbers stop at their ends.
            let (from, to) = ((least as usize).min(end), (most as usize).min(end));
            (from, to.max(from) - from)
        };
        let ((left, width), (top, height)) =
            (range(|point| point.0, width), range(|point| point.1, height));
        Self { left, top, width, height, changes: vec![0.0; (width + 1) * height] }
    }

    fn add(&mut self, polygon: &Polygon) {
        let next = polygon.iter().cycle().skip(1);
        for (&from, &to) in polygon.iter().zip(next) {
            self.edge(from, to);
        }
    }

    fn edge(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (upper, lower, direction) =
            if from.1 < to.1 { (from, to, 1.0) } else { (to, from, -1.0) };
        if upper.1 == lower.1 {
            return;
        }
        let slope = (lower.0 - upper.0) / (lower.1 - upper.1);
        let x_at = |y: f64| upper.0 + (y - upper.1) * slope - self.left as f64;
        let (first, last) = (self.top as f64, (self.top + self.height) as f64);
        let (begin, end) = (upper.1.max(first), lower.1.min(last));
        let mut y = begin;
        while y < end {
            let row = y.floor();
            let bottom = (row + 1.0).min(end);
            let (one, other) = (x_at(y), x_at(bottom));
            let at = (row as usize - self.top) * (self.width + 1);
            let row = &mut self.changes[at..at + self.width + 1];
            change(row, one.min(other), one.max(other), direction * (bottom - y));
            y = bottom;
        }
    }

    fn shares(&self) -> Vec<f64> {
        let rows = self.changes.chunks_exact(self.width + 1);
        let row = |changes: &[f64]| {
            let mut sum = 0.0_f64;
            let shares = changes[..self.width].iter().map(move |change| {
                sum += change;
                sum.abs().min(1.0)
            });
            shares.collect::<Vec<_>>()
        };
        rows.flat_map(row).collect()
    }
}

/// Adds an edge that goes from `left` to `right` within a row and crosses `amount` of it: everything to its right is covered
/// by that much more, the pixels that it passes in part.
fn change(row: &mut [f64], left: f64, right: f64, amount: f64) {
    let last = row.len() - 1;
    let (left, right) = (left.clamp(0.0, last as f64), right.clamp(0.0, last as f64));
    let (from, to) = (left.floor() as usize, right.floor() as usize);
    // The part of a pixel that lies to the right of the edge, in the mean over the edge's places.
    let covered = |pixel: usize| -> f64 {
        let (begin, end) = (pixel as f64, pixel as f64 + 1.0);
        if right - left < 1e-9 {
            return (end - left).clamp(0.0, 1.0);
        }
        let within = (left.max(begin), right.min(end));
        let before = (begin.min(right) - left).max(0.0);
        let part = (within.1 - within.0).max(0.0);
        (before + part * (end - (within.0 + within.1) / 2.0)) / (right - left)
    };
    let mut sum = 0.0;
    for (pixel, change) in row.iter_mut().enumerate().take(to + 1).skip(from) {
        let share = covered(pixel) * amount;
        *change += share - sum;
        sum = share;
    }
    if to < last {
        row[to + 1] += amount - sum;
    }
}

/// The pieces of a line: a bar for each stretch, a disc at each corner.
fn stroke(points: &[(f64, f64)], width: f64) -> Vec<Polygon> {
    let half = width.max(1.0) / 2.0;
    let bar = |pair: &[(f64, f64)]| -> Option<Polygon> {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        let length = (to_x - x).hypot(to_y - y);
        let (across, along) = ((to_y - y) / length * half, (to_x - x) / length * half);
        (length > 0.0).then(|| {
            vec![
                (x - across, y + along),
                (x + across, y - along),
                (to_x + across, to_y - along),
                (to_x - across, to_y + along),
            ]
        })
    };
    let corners = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
    let discs = corners.iter().map(|&corner| circle(corner, half));
    points.windows(2).filter_map(bar).chain(discs).collect()
}

fn circle((x, y): (f64, f64), radius: f64) -> Polygon {
    let corners = (radius * 4.0).clamp(12.0, 64.0) as u32;
    let angle = |corner: u32| f64::from(corner) / f64::from(corners) * std::f64::consts::TAU;
    let corner = |at| (x + radius * f64::cos(angle(at)), y + radius * f64::sin(angle(at)));
    (0..corners).map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Paint = Paint { rgb: (0, 0, 0), opacity: 1.0 };

    /// The red of every pixel of an image in which a polygon is filled with black.
    fn filled(polygons: &[Polygon], width: u32, height: u32) -> Vec<u8> {
        let mut image = Raster::new(width, height);
        image.fill(polygons, INK);
        image.pixels.chunks_exact(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn a_pixel_is_as_dark_as_the_part_of_it_that_is_covered() {
        let half = vec![(0.5, 0.0), (2.0, 0.0), (2.0, 1.0), (0.5, 1.0)];
        assert_eq!(filled(&[half], 3, 1), [128, 0, 255]);
        let triangle = vec![(0.0, 0.0), (2.0, 2.0), (0.0, 2.0)];
        assert_eq!(filled(&[triangle], 2, 2), [128, 255, 0, 128]);
    }

    #[test]
    fn what_runs_the_other_way_round_is_a_hole_and_what_is_outside_is_cut_off() {
        let outer = vec![(-5.0, -5.0), (9.0, -5.0), (9.0, 9.0), (-5.0, 9.0)];
        let hole = vec![(1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0)];
        assert_eq!(filled(&[outer, hole], 3, 2), [0, 255, 0, 0, 0, 0]);
        assert_eq!(filled(&[vec![(9.0, 9.0), (12.0, 9.0), (12.0, 12.0)]], 2, 1), [255, 255]);
    }

    #[test]
    fn the_area_of_a_disc_is_drawn_wherever_it_stands() {
        for shift in [0.0, 0.3, 0.77] {
            let image = filled(&[circle((10.0 + shift, 10.0 - shift), 6.0)], 20, 20);
            let area: f64 = image.iter().map(|red| 1.0 - f64::from(*red) / 255.0).sum();
            // 24 corners have 98.9 % of the disc.
            assert!((area / (36.0 * std::f64::consts::PI) - 0.989).abs() < 0.005, "{area}");
        }
    }

    #[test]
    fn a_line_drawn_over_itself_is_no_darker() {
        let mut image = Raster::new(8, 3);
        let paint = Paint { opacity: 0.5, ..INK };
        let there_and_back = stroke(&[(1.0, 1.5), (7.0, 1.5), (1.0, 1.5)], 1.0);
        image.cover(&there_and_back, paint);
        assert_eq!(image.pixels[3 * (8 + 4)], 128);
    }
}
