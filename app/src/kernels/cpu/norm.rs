//! Batch normalization. Sums over batch and pixels are taken image by image and then together, in double precision.

use pulp::Arch;

use super::super::plan::{BATCH_NORM_EPSILON, RUNNING_MOMENTUM, View};
use super::parallel::{for_each_part, vectorized};

/// Images whose sums are taken by one thread.
const IMAGES: usize = 4;

/// What a layer measured in the last training step, `[channels]` each.
#[derive(Default)]
pub(super) struct Measured {
    mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    scale: Vec<f32>,
    partial_sums: Vec<f32>,
}

/// A batch norm layer between two views.
#[derive(Clone, Copy)]
pub(super) struct BatchNorm {
    pub(super) arch: Arch,
    pub(super) input: View,
    pub(super) output: View,
    pub(super) relu: bool,
}

impl BatchNorm {
    /// Measures the batch, moves the running statistics (means, then variances) towards it, and normalizes.
    pub(super) fn train(
        &self,
        measured: &mut Measured,
        statistics: &mut [f32],
        beta: &[f32],
        input: &[f32],
        output: &mut [f32],
        batch: usize,
    ) {
        let channels = self.input.channels;
        let sums = self.sums(
            &mut measured.partial_sums,
            batch,
            #[inline(always)]
            |image, one, two| {
                for pixel in image * self.input.pixels()..(image + 1) * self.input.pixels() {
                    let numbers = &input[self.input.at(pixel)..][..channels];
                    for ((number, one), two) in numbers.iter().zip(&mut *one).zip(&mut *two) {
                        *one += number;
                        *two += number * number;
                    }
                }
            },
        );
        let count = (batch * self.input.pixels()) as f64;
        let (means, variances) = statistics.split_at_mut(channels);
        measured.mean.clear();
        measured.scale.clear();
        for channel in 0..channels {
            let mean = sums[channel] / count;
            let variance = (sums[channels + channel] / count - mean * mean).max(0.0);
            measured.mean.push(mean as f32);
            measured.scale.push((1.0 / (variance + BATCH_NORM_EPSILON).sqrt()) as f32);
            follow(&mut means[channel], mean);
            follow(&mut variances[channel], variance * count / (count - 1.0).max(1.0));
        }
        self.normalize(&measured.mean, &measured.scale, beta, input, output, batch);
    }

    /// Normalizes by the running statistics.
    pub(super) fn evaluate(
        &self,
        statistics: &[f32],
        beta: &[f32],
        input: &[f32],
        output: &mut [f32],
        batch: usize,
    ) {
        let (means, variances) = statistics.split_at(self.input.channels);
        let scales: Vec<f32> = variances
            .iter()
            .map(|&variance| (1.0 / (f64::from(variance) + BATCH_NORM_EPSILON).sqrt()) as f32)
            .collect();
        self.normalize(means, &scales, beta, input, output, batch);
    }

    fn normalize(
        &self,
        means: &[f32],
        scales: &[f32],
        beta: &[f32],
        input: &[f32],
        output: &mut [f32],
        batch: usize,
    ) {
        let shifts: Vec<f32> =
            means.iter().zip(scales).zip(beta).map(|((m, s), b)| b - m * s).collect();
        let least = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        let (channels, length) = (self.input.channels, self.output.pixels() * self.output.stride);
        for_each_part(&mut output[..batch * length], length, |image, output| {
            vectorized(
                self.arch,
                #[inline(always)]
                || {
                    for pixel in 0..self.input.pixels() {
                        let from = &input[self.input.at(image * self.input.pixels() + pixel)..]
                            [..channels];
                        let to = &mut output[self.output.at(pixel)..][..channels];
                        for (((to, from), scale), shift) in
                            to.iter_mut().zip(from).zip(scales).zip(&shifts)
                        {
                            let normalized = from * scale + shift;
                            *to = if normalized > least { normalized } else { least };
                        }
                    }
                },
            );
        });
    }

