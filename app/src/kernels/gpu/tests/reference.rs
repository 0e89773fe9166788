//! Every operation and its gradient as plain loops in f64, by definition: gradients are scattered, where kernels
//! gather.

use std::ops::Range;

use crate::kernels::plan::{
    BATCH_NORM_EPSILON, LRN_ALPHA, LRN_RADIUS, Node, Operation, Plan, RUNNING_MOMENTUM, View,
    Window,
};

/// A network with its numbers.
pub(super) struct Reference<'a> {
    pub(super) plan: &'a Plan,
    pub(super) images: usize,
    pub(super) parameters: Vec<f64>,
    pub(super) statistics: Vec<f64>,
    pub(super) masks: Vec<Vec<f64>>,
    pub(super) buffers: Vec<Vec<f64>>,
    /// By parameter.
    pub(super) gradients: Vec<f64>,
    /// By buffer.
    pub(super) slopes: Vec<Vec<f64>>,
}

/// Pairs of an input and an output pixel that share a window, with the tap between them.
fn taps(node: &Node, window: Window, images: usize) -> Vec<(usize, usize, usize)> {
    let (inputs, outputs) = (node.input.side, node.output.side);
    let mut all = Vec::new();
    for output in 0..images * outputs * outputs {
        let (image, y, x) =
            (output / outputs / outputs, output / outputs % outputs, output % outputs);
        for tap in 0..window.size * window.size {
            let row = (y * window.step + tap / window.size).checked_sub(window.before);
            let column = (x * window.step + tap % window.size).checked_sub(window.before);
            if let (Some(row), Some(column)) = (row, column)
                && row < inputs
                && column < inputs
            {
                all.push(((image * inputs + row) * inputs + column, output, tap));
            }
        }
    }
    all
}

