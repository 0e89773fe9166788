//! Every operation alone: in views that are parts of buffers, with gradients that are set and added, on sizes and
//! numbers that are out of the ordinary. What the operations compute is compared with plain tensor code in
//! `tests/integration`.

use std::ops::Range;

use super::core::Mode;
use super::region::RegionMut;
use super::{CpuBatch, CpuCore};
use crate::kernels::plan::{InputGradient, Node, Operation, Plan, View, Window};

const BATCH: usize = 3;
/// Between the views of a buffer that is only read: what takes it in becomes NaN.
const UNREAD: f32 = f32::NAN;
/// Between the views of a buffer that is written.
const UNWRITTEN: f32 = 12_345.0;

/// Numbers in (-1, 1), other ones for each `salt`.
fn numbers(count: usize, salt: u32) -> Vec<f32> {
    (0..count as u32)
        .map(|at| {
            let hash = (at + 1).wrapping_mul(2_654_435_761).wrapping_add(salt * 40_503);
            (hash ^ (hash >> 15)).wrapping_mul(2_246_822_519) as i32 as f32 / 2f32.powi(31)
        })
        .collect()
}

/// Side and channels of images.
type Extent = [usize; 2];

/// The whole of a buffer, or a part of it with other numbers to both sides.
fn view(buffer: usize, [side, channels]: Extent, is_part: bool) -> View {
    let (stride, offset) = if is_part { (channels + 5, 2) } else { (channels, 0) };
    View { buffer, side, stride, offset, channels }
}

/// `values`, `[batch, pixels, channels]`, in a buffer that holds `gap` wherever the view does not reach.
fn scatter(view: View, values: &[f32], gap: f32) -> Vec<f32> {
    // Kernels read a few numbers past the end.
    let mut buffer = vec![gap; BATCH * view.pixels() * view.stride + 8];
    for (pixel, values) in values.chunks_exact(view.channels).enumerate() {
        buffer[view.at(pixel)..][..view.channels].copy_from_slice(values);
    }
    buffer
}

/// The numbers of the view; panics if one outside it is no longer `gap`.
fn gather(view: View, buffer: &[f32], gap: f32) -> Vec<f32> {
    let mut inside = Vec::new();
    for (at, number) in buffer.iter().enumerate() {
        let is_inside = at < BATCH * view.pixels() * view.stride
            && (view.offset..view.offset + view.channels).contains(&(at % view.stride));
        if is_inside {
            inside.push(*number);
        } else {
            assert!(number.to_bits() == gap.to_bits(), "{number} at {at}, outside of {view:?}");
        }
    }
    inside
}

const PARAMETERS: usize = 400;

/// A plan of one node, from buffer 1 to buffer 2.
fn plan(operation: Operation, input: View, output: View) -> Plan {
    let lengths = [input, output].map(|view| view.pixels() * view.stride);
    Plan {
        nodes: vec![Node { operation, input, output, input_gradient: InputGradient::Set }],
        buffers: vec![1, lengths[0], lengths[1]],
        gradient_slots: vec![None, Some(0), Some(1)],
        slots: lengths.to_vec(),
        logits: view(0, [1, 1], false),
        parameters: PARAMETERS,
        decayed: Vec::new(),
        statistics: 2 * input.channels,
        masks: vec![input.pixels() * input.channels],
    }
}

/// What an operation makes of the same numbers.
#[derive(Debug, PartialEq)]
struct Made {
    trained: Vec<f32>,
    evaluated: Vec<f32>,
    parameter_gradients: Vec<f32>,
    input_gradient: Vec<f32>,
}

