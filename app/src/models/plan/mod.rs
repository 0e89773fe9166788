//! From layers to a plan: buffers, parameter ranges, what is fused, and where gradients live. Shapes are found by
//! building; what does not fit together is refused with a sentence.

mod checks;
mod error;
mod gradients;
mod parameters;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::layer::{Layer, Role};
use crate::kernels::plan::{ALIGNMENT, InputGradient, Node, Operation, Plan, View, Window};
use checks::{at_least_one, at_most, needs_image, numbers, same, takes};
pub use error::PlanError;
pub(super) use parameters::Placed;
use parameters::{Order, decayed, next_range};

/// The plan of a network on images `[side, side, channels]`. Weight decay touches the roles `decays` names; dropout
/// layers are left out if there is no dropout.
///
/// # Errors
///
/// What does not fit together, in which layer, and what to do.
pub fn build_plan(
    layers: &[Layer],
    image: [usize; 2],
    with_dropout: bool,
    decays: impl Fn(Role) -> bool,
) -> Result<Plan, PlanError> {
    Ok(build(layers, image, with_dropout, decays)?.0)
}

/// Builds the plan of a network and says where its parameters stand in it.
pub(super) fn build(
    layers: &[Layer],
    [side, channels]: [usize; 2],
    with_dropout: bool,
    decays: impl Fn(Role) -> bool,
) -> Result<(Plan, Vec<Placed>), PlanError> {
    if side == 0 || channels == 0 {
        return Err(PlanError::EmptyImage { side, channels });
    }
    let mut builder = Builder { with_dropout, ..Builder::default() };
    let view = builder.output("the input", side, channels, None)?;
    let end = builder.layers("", layers, Flow { view, form: Form::Image }, None)?;
    if builder.parameters.is_empty() {
        return Err(PlanError::NoParameters);
    }
    if end.form != Form::Vector {
        return Err(PlanError::Logits { end: end.describe() });
    }
    gradients::mark_input_gradients(&mut builder.nodes);
    let (gradient_slots, slots) = gradients::slots(&builder.nodes, &builder.buffers);
    let length = builder.parameters.last().map_or(0, |placed| placed.range.end);
    let plan = Plan {
        parameters: length.next_multiple_of(ALIGNMENT),
        nodes: builder.nodes,
        buffers: builder.buffers,
        gradient_slots,
        slots,
        logits: end.view,
        decayed: decayed(&builder.parameters, decays),
        statistics: builder.statistics,
        masks: builder.masks,
    };
    Ok((plan, builder.parameters))
}

/// What flows from layer to layer.
#[derive(Clone, Copy)]
struct Flow {
    view: View,
    form: Form,
}

/// How the numbers of a view are to be understood.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// `[channels, side, side]`.
    Image,
    /// An image of several pixels that counts as a vector. Its numbers stay channels last; the dense layer that reads
    /// it orders its rows by it.
    FlattenedImage,
    /// A vector of `channels` units, side 1.
    Vector,
}

impl Flow {
    fn describe(&self) -> String {
        let View { side, channels, .. } = self.view;
        match self.form {
            Form::Image => format!("an image of {side}x{side}"),
            Form::FlattenedImage => format!("a flattened image of {side}x{side}"),
            Form::Vector => format!("a vector of {channels}"),
        }
    }
}

/// Where the last layer of a branch writes: some channels of the buffer that joins the branches, from `offset` on.
#[derive(Clone, Copy)]
struct Slice {
    buffer: usize,
    offset: usize,
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
    /// Adds the nodes of some layers. The last one writes to `target`, if there is one and it can. `before` says in
    /// which branch they are.
    fn layers(
        &mut self,
        before: &str,
        layers: &[Layer],
        mut flow: Flow,
        target: Option<Slice>,
    ) -> Result<Flow, PlanError> {
        let with_dropout = self.with_dropout;
        let mut rest = layers
            .iter()
            .enumerate()
            .filter(|(_, layer)| with_dropout || !matches!(layer, Layer::Dropout))
            .peekable();
        while let Some((number, layer)) = rest.next() {
            let does_relu =
                matches!(layer, Layer::Conv { .. } | Layer::BatchNorm { .. } | Layer::Dense { .. });
            let relu = does_relu && rest.next_if(|(_, next)| matches!(next, Layer::Relu)).is_some();
            let target = target.filter(|_| rest.peek().is_none());
            let position = format!("{before}layer {}", number + 1);
            flow = self.layer(&position, layer, relu, flow, target)?;
        }
        Ok(flow)
    }

