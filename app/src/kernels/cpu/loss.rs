//! Softmax cross-entropy and its gradient in one pass, because the gradient needs the softmax that the loss has made:
//! with `p = softmax(logits)` of an image, `loss = -log p[label]` and `gradient[c] = (p[c] - (c == label)) / batch`.
//!
//! The largest logit is taken off first, so that no exponential overflows; a logit that is NaN makes the loss NaN.

use super::region::{Region, RegionMut};
use super::select::max;

/// The mean over the batch of `-log softmax(logits)[label]`, in nats; writes the gradient of the logits. Both are
/// `[batch, classes]`.
pub(super) fn softmax_cross_entropy(
    logits: Region<'_>,
    labels: &[u8],
    gradient: RegionMut<'_>,
) -> f32 {
    let share = 1.0 / labels.len() as f32;
    let mut loss = 0.0;
    for (image, &label) in labels.iter().enumerate() {
        let logits = logits.pixel(image);
        let gradient = &mut gradient.numbers[gradient.view.at(image)..][..gradient.view.channels];
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, max);
        let mut sum = 0.0;
        for (gradient, logit) in gradient.iter_mut().zip(logits) {
            *gradient = (logit - largest).exp();
            sum += *gradient;
        }
        let label = usize::from(label);
        loss += f64::from(sum.ln() - (logits[label] - largest));
        gradient.iter_mut().for_each(|gradient| *gradient *= share / sum);
        gradient[label] -= share;
    }
    (loss / labels.len() as f64) as f32
}
