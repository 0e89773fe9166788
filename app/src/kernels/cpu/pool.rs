//! Pooling: `output[p, c] = max over the pixels q under window p of input[q, c]`, and the mean of each channel over all
//! pixels, `[batch, 1, channels]`.
//!
//! Channels last, the channels of a pixel are vectors: a window is gone through pixel by pixel, all channels side by
//! side. The gradient of a maximum goes to the first pixel that has it, as in TensorFlow. Which one that was is found
//! again from input and output, which are kept anyway, and not remembered.

use std::ops::Range;

use pulp::Arch;

use super::super::plan::{View, Window};
use super::parallel::vectorized;
use super::region::{Region, RegionMut, put_each};
use super::select;

/// The rows or columns of the image that a window covers.
fn covered(window: Window, position: usize, side: usize) -> Range<usize> {
    let start = position * window.step;
    start.saturating_sub(window.before)..(start + window.size - window.before).min(side)
}

/// The pixels of the image under the window that gives an output pixel, row by row.
fn under(
    window: Window,
    input: View,
    output: View,
    pixel: usize,
) -> impl Iterator<Item = usize> + Clone {
    let rows = covered(window, pixel / output.side, input.side);
    let columns = covered(window, pixel % output.side, input.side);
    rows.flat_map(move |y| columns.clone().map(move |x| y * input.side + x))
}

/// The maximum of each window; NaN where a number under it is NaN.
pub(super) fn max(
    arch: Arch,
    window: Window,
    input: Region<'_>,
    output: RegionMut<'_>,
    batch: usize,
) {
    let view = output.view;
    output.for_each_image(batch, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    let max = &mut target[view.at(pixel)..][..view.channels];
                    max.fill(f32::NEG_INFINITY);
                    for under in under(window, input.view, view, pixel) {
                        let numbers = input.pixel(image * input.view.pixels() + under);
                        for (max, number) in max.iter_mut().zip(numbers) {
                            *max = select::max(*max, *number);
                        }
                    }
                }
            },
        );
    });
}

/// Passes the gradient of each window to the first of its pixels that has its maximum; of a NaN to the first NaN.
pub(super) fn max_gradient(
    arch: Arch,
    window: Window,
    input: Region<'_>,
    output: Region<'_>,
    output_gradient: Region<'_>,
    input_gradient: RegionMut<'_>,
    batch: usize,
) {
    let (view, accumulate) = (input_gradient.view, input_gradient.accumulate);
    let (channels, pixels) = (view.channels, output.view.pixels());
    input_gradient.for_each_image(batch, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                // Windows overlap and leave pixels out, so what they give is added, to zeros if to nothing else.
                if !accumulate {
                    for pixel in 0..view.pixels() {
                        target[view.at(pixel)..][..channels].fill(0.0);
                    }
                }
                // Here, where the compiler sees that it overlaps with nothing.
                let mut left = vec![0.0f32; channels];
                for pixel in 0..pixels {
                    let max = output.pixel(image * pixels + pixel);
                    // What no pixel of the window has taken yet.
                    left.copy_from_slice(output_gradient.pixel(image * pixels + pixel));
                    for under in under(window, view, output.view, pixel) {
                        let numbers = input.pixel(image * view.pixels() + under);
                        let target = &mut target[view.at(under)..][..numbers.len()];
                        let (max, left) = (&max[..target.len()], &mut left[..target.len()]);
                        for channel in 0..target.len() {
                            // A factor, unlike a branch, is vectorized.
                            let number = numbers[channel];
                            let is_max =
                                if (number == max[channel]) | number.is_nan() { 1.0 } else { 0.0 };
                            target[channel] += left[channel] * is_max;
                            left[channel] *= 1.0 - is_max;
                        }
                    }
                }
            },
        );
    });
}

/// The mean over all pixels.
pub(super) fn mean(arch: Arch, input: Region<'_>, output: RegionMut<'_>, batch: usize) {
    let (view, pixels) = (output.view, input.view.pixels());
    let share = 1.0 / pixels as f32;
    output.for_each_image(batch, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                let sums = &mut target[view.offset..][..view.channels];
                sums.fill(0.0);
                for pixel in image * pixels..(image + 1) * pixels {
                    let numbers = input.pixel(pixel);
                    sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
                }
                sums.iter_mut().for_each(|sum| *sum *= share);
            },
        );
    });
}

/// Spreads the gradient of each mean evenly over its pixels.
pub(super) fn mean_gradient(
    arch: Arch,
    output_gradient: Region<'_>,
    input_gradient: RegionMut<'_>,
    batch: usize,
) {
    let (view, accumulate) = (input_gradient.view, input_gradient.accumulate);
    let share = 1.0 / view.pixels() as f32;
    input_gradient.for_each_image(batch, |image, target| {
        let gradients = output_gradient.pixel(image);
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    put_each(
                        &mut target[view.at(pixel)..][..gradients.len()],
                        accumulate,
                        #[inline(always)]
                        |channel| gradients[channel] * share,
                    );
                }
            },
        );
    });
}
