//! A network carried out on the CPU.

use std::ops::Range;

use pulp::Arch;

use super::super::Parts;
use super::super::plan::{InputGradient, Node, Operation, Plan, Update, View};
use super::convolution::{Convolution, Scratch};
use super::norm::{BatchNorm, Measured};
use super::parallel::for_each_part;
use super::tile::TALLEST;
use super::{dense, loss, pool, response, update};

/// Numbers masked by one thread at a time.
const LENGTH: usize = 1 << 15;

/// Images to compute with.
#[derive(Clone, Copy)]
pub enum Batch<'a> {
    /// These rows of a set of images, `[images, values]`.
    Rows(&'a [f32], &'a [u32]),
    /// These values, `[batch, values]`.
    Values(&'a [f32]),
}

/// Buffers, parameters and optimizer of a network on the CPU.
pub struct CpuCore {
    plan: Plan,
    arch: Arch,
    /// Everything learned.
    pub parts: Parts,
    /// Of each parameter, in the last training step.
    pub gradients: Vec<f32>,
    activations: Vec<Vec<f32>>,
    slots: Vec<Vec<f32>>,
    measured: Vec<Measured>,
    masks: Vec<Vec<f32>>,
    scratch: Scratch,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Training,
    Measuring,
}

impl CpuCore {
    /// A core at rest: all its parts are 0.
    pub fn new(plan: Plan) -> Self {
        let zeros = |length| vec![0.0; length];
        Self {
            arch: Arch::new(),
            parts: Parts {
                parameters: zeros(plan.parameters),
                velocities: zeros(plan.parameters),
                statistics: zeros(plan.statistics),
            },
            gradients: zeros(plan.parameters),
            activations: vec![Vec::new(); plan.buffers.len()],
            slots: vec![Vec::new(); plan.slots.len()],
            measured: plan.nodes.iter().map(|_| Measured::default()).collect(),
            masks: vec![Vec::new(); plan.masks.len()],
            scratch: Scratch::default(),
            plan,
        }
    }

    /// One training step on labelled images; returns the mean cross-entropy before it, in nats. `masks` are the plan's.
    pub fn train_step(
        &mut self,
        batch: Batch<'_>,
        labels: &[u8],
        masks: &[Vec<f32>],
        update: Update,
    ) -> f32 {
        let loss = self.differentiate(batch, labels, masks);
        let Parts { parameters, velocities, .. } = &mut self.parts;
        update::step(
            self.arch,
            update,
            &self.plan.decayed,
            &self.gradients,
            velocities,
            parameters,
        );
        loss
    }

    /// The forward and backward pass of a training step: returns the loss and leaves the gradients in `gradients`.
    pub fn differentiate(&mut self, batch: Batch<'_>, labels: &[u8], masks: &[Vec<f32>]) -> f32 {
        for (own, mask) in self.masks.iter_mut().zip(masks) {
            own.clone_from(mask);
        }
        let count = labels.len();
        self.forward(batch, count, Mode::Training);
        self.backward(labels)
    }

    /// Logits `[batch, classes]` by the running statistics, without dropout.
    pub fn evaluate(&mut self, batch: Batch<'_>, count: usize) -> &[f32] {
        self.forward(batch, count, Mode::Measuring);
        let logits = self.plan.logits;
        &self.activations[logits.buffer][..count * logits.channels]
    }

    fn forward(&mut self, batch: Batch<'_>, count: usize, mode: Mode) {
        for (buffer, &values) in self.activations.iter_mut().zip(&self.plan.buffers) {
            grow(buffer, values, count);
        }
        let values = self.plan.buffers[0];
        let input = &mut self.activations[0][..count * values];
        match batch {
            Batch::Values(numbers) => input.copy_from_slice(numbers),
            Batch::Rows(images, rows) => {
                for (target, &row) in input.chunks_exact_mut(values).zip(rows) {
                    target.copy_from_slice(&images[row as usize * values..][..values]);
                }
            }
        }
        for number in 0..self.plan.nodes.len() {
            let mut output =
                std::mem::take(&mut self.activations[self.plan.nodes[number].output.buffer]);
            self.node_forward(number, &mut output, count, mode);
            self.activations[self.plan.nodes[number].output.buffer] = output;
        }
    }

