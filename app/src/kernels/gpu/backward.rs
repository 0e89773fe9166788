//! Launches of the loss, the backward pass and the update.

use cubecl::server::Handle;

use super::forward::{Pass, fours, mean_pool_words, node_unit, place, pool_words, response_words};
use super::kernel::Kernel;
use super::memory::{HEADER, product_input, spans, unit, weight, weight_gradient};
use super::product::{Ending, Kind, Matrix, Product, Source};
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
                Operation::Convolution { window, bias, relu, .. } => {
                    self.bias_gradient(node, bias.as_ref().map(|bias| bias.start), *relu);
                    self.product_gradients(node, *window);
                }
                Operation::Dense { bias, relu, .. } => {
                    self.bias_gradient(node, Some(bias.start), *relu);
                    self.product_gradients(node, Window { size: 1, step: 1, before: 0 });
                }
                Operation::BatchNorm { beta, relu, .. } => {
                    self.normalize_gradient(number, node, beta.start, *relu)
                }
                Operation::MaxPool(window) if is_wanted => {
                    self.max_pool_gradient(number, node, *window)
                }
                Operation::LocalResponseNorm if is_wanted => self.response_gradient(number, node),
                Operation::MeanPool if is_wanted => self.mean_pool_gradient(node),
                Operation::Dropout { mask } if is_wanted => self.dropout_gradient(node, *mask),
                _ => {}
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
            .expect("batch norm, max-pooling and response normalization remember")
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
            fours(Kernel::new("mask_sums"), unit).with("RELU", relu),
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
                fours(Kernel::new("sums"), unit),
                channels / unit,
                [count.into(), (bias / unit).into()],
                &[&memory.scratch, &memory.gradients],
            );
        }
    }

    fn product_gradients(&mut self, node: &Node, window: Window) {
        let Self { memory, images, software, .. } = *self;
        let output = self.gradient(node.output);
        let input = &memory.buffers[node.input.buffer];
        let weights = weight_gradient(node, images, input, output, &memory.gradients)
            .expect("products have weights");
        weights.record(&mut self.recorder, &memory.scratch, software);
        if node.input_gradient == InputGradient::None {
            return;
        }
        self.transpose(node);
        let input = product_input(node);
        let View { side, stride, offset, channels, .. } = input;
        let product = Product {
            kind: Kind::Pixels,
            source: Source::backward(node.output, window, side),
            left: output,
            right: Matrix { buffer: &memory.transposed, stride: channels, offset: 0 },
            result: Matrix { buffer: self.gradient(node.input), stride, offset },
            pixels: images * input.pixels(),
            columns: channels,
            ending: Ending {
                bias: None,
                relu: false,
                add: node.input_gradient == InputGradient::Add,
            },
        };
        product.record(&mut self.recorder, &memory.scratch, software);
    }

    fn transpose(&mut self, node: &Node) {
        let memory = self.memory;
        let (_, weight) = weight(node).expect("products have weights");
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
            fours(Kernel::new("normalize_gradient"), unit).with("ADD", adds(node)),
            channels * pixels,
            [channels.into(), stride, offset, output_stride, output_offset, share.into()],
            &[input, gradient, self.gradient(node.input), saved],
        );
    }

    fn max_pool_gradient(&mut self, number: usize, node: &Node, window: Window) {
        let unit = node_unit(node);
        self.recorder.elements(
            fours(Kernel::new("max_pool_gradient"), unit).with("ADD", adds(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            pool_words(node, window, unit),
            &[self.gradient(node.output), self.gradient(node.input), self.remembered(number)],
        );
    }

    fn response_gradient(&mut self, number: usize, node: &Node) {
        let unit = node_unit(node);
        let [input, output] =
            [node.input, node.output].map(|view| &self.memory.buffers[view.buffer]);
        self.recorder.elements(
            fours(Kernel::new("response_gradient"), unit).with("ADD", adds(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            response_words(node, unit),
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
            fours(Kernel::new("mean_pool_gradient"), unit).with("ADD", adds(node)),
            self.images * node.input.pixels() * node.input.channels / unit,
            mean_pool_words(node, unit),
            &[self.gradient(node.output), self.gradient(node.input)],
        );
    }

    fn dropout_gradient(&mut self, node: &Node, mask: usize) {
        let unit = node_unit(node);
        let [stride, offset] = place(node.output, unit);
        let [input_stride, input_offset] = place(node.input, unit);
        self.recorder.elements(
            fours(Kernel::new("multiply"), unit).with("MASK", true).with("ADD", adds(node)),
            self.images * node.output.pixels() * node.output.channels / unit,
            [(node.output.channels / unit).into(), stride, offset, input_stride, input_offset],
            &[self.gradient(node.output), self.gradient(node.input), &self.memory.masks[mask]],
        );
    }
}

fn adds(node: &Node) -> bool {
    node.input_gradient == InputGradient::Add
}
