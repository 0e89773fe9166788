//! The map as pixels. It is composed here and handed over whole: thousands of single drawing calls would take the page
//! longer than a frame.

use std::sync::Arc;

use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, ImageData};

use crate::data::Fate;

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

impl Look {
    /// So many pixels of the surface.
    fn blank(&self, count: usize) -> Vec<u8> {
        let [red, green, blue] = self.surface;
        [red, green, blue, 255].repeat(count)
    }
}

impl Cells {
    /// The left upper corner of a cell.
    fn place(&self, at: usize) -> (usize, usize) {
        (at % self.columns * self.cell, at / self.columns * self.cell)
    }

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

/// What a cell shows: its image, what became of it, and whether it is chosen.
pub type Mark = (usize, Option<Fate>, bool);

/// What stands on the canvas, to be compared with what is to stand there.
#[derive(Default)]
pub struct Painted {
    cells: Cells,
    look: Look,
    images: Arc<Vec<u8>>,
    marks: Vec<Mark>,
}

/// Cells that are drawn one by one; where more have changed, the map is composed anew and handed over whole.
const MAX_SINGLE: usize = 100;

impl Painted {
    /// Draws `marks` of all `images`, `[count, 28, 28, 4]`: only the cells that are not as they are drawn already.
    pub fn update(
        &mut self,
        context: &CanvasRenderingContext2d,
        cells: Cells,
        look: Look,
        images: &Arc<Vec<u8>>,
        marks: Vec<Mark>,
    ) {
        let is_same = Arc::ptr_eq(&self.images, images)
            && (self.cells, self.look, self.marks.len()) == (cells, look, marks.len());
        let changed: Vec<usize> =
            (0..marks.len()).filter(|&at| !is_same || self.marks[at] != marks[at]).collect();
        *self = Self { cells, look, images: images.clone(), marks };
        if is_same && changed.len() <= MAX_SINGLE {
            let side = cells.cell;
            for at in changed {
                let mut pixels = look.blank(side * side);
                self.draw(at, &mut pixels, side, (0, 0));
                put(context, &pixels, side, side, cells.place(at));
            }
        } else {
            let (width, height) = (cells.width() as usize, cells.height() as usize);
            let mut pixels = look.blank(width * height);
            for at in 0..self.marks.len() {
                self.draw(at, &mut pixels, width, cells.place(at));
            }
            put(context, &pixels, width, height, (0, 0));
        }
    }

    /// Draws the cell at a place among the others into pixels of this width, from `left` and `top` on.
    fn draw(&self, at: usize, pixels: &mut [u8], width: usize, (left, top): (usize, usize)) {
        let (image, fate, is_chosen) = self.marks[at];
        let Some(source) = self.images.get(image * BYTES..(image + 1) * BYTES) else { return };
        let (cells, look) = (self.cells, self.look);
        let side = cells.cell - cells.gap;
        let frame = if is_chosen { Some(look.ink) } else { frame_color(fate, &look) };
        // What is not learned yet stays in the background.
        let is_pale = matches!(fate, Some(Fate::Neither));
        for y in 0..side {
            let row = ((top + y) * width + left) * 4;
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
                pixels[row + x * 4..row + x * 4 + 3].copy_from_slice(&color);
            }
        }
    }
}

fn put(
    context: &CanvasRenderingContext2d,
    pixels: &[u8],
    width: usize,
    height: usize,
    (left, top): (usize, usize),
) {
    // An image without a pixel cannot be made, and need not.
    if let Ok(image) =
        ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width as u32, height as u32)
    {
        // Only a tainted or oversized image fails here, and this one is neither.
        let _ = context.put_image_data(&image, left as f64, top as f64);
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
