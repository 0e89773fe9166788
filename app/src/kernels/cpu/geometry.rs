//! Windows over pictures that are copied into a frame of zeros, so that no window reaches over an edge.

use std::ops::Range;

use super::super::plan::{View, Window};

/// Pixels that are worth a tile loop: small pictures are taken several at a time.
const PIXELS_A_GROUP: usize = 256;

/// A window, the picture it moves over and the positions it takes.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) window: Window,
    /// Channels of a pixel in the frame.
    pub(super) channels: usize,
    /// Side of the picture inside the frame.
    pub(super) inner_side: usize,
    /// Windows along a side.
    pub(super) positions: usize,
}

impl Geometry {
    /// Side of the frame: what the windows touch, and no less than the picture.
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
        (0..frames).flat_map(of_frame).collect()
    }

    /// Copies images of a view into frames of zeros.
    pub(super) fn fill(
        &self,
        frames: &mut [f32],
        numbers: &[f32],
        view: View,
        images: Range<usize>,
    ) {
        for (frame, image) in frames.chunks_exact_mut(self.frame()).zip(images) {
            for y in 0..self.inner_side {
                let row = &mut frame[(y + self.window.before) * self.frame_row()
                    + self.window.before * self.channels..];
                let pixel = image * view.pixels() + y * self.inner_side;
                let row = &mut row[..self.inner_side * self.channels];
                if view.stride == self.channels {
                    row.copy_from_slice(&numbers[view.at(pixel)..][..row.len()]);
                    continue;
                }
                for (x, target) in row.chunks_exact_mut(self.channels).enumerate() {
                    target.copy_from_slice(&numbers[view.at(pixel + x)..][..self.channels]);
                }
            }
        }
    }

    /// Writes or adds the pictures inside frames to `numbers`, which begins with the first image.
    pub(super) fn empty(&self, frames: &[f32], numbers: &mut [f32], view: View, add: bool) {
        for (image, frame) in frames.chunks_exact(self.frame()).enumerate() {
            for y in 0..self.inner_side {
                let row = &frame[(y + self.window.before) * self.frame_row()
                    + self.window.before * self.channels..];
                let pixel = image * view.pixels() + y * self.inner_side;
                for (x, source) in
                    row[..self.inner_side * self.channels].chunks_exact(self.channels).enumerate()
                {
                    let target = &mut numbers[view.at(pixel + x)..][..self.channels];
                    put(source, target, add);
                }
            }
        }
    }
}

/// Sets `target`, or adds to it.
#[inline(always)]
pub(super) fn put(source: &[f32], target: &mut [f32], add: bool) {
    if add {
        target.iter_mut().zip(source).for_each(|(target, source)| *target += source);
    } else {
        target.copy_from_slice(source);
    }
}
