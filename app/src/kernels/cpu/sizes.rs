//! How many numbers each array of a core holds: the one list that a check of limits reads before anything is allocated,
//! of lengths that the kernels themselves allocate by. Numbers are counted in 64 bits, because what does not fit must
//! be told, also where addresses have 32.

use pulp::Arch;

use super::super::plan::{InputGradient, Node, Operation, Plan};
use super::convolution::{Convolution, PARTS};
use super::dense::{BLOCK, DEPTH, STRIP};
use super::geometry::Geometry;
use super::panels::lanes;
use super::parallel::threads;
use super::tile::TALLEST;

#[cfg(test)]
mod tests;

/// Of an `f32`.
const NUMBER_BYTES: u64 = 4;

/// Bytes of every array that a core of this plan has at one time at most, in no order, if it is trained on `batch`
/// images at a time and evaluated on `evaluated`: activations, their gradients, what is learned, what batch norm
/// measures, dropout masks, packed weights and partial sums, and what the threads take while they work on the node that
/// needs most. Left out are vectors of a few numbers a channel. Sets of images are arrays of their own.
pub fn array_bytes(plan: &Plan, batch: usize, evaluated: usize) -> Vec<u64> {
    let arch = Arch::new();
    let CpuSizes { activations, slots, state, gradients, measured, masks, panels, partial_sums } =
        CpuSizes::new(plan, arch, batch, evaluated);
    let passing = plan.nodes.iter().flat_map(|node| passing(node, arch, batch, evaluated));
    let most = passing.max_by_key(|arrays| arrays.iter().sum::<u64>()).unwrap_or_default();
    let kept = [activations, slots, measured, masks].into_iter().flatten();
    let single = state.into_iter().chain([gradients, panels, partial_sums]);
    kept.chain(single).chain(most).map(|count| count * NUMBER_BYTES).collect()
}

/// Numbers in each array that is kept between steps.
pub(super) struct CpuSizes {
    pub(super) activations: Vec<u64>,
    pub(super) slots: Vec<u64>,
    /// Parameters, velocities and statistics.
    pub(super) state: [u64; 3],
    pub(super) gradients: u64,
    /// Of each node.
    pub(super) measured: Vec<u64>,
    pub(super) masks: Vec<u64>,
    pub(super) panels: u64,
    pub(super) partial_sums: u64,
}

impl CpuSizes {
    pub(super) fn new(plan: &Plan, arch: Arch, batch: usize, evaluated: usize) -> Self {
        let most = batch.max(evaluated);
        let parameters = plan.parameters as u64;
        let measured = |node: &Node| match node.operation {
            // Mean, scale and rest; two sums an image.
            Operation::BatchNorm { .. } => (3 + 2 * batch as u64) * node.output.channels as u64,
            _ => 0,
        };
        let partial_sums = plan.nodes.iter().map(|node| match &node.operation {
            Operation::Convolution { weight, .. } => (PARTS * weight.len()) as u64,
            _ => 0,
        });
        let panels = plan.nodes.iter().flat_map(|node| packed(node, arch, batch));
        Self {
            activations: plan.buffers.iter().map(|&values| of_batch(values, most)).collect(),
            slots: plan.slots.iter().map(|&values| of_batch(values, batch)).collect(),
            state: [parameters, parameters, plan.statistics as u64],
            gradients: parameters,
            measured: plan.nodes.iter().map(measured).collect(),
            masks: plan.masks.iter().map(|&units| units as u64 * batch as u64).collect(),
            panels: panels.max().unwrap_or(0),
            partial_sums: partial_sums.max().unwrap_or(0),
        }
    }
}

/// Numbers of so many images of `values` numbers each. Tiles read past the end.
pub(super) fn of_batch(values: usize, images: usize) -> u64 {
    values as u64 * images as u64 + TALLEST as u64
}

/// Numbers of a packed matrix `[inner, outputs]`: its columns are filled up to whole vectors.
pub(super) fn panels(lanes: usize, inner: usize, outputs: usize) -> u64 {
    inner as u64 * outputs.next_multiple_of(lanes) as u64
}

/// Numbers of the blocks that the strips of a dense product fill, `[strips, images, STRIP]`.
pub(super) fn dense_blocks(images: usize, columns: usize) -> u64 {
    columns.div_ceil(STRIP) as u64 * images as u64 * STRIP as u64
}

/// Numbers of every matrix that a node packs into the panels that are kept.
fn packed(node: &Node, arch: Arch, batch: usize) -> Vec<u64> {
    let (inputs, outputs) = (node.input.channels, node.output.channels);
    let panels = |inner, outputs| panels(lanes(arch), inner, outputs);
    match &node.operation {
        Operation::Convolution { window, .. } => {
            let taps = window.size * window.size;
            let backward = if window.step == 1 {
                panels(taps * outputs, inputs)
            } else {
                panels(outputs, taps * inputs)
            };
            let has_gradient = node.input_gradient != InputGradient::None;
            let backward = has_gradient.then_some(backward);
            std::iter::once(panels(taps * inputs, outputs)).chain(backward).collect()
        }
        Operation::Dense { .. } => vec![panels(batch, outputs)],
        _ => Vec::new(),
    }
}

/// For each kernel of a node that takes arrays while it works, the numbers of each of them.
fn passing(node: &Node, arch: Arch, batch: usize, evaluated: usize) -> Vec<Vec<u64>> {
    let most = batch.max(evaluated);
    // Of a thread, as often as threads can be at work.
    let of_threads = |arrays: Vec<u64>, parts: usize| arrays.repeat(threads().min(parts));
    match &node.operation {
        Operation::Convolution { window, .. } => {
            let (window, input, output) = (*window, node.input, node.output);
            let convolution = Convolution { arch, window, input, output };
            let (over_input, over_output) = (convolution.over_input(), convolution.over_output());
            let group = over_input.group();
            let convolve = |geometry: Geometry, images: usize| {
                let group = geometry.group();
                of_threads(windows(geometry, group.min(images)), images.div_ceil(group))
            };
            let images = group.min(batch.div_ceil(PARTS));
            let own = panels(lanes(arch), images * output.pixels(), output.channels);
            let mut weight_gradient = windows(over_input, images);
            weight_gradient.push(own);
            let input_gradient = if window.step == 1 {
                convolve(over_output, batch)
            } else {
                of_threads(windows(over_input, 1), batch)
            };
            vec![convolve(over_input, most), of_threads(weight_gradient, PARTS), input_gradient]
        }
        Operation::Dense { .. } => {
            let (inputs, outputs) =
                (node.input.pixels() * node.input.channels, node.output.channels);
            let product = |images: usize, columns: usize| {
                let strips = of_threads(vec![(DEPTH * STRIP) as u64], columns.div_ceil(STRIP));
                [vec![dense_blocks(images, columns)], strips].concat()
            };
            let weight_gradient = of_threads(vec![(BLOCK * DEPTH) as u64], inputs.div_ceil(BLOCK));
            vec![product(most, outputs), product(batch, inputs), weight_gradient]
        }
        _ => Vec::new(),
    }
}

/// What a thread takes for the windows of some images: frames, and where each window begins.
fn windows(geometry: Geometry, images: usize) -> Vec<u64> {
    let starts = images as u64 * (geometry.positions * geometry.positions) as u64;
    let frames = geometry.needs_frames().then(|| of_batch(geometry.frame(), images));
    let start_bytes = size_of::<usize>() as u64;
    frames.into_iter().chain([starts * start_bytes / NUMBER_BYTES]).collect()
}
