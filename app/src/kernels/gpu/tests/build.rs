//! Plans for tests, operation by operation: every view and every number of channels can be asked for.

use crate::kernels::plan::{InputGradient, Node, Operation, Plan, View, Window};

/// A plan under construction.
pub(super) struct Build(pub(super) Plan);

impl Build {
    pub(super) fn new(side: usize, channels: usize) -> (Self, View) {
        let input = View { buffer: 0, side, stride: channels, offset: 0, channels };
        let plan = Plan {
            nodes: Vec::new(),
            buffers: vec![side * side * channels],
            gradient_slots: Vec::new(),
            slots: Vec::new(),
            logits: input,
            parameters: 0,
            decayed: Vec::new(),
            statistics: 0,
            masks: Vec::new(),
        };
        (Self(plan), input)
    }

    pub(super) fn buffer(&mut self, side: usize, channels: usize) -> View {
        self.0.buffers.push(side * side * channels);
        View { buffer: self.0.buffers.len() - 1, side, stride: channels, offset: 0, channels }
    }

    pub(super) fn parameter(&mut self, length: usize) -> std::ops::Range<usize> {
        let range = self.0.parameters..self.0.parameters + length;
        self.0.parameters = range.end;
        range
    }

    pub(super) fn push(&mut self, operation: Operation, input: View, output: View) -> View {
        self.0.nodes.push(Node { operation, input, output, input_gradient: InputGradient::None });
        output
    }

    /// TensorFlow's SAME padding.
    pub(super) fn window(side: usize, size: usize, step: usize) -> (Window, usize) {
        let positions = side.div_ceil(step);
        (
            Window { size, step, before: ((positions - 1) * step + size).saturating_sub(side) / 2 },
            positions,
        )
    }

    pub(super) fn convolution(
        &mut self,
        input: View,
        [size, step, outputs]: [usize; 3],
        bias: bool,
        to: Option<View>,
    ) -> View {
        let (window, side) = Self::window(input.side, size, step);
        let output = to.unwrap_or_else(|| self.buffer(side, outputs));
        let weight = self.parameter(size * size * input.channels * outputs);
        self.0.decayed.push(weight.clone());
        let bias = bias.then(|| self.parameter(outputs));
        self.push(
            Operation::Convolution { window, weight, relu: bias.is_some(), bias },
            input,
            output,
        )
    }

    pub(super) fn batch_norm(&mut self, input: View, relu: bool, to: Option<View>) -> View {
        let output = to.unwrap_or_else(|| self.buffer(input.side, input.channels));
        let beta = self.parameter(input.channels);
        let statistics = self.0.statistics;
        self.0.statistics += 2 * input.channels;
        self.push(Operation::BatchNorm { beta, statistics, relu }, input, output)
    }

    pub(super) fn dense(&mut self, input: View, outputs: usize, relu: bool) -> View {
        let output = self.buffer(1, outputs);
        let weight = self.parameter(input.pixels() * input.stride * outputs);
        let bias = self.parameter(outputs);
        self.push(Operation::Dense { weight, bias, relu }, input, output)
    }

    pub(super) fn max_pool(
        &mut self,
        input: View,
        size: usize,
        step: usize,
        to: Option<View>,
    ) -> View {
        let (window, side) = Self::window(input.side, size, step);
        let output = to.unwrap_or_else(|| self.buffer(side, input.channels));
        self.push(Operation::MaxPool(window), input, output)
    }

    pub(super) fn same(&mut self, operation: Operation, input: View) -> View {
        let output = self.buffer(input.side, input.channels);
        self.push(operation, input, output)
    }

    pub(super) fn dropout(&mut self, input: View) -> View {
        self.0.masks.push(input.pixels() * input.channels);
        self.same(Operation::Dropout { mask: self.0.masks.len() - 1 }, input)
    }

    pub(super) fn mean_pool(&mut self, input: View) -> View {
        let output = self.buffer(1, input.channels);
        self.push(Operation::MeanPool, input, output)
    }

    pub(super) fn finish(mut self, logits: View) -> Plan {
        let mut written = vec![0];
        for node in self.0.nodes.iter_mut().rev() {
            let buffer = node.input.buffer;
            node.input_gradient = match (buffer, written.contains(&buffer)) {
                (0, _) => InputGradient::None,
                (_, true) => InputGradient::Add,
                (_, false) => InputGradient::Set,
            };
            written.push(buffer);
        }
        self.0.gradient_slots =
            (0..self.0.buffers.len()).map(|buffer| buffer.checked_sub(1)).collect();
        self.0.slots = self.0.buffers[1..].to_vec();
        self.0.logits = logits;
        self.0
    }
}
