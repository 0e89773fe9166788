//! Launches of the loss, the backward pass and the update.

use cubecl::server::Handle;

use super::forward::{
    HAS_WEIGHTS, Pass, fours, lrn_words, mean_pool_words, multiply_words, node_unit, place,
    pool_words, unit,
};
use super::kernel::Kernel;
use super::product::{Ending, GpuMatrix, Product, ProductShape, product_input, weight};
use super::sizes::{HEADER, spans};
use crate::kernels::plan::{InputGradient, Node, Operation, View, Window};

impl<'a> Pass<'a> {
    /// Records the loss and its gradient by the logits.
    pub(super) fn loss(&mut self) {
        let memory = self.memory;
        let View { stride, offset, channels, .. } = self.plan.logits;
        let words = [self.images, channels, stride, offset, stride, offset, HEADER].map(Into::into);
        let (logits, gradient) =
            (&memory.buffers[self.plan.logits.buffer], self.gradient(self.plan.logits));
        let buffers = [&memory.step, logits, gradient, &memory.losses];
        self.recorder.launch(Kernel::new("softmax"), [1, 1, 1], words, &buffers);
    }

    /// Records the backward pass: the nodes in reverse.
    pub(super) fn backward(&mut self) {
        let plan = self.plan;
        for (number, node) in plan.nodes.iter().enumerate().rev() {
            let is_wanted = node.input_gradient != InputGradient::None;
            match &node.operation {
                Operation::Convolution { bias, relu, .. } => {
                    self.bias_gradient(node, bias.as_ref().map(|bias| bias.start), *relu);
                    self.product_gradients(node);
                }
                Operation::Dense { bias, relu, .. } => {
                    self.bias_gradient(node, Some(bias.start), *relu);
                    self.product_gradients(node);
                }
                Operation::BatchNorm { beta, relu, .. } => {
                    self.normalize_gradient(number, node, beta.start, *relu)
                }
                Operation::MaxPool(window) if is_wanted => {
                    self.max_pool_gradient(number, node, *window)
                }
                Operation::LocalResponseNorm if is_wanted => self.lrn_gradient(number, node),
                Operation::MeanPool if is_wanted => self.mean_pool_gradient(node),
                Operation::Dropout { mask } if is_wanted => {
                    self.multiply_gradient(node, Some(*mask), false)
                }
                Operation::Copy { relu } if is_wanted => self.multiply_gradient(node, None, *relu),
                // Without parameters and with nobody who wants the gradient there is nothing to do.
                Operation::MaxPool(_)
                | Operation::LocalResponseNorm
                | Operation::MeanPool
                | Operation::Dropout { .. }
                | Operation::Copy { .. } => {}
            }
        }
    }

    /// Records the optimizer's step on all parameters.
    pub(super) fn update(&mut self, decays: bool) {
        let memory = self.memory;
        let mut buffers =
            vec![&memory.step, &memory.parameters, &memory.velocities, &memory.gradients];
        if decays {
            buffers.push(&memory.decayed);
        }
        // The buffers are filled up to fours.
        let kernel = fours(Kernel::new("sgd"), 4).with("DECAY", decays);
        self.recorder.elements(kernel, self.plan.parameters.div_ceil(4), [], &buffers);
    }