/// Carries out an operation forward and backward, from one view to another. The input's gradient is added to `before`.
fn made(operation: &Operation, input: View, output: View, before: Option<&[f32]>) -> Made {
    let of = |view: View| BATCH * view.pixels() * view.channels;
    let mut core = CpuCore::new(plan(operation.clone(), input, output));
    core.state.parameters = numbers(PARAMETERS, 1);
    core.state.statistics = vec![0.5; 2 * input.channels];
    core.masks[0] =
        numbers(of(input), 2).iter().map(|x| if *x < 0.0 { 0.0 } else { 2.0 }).collect();
    core.activations[1] = scatter(input, &numbers(of(input), 3), UNREAD);
    let mut target = scatter(output, &vec![7.0; of(output)], UNWRITTEN);
    core.node_forward(0, &mut target, BATCH, Mode::Evaluation);
    let evaluated = gather(output, &target, UNWRITTEN);
    core.node_forward(0, &mut target, BATCH, Mode::Training);
    let trained = gather(output, &target, UNWRITTEN);
    core.activations[2] = target;
    let mut gradient = scatter(output, &numbers(of(output), 4), UNREAD);
    let start = before.map_or_else(|| vec![7.0; of(input)], <[f32]>::to_vec);
    let mut input_gradient = scatter(input, &start, UNWRITTEN);
    let region =
        RegionMut { view: input, numbers: &mut input_gradient, accumulate: before.is_some() };
    core.node_backward(0, &mut gradient, Some(region), BATCH);
    gather(output, &gradient, UNREAD);
    Made {
        trained,
        evaluated,
        parameter_gradients: core.gradients,
        input_gradient: gather(input, &input_gradient, UNWRITTEN),
    }
}

/// Every operation, with what it is done to and what it makes.
fn operations() -> Vec<(Operation, Extent, Extent)> {
    let convolution = |size: usize, step, weight: Range<usize>| Operation::Convolution {
        window: Window { size, step, before: (size - 1) / 2 },
        bias: Some(weight.end..weight.end + 5),
        weight,
        relu: true,
    };
    let batch_norm = |relu| Operation::BatchNorm { beta: 0..3, statistics: 0, relu };
    let overlapping = Window { size: 3, step: 2, before: 1 };
    vec![
        (convolution(3, 1, 0..135), [4, 3], [4, 5]),
        (convolution(1, 1, 0..15), [4, 3], [4, 5]),
        (convolution(3, 2, 0..135), [5, 3], [3, 5]),
        (Operation::Dense { weight: 0..90, bias: 90..95, relu: true }, [3, 2], [1, 5]),
        (Operation::Dense { weight: 0..90, bias: 90..95, relu: false }, [1, 18], [1, 5]),
        (batch_norm(true), [4, 3], [4, 3]),
        (batch_norm(false), [4, 3], [4, 3]),
        (Operation::MaxPool(overlapping), [5, 3], [3, 3]),
        (Operation::LocalResponseNorm, [4, 3], [4, 3]),
        (Operation::MeanPool, [4, 3], [1, 3]),
        (Operation::Copy { relu: true }, [4, 3], [4, 3]),
        (Operation::Copy { relu: false }, [4, 3], [4, 3]),
        (Operation::Dropout { mask: 0 }, [4, 3], [4, 3]),
    ]
}

fn reads_whole_buffers(operation: &Operation) -> bool {
    matches!(operation, Operation::Dense { .. })
}

#[test]
#[should_panic(expected = "not a node that can be carried out")]
fn a_dense_layer_that_reads_a_part_of_a_buffer_is_refused() {
    let operation = Operation::Dense { weight: 0..15, bias: 15..20, relu: false };
    CpuCore::new(plan(operation, view(1, [1, 3], true), view(2, [1, 5], false)));
}

#[test]
#[should_panic(expected = "a row for each label")]
fn a_step_with_fewer_rows_than_labels_is_refused() {
    let mut core = two_layers([2, 3, 2], false);
    core.differentiate(CpuBatch::Rows(&[0.5; 8], &[0, 1]), &[0, 1, 1], &[]);
}

