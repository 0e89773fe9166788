//! Launches of the forward pass.

use super::kernel::Kernel;
use super::memory::Memory;
use super::product::{Ending, GpuMatrix, Product, ProductShape, weight};
use super::program::{LaunchRecorder, Word};
use super::sizes::spans;
use crate::kernels::plan::{
    BATCH_NORM_EPSILON, LRN_ALPHA, Node, Operation, Plan, RUNNING_MOMENTUM, View, Window,
};

/// Records launches for a number of images.
pub(super) struct Pass<'a> {
    pub(super) plan: &'a Plan,
    pub(super) memory: &'a Memory,
    pub(super) recorder: LaunchRecorder,
    pub(super) images: usize,
    pub(super) software: bool,
}

/// Why a convolution or dense layer is asked for its weights without a question.
pub(super) const HAS_WEIGHTS: &str = "products have weights";

/// 4 if all numbers are multiples of four, else 1: what one invocation takes at a time. Kernels rely on nothing more: a
/// parameter that starts elsewhere is read one number at a time.
pub(super) fn unit(numbers: &[usize]) -> usize {
    if numbers.iter().all(|number| number.is_multiple_of(4)) { 4 } else { 1 }
}

/// The words of one view that elementwise kernels take: stride and offset, in units.
pub(super) fn place(view: View, unit: usize) -> [Word; 2] {
    [(view.stride / unit).into(), (view.offset / unit).into()]
}

/// A setting of a kernel: whether elements are vectors of four.
pub(super) fn fours(kernel: Kernel, unit: usize) -> Kernel {
    kernel.with("W4", unit == 4)
}

/// What invocations of a node that works channel by channel take at a time.
pub(super) fn node_unit(node: &Node) -> usize {
    let Node { input, output, .. } = node;
    unit(&[input.stride, input.offset, output.stride, output.offset, output.channels])
}