    /// The gradient of the buffer that a view is of.
    fn gradient(&self, view: View) -> &'a Handle {
        let slot = self.plan.gradient_slots[view.buffer]
            .expect("all buffers but the input have a gradient");
        &self.memory.slots[slot]
    }

    /// What a node remembers for its backward pass.
    pub(super) fn remembered(&self, number: usize) -> &'a Handle {
        self.memory.remembered[number]
            .as_ref()
            .expect("batch norm, max-pooling and local response normalization remember")
    }

    /// Applies the mask of ReLU to the gradient of the output and sums it up over the pixels.
    fn bias_gradient(&mut self, node: &Node, bias: Option<usize>, relu: bool) {
        if bias.is_none() && !relu {
            return;
        }
        let memory = self.memory;
        let pixels = self.images * node.output.pixels();
        let View { stride, offset, channels, .. } = node.output;
        let unit = unit(&[stride, offset, channels, bias.unwrap_or(0)]);
        let (span, count) = spans(pixels);
        let [stride, offset] = place(node.output, unit);
        let [output_stride, output_offset] = place(node.output, unit);
        let mut buffers = vec![self.gradient(node.output), &memory.scratch];
        if relu {
            buffers.push(&memory.buffers[node.output.buffer]);
        }
        self.recorder.elements(
            fours(Kernel::new("relu_backward"), unit).with("RELU", relu),
            channels / unit * count,
            [
                (channels / unit).into(),
                pixels.into(),
                span.into(),
                stride,
                offset,
                output_stride,
                output_offset,
            ],
            &buffers,
        );
        if let Some(bias) = bias {
            self.recorder.elements(
                fours(Kernel::new("bias_gradient"), unit),
                channels / unit,
                [count.into(), (bias / unit).into()],
                &[&memory.scratch, &memory.gradients],
            );
        }
    }

    fn product_gradients(&mut self, node: &Node) {
        let Self { memory, images, software, .. } = *self;
        let output = self.gradient(node.output);
        let (_, weight) = weight(node).expect(HAS_WEIGHTS);
        let View { stride, offset, channels, .. } = node.output;
        let weights = Product {
            shape: ProductShape::weight_gradient(node, images).expect(HAS_WEIGHTS),
            left: &memory.buffers[node.input.buffer],
            right: GpuMatrix { buffer: output, stride, offset },
            result: GpuMatrix { buffer: &memory.gradients, stride: channels, offset: weight.start },
            ending: Ending::default(),
        };
        weights.record(&mut self.recorder, &memory.scratch, software);
        let Some(shape) = ProductShape::input_gradient(node, images) else { return };
        self.transpose(node);
        let View { stride, offset, channels, .. } = product_input(node);
        let input = Product {
            shape,
            left: output,
            right: GpuMatrix { buffer: &memory.transposed, stride: channels, offset: 0 },
            result: GpuMatrix { buffer: self.gradient(node.input), stride, offset },
            ending: Ending { bias: None, relu: false, accumulate: accumulates(node) },
        };
        input.record(&mut self.recorder, &memory.scratch, software);
    }

    fn transpose(&mut self, node: &Node) {
        let memory = self.memory;
        let (_, weight) = weight(node).expect(HAS_WEIGHTS);
        let (rows, columns) = (product_input(node).channels, node.output.channels);
        let unit = unit(&[rows, columns, weight.start]);
        self.recorder.elements(
            fours(Kernel::new("transpose"), unit),
            weight.len() / (unit * unit),
            [rows, columns, weight.start / unit].map(Into::into),
            &[&memory.parameters, &memory.transposed],
        );
    }

    fn normalize_gradient(&mut self, number: usize, node: &Node, beta: usize, relu: bool) {
        let memory = self.memory;
        let pixels = self.images * node.output.pixels();
        let unit = node_unit(node).min(unit(&[beta]));
        let channels = node.output.channels / unit;
        let (span, count) = spans(pixels);
        let [input, output] = [node.input, node.output].map(|view| &memory.buffers[view.buffer]);
        let (gradient, saved) = (self.gradient(node.output), self.remembered(number));
        let mut buffers = vec![input, gradient, &memory.scratch, saved];
        if relu {
            buffers.push(output);
        }
        let [stride, offset] = place(node.input, unit);
        let [output_stride, output_offset] = place(node.output, unit);
        self.recorder.elements(
            fours(Kernel::new("normalize_sums"), unit).with("RELU", relu),
            channels * count,
            [
                channels.into(),
                pixels.into(),
                span.into(),
                stride,
                offset,
                output_stride,
                output_offset,
            ],
            &buffers,
        );
        self.recorder.elements(
            fours(Kernel::new("normalize_finish"), unit),
            channels,
            [count.into(), (beta / unit).into()],
            &[&memory.scratch, saved, &memory.gradients],
        );
        if node.input_gradient == InputGradient::None {
            return;
        }
        let [stride, offset] = place(node.input, unit);
        let [output_stride, output_offset] = place(node.output, unit);
        let share = 1.0 / pixels as f32;
        self.recorder.elements(
            fours(Kernel::new("normalize_gradient"), unit).with("ADD", accumulates(node)),
            channels * pixels,
            [channels.into(), stride, offset, output_stride, output_offset, share.into()],
            &[input, gradient, self.gradient(node.input), saved],
        );
    }

    fn max_pool_gradient(&mut self, number: usize, node: &Node, window: Window) {
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("max_pool_gradient"), unit).with("ADD", accumulates(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            pool_words(node, window, unit),
            &[self.gradient(node.output), self.gradient(node.input), self.remembered(number)],
        );
    }

    fn lrn_gradient(&mut self, number: usize, node: &Node) {
        let unit = node_unit(node);
        let [input, output] =
            [node.input, node.output].map(|view| &self.memory.buffers[view.buffer]);
        self.recorder.elements(
            fours(Kernel::new("lrn_gradient"), unit).with("ADD", accumulates(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            lrn_words(node, unit),
            &[
                input,
                output,
                self.remembered(number),
                self.gradient(node.output),
                self.gradient(node.input),
            ],
        );
    }

    fn mean_pool_gradient(&mut self, node: &Node) {
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("mean_pool_gradient"), unit).with("ADD", accumulates(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            mean_pool_words(node, unit),
            &[self.gradient(node.output), self.gradient(node.input)],
        );
    }

    fn multiply_gradient(&mut self, node: &Node, mask: Option<usize>, relu: bool) {
        let memory = self.memory;
        let unit = node_unit(node);
        let mut buffers = vec![self.gradient(node.output), self.gradient(node.input)];
        buffers.extend(mask.map(|mask| &memory.masks[mask]));
        if relu {
            // It stands as its gradient does, so it is read at the same place.
            buffers.push(&memory.buffers[node.output.buffer]);
        }
        self.recorder.elements(
            fours(Kernel::new("multiply"), unit)
                .with("MASK", mask.is_some())
                .with("CUT", relu)
                .with("ADD", accumulates(node)),
            self.images * node.output.pixels() * node.output.channels / unit,
            multiply_words(node.output.channels, node.output, node.input, unit),
            &buffers,
        );
    }
}

fn accumulates(node: &Node) -> bool {
    node.input_gradient == InputGradient::Add
}
