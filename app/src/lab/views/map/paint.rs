//! The map as pixels. It is composed here and handed over row by row: thousands of single drawing calls would take the page
//! longer than a frame.

use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, ImageData};

use crate::data::Fate;
use crate::train::Memorization;

/// Height and width of an image as it comes.
const SIDE: usize = 28;
const BYTES: usize = SIDE * SIDE * 4;

/// Where the images stand, in device pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    pub columns: usize,
    rows: usize,
    /// Side of a cell, with its frame and the gap to the next.
    cell: usize,
    gap: usize,
}

/// Colours, and how thick a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub surface: [u8; 3],
    pub ink: [u8; 3],
    pub truth: [u8; 3],
    pub lie: [u8; 3],
    pub still: [u8; 3],
    pub frame: usize,
}

impl Cells {
    /// So many images in a width of CSS pixels: the more, the smaller.
    pub fn fitting(css_width: f64, count: usize, scale: f64) -> Self {
        let side = match count {
            0..=120 => 44.0,
            121..=300 => 36.0,
            301..=700 => 28.0,
            _ => 22.0,
        };
        let (cell, gap) = ((side * scale).round() as usize, scale.round() as usize);
        let columns = ((css_width * scale) as usize / cell).clamp(1, count.max(1));
        Self { columns, rows: count.div_ceil(columns), cell, gap }
    }

    pub fn width(&self) -> u32 {
        (self.columns * self.cell) as u32
    }

    pub fn height(&self) -> u32 {
        (self.rows * self.cell) as u32
    }

    /// Where the row of a place begins and ends, in CSS pixels.
    pub fn row(&self, at: usize, scale: f64) -> (f64, f64) {
        let (row, height) = ((at / self.columns.max(1)) as f64, self.cell as f64 / scale);
        (row * height, (row + 1.0) * height)
    }

    /// The place of the image at a point.
    pub fn at(&self, x: f64, y: f64) -> Option<usize> {
        let cell = self.cell.max(1) as f64;
        let (column, row) = ((x / cell) as usize, (y / cell) as usize);
        (x >= 0.0 && y >= 0.0 && column < self.columns).then_some(row * self.columns + column)
    }
}

/// What stands on the canvas, so that only rows in which something changed are painted again.
#[derive(Default)]
pub struct Painting {
    cells: Cells,
    look: Look,
    /// Where the images lie and how many bytes they have: others were fetched where these differ.
    source: (usize, usize),
    /// Of each cell, its image, what became of it, and whether it is chosen.
    drawn: Vec<(usize, Option<Fate>, bool)>,
}

impl Painting {
    /// Draws the images `shown`, of all `images`, `[count, 28, 28, 4]`.
    #[expect(clippy::too_many_arguments, reason = "all that a picture of the map depends on")]
    pub fn paint(
        &mut self,
        context: &CanvasRenderingContext2d,
        cells: Cells,
        images: &[u8],
        shown: &[usize],
        memory: &Memorization,
        selected: Option<usize>,
        look: Look,
    ) {
        let source = (images.as_ptr() as usize, images.len());
        if (self.cells, self.look, self.source) != (cells, look, source) {
            *self = Self { cells, look, source, drawn: Vec::new() };
        }
        let columns = cells.columns.max(1);
        let cell = |&image: &usize| (image, memory.fate(image), selected == Some(image));
        let wanted: Vec<_> = shown.iter().map(cell).collect();
        for (at, row) in wanted.chunks(columns).enumerate() {
            if self.drawn.chunks(columns).nth(at) != Some(row) {
                paint_row(context, &cells, images, row, at, &look);
            }
        }
        self.drawn = wanted;
    }
}

/// Draws one row, all of it.
fn paint_row(
    context: &CanvasRenderingContext2d,
    cells: &Cells,
    images: &[u8],
    row: &[(usize, Option<Fate>, bool)],
    at: usize,
    look: &Look,
) {
    let (width, height) = (cells.width() as usize, cells.cell);
    if width == 0 || height == 0 {
        return;
    }
    let [red, green, blue] = look.surface;
    let mut pixels = [red, green, blue, 255].repeat(width * height);
    let side = cells.cell - cells.gap;
    for (column, &(image, fate, is_chosen)) in row.iter().enumerate() {
        let Some(source) = images.get(image * BYTES..(image + 1) * BYTES) else { continue };
        let left = column * cells.cell;
        let frame = if is_chosen { Some(look.ink) } else { frame_color(fate, look) };
        // What is not learned yet stays in the background.
        let is_pale = matches!(fate, Some(Fate::Neither));
        for y in 0..side {
            let start = (y * width + left) * 4;
            for x in 0..side {
                let to_edge = x.min(y).min(side - 1 - x).min(side - 1 - y);
                // Dashes, so that this frame is told from the others without colour.
                let is_gap = fate == Some(Fate::StillClean)
                    && !is_chosen
                    && (x + y) / (2 * look.frame) % 2 == 1;
                let color = match frame {
                    Some(color) if to_edge < look.frame && !is_gap => color,
                    _ if to_edge < look.frame => continue,
                    _ => {
                        let inner = side - 2 * look.frame;
                        let place = |pixel: usize| (pixel - look.frame) * SIDE / inner;
                        let from = (place(y) * SIDE + place(x)) * 4;
                        let color = [source[from], source[from + 1], source[from + 2]];
                        if is_pale { half_way(color, look.surface) } else { color }
                    }
                };
                pixels[start + x * 4..start + x * 4 + 3].copy_from_slice(&color);
            }
        }
    }
    if let Ok(image) =
        ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), width as u32, height as u32)
    {
        // Only a tainted or oversized image fails here, and this one is neither.
        let _ = context.put_image_data(&image, 0.0, (at * cells.cell) as f64);
    }
}

fn frame_color(fate: Option<Fate>, look: &Look) -> Option<[u8; 3]> {
    match fate? {
        Fate::Neither => None,
        Fate::FittedClean => Some(look.truth),
        Fate::StillClean => Some(look.still),
        Fate::Memorized => Some(look.lie),
    }
}

fn half_way(one: [u8; 3], other: [u8; 3]) -> [u8; 3] {
    std::array::from_fn(|at| ((u16::from(one[at]) * 2 + u16::from(other[at]) * 3) / 5) as u8)
}
