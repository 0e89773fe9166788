//! `output = input`, then ReLU if wanted; both `[batch, pixels, channels]`, each in a view of its own.
//!
//! A branch that only passes on copies its input to its place in the joined buffer. Behind an operation that cannot do
//! ReLU itself, this is the ReLU; its backward pass then asks the output, not the input, as [`super::relu`] does.

use pulp::Arch;

use super::parallel::vectorized;
use super::region::{Region, RegionMut, put, put_each};
use super::select;

/// Copies every pixel, with ReLU if `relu`.
pub(super) fn forward(
    arch: Arch,
    relu: bool,
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
                    let numbers = input.pixel(image * view.pixels() + pixel);
                    let target = &mut target[view.at(pixel)..][..numbers.len()];
                    if relu {
                        put_each(
                            target,
                            false,
                            #[inline(always)]
                            |at| select::relu(numbers[at]),
                        );
                    } else {
                        target.copy_from_slice(numbers);
                    }
                }
            },
        );
    });
}

/// Passes the gradient on; where there was a ReLU, `output` is what it made, and stops the gradient where it is 0.
pub(super) fn backward(
    arch: Arch,
    output: Option<Region<'_>>,
    output_gradient: Region<'_>,
    input_gradient: RegionMut<'_>,
    batch: usize,
) {
    let (view, accumulate) = (input_gradient.view, input_gradient.accumulate);
    input_gradient.for_each_image(batch, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    let at = image * view.pixels() + pixel;
                    let gradients = output_gradient.pixel(at);
                    let target = &mut target[view.at(pixel)..][..gradients.len()];
                    let Some(output) = output else {
                        put(gradients, target, accumulate);
                        continue;
                    };
                    let results = &output.pixel(at)[..gradients.len()];
                    put_each(
                        target,
                        accumulate,
                        #[inline(always)]
                        |at| if results[at] <= 0.0 { 0.0 } else { gradients[at] },
                    );
                }
            },
        );
    });
}
