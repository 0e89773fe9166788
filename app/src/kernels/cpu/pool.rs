//! Pooling, channels side by side.

use std::ops::Range;

use pulp::Arch;

use super::super::plan::{InputGradient, View, Window};
use super::parallel::{for_each_part, vectorized};

/// The rows or columns of the picture a window covers.
fn covered(window: Window, position: usize, side: usize) -> Range<usize> {
    let start = position * window.step;
    start.saturating_sub(window.before)..(start + window.size - window.before).min(side)
}

/// The pixels of the picture under the window that gives an output pixel, row by row.
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

/// The greatest value of each window.
pub(super) fn max(
    arch: Arch,
    window: Window,
    (input, numbers): (View, &[f32]),
    (output, target): (View, &mut [f32]),
    batch: usize,
) {
    let length = output.pixels() * output.stride;
    for_each_part(&mut target[..batch * length], length, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..output.pixels() {
                    let greatest = &mut target[output.at(pixel)..][..output.channels];
                    greatest.fill(f32::NEG_INFINITY);
                    for under in under(window, input, output, pixel) {
                        let numbers =
                            &numbers[input.at(image * input.pixels() + under)..][..output.channels];
                        for (greatest, number) in greatest.iter_mut().zip(numbers) {
                            *greatest = if *number > *greatest { *number } else { *greatest };
                        }
                    }
                }
            },
        );
    });
}

/// Passes the gradient of each window to the first of its pixels that has its greatest value.
pub(super) fn max_gradient(
    arch: Arch,
    window: Window,
    (input, numbers): (View, &[f32]),
    (output, greatest, output_gradient): (View, &[f32], &[f32]),
    (input_gradient, how): (&mut [f32], InputGradient),
    batch: usize,
) {
    let length = input.pixels() * input.stride;
    for_each_part(&mut input_gradient[..batch * length], length, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                if how == InputGradient::Set {
                    for pixel in 0..input.pixels() {
                        target[input.at(pixel)..][..input.channels].fill(0.0);
                    }
                }
                let mut left = vec![0.0; output.channels];
                for pixel in 0..output.pixels() {
                    let at = output.at(image * output.pixels() + pixel);
                    let greatest = &greatest[at..][..output.channels];
                    left.copy_from_slice(&output_gradient[at..][..output.channels]);
                    for under in under(window, input, output, pixel) {
                        let numbers =
                            &numbers[input.at(image * input.pixels() + under)..][..output.channels];
                        let target = &mut target[input.at(under)..][..numbers.len()];
                        let (greatest, left) =
                            (&greatest[..target.len()], &mut left[..target.len()]);
                        for channel in 0..target.len() {
                            // A factor, unlike a branch, is vectorized.
                            let is_greatest =
                                if numbers[channel] == greatest[channel] { 1.0 } else { 0.0 };
                            target[channel] += left[channel] * is_greatest;
                            left[channel] *= 1.0 - is_greatest;
                        }
                    }
                }
            },
        );
    });
}

/// The mean over all pixels, `[batch, channels]`.
pub(super) fn mean(
    arch: Arch,
    (input, numbers): (View, &[f32]),
    (output, target): (View, &mut [f32]),
    batch: usize,
) {
    let share = 1.0 / input.pixels() as f32;
    for_each_part(&mut target[..batch * output.stride], output.stride, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                let sums = &mut target[output.offset..][..output.channels];
                sums.fill(0.0);
                for pixel in 0..input.pixels() {
                    let numbers =
                        &numbers[input.at(image * input.pixels() + pixel)..][..output.channels];
                    sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
                }
                sums.iter_mut().for_each(|sum| *sum *= share);
            },
        );
    });
}

/// Spreads the gradient of each mean over its pixels.
pub(super) fn mean_gradient(
    arch: Arch,
    (output, output_gradient): (View, &[f32]),
    (input, input_gradient): (View, &mut [f32]),
    batch: usize,
) {
    let share = 1.0 / input.pixels() as f32;
    let length = input.pixels() * input.stride;
    for_each_part(&mut input_gradient[..batch * length], length, |image, target| {
        let gradients = &output_gradient[output.at(image)..][..output.channels];
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..input.pixels() {
                    let target = &mut target[input.at(pixel)..][..input.channels];
                    target
                        .iter_mut()
                        .zip(gradients)
                        .for_each(|(target, gradient)| *target = gradient * share);
                }
            },
        );
    });
}
