//! Local response normalization: `output = x / d^(3/4)` with `d = 1 + alpha s`, `s` the sum of the squares of the
//! channels at most four away (Krizhevsky 2012, with TensorFlow's radius); `[batch, pixels, channels]`.
//!
//! Backward, with `g` the output's gradient: `g d^(-3/4) - 3/2 alpha x (sum around of g x d^(-7/4))`. The power 3/4 is
//! taken by square roots, which every device rounds alike, and the sums by nine shifted additions, which are
//! vectorized; a running sum would not be, and would lose digits. A sum of squares that has overflowed is NaN: divided
//! by infinity, the numbers that it is of would be 0, and nobody would see it.

use pulp::Arch;

use super::super::plan::{LRN_ALPHA, LRN_RADIUS};
use super::parallel::vectorized;
use super::region::{Region, RegionMut, put_each};
use super::select::finite_or_nan;

const ALPHA: f32 = LRN_ALPHA as f32;

/// `sums[c]` is the sum of `numbers[c - 4 ..= c + 4]`; `padded` is space for the numbers between zeros.
#[inline(always)]
fn sum_around(numbers: impl Iterator<Item = f32>, padded: &mut [f32], sums: &mut [f32]) {
    padded[LRN_RADIUS..][..sums.len()]
        .iter_mut()
        .zip(numbers)
        .for_each(|(padded, number)| *padded = number);
    sums.copy_from_slice(&padded[..sums.len()]);
    for shift in 1..=2 * LRN_RADIUS {
        sums.iter_mut().zip(&padded[shift..]).for_each(|(sum, number)| *sum += number);
    }
}

/// Normalizes every pixel.
pub(super) fn forward(arch: Arch, input: Region<'_>, output: RegionMut<'_>, batch: usize) {
    let view = output.view;
    let channels = view.channels;
    output.for_each_image(batch, |image, target| {
        let (mut padded, mut sums) = (vec![0.0; channels + 2 * LRN_RADIUS], vec![0.0; channels]);
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    let numbers = &input.pixel(image * view.pixels() + pixel)[..channels];
                    sum_around(numbers.iter().map(|x| x * x), &mut padded, &mut sums);
                    let target = &mut target[view.at(pixel)..][..channels];
                    for ((target, number), sum) in target.iter_mut().zip(numbers).zip(&sums) {
                        let root = (1.0 + ALPHA * finite_or_nan(*sum)).sqrt();
                        *target = number / (root * root.sqrt());
                    }
                }
            },
        );
    });
}

/// The gradient of the input from that of the output. The sums of squares are taken again: reading them would cost
/// more.
pub(super) fn backward(
    arch: Arch,
    input: Region<'_>,
    output_gradient: Region<'_>,
    input_gradient: RegionMut<'_>,
    batch: usize,
) {
    let (view, accumulate) = (input_gradient.view, input_gradient.accumulate);
    let channels = view.channels;
    input_gradient.for_each_image(batch, |image, target| {
        let (mut padded, mut sums) = (vec![0.0; channels + 2 * LRN_RADIUS], vec![0.0; channels]);
        let (mut direct, mut products) = (vec![0.0f32; channels], vec![0.0f32; channels]);
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    let at = image * view.pixels() + pixel;
                    let numbers = &input.pixel(at)[..channels];
                    let gradients = &output_gradient.pixel(at)[..channels];
                    sum_around(numbers.iter().map(|x| x * x), &mut padded, &mut sums);
                    let (direct, products) = (&mut direct[..channels], &mut products[..channels]);
                    let around = &sums[..channels];
                    for channel in 0..channels {
                        let denominator = 1.0 + ALPHA * finite_or_nan(around[channel]);
                        let root = denominator.sqrt();
                        direct[channel] = gradients[channel] / (root * root.sqrt());
                        products[channel] = direct[channel] * numbers[channel] / denominator;
                    }
                    sum_around(products.iter().copied(), &mut padded, &mut sums);
                    let around = &sums[..channels];
                    put_each(
                        &mut target[view.at(pixel)..][..channels],
                        accumulate,
                        #[inline(always)]
                        |channel| {
                            direct[channel] - 1.5 * ALPHA * numbers[channel] * around[channel]
                        },
                    );
                }
            },
        );
    });
}
