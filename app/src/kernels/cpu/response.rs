//! Local response normalization across channels. The power 3/4 is taken by square roots, which every device rounds
//! alike.

use pulp::Arch;

use super::super::plan::{LRN_ALPHA, LRN_RADIUS, View};
use super::parallel::{for_each_part, vectorized};

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

/// `x / (1 + alpha s)^(3/4)`, `s` the sum of squares over the channels around.
pub(super) fn forward(
    arch: Arch,
    (input, numbers): (View, &[f32]),
    (output, target): (View, &mut [f32]),
    batch: usize,
) {
    let channels = input.channels;
    let length = output.pixels() * output.stride;
    for_each_part(&mut target[..batch * length], length, |image, target| {
        let (mut padded, mut sums) = (vec![0.0; channels + 2 * LRN_RADIUS], vec![0.0; channels]);
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..output.pixels() {
                    let numbers = &numbers[input.at(image * input.pixels() + pixel)..][..channels];
                    sum_around(numbers.iter().map(|x| x * x), &mut padded, &mut sums);
                    let target = &mut target[output.at(pixel)..][..channels];
                    for ((target, number), sum) in target.iter_mut().zip(numbers).zip(&sums) {
                        let root = (1.0 + ALPHA * sum).sqrt();
                        *target = number / (root * root.sqrt());
                    }
                }
            },
        );
    });
}

/// With `d = 1 + alpha s`: `g d^(-3/4) - 3/2 alpha x (sum around of g x d^(-7/4))`.
pub(super) fn backward(
    arch: Arch,
    (input, numbers): (View, &[f32]),
    (output, output_gradient): (View, &[f32]),
    input_gradient: &mut [f32],
    batch: usize,
) {
    let channels = input.channels;
    let length = input.pixels() * input.stride;
    for_each_part(&mut input_gradient[..batch * length], length, |image, target| {
        let (mut padded, mut sums) = (vec![0.0; channels + 2 * LRN_RADIUS], vec![0.0; channels]);
        let (mut direct, mut products) = (vec![0.0f32; channels], vec![0.0f32; channels]);
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..input.pixels() {
                    let numbers = &numbers[input.at(image * input.pixels() + pixel)..][..channels];
                    let gradients =
                        &output_gradient[output.at(image * input.pixels() + pixel)..][..channels];
                    sum_around(numbers.iter().map(|x| x * x), &mut padded, &mut sums);
                    let (direct, products) = (&mut direct[..channels], &mut products[..channels]);
                    let around = &sums[..channels];
                    for channel in 0..channels {
                        let denominator = 1.0 + ALPHA * around[channel];
                        let root = denominator.sqrt();
                        direct[channel] = gradients[channel] / (root * root.sqrt());
                        products[channel] = direct[channel] * numbers[channel] / denominator;
                    }
                    sum_around(products.iter().copied(), &mut padded, &mut sums);
                    let target = &mut target[input.at(pixel)..][..channels];
                    let around = &sums[..channels];
                    for channel in 0..channels {
                        target[channel] =
                            direct[channel] - 1.5 * ALPHA * numbers[channel] * around[channel];
                    }
                }
            },
        );
    });
}
