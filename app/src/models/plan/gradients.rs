//! The backward pass of a plan: who sets a gradient and who adds to it, and which memory it lives in. The backward pass
//! is the nodes in reverse, so "first" and "later" below mean the other way round than in the list.

use crate::kernels::plan::{InputGradient, Node, View};

/// The first to write the gradient of a view sets it, the others add. Nodes that read different channels of one buffer
/// do not meet; a node reads either all that another has read of a buffer, or nothing of it.
pub(super) fn mark_input_gradients(nodes: &mut [Node]) {
    let mut written: Vec<View> = Vec::new();
    for node in nodes.iter_mut().rev() {
        node.input_gradient = if node.input.buffer == 0 {
            InputGradient::None
        } else if written.iter().any(|view| overlap(view, &node.input)) {
            InputGradient::Add
        } else {
            InputGradient::Set
        };
        written.push(node.input);
    }
}

/// Whether two views have numbers in common.
fn overlap(one: &View, other: &View) -> bool {
    one.buffer == other.buffer
        && one.offset < other.offset + other.channels
        && other.offset < one.offset + one.channels
}

/// Gives the gradient of each buffer a slot, from its first writing in the backward pass until all nodes that write
/// into the buffer have passed it on; returns the slot of each buffer, and the numbers an image in each slot.
pub(super) fn slots(nodes: &[Node], buffers: &[usize]) -> (Vec<Option<usize>>, Vec<usize>) {
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
    // The branches of a join write into one buffer: its gradient is needed until the earliest of them has read it.
    let mut earliest_writer = vec![None; buffers.len()];
    for (number, node) in nodes.iter().enumerate().rev() {
        earliest_writer[node.output.buffer] = Some(number);
    }
    for (number, node) in nodes.iter().enumerate().rev() {
        // Both before anything is freed: a node never writes where it reads.
        for buffer in [node.output.buffer, node.input.buffer] {
            if buffer != 0 && slot_of[buffer].is_none() {
                slot_of[buffer] = Some(take(buffer, &mut free));
            }
        }
        if earliest_writer[node.output.buffer] == Some(number) {
            free.extend(slot_of[node.output.buffer]);
        }
    }
    (slot_of, slots)
}