impl Pass<'_> {
    /// Records the forward pass: with batch statistics and dropout in training, else with running statistics.
    pub(super) fn forward(&mut self, training: bool) {
        let plan = self.plan;
        for (number, node) in plan.nodes.iter().enumerate() {
            match &node.operation {
                Operation::Convolution { bias, relu, .. } => {
                    self.product(node, bias.as_ref().map(|bias| bias.start), *relu);
                }
                Operation::Dense { bias, relu, .. } => self.product(node, Some(bias.start), *relu),
                Operation::BatchNorm { beta, statistics, relu } => {
                    if training {
                        self.moments(number, node, *statistics);
                    }
                    self.normalize(
                        number,
                        node,
                        beta.start,
                        (!training).then_some(*statistics),
                        *relu,
                    );
                }
                Operation::MaxPool(window) => self.max_pool(number, node, *window),
                Operation::LocalResponseNorm => self.lrn(number, node),
                Operation::MeanPool => self.mean_pool(node),
                Operation::Copy { relu } => self.multiply(node, None, *relu),
                Operation::Dropout { mask } => {
                    self.multiply(node, training.then_some(*mask), false)
                }
            }
        }
    }

    fn product(&mut self, node: &Node, bias: Option<usize>, relu: bool) {
        let Self { memory, images, software, .. } = *self;
        let View { stride, offset, channels, .. } = node.output;
        let (_, weight) = weight(node).expect(HAS_WEIGHTS);
        let product = Product {
            shape: ProductShape::forward(node, images).expect(HAS_WEIGHTS),
            left: &memory.buffers[node.input.buffer],
            right: GpuMatrix { buffer: &memory.parameters, stride: channels, offset: weight.start },
            result: GpuMatrix { buffer: &memory.buffers[node.output.buffer], stride, offset },
            ending: Ending { bias, relu, accumulate: false },
        };
        product.record(&mut self.recorder, &memory.scratch, software);
    }

    fn moments(&mut self, number: usize, node: &Node, statistics: usize) {
        let memory = self.memory;
        let pixels = self.images * node.input.pixels();
        let unit = node_unit(node);
        let channels = node.input.channels;
        let (span, count) = spans(pixels);
        let input = &memory.buffers[node.input.buffer];
        let [stride, offset] = place(node.input, unit);
        self.recorder.elements(
            fours(Kernel::new("moments"), unit),
            channels / unit * count,
            [(channels / unit).into(), pixels.into(), span.into(), stride, offset],
            &[input, &memory.scratch],
        );
        self.recorder.elements(
            Kernel::new("moments_finish"),
            channels,
            [
                count.into(),
                pixels.into(),
                node.input.offset.into(),
                statistics.into(),
                (BATCH_NORM_EPSILON as f32).into(),
                (RUNNING_MOMENTUM as f32).into(),
            ],
            &[&memory.scratch, input, self.remembered(number), &memory.statistics],
        );
    }

    fn normalize(
        &mut self,
        number: usize,
        node: &Node,
        beta: usize,
        running: Option<usize>,
        relu: bool,
    ) {
        let memory = self.memory;
        let unit = node_unit(node).min(unit(&[beta, running.unwrap_or(0)]));
        let [stride, offset] = place(node.input, unit);
        let [output_stride, output_offset] = place(node.output, unit);
        let channels = node.output.channels / unit;
        let saved = if running.is_some() { &memory.statistics } else { self.remembered(number) };
        self.recorder.elements(
            fours(Kernel::new("normalize"), unit)
                .with("RUNNING", running.is_some())
                .with("RELU", relu),
            self.images * node.output.pixels() * channels,
            [
                channels.into(),
                stride,
                offset,
                output_stride,
                output_offset,
                (beta / unit).into(),
                (running.unwrap_or(0) / unit).into(),
                (BATCH_NORM_EPSILON as f32).into(),
            ],
            &[
                &memory.buffers[node.input.buffer],
                &memory.buffers[node.output.buffer],
                &memory.parameters,
                saved,
            ],
        );
    }

    fn max_pool(&mut self, number: usize, node: &Node, window: Window) {
        let memory = self.memory;
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("max_pool"), unit),
            self.images * node.output.pixels() * node.output.channels / unit,
            pool_words(node, window, unit),
            &[
                &memory.buffers[node.input.buffer],
                &memory.buffers[node.output.buffer],
                self.remembered(number),
            ],
        );
    }

    fn lrn(&mut self, number: usize, node: &Node) {
        let memory = self.memory;
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("lrn"), unit),
            self.images * node.output.pixels() * node.output.channels / unit,
            lrn_words(node, unit),
            &[
                &memory.buffers[node.input.buffer],
                &memory.buffers[node.output.buffer],
                self.remembered(number),
            ],
        );
    }

    fn mean_pool(&mut self, node: &Node) {
        let memory = self.memory;
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("mean_pool"), unit),
            self.images * node.output.channels / unit,
            mean_pool_words(node, unit),
            &[&memory.buffers[node.input.buffer], &memory.buffers[node.output.buffer]],
        );
    }

    /// Dropout, and a copy that may cut at 0.
    fn multiply(&mut self, node: &Node, mask: Option<usize>, relu: bool) {
        let memory = self.memory;
        let unit = node_unit(node);
        let mut buffers =
            vec![&memory.buffers[node.input.buffer], &memory.buffers[node.output.buffer]];
        buffers.extend(mask.map(|mask| &memory.masks[mask]));
        self.recorder.elements(
            fours(Kernel::new("multiply"), unit).with("MASK", mask.is_some()).with("RELU", relu),
            self.images * node.output.pixels() * node.output.channels / unit,
            multiply_words(node.output.channels, node.input, node.output, unit),
            &buffers,
        );
    }
}

/// What `multiply` is told behind its count, forward and backward.
pub(super) fn multiply_words(channels: usize, from: View, to: View, unit: usize) -> [Word; 5] {
    let [stride, offset] = place(from, unit);
    let [to_stride, to_offset] = place(to, unit);
    [(channels / unit).into(), stride, offset, to_stride, to_offset]
}

/// What both kernels of max-pooling are told behind their count.
pub(super) fn pool_words(node: &Node, window: Window, unit: usize) -> [Word; 10] {
    let [stride, offset] = place(node.input, unit);
    let [output_stride, output_offset] = place(node.output, unit);
    [
        (node.output.channels / unit).into(),
        node.input.side.into(),
        stride,
        offset,
        node.output.side.into(),
        output_stride,
        output_offset,
        window.size.into(),
        window.step.into(),
        window.before.into(),
    ]
}

/// What both kernels of local response normalization are told behind their count.
pub(super) fn lrn_words(node: &Node, unit: usize) -> [Word; 6] {
    let [stride, offset] = place(node.input, unit);
    let [output_stride, output_offset] = place(node.output, unit);
    let channels = node.output.channels / unit;
    [channels.into(), stride, offset, output_stride, output_offset, (LRN_ALPHA as f32).into()]
}

/// What both kernels of mean-pooling are told behind their count.
pub(super) fn mean_pool_words(node: &Node, unit: usize) -> [Word; 7] {
    let [stride, offset] = place(node.input, unit);
    let [output_stride, output_offset] = place(node.output, unit);
    let pixels = node.input.pixels();
    let share = 1.0 / pixels as f32;
    [
        (node.output.channels / unit).into(),
        pixels.into(),
        stride,
        offset,
        output_stride,
        output_offset,
        share.into(),
    ]
}
