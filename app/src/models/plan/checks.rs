//! What is asked of one layer before it becomes a node: what it takes is what arrives, and its sizes are such that
//! kernels can count with them.

use super::{Flow, Form, PlanError};
use crate::kernels::plan::Window;

/// Side of a window, and pixels from one to the next, at most: larger than any image, and so small that no sum or
/// product of coordinates overflows 32 bits, which GPUs count in.
const MAX_WINDOW: usize = 4096;

pub(super) fn needs_image(named: &str, flow: Flow) -> Result<(), PlanError> {
    if flow.form == Form::Image {
        Ok(())
    } else {
        Err(PlanError::NeedsImage { layer: named.into() })
    }
}

pub(super) fn takes(named: &str, takes: usize, arrive: usize) -> Result<(), PlanError> {
    if takes == arrive {
        Ok(())
    } else {
        Err(PlanError::Inputs { layer: named.into(), takes, arrive })
    }
}

pub(super) fn at_least_one(named: &str, sizes: &[(&'static str, usize)]) -> Result<(), PlanError> {
    let zero = sizes.iter().find(|(_, size)| *size == 0);
    zero.map_or(Ok(()), |(what, _)| Err(PlanError::Zero { layer: named.into(), what }))
}

pub(super) fn at_most(named: &str, sizes: &[(&'static str, usize)]) -> Result<(), PlanError> {
    match sizes.iter().find(|(_, size)| *size > MAX_WINDOW) {
        Some(&(what, size)) => {
            Err(PlanError::TooFar { layer: named.into(), what, size, max: MAX_WINDOW })
        }
        None => Ok(()),
    }
}

/// Numbers an image of a buffer; none if they cannot be counted.
pub(super) fn numbers(side: usize, channels: usize) -> Option<usize> {
    side.checked_mul(side)?.checked_mul(channels)
}

/// TensorFlow's SAME padding: `ceil(side / step)` windows, the odd pixel of the padding at the end.
pub(super) fn same(side: usize, size: usize, step: usize) -> (Window, usize) {
    let positions = side.div_ceil(step);
    let padding = ((positions - 1) * step).saturating_add(size).saturating_sub(side);
    (Window { size, step, before: padding / 2 }, positions)
}