#[test]
#[should_panic(expected = "for 2 images and layers of [6] units")]
fn a_step_with_a_mask_for_fewer_images_is_refused() {
    let operation = Operation::Dropout { mask: 0 };
    let mut core = CpuCore::new(plan(operation, view(1, [1, 6], false), view(2, [1, 6], false)));
    core.differentiate(CpuBatch::Values(&[0.5; 2]), &[0, 0], &[vec![1.0; 6]]);
}

#[test]
fn squares_that_overflow_make_nan_and_do_not_make_0_of_what_they_are_of() {
    for (operation, input, output) in operations() {
        let is_norm = matches!(operation, Operation::BatchNorm { .. });
        if !is_norm && operation != Operation::LocalResponseNorm {
            continue;
        }
        let (input, output) = (view(1, input, false), view(2, output, false));
        for max in [1e25, 1e30] {
            let values = numbers(BATCH * input.pixels() * input.channels, 3);
            let mut core = CpuCore::new(plan(operation.clone(), input, output));
            let mut target = scatter(output, &[], 0.0);
            let mut all_nan = |core: &mut CpuCore, mode| {
                core.node_forward(0, &mut target, BATCH, mode);
                gather(output, &target, 0.0).iter().all(|number| number.is_nan())
            };
            let large: Vec<f32> = values.iter().map(|value| value * max).collect();
            core.activations[1] = scatter(input, &large, 0.0);
            assert!(all_nan(&mut core, Mode::Training), "{operation:?}, {max}");
            // The running variance has seen it.
            assert!(all_nan(&mut core, Mode::Evaluation), "{operation:?}, {max}");
            if is_norm {
                core.activations[1] = scatter(input, &values, 0.0);
                core.state.statistics = vec![f32::INFINITY; 2 * input.channels];
                core.state.statistics[..input.channels].fill(0.5);
                assert!(all_nan(&mut core, Mode::Evaluation), "{operation:?}");
            }
            core.activations[1] = scatter(input, &large, 0.0);
            core.node_forward(0, &mut scatter(output, &[], 0.0), BATCH, Mode::Training);
            let mut gradient = scatter(output, &numbers(BATCH * 16 * output.channels, 4), 0.0);
            let mut result = scatter(input, &[], 0.0);
            let region = RegionMut { view: input, numbers: &mut result, accumulate: false };
            core.node_backward(0, &mut gradient, Some(region), BATCH);
            let gradients = gather(input, &result, 0.0);
            assert!(gradients.iter().all(|number| number.is_nan()), "{operation:?}, {max}");
        }
    }
}

#[test]
fn every_operation_makes_in_a_part_of_a_buffer_what_it_makes_in_a_whole_one_and_touches_no_more() {
    for (operation, input, output) in operations() {
        let alone = made(&operation, view(1, input, false), view(2, output, false), None);
        assert!(alone.input_gradient.iter().any(|number| *number != 0.0), "{operation:?}");
        for (of_input, of_output) in [(true, true), (true, false), (false, true)] {
            if of_input && reads_whole_buffers(&operation) {
                continue;
            }
            let (input, output) = (view(1, input, of_input), view(2, output, of_output));
            assert_eq!(made(&operation, input, output, None), alone, "{operation:?}");
        }
    }
}

#[test]
fn every_operation_adds_its_gradient_where_another_has_written_before() {
    for (operation, input, output) in operations() {
        for is_part in [false, true] {
            let of_input = is_part && !reads_whole_buffers(&operation);
            let (input, output) = (view(1, input, of_input), view(2, output, is_part));
            let before = numbers(BATCH * input.pixels() * input.channels, 5);
            let set = made(&operation, input, output, None).input_gradient;
            let added = made(&operation, input, output, Some(&before)).input_gradient;
            for ((set, before), added) in set.iter().zip(&before).zip(added) {
                assert!((set + before - added).abs() < 1e-5, "{operation:?}: {added}");
            }
        }
    }
}

