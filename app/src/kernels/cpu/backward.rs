//! The backward pass: the loss, then every node of the plan in reverse, each by its kernel. A node finds the gradient
//! of its output whole, because all that read it come after it in the plan.

use super::super::plan::{InputGradient, Node, Operation, View};
use super::bias::bias_gradient;
use super::convolution::Convolution;
use super::core::{CpuCore, grow};
use super::loss::softmax_cross_entropy;
use super::norm::BatchNorm;
use super::region::{Region, RegionMut};
use super::relu::relu_backward;
use super::{copy, dense, dropout, lrn, pool};

impl CpuCore {
    /// Returns the mean cross-entropy of the batch and leaves the gradients of all parameters in `gradients`.
    pub(super) fn backward(&mut self, labels: &[u8]) -> f32 {
        let batch = labels.len();
        for (slot, &values) in self.slots.iter_mut().zip(&self.plan.slots) {
            grow(slot, values, batch);
        }
        let view = self.plan.logits;
        let slot = self.slot(view);
        let logits = Region { view, numbers: &self.activations[view.buffer] };
        let gradient = RegionMut { view, numbers: &mut self.slots[slot], accumulate: false };
        let loss = softmax_cross_entropy(logits, labels, gradient);
        for number in (0..self.plan.nodes.len()).rev() {
            let Node { input, output, input_gradient, .. } = self.plan.nodes[number];
            let from = self.slot(output);
            let mut output_gradient = std::mem::take(&mut self.slots[from]);
            let to = (input_gradient != InputGradient::None).then(|| self.slot(input));
            let mut target = to.map(|to| std::mem::take(&mut self.slots[to]));
            let region = target.as_mut().map(|numbers| RegionMut {
                view: input,
                numbers,
                accumulate: input_gradient == InputGradient::Add,
            });
            self.node_backward(number, &mut output_gradient, region, batch);
            self.slots[from] = output_gradient;
            if let (Some(to), Some(target)) = (to, target) {
                self.slots[to] = target;
            }
        }
        loss
    }

    fn slot(&self, view: View) -> usize {
        self.plan.gradient_slots[view.buffer].expect("only the input has no gradient")
    }

    /// Gradients of a node's parameters, and of its input where it is asked for.
    pub(super) fn node_backward(
        &mut self,
        number: usize,
        gradient_numbers: &mut [f32],
        input_gradient: Option<RegionMut<'_>>,
        batch: usize,
    ) {
        let Node { operation, input: input_view, output: output_view, .. } =
            &self.plan.nodes[number];
        let (arch, parameters) = (self.arch, &self.state.parameters);
        let input = Region { view: *input_view, numbers: &self.activations[input_view.buffer] };
        let output = Region { view: *output_view, numbers: &self.activations[output_view.buffer] };
        if let Operation::Convolution { relu: true, .. } | Operation::Dense { relu: true, .. } =
            operation
        {
            relu_backward(arch, output, gradient_numbers, batch);
        }
        let output_gradient = Region { view: *output_view, numbers: gradient_numbers };
        // What has no parameters has nothing to do where the input is the data.
        match (operation, input_gradient) {
            (Operation::Convolution { window, weight, bias, .. }, input_gradient) => {
                if let Some(bias) = bias {
                    bias_gradient(output_gradient, &mut self.gradients[bias.clone()], batch);
                }
                let convolution =
                    Convolution { arch, window: *window, input: *input_view, output: *output_view };
                let (scratch, gradient) = (&mut self.scratch, &mut self.gradients[weight.clone()]);
                convolution.weight_gradient(scratch, input, output_gradient, gradient, batch);
                if let Some(target) = input_gradient {
                    let weight = &parameters[weight.clone()];
                    convolution.input_gradient(scratch, weight, output_gradient, target, batch);
                }
            }
            (Operation::Dense { weight, bias, .. }, input_gradient) => {
                bias_gradient(output_gradient, &mut self.gradients[bias.clone()], batch);
                let gradient = &mut self.gradients[weight.clone()];
                let panels = &mut self.scratch.panels;
                dense::weight_gradient(arch, panels, input, output_gradient, gradient, batch);
                if let Some(target) = input_gradient {
                    let weight = &parameters[weight.clone()];
                    dense::input_gradient(arch, weight, output_gradient, target, batch);
                }
            }
            (Operation::BatchNorm { beta, relu, .. }, input_gradient) => {
                let layer = BatchNorm { arch, beta: &parameters[beta.clone()], relu: *relu };
                let gradient = &mut self.gradients[beta.clone()];
                let measured = &mut self.measured[number];
                layer.backward(measured, gradient, input, output_gradient, input_gradient, batch);
            }
            (_, None) => {}
            (Operation::MaxPool(window), Some(target)) => {
                pool::max_gradient(arch, *window, input, output, output_gradient, target, batch);
            }
            (Operation::MeanPool, Some(target)) => {
                pool::mean_gradient(arch, output_gradient, target, batch);
            }
            (Operation::LocalResponseNorm, Some(target)) => {
                lrn::backward(arch, input, output_gradient, target, batch);
            }
            (Operation::Copy { relu }, Some(target)) => {
                copy::backward(arch, relu.then_some(output), output_gradient, target, batch);
            }
            (Operation::Dropout { mask }, Some(target)) => {
                dropout::multiply(arch, &self.masks[*mask], output_gradient, target, batch);
            }
        }
    }
}