impl<'a> Reference<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        parameters: &[f32],
        statistics: &[f32],
        input: &[f32],
        masks: &[Vec<f32>],
    ) -> Self {
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        let images = input.len() / plan.buffers[0];
        let mut buffers: Vec<Vec<f64>> =
            plan.buffers.iter().map(|size| vec![0.0; size * images]).collect();
        let slopes = buffers.clone();
        buffers[0] = wide(input);
        Self {
            plan,
            images,
            parameters: wide(parameters),
            statistics: wide(statistics),
            masks: masks.iter().map(|mask| wide(mask)).collect(),
            buffers,
            gradients: vec![0.0; plan.parameters],
            slopes,
        }
    }

    /// Forward, mean cross-entropy, backward. Returns the loss.
    pub(super) fn step(&mut self, labels: &[u8]) -> f64 {
        self.forward(true);
        let logits = self.plan.logits;
        let mut loss = 0.0;
        for (image, &label) in labels.iter().enumerate() {
            let own = &self.buffers[logits.buffer][logits.at(image)..][..logits.channels];
            let sum: f64 = own.iter().map(|value| value.exp()).sum();
            loss += (sum.ln() - own[usize::from(label)]) / self.images as f64;
            for (class, value) in own.iter().enumerate() {
                let target = if class == usize::from(label) { 1.0 } else { 0.0 };
                self.slopes[logits.buffer][logits.at(image) + class] =
                    (value.exp() / sum - target) / self.images as f64;
            }
        }
        self.backward();
        loss
    }

    pub(super) fn forward(&mut self, training: bool) {
        for node in &self.plan.nodes {
            let (input, output) = (node.input, node.output);
            let x = self.buffers[input.buffer].clone();
            let pixels = self.images * output.pixels();
            let mut y = std::mem::take(&mut self.buffers[output.buffer]);
            let mut is_cut = false;
            for_all(output, pixels, |at, _, _| y[at] = 0.0);
            match &node.operation {
                Operation::Convolution { window, weight, bias, relu } => {
                    is_cut = *relu;
                    let weights = &self.parameters[weight.clone()];
                    for (from, to, tap) in taps(node, *window, self.images) {
                        each(input.channels, output.channels, |c, o| {
                            y[output.at(to) + o] += x[input.at(from) + c]
                                * weights[(tap * input.channels + c) * output.channels + o];
                        });
                    }
                    if let Some(bias) = bias {
                        for_all(output, pixels, |at, _, channel| {
                            y[at] += self.parameters[bias.start + channel]
                        });
                    }
                }
                Operation::Dense { weight, bias, relu } => {
                    is_cut = *relu;
                    let length = input.pixels() * input.stride;
                    for image in 0..self.images {
                        each(length, output.channels, |i, o| {
                            y[output.at(image) + o] += x[image * length + i]
                                * self.parameters[weight.start + i * output.channels + o];
                        });
                    }
                    for_all(output, pixels, |at, _, channel| {
                        y[at] += self.parameters[bias.start + channel]
                    });
                }
                Operation::BatchNorm { beta, statistics, relu } => {
                    is_cut = *relu;
                    let running = *statistics..*statistics + 2 * output.channels;
                    let (mean, variance) = if training {
                        let (mean, variance) = moments(input, pixels, &x);
                        self.follow(running, &mean, &variance, pixels);
                        (mean, variance)
                    } else {
                        let (mean, variance) = self.statistics[running].split_at(output.channels);
                        (mean.to_vec(), variance.to_vec())
                    };
                    for_all(output, pixels, |at, pixel, channel| {
                        y[at] = (x[input.at(pixel) + channel] - mean[channel])
                            / (variance[channel] + BATCH_NORM_EPSILON).sqrt()
                            + self.parameters[beta.start + channel];
                    });
                }
                Operation::MaxPool(window) => {
                    for_all(output, pixels, |at, _, _| y[at] = f64::NEG_INFINITY);
                    for (from, to, _) in taps(node, *window, self.images) {
                        for channel in 0..output.channels {
                            let at = output.at(to) + channel;
                            y[at] = y[at].max(x[input.at(from) + channel]);
                        }
                    }
                }
                Operation::LocalResponseNorm => for_all(output, pixels, |at, pixel, channel| {
                    y[at] =
                        x[input.at(pixel) + channel] * scale(input, &x, pixel, channel).powf(-0.75);
                }),
                Operation::MeanPool => {
                    for_all(input, self.images * input.pixels(), |at, pixel, channel| {
                        y[output.at(pixel / input.pixels()) + channel] +=
                            x[at] / input.pixels() as f64;
                    })
                }
                Operation::Copy { relu } => {
                    is_cut = *relu;
                    for_all(output, pixels, |at, pixel, channel| {
                        y[at] = x[input.at(pixel) + channel];
                    });
                }
                Operation::Dropout { mask } => for_all(output, pixels, |at, pixel, channel| {
                    let mask = if training {
                        self.masks[*mask][pixel * output.channels + channel]
                    } else {
                        1.0
                    };
                    y[at] = x[input.at(pixel) + channel] * mask;
                }),
            }
            if is_cut {
                for_all(output, pixels, |at, _, _| y[at] = y[at].max(0.0));
            }
            self.buffers[output.buffer] = y;
        }
    }

    fn follow(&mut self, running: Range<usize>, mean: &[f64], variance: &[f64], pixels: usize) {
        let unbiased = pixels as f64 / (pixels.max(2) - 1) as f64;
        let seen = mean.iter().copied().chain(variance.iter().map(|value| value * unbiased));
        for (value, seen) in self.statistics[running].iter_mut().zip(seen) {
            *value = *value * (1.0 - RUNNING_MOMENTUM) + seen * RUNNING_MOMENTUM;
        }
    }

    fn backward(&mut self) {
        for node in self.plan.nodes.iter().rev() {
            let (input, output) = (node.input, node.output);
            let (x, y) = (&self.buffers[input.buffer], &self.buffers[output.buffer]);
            let pixels = self.images * output.pixels();
            let mut dy = self.slopes[output.buffer].clone();
            let dx = &mut self.slopes[input.buffer];
            if let Operation::Convolution { relu: true, .. }
            | Operation::Dense { relu: true, .. }
            | Operation::BatchNorm { relu: true, .. }
            | Operation::Copy { relu: true } = node.operation
            {
                for_all(output, pixels, |at, _, _| dy[at] = if y[at] > 0.0 { dy[at] } else { 0.0 });
            }
            let sum_up = |gradients: &mut [f64], bias: &Range<usize>| {
                for_all(output, pixels, |at, _, channel| gradients[bias.start + channel] += dy[at]);
            };
            match &node.operation {
                Operation::Convolution { window, weight, bias, .. } => {
                    bias.iter().for_each(|bias| sum_up(&mut self.gradients, bias));
                    for (from, to, tap) in taps(node, *window, self.images) {
                        each(input.channels, output.channels, |c, o| {
                            let w = weight.start + (tap * input.channels + c) * output.channels + o;
                            self.gradients[w] += x[input.at(from) + c] * dy[output.at(to) + o];
                            dx[input.at(from) + c] += self.parameters[w] * dy[output.at(to) + o];
                        });
                    }
                }
                Operation::Dense { weight, bias, .. } => {
                    sum_up(&mut self.gradients, bias);
                    let length = input.pixels() * input.stride;
                    for image in 0..self.images {
                        each(length, output.channels, |i, o| {
                            let w = weight.start + i * output.channels + o;
                            self.gradients[w] += x[image * length + i] * dy[output.at(image) + o];
                            dx[image * length + i] += self.parameters[w] * dy[output.at(image) + o];
                        });
                    }
                }
                Operation::BatchNorm { beta, .. } => {
                    sum_up(&mut self.gradients, beta);
                    let (mean, variance) = moments(input, pixels, x);
                    for channel in 0..output.channels {
                        let scale = 1.0 / (variance[channel] + BATCH_NORM_EPSILON).sqrt();
                        let all: Vec<(f64, f64)> = (0..pixels)
                            .map(|pixel| {
                                (
                                    (x[input.at(pixel) + channel] - mean[channel]) * scale,
                                    dy[output.at(pixel) + channel],
                                )
                            })
                            .collect();
                        let average =
                            all.iter().map(|(_, slope)| slope).sum::<f64>() / pixels as f64;
                        let product = all.iter().map(|(value, slope)| value * slope).sum::<f64>()
                            / pixels as f64;
                        for (pixel, (value, slope)) in all.iter().enumerate() {
                            dx[input.at(pixel) + channel] +=
                                scale * (slope - average - value * product);
                        }
                    }
                }
                Operation::MaxPool(window) => {
                    let mut is_taken = vec![false; y.len()];
                    for (from, to, _) in taps(node, *window, self.images) {
                        for channel in 0..output.channels {
                            let (from, to) = (input.at(from) + channel, output.at(to) + channel);
                            if x[from] == y[to] && !is_taken[to] {
                                is_taken[to] = true;
                                dx[from] += dy[to];
                            }
                        }
                    }
                }
                Operation::LocalResponseNorm => for_all(output, pixels, |at, pixel, channel| {
                    let scale = scale(input, x, pixel, channel);
                    dx[input.at(pixel) + channel] += dy[at] * scale.powf(-0.75);
                    for near in neighbours(input, channel) {
                        let place = input.at(pixel);
                        dx[place + near] -= dy[at]
                            * x[place + channel]
                            * 0.75
                            * scale.powf(-1.75)
                            * LRN_ALPHA
                            * 2.0
                            * x[place + near];
                    }
                }),
                Operation::MeanPool => {
                    for_all(input, self.images * input.pixels(), |at, pixel, channel| {
                        dx[at] +=
                            dy[output.at(pixel / input.pixels()) + channel] / input.pixels() as f64;
                    })
                }
                Operation::Copy { .. } => for_all(output, pixels, |at, pixel, channel| {
                    dx[input.at(pixel) + channel] += dy[at];
                }),
                Operation::Dropout { mask } => for_all(output, pixels, |at, pixel, channel| {
                    dx[input.at(pixel) + channel] +=
                        dy[at] * self.masks[*mask][pixel * output.channels + channel];
                }),
            }
        }
    }
}

fn each(rows: usize, columns: usize, mut act: impl FnMut(usize, usize)) {
    (0..rows).for_each(|row| (0..columns).for_each(|column| act(row, column)));
}

/// Calls with place, pixel and channel of all of a view.
fn for_all(view: View, pixels: usize, mut act: impl FnMut(usize, usize, usize)) {
    each(pixels, view.channels, |pixel, channel| act(view.at(pixel) + channel, pixel, channel));
}

fn moments(view: View, pixels: usize, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    (0..view.channels)
        .map(|channel| {
            let values = || (0..pixels).map(|pixel| x[view.at(pixel) + channel]);
            let mean = values().sum::<f64>() / pixels as f64;
            (mean, values().map(|value| (value - mean).powi(2)).sum::<f64>() / pixels as f64)
        })
        .unzip()
}

fn neighbours(view: View, channel: usize) -> Range<usize> {
    channel.saturating_sub(LRN_RADIUS)..(channel + LRN_RADIUS + 1).min(view.channels)
}

fn scale(view: View, x: &[f64], pixel: usize, channel: usize) -> f64 {
    1.0 + LRN_ALPHA
        * neighbours(view, channel).map(|near| x[view.at(pixel) + near].powi(2)).sum::<f64>()
}
