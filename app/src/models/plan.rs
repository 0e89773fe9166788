//! From layers to a plan: buffers, parameter ranges, what is fused, and where gradients live.

use std::ops::Range;

use super::layer::{Layer, ParameterSpec, Role};
use crate::kernels::plan::{InputGradient, Node, Operation, Plan, View, Window};

/// How a parameter's values stand in the flat vector of a plan, against their own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are.
    Own,
    /// `[outputs, inputs, size, size]` as `[size, size, inputs, outputs]`.
    Convolution,
    /// Rows that belong to `[channels, pixels]` as rows of `[pixels, channels]`.
    Rows {
        /// Channels of the picture that was made a vector.
        channels: usize,
        /// Its pixels.
        pixels: usize,
    },
}

/// A parameter and its place in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) spec: ParameterSpec,
    pub(super) range: Range<usize>,
    pub(super) order: Order,
}

impl Placed {
    /// Where value `own` of the parameter stands in the plan's range.
    fn place(&self, own: usize) -> usize {
        match self.order {
            Order::Own => own,
            Order::Convolution => {
                let [outputs, inputs, size, _] = self.spec.shape[..] else { return own };
                let (output, rest) = (own / (inputs * size * size), own % (inputs * size * size));
                let (input, position) = (rest / (size * size), rest % (size * size));
                (position * inputs + input) * outputs + output
            }
            Order::Rows { channels, pixels } => {
                let columns = self.spec.shape[1];
                let (row, column) = (own / columns, own % columns);
                let (channel, pixel) = (row / pixels, row % pixels);
                (pixel * channels + channel) * columns + column
            }
        }
    }

    /// Writes the parameter's own values into the plan's vector.
    pub(super) fn write(&self, own: &[f32], flat: &mut [f32]) {
        let flat = &mut flat[self.range.clone()];
        own.iter().enumerate().for_each(|(at, value)| flat[self.place(at)] = *value);
    }

    /// The parameter's own values from the plan's vector.
    pub(super) fn read(&self, flat: &[f32]) -> Vec<f32> {
        let flat = &flat[self.range.clone()];
        (0..self.spec.len()).map(|at| flat[self.place(at)]).collect()
    }
}

/// Builds the plan of a network on pictures `[side, side, channels]` and says where its parameters stand in it. Weight
/// decay touches the roles `decays` names; dropout layers are left out if there is no dropout.
pub(super) fn build(
    layers: &[Layer],
    [side, channels]: [usize; 2],
    with_dropout: bool,
    decays: impl Fn(Role) -> bool,
) -> (Plan, Vec<Placed>) {
    let input = View { buffer: 0, side, stride: channels, offset: 0, channels };
    let mut builder = Builder { with_dropout, ..Builder::default() };
    builder.buffers.push(side * side * channels);
    let logits = builder.layers(layers, Flow { view: input, order: Order::Own }, None).view;
    let mut decayed: Vec<Range<usize>> = Vec::new();
    for placed in builder.parameters.iter().filter(|placed| decays(placed.spec.role)) {
        match decayed.last_mut() {
            Some(last) if last.end == placed.range.start => last.end = placed.range.end,
            _ => decayed.push(placed.range.clone()),
        }
    }
    mark_input_gradients(&mut builder.nodes);
    let (gradient_slots, slots) = slots(&builder.nodes, &builder.buffers);
    let plan = Plan {
        parameters: builder.parameters.last().map_or(0, |placed| placed.range.end),
        nodes: builder.nodes,
        buffers: builder.buffers,
        gradient_slots,
        slots,
        logits,
        decayed,
        statistics: builder.statistics,
        masks: builder.masks,
    };
    (plan, builder.parameters)
}

/// What flows from layer to layer: a view, and the order of a picture that was made a vector.
#[derive(Clone)]
struct Flow {
    view: View,
    order: Order,
}

#[derive(Default)]
struct Builder {
    with_dropout: bool,
    nodes: Vec<Node>,
    buffers: Vec<usize>,
    parameters: Vec<Placed>,
    statistics: usize,
    masks: Vec<usize>,
}

impl Builder {
    /// Adds the nodes of some layers. The last one writes to `target`, if there is one.
    fn layers(&mut self, layers: &[Layer], mut flow: Flow, target: Option<View>) -> Flow {
        let mut rest = layers;
        while let [layer, after @ ..] = rest {
            // ReLU is done by the layer before it.
            let relu = matches!(after, [Layer::Relu, ..]);
            rest = if relu { &after[1..] } else { after };
            let target = target.filter(|_| rest.is_empty());
            flow = self.layer(layer, relu, flow, target);
        }
        flow
    }