    fn layer(
        &mut self,
        position: &str,
        layer: &Layer,
        relu: bool,
        flow: Flow,
        target: Option<Slice>,
    ) -> Result<Flow, PlanError> {
        let named = format!("{position} ({layer})");
        let named = named.as_str();
        let Flow { view, form } = flow;
        let (operation, side, channels, form) = match *layer {
            Layer::Conv { inputs, outputs, kernel, stride, bias, .. } => {
                needs_image(named, flow)?;
                at_least_one(
                    named,
                    &[("outputs", outputs), ("kernel", kernel), ("stride", stride)],
                )?;
                at_most(named, &[("kernel", kernel), ("stride", stride)])?;
                takes(named, inputs, view.channels)?;
                let mut ranges = self.place(named, layer, &[Order::Convolution, Order::Own])?;
                let bias = if bias { ranges.pop() } else { None };
                let (window, side) = same(view.side, kernel, stride);
                let weight = ranges.remove(0);
                (Operation::Convolution { window, weight, bias, relu }, side, outputs, form)
            }
            Layer::BatchNorm { channels, .. } => {
                needs_image(named, flow)?;
                takes(named, channels, view.channels)?;
                let beta = self.place(named, layer, &[Order::Own])?.remove(0);
                let statistics = self.statistics;
                self.statistics += 2 * channels;
                (Operation::BatchNorm { beta, statistics, relu }, view.side, channels, form)
            }
            Layer::Dense { inputs, outputs, .. } => {
                let rows = match form {
                    Form::Image => return Err(PlanError::NeedsVector { layer: named.into() }),
                    Form::Vector => Order::Own,
                    Form::FlattenedImage => {
                        Order::Rows { channels: view.channels, pixels: view.pixels() }
                    }
                };
                at_least_one(named, &[("outputs", outputs)])?;
                takes(named, inputs, view.pixels() * view.channels)?;
                let mut ranges = self.place(named, layer, &[rows, Order::Own])?;
                let (weight, bias) = (ranges.remove(0), ranges.remove(0));
                let output = self.output(named, 1, outputs, None)?;
                self.push(Operation::Dense { weight, bias, relu }, view, output);
                return Ok(Flow { view: output, form: Form::Vector });
            }
            Layer::MaxPool { size, stride, same: is_same } => {
                needs_image(named, flow)?;
                at_least_one(named, &[("pixels in its window", size), ("stride", stride)])?;
                at_most(named, &[("window", size), ("stride", stride)])?;
                let (window, side) = if is_same {
                    same(view.side, size, stride)
                } else if size > view.side {
                    let layer = named.into();
                    return Err(PlanError::Window { layer, size, side: view.side });
                } else {
                    (Window { size, step: stride, before: 0 }, (view.side - size) / stride + 1)
                };
                (Operation::MaxPool(window), side, view.channels, form)
            }
            Layer::LocalResponseNorm => {
                needs_image(named, flow)?;
                (Operation::LocalResponseNorm, view.side, view.channels, form)
            }
            Layer::MeanPool => {
                needs_image(named, flow)?;
                (Operation::MeanPool, 1, view.channels, Form::Vector)
            }
            // The layer before could not do it.
            Layer::Relu => (Operation::Copy { relu: true }, view.side, view.channels, form),
            Layer::Dropout => {
                self.masks.push(view.pixels() * view.channels);
                let mask = self.masks.len() - 1;
                (Operation::Dropout { mask }, view.side, view.channels, form)
            }
            Layer::Flatten => {
                let form = match form {
                    Form::Image if view.side > 1 => Form::FlattenedImage,
                    Form::Image => Form::Vector,
                    Form::FlattenedImage | Form::Vector => form,
                };
                return Ok(Flow { view, form });
            }
            Layer::Branches(ref branches) => {
                return self.branches(position, named, branches, flow, target);
            }
        };
        let output = self.output(named, side, channels, target)?;
        self.push(operation, view, output);
        Ok(Flow { view: output, form })
    }