    /// Gradients of input and beta. With `g` the output's gradient where the output is positive:
    /// `beta: sum g`, `input: scale (g - mean(g) - normalized mean(g normalized))`.
    pub(super) fn backward(
        &self,
        measured: &mut Measured,
        (beta, beta_gradient): (&[f32], &mut [f32]),
        input: &[f32],
        output_gradient: &[f32],
        input_gradient: &mut [f32],
        batch: usize,
    ) {
        let channels = self.input.channels;
        let Measured { mean, scale, partial_sums } = measured;
        // What ReLU let through: (x - mean) scale > -beta.
        let least: Vec<f32> =
            beta.iter().map(|beta| if self.relu { -beta } else { f32::NEG_INFINITY }).collect();
        let sums = self.sums(
            partial_sums,
            batch,
            #[inline(always)]
            |image, one, two| {
                for pixel in image * self.input.pixels()..(image + 1) * self.input.pixels() {
                    let numbers = &input[self.input.at(pixel)..][..channels];
                    let gradients = &output_gradient[self.output.at(pixel)..][..channels];
                    let (mean, scale, least) =
                        (&mean[..channels], &scale[..channels], &least[..channels]);
                    let (one, two) = (&mut one[..channels], &mut two[..channels]);
                    for channel in 0..channels {
                        let normalized = (numbers[channel] - mean[channel]) * scale[channel];
                        let gradient = gradients[channel] * passes(normalized, least[channel]);
                        one[channel] += gradient;
                        two[channel] += gradient * normalized;
                    }
                }
            },
        );
        let count = (batch * self.input.pixels()) as f64;
        for (gradient, sum) in beta_gradient.iter_mut().zip(&sums) {
            *gradient = *sum as f32;
        }
        let means: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let (mean_gradient, mean_product) = means.split_at(channels);
        let length = self.input.pixels() * self.input.stride;
        for_each_part(&mut input_gradient[..batch * length], length, |image, target| {
            vectorized(
                self.arch,
                #[inline(always)]
                || {
                    for pixel in 0..self.input.pixels() {
                        let at = image * self.input.pixels() + pixel;
                        let numbers = &input[self.input.at(at)..][..channels];
                        let gradients = &output_gradient[self.output.at(at)..][..channels];
                        let target = &mut target[self.input.at(pixel)..][..channels];
                        let (mean, scale, least) =
                            (&mean[..channels], &scale[..channels], &least[..channels]);
                        let (mean_gradient, mean_product) =
                            (&mean_gradient[..channels], &mean_product[..channels]);
                        for channel in 0..channels {
                            let normalized = (numbers[channel] - mean[channel]) * scale[channel];
                            let gradient = gradients[channel] * passes(normalized, least[channel]);
                            let centred = gradient
                                - mean_gradient[channel]
                                - normalized * mean_product[channel];
                            target[channel] = centred * scale[channel];
                        }
                    }
                },
            );
        });
    }

    /// Two sums a channel over the batch: `work(image, one, two)` adds an image's.
    fn sums(
        &self,
        partial_sums: &mut Vec<f32>,
        batch: usize,
        work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) -> Vec<f64> {
        let channels = self.input.channels;
        partial_sums.clear();
        partial_sums.resize(batch * 2 * channels, 0.0);
        for_each_part(partial_sums, IMAGES * 2 * channels, |number, sums| {
            for (at, sums) in sums.chunks_exact_mut(2 * channels).enumerate() {
                let (one, two) = sums.split_at_mut(channels);
                vectorized(
                    self.arch,
                    #[inline(always)]
                    || work(number * IMAGES + at, one, two),
                );
            }
        });
        let mut sums = vec![0.0; 2 * channels];
        for of_image in partial_sums.chunks_exact(2 * channels) {
            sums.iter_mut().zip(of_image).for_each(|(sum, number)| *sum += f64::from(*number));
        }
        sums
    }
}

/// 1 or 0: a factor, unlike a branch, is vectorized.
#[inline(always)]
fn passes(number: f32, least: f32) -> f32 {
    if number > least { 1.0 } else { 0.0 }
}

fn follow(running: &mut f32, seen: f64) {
    *running = (f64::from(*running) * (1.0 - RUNNING_MOMENTUM) + seen * RUNNING_MOMENTUM) as f32;
}