    fn layer(&mut self, layer: &Layer, relu: bool, flow: Flow, target: Option<View>) -> Flow {
        let view = flow.view;
        let (operation, side, channels) = match layer {
            Layer::Conv { kernel, stride, outputs, bias, .. } => {
                let mut ranges = self.place(layer, &[Order::Convolution, Order::Own]);
                let bias = if *bias { ranges.pop() } else { None };
                let (window, side) = same(view.side, *kernel, *stride);
                let weight = ranges.remove(0);
                (Operation::Convolution { window, weight, bias, relu }, side, *outputs)
            }
            Layer::BatchNorm { channels, .. } => {
                let beta = self.place(layer, &[Order::Own]).remove(0);
                let statistics = self.statistics;
                self.statistics += 2 * channels;
                (Operation::BatchNorm { beta, statistics, relu }, view.side, *channels)
            }
            Layer::Dense { outputs, .. } => {
                let ranges = self.place(layer, &[flow.order.clone(), Order::Own]);
                let (weight, bias) = (ranges[0].clone(), ranges[1].clone());
                (Operation::Dense { weight, bias, relu }, 1, *outputs)
            }
            Layer::MaxPool { size, stride, same: true } => {
                let (window, side) = same(view.side, *size, *stride);
                (Operation::MaxPool(window), side, view.channels)
            }
            Layer::MaxPool { size, stride, same: false } => {
                let window = Window { size: *size, step: *stride, before: 0 };
                (Operation::MaxPool(window), (view.side - size) / stride + 1, view.channels)
            }
            Layer::LocalResponseNorm => (Operation::LocalResponseNorm, view.side, view.channels),
            Layer::MeanPool => (Operation::MeanPool, 1, view.channels),
            Layer::Dropout if self.with_dropout => {
                self.masks.push(view.pixels() * view.channels);
                let operation = Operation::Dropout { mask: self.masks.len() - 1 };
                let output = self.output(view.side, view.channels, target);
                self.push(operation, view, output);
                return Flow { view: output, ..flow };
            }
            Layer::Dropout => return flow,
            Layer::Flatten => {
                let (channels, pixels) = (view.channels, view.pixels());
                return Flow { view, order: Order::Rows { channels, pixels } };
            }
            Layer::Branches(branches) => return self.branches(branches, flow),
            Layer::Relu => unreachable!(
                "the registry puts ReLU behind a convolution, batch norm or dense layer"
            ),
        };
        let output = self.output(side, channels, target);
        self.push(operation, view, output);
        Flow { view: output, order: Order::Own }
    }

    /// Branches write side by side into one buffer.
    fn branches(&mut self, branches: &[Vec<Layer>], flow: Flow) -> Flow {
        let shapes: Vec<(usize, usize)> =
            branches.iter().map(|branch| shape_after(branch, flow.view)).collect();
        let (side, stride) = (shapes[0].0, shapes.iter().map(|(_, channels)| channels).sum());
        let joined = self.output(side, stride, None);
        let mut offset = 0;
        for (branch, (_, channels)) in branches.iter().zip(shapes) {
            self.layers(branch, flow.clone(), Some(View { offset, channels, ..joined }));
            offset += channels;
        }
        Flow { view: joined, order: Order::Own }
    }

    fn output(&mut self, side: usize, channels: usize, target: Option<View>) -> View {
        target.unwrap_or_else(|| {
            self.buffers.push(side * side * channels);
            View { buffer: self.buffers.len() - 1, side, stride: channels, offset: 0, channels }
        })
    }

    fn push(&mut self, operation: Operation, input: View, output: View) {
        self.nodes.push(Node { operation, input, output, input_gradient: InputGradient::None });
    }

    fn place(&mut self, layer: &Layer, orders: &[Order]) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        for (spec, order) in layer.parameters().into_iter().zip(orders) {
            let start = self.parameters.last().map_or(0, |placed| placed.range.end);
            let range = start..start + spec.len();
            self.parameters.push(Placed { spec, range: range.clone(), order: order.clone() });
            ranges.push(range);
        }
        ranges
    }
}

/// TensorFlow's SAME padding: `ceil(side / step)` windows, the odd pixel of the padding at the end.
fn same(side: usize, size: usize, step: usize) -> (Window, usize) {
    let positions = side.div_ceil(step);
    let padding = ((positions - 1) * step + size).saturating_sub(side);
    (Window { size, step, before: padding / 2 }, positions)
}

/// Side and channels of the picture some layers make.
fn shape_after(layers: &[Layer], input: View) -> (usize, usize) {
    layers.iter().fold((input.side, input.channels), |(side, channels), layer| match layer {
        Layer::Conv { stride, outputs, .. } => (side.div_ceil(*stride), *outputs),
        Layer::MaxPool { stride, same: true, .. } => (side.div_ceil(*stride), channels),
        Layer::MaxPool { size, stride, same: false } => ((side - size) / stride + 1, channels),
        _ => (side, channels),
    })
}

/// The first to write a gradient in the backward pass sets it, the others add.
fn mark_input_gradients(nodes: &mut [Node]) {
    let mut written = vec![0];
    for node in nodes.iter_mut().rev() {
        let buffer = node.input.buffer;
        node.input_gradient = match written.contains(&buffer) {
            _ if buffer == 0 => InputGradient::None,
            true => InputGradient::Add,
            false => InputGradient::Set,
        };
        written.push(buffer);
    }
}

/// Gives the gradient of each buffer a slot, from its first writing in the backward pass until the buffer's own node has
/// passed it on.
fn slots(nodes: &[Node], buffers: &[usize]) -> (Vec<Option<usize>>, Vec<usize>) {
    let mut slot_of: Vec<Option<usize>> = vec![None; buffers.len()];
    let (mut slots, mut free): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut take = |buffer: usize, free: &mut Vec<usize>| {
        // The free slot that needs to grow least.
        let best = (0..free.len()).min_by_key(|&at| buffers[buffer].abs_diff(slots[free[at]]));
        let slot = best.map(|at| free.swap_remove(at)).unwrap_or_else(|| {
            slots.push(0);
            slots.len() - 1
        });
        slots[slot] = slots[slot].max(buffers[buffer]);
        slot
    };
    for (number, node) in nodes.iter().enumerate().rev() {
        for buffer in [node.output.buffer, node.input.buffer] {
            if buffer != 0 && slot_of[buffer].is_none() {
                slot_of[buffer] = Some(take(buffer, &mut free));
            }
        }
        let is_first_writer =
            !nodes[..number].iter().any(|earlier| earlier.output.buffer == node.output.buffer);
        if is_first_writer {
            free.extend(slot_of[node.output.buffer]);
        }
    }
    (slot_of, slots)
}
