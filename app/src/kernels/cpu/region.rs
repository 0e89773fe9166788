//! The numbers of a buffer behind a view: of the `stride` numbers of each pixel the `channels` from `offset` on.
//!
//! Branches of a network lie side by side in one buffer, so a kernel reads and writes the channels of its own views and
//! nothing between them. Where the gradient of an input goes, one rule holds for every operation: it is set, or added
//! to what another reader of the same input has written, as [`RegionMut::accumulate`] says.

use super::super::plan::View;
use super::parallel::for_each_part;

/// Numbers that are read, `[batch, pixels, stride]`.
#[derive(Clone, Copy)]
pub(super) struct Region<'a> {
    pub(super) view: View,
    pub(super) numbers: &'a [f32],
}

/// Numbers that are written, `[batch, pixels, stride]`.
pub(super) struct RegionMut<'a> {
    pub(super) view: View,
    pub(super) numbers: &'a mut [f32],
    /// Whether what is written is added to what is there.
    pub(super) accumulate: bool,
}

/// Images as rows of a matrix, `[batch, length]`.
pub(super) struct Rows<'a> {
    numbers: &'a [f32],
    /// Of side 1.
    view: View,
}

impl<'a> Region<'a> {
    /// The channels of a pixel, counted through all images.
    #[inline(always)]
    pub(super) fn pixel(&self, pixel: usize) -> &'a [f32] {
        &self.numbers[self.view.at(pixel)..][..self.view.channels]
    }

    /// Each image as a row of `pixels * channels` numbers: of a vector, or of a whole buffer.
    pub(super) fn rows(&self) -> Rows<'a> {
        Rows { numbers: self.numbers, view: flat(self.view) }
    }
}

impl RegionMut<'_> {
    /// Calls `work(image, numbers)` for each image, on all threads. The numbers begin with its first pixel and are all
    /// of the buffer's: `work` keeps to the view.
    pub(super) fn for_each_image(self, batch: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        let length = self.view.pixels() * self.view.stride;
        for_each_part(&mut self.numbers[..batch * length], length, work);
    }

    /// The same with each image as one row of `pixels * channels` numbers.
    pub(super) fn flat(self) -> Self {
        Self { view: flat(self.view), ..self }
    }
}

impl Rows<'_> {
    /// Numbers in a row.
    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.view.channels
    }

    /// One image.
    #[inline(always)]
    pub(super) fn row(&self, image: usize) -> &[f32] {
        &self.numbers[self.view.at(image)..][..self.view.channels]
    }
}

/// The view of images as vectors: their numbers lie side by side, as [`Plan::check`](super::super::plan::Plan::check)
/// has asked of what a dense layer reads.
fn flat(view: View) -> View {
    match view.pixels() {
        1 => view,
        pixels => {
            let length = pixels * view.channels;
            View { side: 1, stride: length, channels: length, ..view }
        }
    }
}

/// Sets `target`, or adds to it.
#[inline(always)]
pub(super) fn put(source: &[f32], target: &mut [f32], accumulate: bool) {
    if accumulate {
        target.iter_mut().zip(source).for_each(|(target, source)| *target += source);
    } else {
        target.copy_from_slice(source);
    }
}

/// Sets each number of `target` to `value(its index)`, or adds that to it. `value` is to be `#[inline(always)]`; there
/// is one loop for each case, so that both are vectorized.
#[inline(always)]
pub(super) fn put_each(target: &mut [f32], accumulate: bool, value: impl Fn(usize) -> f32) {
    if accumulate {
        for (at, target) in target.iter_mut().enumerate() {
            *target += value(at);
        }
    } else {
        for (at, target) in target.iter_mut().enumerate() {
            *target = value(at);
        }
    }
}
