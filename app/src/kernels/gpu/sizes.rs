//! How many numbers each buffer of a core holds: the one list that [`Memory`](super::memory::Memory) allocates and that
//! a check of limits reads before anything is allocated. Numbers are counted in 64 bits, because what does not fit must
//! be told, also where addresses have 32.

use super::product::{ProductShape, weight};
use crate::kernels::plan::{Node, Operation, Plan};

/// Words of [`Memory::step`](super::memory::Memory::step) before the labels: the loss slot, and the optimizer's three
/// factors.
pub(super) const HEADER: usize = 4;
/// How many losses are kept.
pub(super) const LOSSES: usize = 1024;
/// Into how many spans a sum over pixels is split at most, and how long a span is at least.
const SPANS: usize = 256;
const SHORTEST_SPAN: usize = 16;

/// What no buffer may have more of: just below 2^32 bytes, which a tab can still count, in whole fours of numbers.
/// Kernels count elements in 32 bits, and a launch has at most 2^21 invocations more than there are elements; below
/// 2^30 numbers no count of an invocation overflows and becomes that of an element at the beginning.
pub const MAX_BUFFER_BYTES: u64 = (4 << 30) - 16;
// What a tab can count, and what a vector of four numbers divides.
const _: () = assert!(MAX_BUFFER_BYTES <= u32::MAX as u64 && MAX_BUFFER_BYTES.is_multiple_of(16));

/// Bytes of every buffer that a core of this plan keeps for batches of at most `max_batch` images on one GPU, in no
/// order: activations, their gradients, parameters, velocities, gradients and decay factors, statistics, what nodes
/// remember for the backward pass, dropout masks, labels and rows, losses, scratch, transposed weights. `software` is
/// [`GpuDevice`](super::GpuDevice)'s. Each is one binding: none may be larger than the adapter's
/// `max_storage_buffer_binding_size` or [`MAX_BUFFER_BYTES`], and their sum must fit into its memory. Sets of images
/// are buffers of their own: `images * plan.buffers[0] * 4` bytes each.
pub fn binding_bytes(plan: &Plan, max_batch: usize, software: bool) -> Vec<u64> {
    let Sizes {
        buffers,
        slots,
        parameters,
        velocities,
        gradients,
        decayed,
        statistics,
        remembered,
        masks,
        step,
        losses,
        scratch,
        transposed,
    } = Sizes::new(plan, max_batch, software);
    let single =
        [parameters, velocities, gradients, decayed, statistics, step, losses, scratch, transposed];
    let many =
        buffers.into_iter().chain(slots).chain(remembered.into_iter().flatten()).chain(masks);
    many.chain(single).map(|count| 4 * padded(count)).collect()
}

/// Numbers of four bytes in each buffer, before [`padded`].
pub(super) struct Sizes {
    pub(super) buffers: Vec<u64>,
    pub(super) slots: Vec<u64>,
    pub(super) parameters: u64,
    pub(super) velocities: u64,
    pub(super) gradients: u64,
    pub(super) decayed: u64,
    pub(super) statistics: u64,
    pub(super) remembered: Vec<Option<u64>>,
    pub(super) masks: Vec<u64>,
    pub(super) step: u64,
    pub(super) losses: u64,
    pub(super) scratch: u64,
    pub(super) transposed: u64,
}

impl Sizes {
    pub(super) fn new(plan: &Plan, max_batch: usize, software: bool) -> Self {
        let images = max_batch as u64;
        let of_batch = |sizes: &[usize]| sizes.iter().map(|&size| size as u64 * images).collect();
        let remembered = |node: &Node| {
            let channels = node.output.channels as u64;
            match node.operation {
                Operation::BatchNorm { .. } => Some(4 * channels),
                Operation::MaxPool(_) | Operation::LocalResponseNorm => {
                    Some(images * node.output.pixels() as u64 * channels)
                }
                _ => None,
            }
        };
        let parameters = plan.parameters as u64;
        let transposed = plan.nodes.iter().filter_map(weight).map(|(_, weight)| weight.len()).max();
        let scratch = plan.nodes.iter().map(|node| scratch(node, max_batch, software)).max();
        Self {
            buffers: of_batch(&plan.buffers),
            slots: of_batch(&plan.slots),
            parameters,
            velocities: parameters,
            gradients: parameters,
            decayed: parameters,
            statistics: plan.statistics as u64,
            remembered: plan.nodes.iter().map(remembered).collect(),
            masks: of_batch(&plan.masks),
            step: HEADER as u64 + 2 * images,
            losses: LOSSES as u64,
            scratch: scratch.unwrap_or(0),
            transposed: transposed.unwrap_or(0) as u64,
        }
    }
}

/// Numbers in a buffer that is asked to hold `count`: a vector of four must not reach over its end.
pub(super) fn padded(count: u64) -> u64 {
    count.max(4).next_multiple_of(4)
}

/// Numbers of scratch that the launches of a node need, forward and backward, for `max_batch` images or fewer.
fn scratch(node: &Node, max_batch: usize, software: bool) -> u64 {
    let pixels = max_batch.saturating_mul(node.output.pixels());
    let sums = most_spans(pixels) as u64 * node.output.channels as u64;
    match &node.operation {
        // Both launches of batch norm have two sums for each span and channel.
        Operation::BatchNorm { .. } => 2 * sums,
        Operation::Convolution { .. } | Operation::Dense { .. } => [
            ProductShape::forward(node, max_batch),
            ProductShape::weight_gradient(node, max_batch),
            ProductShape::input_gradient(node, max_batch),
        ]
        .into_iter()
        .flatten()
        .map(|shape| shape.most_scratch(software))
        .fold(sums, u64::max),
        Operation::MaxPool(_)
        | Operation::LocalResponseNorm
        | Operation::MeanPool
        | Operation::Copy { .. }
        | Operation::Dropout { .. } => 0,
    }
}

/// How many pixels a span has, and how many spans there are.
pub(super) fn spans(pixels: usize) -> (usize, usize) {
    let span = pixels.div_ceil(SPANS).max(SHORTEST_SPAN);
    (span, pixels.div_ceil(span))
}

/// What the number of spans is at most for so many pixels or fewer.
fn most_spans(pixels: usize) -> usize {
    pixels.div_ceil(SHORTEST_SPAN).min(SPANS)
}