    fn node_forward(&mut self, number: usize, target: &mut [f32], batch: usize, mode: Mode) {
        let Node { operation, input, output, .. } = &self.plan.nodes[number];
        let (arch, numbers, parameters) =
            (self.arch, &self.activations[input.buffer], &self.parts.parameters);
        match operation {
            Operation::Convolution { window, weight, bias, relu } => {
                let bias = bias.clone().map(|bias| &parameters[bias]);
                let layer = (&parameters[weight.clone()], bias, *relu);
                let convolution = Convolution { window: *window, input: *input, output: *output };
                convolution.forward(arch, &mut self.scratch, layer, numbers, target, batch);
            }
            Operation::Dense { weight, bias, relu } => {
                let layer = (&parameters[weight.clone()], &parameters[bias.clone()], *relu);
                dense::forward(arch, layer, numbers, target, batch);
            }
            Operation::BatchNorm { beta, statistics, relu } => {
                let layer = BatchNorm { arch, input: *input, output: *output, relu: *relu };
                let statistics = &mut self.parts.statistics[*statistics..][..2 * input.channels];
                let beta = &parameters[beta.clone()];
                if mode == Mode::Training {
                    layer.train(
                        &mut self.measured[number],
                        statistics,
                        beta,
                        numbers,
                        target,
                        batch,
                    );
                } else {
                    layer.evaluate(statistics, beta, numbers, target, batch);
                }
            }
            Operation::MaxPool(window) => {
                pool::max(arch, *window, (*input, numbers), (*output, target), batch)
            }
            Operation::MeanPool => pool::mean(arch, (*input, numbers), (*output, target), batch),
            Operation::LocalResponseNorm => {
                response::forward(arch, (*input, numbers), (*output, target), batch);
            }
            Operation::Dropout { mask } => {
                let length = batch * input.stride * input.pixels();
                target[..length].copy_from_slice(&numbers[..length]);
                if mode == Mode::Training {
                    multiply(&mut target[..length], &self.masks[*mask]);
                }
            }
        }
    }

    fn backward(&mut self, labels: &[u8]) -> f32 {
        let batch = labels.len();
        for (slot, &values) in self.slots.iter_mut().zip(&self.plan.slots) {
            grow(slot, values, batch);
        }
        let logits = self.plan.logits;
        let slot = self.slot(logits);
        let numbers = &self.activations[logits.buffer][..batch * logits.channels];
        let loss =
            loss::softmax_cross_entropy(numbers, logits.channels, labels, &mut self.slots[slot]);
        for number in (0..self.plan.nodes.len()).rev() {
            let Node { input, output, input_gradient, .. } = self.plan.nodes[number];
            let from = self.slot(output);
            let to = (input_gradient != InputGradient::None).then(|| self.slot(input));
            let mut output_gradient = std::mem::take(&mut self.slots[from]);
            let mut gradient = to.map_or_else(Vec::new, |to| std::mem::take(&mut self.slots[to]));
            self.node_backward(number, &mut output_gradient, &mut gradient, batch);
            self.slots[from] = output_gradient;
            if let Some(to) = to {
                self.slots[to] = gradient;
            }
        }
        loss
    }

    fn slot(&self, view: View) -> usize {
        self.plan.gradient_slots[view.buffer].expect("only the input has no gradient")
    }