#[test]
fn every_operation_can_be_the_first_whose_input_is_the_data() {
    for (operation, input, output) in operations() {
        let (input, output) = (view(1, input, false), view(2, output, false));
        let with_gradient = made(&operation, input, output, None);
        let mut core = CpuCore::new(plan(operation.clone(), input, output));
        core.state.parameters = numbers(PARAMETERS, 1);
        core.activations[1] =
            scatter(input, &numbers(BATCH * input.pixels() * input.channels, 3), 0.0);
        core.masks[0] = vec![1.0; BATCH * input.pixels() * input.channels];
        let mut target = scatter(output, &[], 0.0);
        core.node_forward(0, &mut target, BATCH, Mode::Training);
        core.activations[2] = target;
        let gradient = numbers(BATCH * output.pixels() * output.channels, 4);
        core.node_backward(0, &mut scatter(output, &gradient, 0.0), None, BATCH);
        assert_eq!(core.gradients, with_gradient.parameter_gradients, "{operation:?}");
    }
}

/// Two dense layers, `inputs` to `hidden` with ReLU to `classes`, the logits in a part of their buffer if `is_part`.
fn two_layers([inputs, hidden, classes]: [usize; 3], is_part: bool) -> CpuCore {
    let (one, two) = (inputs * hidden, hidden * classes);
    let views =
        [view(0, [1, inputs], false), view(1, [1, hidden], false), view(2, [1, classes], is_part)];
    let dense = |start: usize, length, outputs, relu| Operation::Dense {
        weight: start..start + length,
        bias: start + length..start + length + outputs,
        relu,
    };
    let second = one + hidden;
    let node = |operation, from: usize, input_gradient| Node {
        operation,
        input: views[from],
        output: views[from + 1],
        input_gradient,
    };
    CpuCore::new(Plan {
        nodes: vec![
            node(dense(0, one, hidden, true), 0, InputGradient::None),
            node(dense(second, two, classes, false), 1, InputGradient::Set),
        ],
        buffers: views.iter().map(|view| view.stride).collect(),
        gradient_slots: vec![None, Some(0), Some(1)],
        slots: vec![hidden, views[2].stride],
        logits: views[2],
        parameters: second + two + classes,
        decayed: Vec::new(),
        statistics: 0,
        masks: Vec::new(),
    })
}

#[test]
fn a_layer_may_have_more_units_than_one_thread_takes_numbers_at_a_time() {
    // Input 2, weights +1 and -1 in turn: every other of 40,000 units is 2, the rest are stopped by ReLU. Each gives
    // 0.00001 of itself to the first of two logits: 20,000 * 2 * 0.00001 = 0.4 and 0. For label 0 the gradient of the
    // first logit is 1 / (1 + e^-0.4) - 1 = -0.401312, and that of the weight of a unit that is on 2 * 0.00001 of it.
    const UNITS: usize = 40_000;
    let mut core = two_layers([1, UNITS, 2], false);
    for unit in 0..UNITS {
        core.state.parameters[unit] = if unit % 2 == 0 { 1.0 } else { -1.0 };
        core.state.parameters[2 * UNITS + 2 * unit] = 1e-5;
    }
    let loss = core.differentiate(CpuBatch::Values(&[2.0, 2.0]), &[0, 0], &[]);
    assert!((loss - 0.513_015).abs() < 1e-5, "{loss}");
    for (unit, gradient) in core.gradients[..UNITS].iter().enumerate() {
        let expected = if unit % 2 == 0 { -0.401_312 * 2e-5 } else { 0.0 };
        assert!((gradient - expected).abs() < 1e-9, "unit {unit}: {gradient}");
    }
}

