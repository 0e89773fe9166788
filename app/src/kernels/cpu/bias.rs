//! The gradient of a bias, `[channels]`: the sum of the output's gradient over batch and pixels.
//!
//! Single precision within an image, double across the batch: an image's sum stays in vectors, and a large batch costs
//! no digits.

use super::region::Region;

/// Writes the sum over batch and pixels of each channel of `output_gradient`.
pub(super) fn bias_gradient(output_gradient: Region<'_>, bias_gradient: &mut [f32], batch: usize) {
    let view = output_gradient.view;
    let mut totals = vec![0.0f64; view.channels];
    let mut of_image = vec![0.0f32; view.channels];
    for image in 0..batch {
        of_image.fill(0.0);
        for pixel in image * view.pixels()..(image + 1) * view.pixels() {
            let numbers = output_gradient.pixel(pixel);
            of_image.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
        totals.iter_mut().zip(&of_image).for_each(|(total, sum)| *total += f64::from(*sum));
    }
    bias_gradient.iter_mut().zip(totals).for_each(|(gradient, total)| *gradient = total as f32);
}