    fn node_backward(
        &mut self,
        number: usize,
        output_gradient: &mut [f32],
        input_gradient: &mut [f32],
        batch: usize,
    ) {
        let Node { operation, input, output, input_gradient: how } = &self.plan.nodes[number];
        let (arch, numbers, parameters) =
            (self.arch, &self.activations[input.buffer], &self.parts.parameters);
        let results = &self.activations[output.buffer];
        match operation {
            Operation::Convolution { window, weight, bias, relu } => {
                if *relu {
                    stop(*output, results, output_gradient, batch);
                }
                if let Some(bias) = bias {
                    sum_pixels(*output, output_gradient, &mut self.gradients[bias.clone()], batch);
                }
                let convolution = Convolution { window: *window, input: *input, output: *output };
                let gradient = &mut self.gradients[weight.clone()];
                convolution.weight_gradient(
                    arch,
                    &mut self.scratch,
                    numbers,
                    output_gradient,
                    gradient,
                    batch,
                );
                if *how != InputGradient::None {
                    let weight = &parameters[weight.clone()];
                    let target = (input_gradient, *how);
                    convolution.input_gradient(
                        arch,
                        &mut self.scratch,
                        weight,
                        output_gradient,
                        target,
                        batch,
                    );
                }
            }
            Operation::Dense { weight, bias, relu } => {
                if *relu {
                    stop(*output, results, output_gradient, batch);
                }
                let outputs = output.channels;
                sum_pixels(*output, output_gradient, &mut self.gradients[bias.clone()], batch);
                let gradient = &mut self.gradients[weight.clone()];
                dense::weight_gradient(
                    arch,
                    &mut self.scratch.panels,
                    numbers,
                    (output_gradient, outputs),
                    gradient,
                    batch,
                );
                if *how != InputGradient::None {
                    let (weight, target) =
                        ((&parameters[weight.clone()], outputs), (input_gradient, *how));
                    dense::input_gradient(arch, weight, output_gradient, target, batch);
                }
            }
            Operation::BatchNorm { beta, relu, .. } => {
                let layer = BatchNorm { arch, input: *input, output: *output, relu: *relu };
                let beta = (&parameters[beta.clone()], &mut self.gradients[beta.clone()]);
                let measured = &mut self.measured[number];
                layer.backward(measured, beta, numbers, output_gradient, input_gradient, batch);
            }
            Operation::MaxPool(window) => {
                let output = (*output, results.as_slice(), &*output_gradient);
                pool::max_gradient(
                    arch,
                    *window,
                    (*input, numbers),
                    output,
                    (input_gradient, *how),
                    batch,
                );
            }
            Operation::MeanPool => {
                pool::mean_gradient(
                    arch,
                    (*output, output_gradient),
                    (*input, input_gradient),
                    batch,
                );
            }
            Operation::LocalResponseNorm => {
                response::backward(
                    arch,
                    (*input, numbers),
                    (*output, output_gradient),
                    input_gradient,
                    batch,
                );
            }
            Operation::Dropout { mask } => {
                let length = batch * input.stride * input.pixels();
                input_gradient[..length].copy_from_slice(&output_gradient[..length]);
                multiply(&mut input_gradient[..length], &self.masks[*mask]);
            }
        }
    }
}

/// Makes room for a batch; tiles read past the end.
fn grow(buffer: &mut Vec<f32>, values: usize, batch: usize) {
    let length = values * batch + TALLEST;
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}

fn multiply(numbers: &mut [f32], mask: &[f32]) {
    numbers.iter_mut().zip(mask).for_each(|(number, mask)| *number *= mask);
}

/// Sets the gradient to 0 where ReLU stopped the signal.
fn stop(view: View, results: &[f32], gradient: &mut [f32], batch: usize) {
    let length = batch * view.pixels() * view.stride;
    let channels = view.offset..view.offset + view.channels;
    for_each_part(
        &mut gradient[..length],
        LENGTH / view.stride * view.stride,
        |number, gradient| {
            let results = &results[number * (LENGTH / view.stride * view.stride)..];
            let pixels =
                gradient.chunks_exact_mut(view.stride).zip(results.chunks_exact(view.stride));
            for (gradient, results) in pixels {
                for (gradient, result) in
                    gradient[channels.clone()].iter_mut().zip(&results[channels.clone()])
                {
                    *gradient = if *result > 0.0 { *gradient } else { 0.0 };
                }
            }
        },
    );
}

/// Sums over batch and pixels, `[channels]`.
fn sum_pixels(view: View, numbers: &[f32], sums: &mut [f32], batch: usize) {
    let channels: Range<usize> = view.offset..view.offset + view.channels;
    let mut totals = vec![0.0f64; view.channels];
    for image in numbers.chunks_exact(view.pixels() * view.stride).take(batch) {
        let mut of_image = vec![0.0f32; view.channels];
        for pixel in image.chunks_exact(view.stride) {
            of_image
                .iter_mut()
                .zip(&pixel[channels.clone()])
                .for_each(|(sum, number)| *sum += number);
        }
        totals.iter_mut().zip(of_image).for_each(|(total, number)| *total += f64::from(number));
    }
    sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum = total as f32);
}
