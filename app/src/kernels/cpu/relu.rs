//! The backward pass of a ReLU that an operation has done itself: `gradient = 0` where `output <= 0`.
//!
//! It works in place, on the output's gradient, because the operation then reads that several times. It asks the
//! output, which is kept, and not the sum before ReLU, which is not. A NaN in the output lets the gradient through, as
//! it was itself let through.

use pulp::Arch;

use super::parallel::{for_each_part, vectorized};
use super::region::Region;

/// About so many numbers are one thread's at a time.
const LENGTH: usize = 1 << 15;

/// Sets the gradient of `output`, in a buffer of the same shape, to 0 where ReLU has stopped the signal.
pub(super) fn relu_backward(arch: Arch, output: Region<'_>, gradient: &mut [f32], batch: usize) {
    let view = output.view;
    // Whole pixels, and one at least, however many channels it has.
    let pixels = (LENGTH / view.stride).max(1);
    let length = batch * view.pixels() * view.stride;
    for_each_part(&mut gradient[..length], pixels * view.stride, |number, gradient| {
        vectorized(
            arch,
            #[inline(always)]
            || {
                for (pixel, gradient) in gradient.chunks_exact_mut(view.stride).enumerate() {
                    let results = output.pixel(number * pixels + pixel);
                    let gradient = &mut gradient[view.offset..][..results.len()];
                    for (gradient, result) in gradient.iter_mut().zip(results) {
                        *gradient = if *result <= 0.0 { 0.0 } else { *gradient };
                    }
                }
            },
        );
    });
}