    /// Branches write side by side into one buffer: that of `target`, if they are the last layer of a branch
    /// themselves.
    fn branches(
        &mut self,
        position: &str,
        named: &str,
        branches: &[Vec<Layer>],
        flow: Flow,
        target: Option<Slice>,
    ) -> Result<Flow, PlanError> {
        let too_large = || PlanError::TooLarge { layer: named.into() };
        let join = match target {
            Some(slice) => slice,
            None => {
                self.buffers.push(0);
                Slice { buffer: self.buffers.len() - 1, offset: 0 }
            }
        };
        let mut offset = join.offset;
        let mut first: Option<Flow> = None;
        for (branch, layers) in (1..).zip(branches) {
            let slice = Slice { offset, ..join };
            let before = format!("{position}, branch {branch}, ");
            let end = self.layers(&before, layers, flow, Some(slice))?;
            if end.form == Form::FlattenedImage {
                return Err(PlanError::FlattenedBranch { layer: named.into(), branch });
            }
            let end = self.write(named, end, slice)?;
            let first = first.get_or_insert(end);
            if (first.form, first.view.side) != (end.form, end.view.side) {
                let (layer, first, other) = (named.into(), first.describe(), end.describe());
                return Err(PlanError::Branches { layer, branch, first, other });
            }
            offset = offset.checked_add(end.view.channels).ok_or_else(too_large)?;
        }
        let Some(Flow { view: View { side, .. }, form }) = first else {
            return Err(PlanError::NoBranch { layer: named.into() });
        };
        let channels = offset - join.offset;
        if target.is_none() {
            // Only now it is known how many channels stand side by side.
            self.buffers[join.buffer] = numbers(side, channels).ok_or_else(too_large)?;
            let written = self.nodes.iter_mut().map(|node| &mut node.output);
            written
                .filter(|output| output.buffer == join.buffer)
                .for_each(|output| output.stride = channels);
        }
        let Slice { buffer, offset } = join;
        Ok(Flow { view: View { buffer, side, stride: channels, offset, channels }, form })
    }

    /// Copies what flows into a slice unless it has been written there: the end of a branch without layers, or of one
    /// whose last layer writes a buffer of its own.
    fn write(&mut self, named: &str, flow: Flow, slice: Slice) -> Result<Flow, PlanError> {
        let View { buffer, side, channels, .. } = flow.view;
        if buffer == slice.buffer {
            return Ok(flow);
        }
        let output = self.output(named, side, channels, Some(slice))?;
        self.push(Operation::Copy { relu: false }, flow.view, output);
        Ok(Flow { view: output, ..flow })
    }

    /// The view that a node writes: channels of `target`, whose stride is found out at its join, or a buffer of its
    /// own.
    fn output(
        &mut self,
        named: &str,
        side: usize,
        channels: usize,
        target: Option<Slice>,
    ) -> Result<View, PlanError> {
        let count =
            numbers(side, channels).ok_or_else(|| PlanError::TooLarge { layer: named.into() })?;
        let (Slice { buffer, offset }, stride) = match target {
            Some(slice) => (slice, 0),
            None => {
                self.buffers.push(count);
                (Slice { buffer: self.buffers.len() - 1, offset: 0 }, channels)
            }
        };
        Ok(View { buffer, side, stride, offset, channels })
    }

    fn push(&mut self, operation: Operation, input: View, output: View) {
        self.nodes.push(Node { operation, input, output, input_gradient: InputGradient::None });
    }

    /// Gives the parameters of a layer their ranges.
    fn place(
        &mut self,
        named: &str,
        layer: &Layer,
        orders: &[Order],
    ) -> Result<Vec<Range<usize>>, PlanError> {
        let mut ranges = Vec::new();
        for (spec, order) in layer.parameters().into_iter().zip(orders) {
            if self.parameters.iter().any(|placed| placed.spec.name == spec.name) {
                return Err(PlanError::Name { layer: named.into(), parameter: spec.name });
            }
            let range = next_range(&self.parameters, &spec)
                .ok_or_else(|| PlanError::TooLarge { layer: named.into() })?;
            self.parameters.push(Placed { spec, range: range.clone(), order: order.clone() });
            ranges.push(range);
        }
        Ok(ranges)
    }
}
