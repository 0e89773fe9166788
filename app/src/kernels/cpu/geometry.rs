//! Where the windows of a convolution stand: window `(y, x)` begins at `(y, x) * step - before` of its image.
//!
//! Images `[side, side, channels]` are copied into frames of zeros, `[frame_side, frame_side, channels]`, so that no
//! window reaches over an edge and every row of a window is `size * channels` numbers in a row. A frame is used for all
//! output channels, so the copy costs little beside the product.

use std::ops::Range;

use super::super::plan::{View, Window};
use super::region::{Region, put};

/// Pixels that are worth a tile loop: small images are taken several at a time.
const PIXELS_A_GROUP: usize = 256;

/// A window, the image it moves over and the positions it takes.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) window: Window,
    /// Channels of a pixel in the frame.
    pub(super) channels: usize,
    /// Side of the image inside the frame.
    pub(super) inner_side: usize,
    /// Windows along a side.
    pub(super) positions: usize,
}

impl Geometry {
    /// Side of the frame: what the windows touch, and no less than the image.
    pub(super) fn frame_side(&self) -> usize {
        let touched = (self.positions - 1) * self.window.step + self.window.size;
        touched.max(self.window.before + self.inner_side)
    }

    /// Numbers in a row of a window.
    pub(super) fn row(&self) -> usize {
        self.window.size * self.channels
    }

    /// Numbers in a row of the frame.
    pub(super) fn frame_row(&self) -> usize {
        self.frame_side() * self.channels
    }

    /// Numbers in a frame.
    pub(super) fn frame(&self) -> usize {
        self.frame_side() * self.frame_row()
    }

    /// Whether windows are found in frames: one of a single pixel is in the image itself.
    pub(super) fn needs_frames(&self) -> bool {
        self.window.size > 1 || self.window.step > 1
    }

    /// Images that are worked on together.
    pub(super) fn group(&self) -> usize {
        PIXELS_A_GROUP.div_ceil(self.positions * self.positions)
    }

    /// Where the window of each position begins, for so many frames in a row.
    pub(super) fn starts(&self, frames: usize) -> Vec<usize> {
        let positions = 0..self.positions;
        let of_frame = |frame: usize| {
            positions.clone().flat_map(move |y| (0..self.positions).map(move |x| (y, x))).map(
                move |(y, x)| {
                    frame * self.frame()
                        + y * self.window.step * self.frame_row()
                        + x * self.window.step * self.channels
                },
            )
        };
        let mut starts = Vec::with_capacity(frames * self.positions * self.positions);
        starts.extend((0..frames).flat_map(of_frame));
        starts
    }

    /// Copies images into frames of zeros.
    pub(super) fn fill(&self, frames: &mut [f32], source: Region<'_>, images: Range<usize>) {
        let view = source.view;
        for (frame, image) in frames.chunks_exact_mut(self.frame()).zip(images) {
            for y in 0..self.inner_side {
                let row = &mut frame[(y + self.window.before) * self.frame_row()
                    + self.window.before * self.channels..];
                let first = image * view.pixels() + y * self.inner_side;
                let row = &mut row[..self.inner_side * self.channels];
                if view.stride == self.channels {
                    row.copy_from_slice(&source.numbers[view.at(first)..][..row.len()]);
                    continue;
                }
                for (x, target) in row.chunks_exact_mut(self.channels).enumerate() {
                    target.copy_from_slice(source.pixel(first + x));
                }
            }
        }
    }

    /// Puts the image inside a frame into the numbers of one image.
    pub(super) fn empty(&self, frame: &[f32], numbers: &mut [f32], view: View, accumulate: bool) {
        for y in 0..self.inner_side {
            let row = &frame[(y + self.window.before) * self.frame_row()
                + self.window.before * self.channels..];
            let pixels = row[..self.inner_side * self.channels].chunks_exact(self.channels);
            for (x, source) in pixels.enumerate() {
                let target = &mut numbers[view.at(y * self.inner_side + x)..][..self.channels];
                put(source, target, accumulate);
            }
        }
    }
}
