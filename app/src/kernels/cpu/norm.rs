//! Batch normalization without a learned scale: `output = (x - mean) / sqrt(variance + 0.001) + beta` for each channel,
//! then ReLU if wanted; mean and variance over batch and pixels in training, the running ones in evaluation.
//! `[batch, pixels, channels]`.
//!
//! Backward, with `g` the output's gradient where ReLU let it through, `n` what was normalized and `scale` the factor:
//! `beta: sum g`, `input: scale (g - mean(g) - n mean(g n))`.
//!
//! Sums are taken over one pass, image by image in single precision and then together in double. So that the variance
//! keeps its digits where the mean is far from 0, the first pixel of the batch is taken off every number before it is
//! squared, and `x - mean` is taken before it is scaled; what the mean loses when it is rounded is put back. A variance
//! that is not finite is NaN: it would scale every number to 0, and numbers that have overflowed would not be seen.

use pulp::Arch;

use super::super::plan::{BATCH_NORM_EPSILON, RUNNING_MOMENTUM, View};
use super::core::resize;
use super::parallel::{for_each_part, vectorized};
use super::region::{Region, RegionMut, put_each};
use super::select::{self, finite_or_nan};

/// Images whose sums are taken by one thread.
const IMAGES: usize = 4;

/// What a layer measured in the last training step, `[channels]` each: `n = (x - mean) * scale + rest`.
#[derive(Default)]
pub(super) struct Measured {
    /// Rounded to single precision.
    mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    scale: Vec<f32>,
    /// How far the rounded mean is above the mean, times the scale.
    rest: Vec<f32>,
    /// Space for the sums of each image, `[batch, 2, channels]`.
    partial_sums: Vec<f32>,
}

impl Measured {
    /// Numbers there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        let Self { mean, scale, rest, partial_sums } = self;
        [mean, scale, rest, partial_sums].iter().map(|numbers| numbers.capacity()).sum()
    }
}

/// A batch norm layer.
#[derive(Clone, Copy)]
pub(super) struct BatchNorm<'a> {
    pub(super) arch: Arch,
    /// `[channels]`.
    pub(super) beta: &'a [f32],
    pub(super) relu: bool,
}

