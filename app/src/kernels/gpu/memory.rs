//! What a core has on the device: allocated once, never grown.

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::server::Handle;

use super::product::{Ending, Kind, Matrix, Product, Source};
use crate::kernels::plan::{Node, Operation, Plan, View, Window};

/// Words of [`Memory::step`] before the labels: the loss slot, and the optimizer's three factors.
pub(super) const HEADER: usize = 4;
/// How many losses are kept.
pub(super) const LOSSES: usize = 1024;
/// How many evaluations' logits are kept.
pub(super) const EVALUATIONS: usize = 64;
/// Into how many spans a sum over pixels is split at most, and how long a span is at least.
const SPANS: usize = 256;
const SHORTEST_SPAN: usize = 16;
/// Scratch that splitting for the sake of occupancy can need: as many results as 256 tiles of 64 by 64 hold.
const SCRATCH: usize = 1 << 20;

/// The buffers of a plan for a number of images.
pub(super) struct Memory {
    /// What nodes read and write.
    pub(super) buffers: Vec<Handle>,
    /// Gradients of them.
    pub(super) slots: Vec<Handle>,
    /// Flat, as is what follows.
    pub(super) parameters: Handle,
    pub(super) velocities: Handle,
    pub(super) gradients: Handle,
    /// 1 where weight decay acts.
    pub(super) decayed: Handle,
    pub(super) statistics: Handle,
    /// What a node remembers for its backward pass: `[4, channels]` of batch norm, the taps max-pooling took, the scales
    /// of response normalization.
    pub(super) remembered: Vec<Option<Handle>>,
    /// Dropout masks.
    pub(super) masks: Vec<Handle>,
    /// What changes with every step: a header, labels, rows of images.
    pub(super) step: Handle,
    /// A ring of losses.
    pub(super) losses: Handle,
    /// A ring of logits.
    pub(super) kept: Handle,
    /// Splits of sums.
    pub(super) scratch: Handle,
    /// Weights with rows and columns changed.
    pub(super) transposed: Handle,
}

impl Memory {
    pub(super) fn new(client: &Client, plan: &Plan, images: usize, software: bool) -> Self {
        // A vector of four must not reach over the end of a buffer, so lengths are multiples of four.
        let numbers = |count: usize| client.empty(count.max(4).next_multiple_of(4) * 4);
        let zeros = |count: usize| upload(client, &vec![0.0; count.max(4).next_multiple_of(4)]);
        let mut decayed = vec![0.0; plan.parameters.next_multiple_of(4)];
        plan.decayed.iter().for_each(|range| decayed[range.clone()].fill(1.0));
        let classes = plan.logits.channels;
        let remembered = plan.nodes.iter().map(|node| {
            Some(numbers(match node.operation {
                Operation::BatchNorm { .. } => 4 * node.output.channels,
                Operation::MaxPool(_) | Operation::LocalResponseNorm => {
                    images * node.output.pixels() * node.output.channels
                }
                _ => return None,
            }))
        });
        let transposed = plan.nodes.iter().filter_map(weight).map(|(_, weight)| weight.len()).max();
        let one = client.empty(16);
        let scratch =
            plan.nodes.iter().filter_map(|node| weight_gradient(node, images, &one, &one, &one));
        let scratch = scratch.map(|product| product.scratch(software)).max();
        Self {
            buffers: plan.buffers.iter().map(|size| numbers(size * images)).collect(),
            slots: plan.slots.iter().map(|size| numbers(size * images)).collect(),
            parameters: zeros(plan.parameters),
            velocities: zeros(plan.parameters),
            gradients: zeros(plan.parameters),
            decayed: upload(client, &decayed),
            statistics: zeros(plan.statistics),
            remembered: remembered.collect(),
            masks: plan.masks.iter().map(|units| numbers(units * images)).collect(),
            step: numbers(HEADER + 2 * images),
            losses: zeros(LOSSES),
            kept: numbers(EVALUATIONS * images * classes),
            scratch: numbers(scratch.unwrap_or(0).max(SCRATCH)),
            transposed: numbers(transposed.unwrap_or(0)),
        }
    }
}

/// A new buffer with these values.
pub(super) fn upload(client: &Client, values: &[f32]) -> Handle {
    client.create(Bytes::from_elems(values.to_vec()))
}

/// Overwrites the beginning of a buffer.
pub(super) fn write(client: &Client, buffer: &Handle, values: Bytes) {
    let behind = buffer.size_in_used() - values.len() as u64;
    client.write(&buffer.clone().offset_end(behind), values);
}

/// How many pixels a span has, and how many spans there are.
pub(super) fn spans(pixels: usize) -> (usize, usize) {
    let span = pixels.div_ceil(SPANS).max(SHORTEST_SPAN);
    (span, pixels.div_ceil(span))
}

/// 4 if all numbers are multiples of four, else 1: what one invocation takes at a time.
pub(super) fn unit(numbers: &[usize]) -> usize {
    if numbers.iter().all(|number| number.is_multiple_of(4)) { 4 } else { 1 }
}

/// The window of a convolution or dense layer, and its weights. A dense layer is a window of one pixel.
pub(super) fn weight(node: &Node) -> Option<(Window, std::ops::Range<usize>)> {
    match &node.operation {
        Operation::Convolution { window, weight, .. } => Some((*window, weight.clone())),
        Operation::Dense { weight, .. } => {
            Some((Window { size: 1, step: 1, before: 0 }, weight.clone()))
        }
        _ => None,
    }
}

/// The input of a convolution or dense layer; the latter's is all of an image as one pixel.
pub(super) fn product_input(node: &Node) -> View {
    match node.operation {
        Operation::Dense { .. } => {
            let all = node.input.pixels() * node.input.stride;
            View { side: 1, stride: all, offset: 0, channels: all, ..node.input }
        }
        _ => node.input,
    }
}

/// The gradient of a node's weights, from its input and the gradient of its output.
pub(super) fn weight_gradient<'a>(
    node: &Node,
    images: usize,
    input: &'a Handle,
    output: &'a Handle,
    gradients: &'a Handle,
) -> Option<Product<'a>> {
    let (window, weight) = weight(node)?;
    let View { stride, offset, channels, .. } = node.output;
    Some(Product {
        kind: Kind::Weights,
        source: Source::forward(product_input(node), window, node.output.side),
        left: input,
        right: Matrix { buffer: output, stride, offset },
        result: Matrix { buffer: gradients, stride: channels, offset: weight.start },
        pixels: images * node.output.pixels(),
        columns: channels,
        ending: Ending::default(),
    })
}
