//! The optimizer of `kernels/sgd.rs`, where its formula stands, over the flat vectors of all parameters, velocities and
//! gradients, `[plan.parameters]` each: one pass, because it does little with each number and waits for memory.

use std::ops::Range;

use pulp::Arch;

use super::super::SgdStep;
use super::parallel::{for_each, vectorized};

/// So many numbers are one thread's at a time.
const LENGTH: usize = 1 << 16;

/// Moves velocities and parameters one step; weights decay in the ranges `decayed`, which are in order.
pub(super) fn step(
    arch: Arch,
    sgd: SgdStep,
    decayed: &[Range<usize>],
    gradient: &[f32],
    velocity: &mut [f32],
    parameters: &mut [f32],
) {
    let parts =
        parameters.chunks_mut(LENGTH).zip(velocity.chunks_mut(LENGTH)).zip(gradient.chunks(LENGTH));
    for_each(
        parts.enumerate().collect(),
        |(number, ((mut parameters, mut velocity), mut gradient))| {
            let mut start = number * LENGTH;
            while !parameters.is_empty() {
                let (length, decays) = run(decayed, start);
                let length = length.min(parameters.len());
                let weight_decay = if decays { sgd.weight_decay } else { 0.0 };
                let (now, parameters_after) = parameters.split_at_mut(length);
                let (velocity_now, velocity_after) = velocity.split_at_mut(length);
                let (gradient_now, gradient_after) = gradient.split_at(length);
                vectorized(
                    arch,
                    #[inline(always)]
                    || {
                        for ((parameter, velocity), gradient) in
                            now.iter_mut().zip(velocity_now.iter_mut()).zip(gradient_now)
                        {
                            *velocity =
                                sgd.momentum * *velocity + (gradient + weight_decay * *parameter);
                            *parameter -= sgd.learning_rate * *velocity;
                        }
                    },
                );
                (parameters, velocity, gradient) =
                    (parameters_after, velocity_after, gradient_after);
                start += length;
            }
        },
    );
}

/// How many numbers from `start` on are treated alike, and whether they decay.
fn run(decayed: &[Range<usize>], start: usize) -> (usize, bool) {
    match decayed.iter().find(|range| range.end > start) {
        Some(range) if range.start <= start => (range.end - start, true),
        Some(range) => (range.start - start, false),
        None => (usize::MAX, false),
    }
}