impl BatchNorm<'_> {
    /// Measures the batch, moves the running statistics (means, then variances) towards it, and normalizes.
    pub(super) fn train(
        &self,
        measured: &mut Measured,
        statistics: &mut [f32],
        input: Region<'_>,
        output: RegionMut<'_>,
        batch: usize,
    ) {
        let (channels, pixels) = (input.view.channels, input.view.pixels());
        let origin = input.pixel(0);
        let sums = self.sums(
            &mut measured.partial_sums,
            input.view,
            batch,
            #[inline(always)]
            |image, one, two| {
                for pixel in image * pixels..(image + 1) * pixels {
                    let (numbers, origin) = (&input.pixel(pixel)[..channels], &origin[..channels]);
                    let (one, two) = (&mut one[..channels], &mut two[..channels]);
                    for channel in 0..channels {
                        let number = numbers[channel] - origin[channel];
                        one[channel] += number;
                        two[channel] += number * number;
                    }
                }
            },
        );
        let count = (batch * pixels) as f64;
        let (means, variances) = statistics.split_at_mut(channels);
        for numbers in [&mut measured.mean, &mut measured.scale, &mut measured.rest] {
            numbers.clear();
            numbers.reserve_exact(channels);
        }
        for channel in 0..channels {
            let from_origin = sums[channel] / count;
            let mean = f64::from(origin[channel]) + from_origin;
            let variance = sums[channels + channel] / count - from_origin * from_origin;
            // Rounding may leave it below 0; `max` would make 0 of NaN.
            let variance = if variance < 0.0 { 0.0 } else { variance };
            let variance = if variance.is_finite() { variance } else { f64::NAN };
            let scale = scale_of(variance);
            measured.mean.push(mean as f32);
            measured.scale.push(scale as f32);
            measured.rest.push(((f64::from(mean as f32) - mean) * scale) as f32);
            follow(&mut means[channel], mean);
            follow(&mut variances[channel], variance * count / (count - 1.0).max(1.0));
        }
        let shifts = sum(&measured.rest, self.beta);
        self.normalize(&measured.mean, &measured.scale, &shifts, input, output, batch);
    }

    /// Normalizes by the running statistics.
    pub(super) fn evaluate(
        &self,
        statistics: &[f32],
        input: Region<'_>,
        output: RegionMut<'_>,
        batch: usize,
    ) {
        let (means, variances) = statistics.split_at(input.view.channels);
        let scales: Vec<f32> = variances
            .iter()
            .map(|&variance| scale_of(f64::from(finite_or_nan(variance))) as f32)
            .collect();
        self.normalize(means, &scales, self.beta, input, output, batch);
    }

    /// `(x - mean) * scale + shift`, then ReLU if wanted.
    fn normalize(
        &self,
        means: &[f32],
        scales: &[f32],
        shifts: &[f32],
        input: Region<'_>,
        output: RegionMut<'_>,
        batch: usize,
    ) {
        let (view, channels) = (output.view, input.view.channels);
        output.for_each_image(batch, |image, target| {
            vectorized(
                self.arch,
                #[inline(always)]
                || {
                    let (means, scales, shifts) =
                        (&means[..channels], &scales[..channels], &shifts[..channels]);
                    for pixel in 0..view.pixels() {
                        let numbers = &input.pixel(image * view.pixels() + pixel)[..channels];
                        let target = &mut target[view.at(pixel)..][..channels];
                        // Two loops: a choice within one would be made for every number.
                        if self.relu {
                            for at in 0..channels {
                                let number = (numbers[at] - means[at]) * scales[at] + shifts[at];
                                target[at] = select::relu(number);
                            }
                        } else {
                            for at in 0..channels {
                                target[at] = (numbers[at] - means[at]) * scales[at] + shifts[at];
                            }
                        }
                    }
                },
            );
        });
    }

    /// The gradient of beta, and of the input unless that is the data.
    pub(super) fn backward(
        &self,
        measured: &mut Measured,
        beta_gradient: &mut [f32],
        input: Region<'_>,
        output_gradient: Region<'_>,
        input_gradient: Option<RegionMut<'_>>,
        batch: usize,
    ) {
        let (channels, pixels) = (input.view.channels, input.view.pixels());
        let Measured { mean, scale, rest, partial_sums } = measured;
        // ReLU let through what is above 0: (x - mean) * scale > -(rest + beta).
        let bounds: Vec<f32> = if self.relu {
            sum(rest, self.beta).into_iter().map(|shift| -shift).collect()
        } else {
            vec![f32::NEG_INFINITY; channels]
        };
        let sums = self.sums(
            partial_sums,
            input.view,
            batch,
            #[inline(always)]
            |image, one, two| {
                let (mean, scale, rest, bounds) =
                    (&mean[..channels], &scale[..channels], &rest[..channels], &bounds[..channels]);
                let (one, two) = (&mut one[..channels], &mut two[..channels]);
                for pixel in image * pixels..(image + 1) * pixels {
                    let numbers = &input.pixel(pixel)[..channels];
                    let gradients = &output_gradient.pixel(pixel)[..channels];
                    for channel in 0..channels {
                        let scaled = (numbers[channel] - mean[channel]) * scale[channel];
                        let gradient = gradients[channel] * passes(scaled, bounds[channel]);
                        one[channel] += gradient;
                        two[channel] += gradient * (scaled + rest[channel]);
                    }
                }
            },
        );
        for (gradient, sum) in beta_gradient.iter_mut().zip(&sums) {
            *gradient = *sum as f32;
        }
        let Some(input_gradient) = input_gradient else { return };
        let count = (batch * pixels) as f64;
        let means: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let (mean_gradient, mean_product) = means.split_at(channels);
        let (view, accumulate) = (input_gradient.view, input_gradient.accumulate);
        input_gradient.for_each_image(batch, |image, target| {
            vectorized(
                self.arch,
                #[inline(always)]
                || {
                    let (mean, scale, rest, bounds) = (
                        &mean[..channels],
                        &scale[..channels],
                        &rest[..channels],
                        &bounds[..channels],
                    );
                    let (mean_gradient, mean_product) =
                        (&mean_gradient[..channels], &mean_product[..channels]);
                    for pixel in 0..pixels {
                        let numbers = &input.pixel(image * pixels + pixel)[..channels];
                        let gradients = &output_gradient.pixel(image * pixels + pixel)[..channels];
                        put_each(
                            &mut target[view.at(pixel)..][..channels],
                            accumulate,
                            #[inline(always)]
                            |channel| {
                                let scaled = (numbers[channel] - mean[channel]) * scale[channel];
                                let gradient = gradients[channel] * passes(scaled, bounds[channel]);
                                let normalized = scaled + rest[channel];
                                let centred = gradient
                                    - mean_gradient[channel]
                                    - normalized * mean_product[channel];
                                centred * scale[channel]
                            },
                        );
                    }
                },
            );
        });
    }

    /// Two sums a channel over the batch, `[2, channels]`: `work(image, one, two)` adds an image's to its own.
    fn sums(
        &self,
        partial_sums: &mut Vec<f32>,
        view: View,
        batch: usize,
        work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) -> Vec<f64> {
        let channels = view.channels;
        partial_sums.clear();
        resize(partial_sums, batch * 2 * channels);
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

fn sum(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(one, other)| one + other).collect()
}

/// 0 for what ReLU has stopped, else 1, for NaN too: a factor, unlike a branch, is vectorized.
#[inline(always)]
fn passes(number: f32, bound: f32) -> f32 {
    if number <= bound { 0.0 } else { 1.0 }
}

/// What numbers of this variance are multiplied by.
fn scale_of(variance: f64) -> f64 {
    1.0 / (variance + BATCH_NORM_EPSILON).sqrt()
}

/// Moves a running statistic towards what the batch has shown.
fn follow(running: &mut f32, seen: f64) {
    *running = (f64::from(*running) * (1.0 - RUNNING_MOMENTUM) + seen * RUNNING_MOMENTUM) as f32;
}
