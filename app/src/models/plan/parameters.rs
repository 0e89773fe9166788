//! Parameters in the flat vector of a plan: where each stands, and in which order its values.

use std::ops::Range;

use crate::kernels::plan::ALIGNMENT;
use crate::models::layer::{ParameterSpec, Role};

/// How a parameter's values stand in the flat vector of a plan, against their own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As they are.
    Own,
    /// `[outputs, inputs, size, size]` as `[size, size, inputs, outputs]`.
    Convolution,
    /// Rows that belong to `[channels, pixels]` as rows of `[pixels, channels]`.
    Rows {
        /// Channels of the image that was made a vector.
        channels: usize,
        /// Its pixels.
        pixels: usize,
    },
}

/// A parameter and its place in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::models) struct Placed {
    pub(in crate::models) spec: ParameterSpec,
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
    pub(in crate::models) fn write(&self, own: &[f32], flat: &mut [f32]) {
        let flat = &mut flat[self.range.clone()];
        own.iter().enumerate().for_each(|(at, value)| flat[self.place(at)] = *value);
    }

    /// The parameter's own values from the plan's vector.
    pub(in crate::models) fn read(&self, flat: &[f32]) -> Vec<f32> {
        let flat = &flat[self.range.clone()];
        (0..self.spec.len()).map(|at| flat[self.place(at)]).collect()
    }
}

/// The range of the next parameter: it starts at a multiple of [`ALIGNMENT`]. None if it cannot be counted.
pub(super) fn next_range(parameters: &[Placed], spec: &ParameterSpec) -> Option<Range<usize>> {
    let before = parameters.last().map_or(0, |placed| placed.range.end);
    let start = before.checked_next_multiple_of(ALIGNMENT)?;
    let length = spec.shape.iter().try_fold(1usize, |length, side| length.checked_mul(*side))?;
    // The whole vector ends at a multiple too.
    start.checked_add(length)?.checked_next_multiple_of(ALIGNMENT)?;
    Some(start..start + length)
}

/// The ranges that weight decay touches. Neighbours become one range, over the padding between them: it is 0, and decay
/// leaves 0 as it is.
pub(super) fn decayed(parameters: &[Placed], decays: impl Fn(Role) -> bool) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut is_neighbour = false;
    for placed in parameters {
        let is_decayed = decays(placed.spec.role);
        match ranges.last_mut() {
            Some(last) if is_decayed && is_neighbour => last.end = placed.range.end,
            _ if is_decayed => ranges.push(placed.range.clone()),
            _ => {}
        }
        is_neighbour = is_decayed;
    }
    ranges
}
