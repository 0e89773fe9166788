//! Softmax cross-entropy and its gradient in one pass.

/// The mean over the batch of `-log softmax(logits)[label]`, in nats; writes the gradient of the logits.
/// `logits` and `gradient` are `[batch, classes]`.
pub(super) fn softmax_cross_entropy(
    logits: &[f32],
    classes: usize,
    labels: &[u8],
    gradient: &mut [f32],
) -> f32 {
    let share = 1.0 / labels.len() as f32;
    let mut loss = 0.0;
    let rows = logits.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
    for ((logits, gradient), &label) in rows.zip(labels) {
        let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for (gradient, logit) in gradient.iter_mut().zip(logits) {
            *gradient = (logit - greatest).exp();
            sum += *gradient;
        }
        let label = usize::from(label);
        loss += f64::from(sum.ln() - (logits[label] - greatest));
        gradient.iter_mut().for_each(|gradient| *gradient *= share / sum);
        gradient[label] -= share;
    }
    (loss / labels.len() as f64) as f32
}