#[test]
fn logits_may_lie_in_a_part_of_their_buffer() {
    let made = |is_part| {
        let mut core = two_layers([6, 4, 3], is_part);
        core.state.parameters = numbers(core.state.parameters.len(), 1);
        let images = numbers(BATCH * 6, 2);
        let logits = core.evaluate(CpuBatch::Values(&images), BATCH);
        let loss = core.differentiate(CpuBatch::Values(&images), &[0, 2, 1], &[]);
        (logits, loss, core.gradients)
    };
    assert_eq!(made(true), made(false));
    assert_eq!(made(true).0.len(), BATCH * 3);
}

/// Batch norm of one channel on 3 images of 4x4: the unbiased variance it has seen, its output and its input's
/// gradient.
fn normalized(values: &[f32]) -> (f64, Vec<f32>, Vec<f32>) {
    let operation = Operation::BatchNorm { beta: 0..1, statistics: 0, relu: false };
    let (input, output) = (view(1, [4, 1], false), view(2, [4, 1], false));
    let mut core = CpuCore::new(plan(operation, input, output));
    core.activations[1] = scatter(input, values, 0.0);
    let mut target = scatter(output, &[], 0.0);
    core.node_forward(0, &mut target, BATCH, Mode::Training);
    let (mut gradient, mut result) =
        (scatter(output, &numbers(BATCH * 16, 4), 0.0), scatter(input, &[], 0.0));
    let region = RegionMut { view: input, numbers: &mut result, accumulate: false };
    core.node_backward(0, &mut gradient, Some(region), BATCH);
    // A tenth of the batch's is in the running variance, which was 0.
    (f64::from(core.state.statistics[1]) * 10.0, target, result)
}

#[test]
fn batch_norm_does_not_care_how_far_the_mean_is_from_0() {
    // Eighths, so that the sums with 1,000 and 10,000 are exact: 0, 1/8, ..., 15/8 three times in another order.
    let values: Vec<f32> = (0..BATCH * 16).map(|at| (at * 5 % 16) as f32 / 8.0).collect();
    // (16^2 - 1) / 12 of a unit's square, as for every run of whole numbers.
    let variance = 255.0 / 12.0 / 64.0;
    let (_, expected_output, expected_gradient) = normalized(&values);
    for shift in [0.0, 1_000.0, 10_000.0, -10_000.0] {
        let shifted: Vec<f32> = values.iter().map(|value| value + shift).collect();
        let (unbiased, output, gradient) = normalized(&shifted);
        let found = unbiased * 47.0 / 48.0;
        assert!((found - variance).abs() < 1e-5 * variance, "{shift}: {found} and {variance}");
        for (found, expected) in [(output, &expected_output), (gradient, &expected_gradient)] {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{shift}: {found} and {expected}");
            }
        }
    }
}

#[test]
fn a_window_with_nan_has_nan_as_its_maximum_and_passes_its_gradient_to_it() {
    // 3x3 pixels, windows of 2x2 at every second pixel: one has NaN in its second pixel, the others are of one pixel
    // row or column.
    let window = Window { size: 2, step: 2, before: 0 };
    let (input, output) = (view(1, [3, 1], false), view(2, [2, 1], false));
    let mut core = CpuCore::new(plan(Operation::MaxPool(window), input, output));
    let image = [1.0, f32::NAN, 2.0, 9.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    core.activations[1] = scatter(input, &image.repeat(BATCH), 0.0);
    let mut target = scatter(output, &[], 0.0);
    core.node_forward(0, &mut target, BATCH, Mode::Training);
    assert!(target[0].is_nan());
    assert_eq!(target[1..4], [4.0, 6.0, 7.0]);
    core.activations[2] = target;
    let mut gradient = scatter(output, &[10.0, 20.0, 30.0, 40.0].repeat(BATCH), 0.0);
    let mut result = scatter(input, &[], 0.0);
    let region = RegionMut { view: input, numbers: &mut result, accumulate: false };
    core.node_backward(0, &mut gradient, Some(region), BATCH);
    assert_eq!(result[..9], [0.0, 10.0, 0.0, 0.0, 0.0, 20.0, 0.0, 30.0, 40.0]);
}
