//! The passes of a plan as data, without numbers: everything is written before it is read, and gradients are set once
//! and added to after that.

use std::collections::BTreeSet;

use rote::kernels::plan::{InputGradient, Node, Plan, View};
use rote::models::{ModelName, build_plan};

use super::generator::Generator;

/// Carries out the backward pass of a plan on marks instead of numbers: which numbers of which gradient each slot
/// holds.
fn check_backward_pass(plan: &Plan) -> Result<(), String> {
    // For each slot: the buffer whose gradient it holds, and which of its channels have been written.
    let mut slots: Vec<(usize, BTreeSet<usize>)> =
        vec![(usize::MAX, BTreeSet::new()); plan.slots.len()];
    let channels = |view: View| view.offset..view.offset + view.channels;
    let slot =
        |buffer: usize| plan.gradient_slots[buffer].ok_or(format!("buffer {buffer}: no slot"));
    slots[slot(plan.logits.buffer)?] = (plan.logits.buffer, channels(plan.logits).collect());
    for (number, Node { input, output, input_gradient, .. }) in plan.nodes.iter().enumerate().rev()
    {
        let read = &slots[slot(output.buffer)?];
        if read.0 != output.buffer || !channels(*output).all(|channel| read.1.contains(&channel)) {
            return Err(format!("node {number} reads a gradient that is not there"));
        }
        if input.buffer == 0 {
            if *input_gradient != InputGradient::None {
                return Err(format!("node {number} writes a gradient of the images"));
            }
            continue;
        }
        let target = slot(input.buffer)?;
        if target == slot(output.buffer)? {
            return Err(format!("node {number} writes where it reads"));
        }
        if plan.slots[target] < plan.buffers[input.buffer] {
            return Err(format!("node {number}: its slot is too small"));
        }
        let (owner, written) = &mut slots[target];
        if *owner != input.buffer {
            // What was there is given up; if it was needed, its reader will notice.
            (*owner, *written) = (input.buffer, BTreeSet::new());
        }
        let count = channels(*input).filter(|channel| written.contains(channel)).count();
        let right = match count {
            0 => InputGradient::Set,
            count if count == input.channels => InputGradient::Add,
            _ => return Err(format!("node {number} finds a part of its gradient")),
        };
        if *input_gradient != right {
            return Err(format!("node {number}: {input_gradient:?} instead of {right:?}"));
        }
        written.extend(channels(*input));
    }
    Ok(())
}

/// Whether every number is written before it is read, once, and by somebody.
fn check_forward_pass(plan: &Plan) -> Result<(), String> {
    let stride = |view: View| plan.buffers[view.buffer] / view.pixels();
    let mut written: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); plan.buffers.len()];
    written[0] = (0..stride(plan.nodes[0].input)).collect();
    for (number, node) in plan.nodes.iter().enumerate() {
        let [input, output] = [node.input, node.output];
        if [input, output].iter().any(|view| view.stride != stride(*view)) {
            return Err(format!("node {number}: a stride that is not its buffer's"));
        }
        if !(0..input.stride).all(|channel| written[input.buffer].contains(&channel)) {
            return Err(format!("node {number} reads what nobody wrote"));
        }
        for channel in output.offset..output.offset + output.channels {
            if channel >= output.stride || !written[output.buffer].insert(channel) {
                return Err(format!("node {number} writes over another or over the end"));
            }
        }
    }
    let is_read = |buffer| {
        buffer == plan.logits.buffer || plan.nodes.iter().any(|node| node.input.buffer == buffer)
    };
    match (0..plan.buffers.len()).find(|&buffer| !is_read(buffer)) {
        Some(buffer) => Err(format!("buffer {buffer} is read by nobody")),
        None => Ok(()),
    }
}

#[test]
fn every_pass_of_every_plan_reads_only_what_was_written() {
    for seed in 0..3000 {
        let graph = Generator::graph(seed);
        let plan = graph.plan();
        if let Err(fault) = check_forward_pass(&plan).and_then(|()| check_backward_pass(&plan)) {
            panic!("graph {seed}: {fault}\n{graph:#?}\n{plan:#?}");
        }
    }
    for model in ModelName::ALL {
        for with_dropout in [false, true] {
            let plan = build_plan(&model.layers(true), [28, 3], with_dropout, |_| false).unwrap();
            assert_eq!(check_forward_pass(&plan), Ok(()), "{}", model.key());
            assert_eq!(check_backward_pass(&plan), Ok(()), "{}", model.key());
        }
    }
}
