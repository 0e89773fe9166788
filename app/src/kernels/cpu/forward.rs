//! The forward pass: every node of the plan in order, each by its kernel.

use super::super::plan::{Node, Operation, View};
use super::convolution::Convolution;
use super::core::{CpuBatch, CpuCore, Mode, grow};
use super::norm::BatchNorm;
use super::region::{Region, RegionMut};
use super::tile::Affine;
use super::{copy, dense, dropout, lrn, pool};

impl CpuCore {
    /// Puts a batch of `count` images into buffer 0 and carries out all nodes.
    pub(super) fn forward(&mut self, batch: CpuBatch<'_>, count: usize, mode: Mode) {
        for (buffer, &values) in self.activations.iter_mut().zip(&self.plan.buffers) {
            grow(buffer, values, count);
        }
        let values = self.plan.buffers[0];
        let input = &mut self.activations[0][..count * values];
        match batch {
            CpuBatch::Values(numbers) => input.copy_from_slice(numbers),
            CpuBatch::Rows(images, rows) => {
                // Too few would leave images of the last step.
                assert_eq!(rows.len(), count, "a row for each label");
                for (target, &row) in input.chunks_exact_mut(values).zip(rows) {
                    target.copy_from_slice(&images[row as usize * values..][..values]);
                }
            }
        }
        for number in 0..self.plan.nodes.len() {
            let output = self.plan.nodes[number].output.buffer;
            let mut target = std::mem::take(&mut self.activations[output]);
            self.node_forward(number, &mut target, count, mode);
            self.activations[output] = target;
        }
    }

    /// A view of the activations.
    pub(super) fn region(&self, view: View) -> Region<'_> {
        Region { view, numbers: &self.activations[view.buffer] }
    }

    /// Carries out one node; `target` is the buffer it writes to.
    pub(super) fn node_forward(
        &mut self,
        number: usize,
        target: &mut [f32],
        batch: usize,
        mode: Mode,
    ) {
        let Node { operation, input: input_view, output: output_view, .. } =
            &self.plan.nodes[number];
        let (arch, parameters) = (self.arch, &self.state.parameters);
        // Not by `region`, which would borrow the scratch space too.
        let input = Region { view: *input_view, numbers: &self.activations[input_view.buffer] };
        let output = RegionMut { view: *output_view, numbers: target, accumulate: false };
        match operation {
            Operation::Convolution { window, weight, bias, relu } => {
                let bias = bias.clone().map(|bias| &parameters[bias]);
                let affine = Affine { weight: &parameters[weight.clone()], bias, relu: *relu };
                let convolution =
                    Convolution { arch, window: *window, input: *input_view, output: *output_view };
                convolution.forward(&mut self.scratch, affine, input, output, batch);
            }
            Operation::Dense { weight, bias, relu } => {
                let bias = Some(&parameters[bias.clone()]);
                let affine = Affine { weight: &parameters[weight.clone()], bias, relu: *relu };
                dense::forward(arch, affine, input, output, batch);
            }
            Operation::BatchNorm { beta, statistics, relu } => {
                let layer = BatchNorm { arch, beta: &parameters[beta.clone()], relu: *relu };
                let statistics =
                    &mut self.state.statistics[*statistics..][..2 * input_view.channels];
                if mode == Mode::Training {
                    let measured = &mut self.measured[number];
                    layer.train(measured, statistics, input, output, batch);
                } else {
                    layer.evaluate(statistics, input, output, batch);
                }
            }
            Operation::MaxPool(window) => pool::max(arch, *window, input, output, batch),
            Operation::MeanPool => pool::mean(arch, input, output, batch),
            Operation::LocalResponseNorm => lrn::forward(arch, input, output, batch),
            Operation::Copy { relu } => copy::forward(arch, *relu, input, output, batch),
            Operation::Dropout { mask } if mode == Mode::Training => {
                dropout::multiply(arch, &self.masks[*mask], input, output, batch);
            }
            Operation::Dropout { .. } => copy::forward(arch, false, input, output, batch),
        }
    }
}
