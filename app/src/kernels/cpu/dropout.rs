//! `output = input * mask`, and backward `input_gradient = output_gradient * mask`: the same product twice, so one
//! function does both. Masks are `[batch, pixels, channels]`, 0 or `1 / (1 - rate)`, and are given, not drawn: every
//! device then drops the same units.

use pulp::Arch;

use super::parallel::vectorized;
use super::region::{Region, RegionMut, put_each};

/// Multiplies every number of `source` with the mask's.
pub(super) fn multiply(
    arch: Arch,
    mask: &[f32],
    source: Region<'_>,
    target: RegionMut<'_>,
    batch: usize,
) {
    let (view, accumulate) = (target.view, target.accumulate);
    target.for_each_image(batch, |image, target| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                for pixel in 0..view.pixels() {
                    let at = image * view.pixels() + pixel;
                    let numbers = source.pixel(at);
                    // A mask has no gaps between pixels, whatever the view.
                    let mask = &mask[at * numbers.len()..][..numbers.len()];
                    let target = &mut target[view.at(pixel)..][..numbers.len()];
                    put_each(
                        target,
                        accumulate,
                        #[inline(always)]
                        |at| numbers[at] * mask[at],
                    );
                }
            },
        );
    });
}
