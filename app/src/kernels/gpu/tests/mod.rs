//! Whole steps of small networks against plain loops, on shapes that are no multiples of any tile. Where there is no
//! GPU, real or emulated, these tests say that they saw none.

mod build;
mod limits;
mod nan;
mod norm;
mod reference;

use std::sync::{Mutex, MutexGuard};

use cubecl::wgpu::{AutoGraphicsApi, RuntimeOptions, WgpuDevice, try_init_setup};

use self::build::Build;
use self::reference::Reference;
use super::{GpuBatch, GpuCore, GpuDevice, binding_bytes};
use crate::kernels::SgdStep;
use crate::kernels::plan::{Operation, Plan, View};

/// One test at a time has the device: cubecl orders work by thread.
static DEVICE: Mutex<Option<Option<WgpuDevice>>> = Mutex::new(None);

fn device() -> Option<(WgpuDevice, MutexGuard<'static, Option<Option<WgpuDevice>>>)> {
    let mut guard = DEVICE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let device = guard.get_or_insert_with(|| {
        let device = WgpuDevice::default();
        match try_init_setup::<AutoGraphicsApi>(&device, RuntimeOptions::default()) {
            Ok(_) => Some(device),
            Err(error) if std::env::var_os("ROTE_EXPECT_GPU").is_some() => {
                panic!("ROTE_EXPECT_GPU is set, but {error}")
            }
            Err(error) => {
                eprintln!("not tested: {error}");
                None
            }
        }
    });
    let device = device.clone()?;
    Some((device, guard))
}

/// Numbers between -1 and 1 that look like noise.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn close(what: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let max = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
        let difference = (f64::from(*got) - expected).abs();
        assert!(difference <= 1e-4 * max, "{what} {at}: {got} instead of {expected}, max {max}");
    }
}

/// Two steps and an evaluation, in both ways of making products, compared with the reference in all that a core tells.
/// `max` is that of the inputs: local response normalization only shows where they are large.
fn check(plan: &Plan, max_batch: usize, batches: [usize; 2], max: f32) {
    let Some((device, _guard)) = device() else { return };
    for software in [false, true] {
        let mut core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), max_batch);
        let mut parameters: Vec<f32> =
            noise(plan.parameters, 1).iter().map(|value| value * 0.3).collect();
        let mut velocities = noise(plan.parameters, 2);
        let mut statistics: Vec<f32> =
            noise(plan.statistics, 3).iter().map(|value| value.abs() + 0.1).collect();
        core.set_state(&parameters, &velocities, &statistics);
        let all: Vec<f32> =
            noise(20 * plan.buffers[0], 4).iter().map(|value| value * max).collect();
        let size = plan.buffers[0];
        let images = core.upload_images(20, |first, piece| {
            piece.copy_from_slice(&all[first * size..][..piece.len()]);
        });
        for (number, batch) in batches.into_iter().enumerate() {
            let rows: Vec<u32> = (0..batch).map(|row| (row * 7 % 20) as u32).collect();
            let values: Vec<f32> = rows
                .iter()
                .flat_map(|&row| &all[row as usize * plan.buffers[0]..][..plan.buffers[0]])
                .copied()
                .collect();
            let labels: Vec<u8> =
                (0..batch).map(|row| (row * 5 % plan.logits.channels) as u8).collect();
            let masks: Vec<Vec<f32>> = plan
                .masks
                .iter()
                .map(|units| {
                    noise(units * batch, 5)
                        .iter()
                        .map(|value| if *value < 0.0 { 0.0 } else { 2.0 })
                        .collect()
                })
                .collect();
            let weight_decay = if number == 0 { 0.0 } else { 0.25 };
            let sgd = SgdStep { learning_rate: 0.0625, momentum: 0.5, weight_decay };
            let mut reference = Reference::new(plan, &parameters, &statistics, &values, &masks);
            let loss = reference.step(&labels);
            let source = if number == 0 {
                GpuBatch::Rows { images: &images, rows: &rows }
            } else {
                GpuBatch::Values(&values)
            };
            let slot = core.train_step(source, &labels, &masks, sgd);
            let what = |what: &str| format!("{what} of step {number}, software {software}");
            close(&what("loss"), &pollster::block_on(core.losses(&[slot])).unwrap(), &[loss]);
            let gradients = pollster::block_on(core.gradients()).unwrap();
            for node in &plan.nodes {
                if let Operation::Convolution { weight, .. } | Operation::Dense { weight, .. } =
                    &node.operation
                {
                    close(
                        &what(&format!("gradient of {node:?}")),
                        &gradients[weight.clone()],
                        &reference.gradients[weight.clone()],
                    );
                }
            }
            close(&what("gradient"), &gradients, &reference.gradients);
            let mut decays = vec![0.0; plan.parameters];
            plan.decayed
                .iter()
                .for_each(|range| decays[range.clone()].fill(f64::from(weight_decay)));
            let expected: Vec<f64> = (0..plan.parameters)
                .map(|at| {
                    f64::from(velocities[at]) * 0.5
                        + reference.gradients[at]
                        + decays[at] * reference.parameters[at]
                })
                .collect();
            let moved: Vec<f64> = expected
                .iter()
                .zip(&reference.parameters)
                .map(|(velocity, weight)| weight - 0.0625 * velocity)
                .collect();
            let state = pollster::block_on(core.state()).unwrap();
            close(&what("velocities"), &state[1], &expected);
            close(&what("parameters"), &state[0], &moved);
            close(&what("statistics"), &state[2], &reference.statistics);
            [parameters, velocities, statistics] = state;
        }
        let mut reference =
            Reference::new(plan, &parameters, &statistics, &all[..3 * plan.buffers[0]], &[]);
        reference.forward(false);
        let three = GpuBatch::Values(&all[..3 * plan.buffers[0]]);
        let logits = pollster::block_on(core.evaluate(three, 3)).unwrap();
        let one = GpuBatch::Rows { images: &images, rows: &[2] };
        let logits_of_one = pollster::block_on(core.evaluate(one, 1)).unwrap();
        let expected = &reference.buffers[plan.logits.buffer];
        close("logits", &logits, expected);
        close("logits of one", &logits_of_one, &expected[2 * plan.logits.channels..]);
    }
}

#[test]
fn odd_channels_train_as_plain_loops_do() {
    let (mut build, input) = Build::new(9, 3);
    let x = build.convolution(input, [3, 1, 5], true, None);
    let x = build.max_pool(x, 3, 2, None);
    let x = build.same(Operation::LocalResponseNorm, x);
    let x = build.convolution(x, [3, 2, 6], false, None);
    let x = build.batch_norm(x, true, None);
    let x = build.dropout(x);
    let x = build.dense(x, 7, true);
    let logits = build.dense(x, 5, false);
    check(&build.finish(logits), 9, [7, 9], 100.0);
}

#[test]
fn channels_in_fours_train_as_plain_loops_do() {
    let (mut build, input) = Build::new(10, 3);
    let x = build.convolution(input, [5, 1, 36], true, None);
    let x = build.max_pool(x, 2, 2, None);
    let x = build.same(Operation::LocalResponseNorm, x);
    let x = build.convolution(x, [3, 1, 12], false, None);
    let x = build.batch_norm(x, false, None);
    let x = build.dense(x, 8, true);
    let x = build.dropout(x);
    let logits = build.dense(x, 10, false);
    check(&build.finish(logits), 8, [8, 5], 100.0);
}

#[test]
fn branches_train_as_plain_loops_do() {
    for channels in [[8, 12, 4], [3, 5, 4]] {
        let (mut build, input) = Build::new(7, 3);
        let x = build.convolution(input, [3, 1, channels[2]], true, None);
        let joined = build.buffer(7, channels[0] + channels[1]);
        let ones = build.convolution(x, [1, 1, channels[0]], false, None);
        build.batch_norm(ones, true, Some(View { channels: channels[0], ..joined }));
        build.convolution(
            x,
            [3, 1, channels[1]],
            true,
            Some(View { channels: channels[1], offset: channels[0], ..joined }),
        );
        let down = build.buffer(4, channels[0] + joined.channels);
        build.convolution(
            joined,
            [3, 2, channels[0]],
            true,
            Some(View { channels: channels[0], ..down }),
        );
        build.max_pool(
            joined,
            3,
            2,
            Some(View { channels: joined.channels, offset: channels[0], ..down }),
        );
        let x = build.mean_pool(down);
        let logits = build.dense(x, 10, false);
        check(&build.finish(logits), 6, [6, 5], 1.0);
    }
}

#[test]
fn long_sums_are_split_without_a_loss() {
    let (mut build, input) = Build::new(20, 3);
    let x = build.dense(input, 132, true);
    let x = build.dense(x, 70, true);
    let logits = build.dense(x, 10, false);
    check(&build.finish(logits), 131, [131, 67], 1.0);
    let (mut build, input) = Build::new(12, 3);
    let x = build.convolution(input, [3, 1, 8], false, None);
    let x = build.batch_norm(x, true, None);
    let x = build.mean_pool(x);
    let logits = build.dense(x, 10, false);
    check(&build.finish(logits), 40, [40, 33], 1.0);
}

/// One step from a state of noise in both ways of making products: loss and gradients are those of the reference. For
/// plans that are too large for [`check`].
fn check_step(plan: &Plan, batch: usize) {
    let Some((device, _guard)) = device() else { return };
    let parameters: Vec<f32> = noise(plan.parameters, 1).iter().map(|value| value * 0.3).collect();
    let statistics = vec![0.5; plan.statistics];
    let values = noise(batch * plan.buffers[0], 4);
    let labels: Vec<u8> = (0..batch).map(|row| (row * 5 % plan.logits.channels) as u8).collect();
    let mut reference = Reference::new(plan, &parameters, &statistics, &values, &[]);
    let loss = reference.step(&labels);
    for software in [false, true] {
        let mut core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), batch);
        core.set_state(&parameters, &vec![0.0; plan.parameters], &statistics);
        let sgd = SgdStep { learning_rate: 0.0, momentum: 0.0, weight_decay: 0.0 };
        let slot = core.train_step(GpuBatch::Values(&values), &labels, &[], sgd);
        let what = |what: &str| format!("{what}, software {software}");
        close(&what("loss"), &pollster::block_on(core.losses(&[slot])).unwrap(), &[loss]);
        let gradients = pollster::block_on(core.gradients()).unwrap();
        close(&what("gradient"), &gradients, &reference.gradients);
    }
}

#[test]
fn every_operation_adds_to_a_gradient_that_others_have_written_and_stays_within_its_view() {
    for channels in [8, 5] {
        let (mut build, input) = Build::new(6, 3);
        let x = build.convolution(input, [3, 1, channels], true, None);
        // Seven readers of x, side by side in one buffer; in the backward pass all but the last add.
        let joined = build.buffer(6, 8 * channels);
        let part = |number: usize| View { offset: number * channels, channels, ..joined };
        build.convolution(x, [1, 1, channels], true, Some(part(0)));
        build.batch_norm(x, true, Some(part(1)));
        build.max_pool(x, 3, 1, Some(part(2)));
        build.push(Operation::LocalResponseNorm, x, part(3));
        build.push(Operation::Copy { relu: true }, x, part(4));
        build.push(Operation::Copy { relu: false }, x, part(5));
        build.0.masks.push(x.pixels() * channels);
        build.push(Operation::Dropout { mask: 0 }, x, part(6));
        build.batch_norm(x, false, Some(part(7)));
        // The same again with inputs that are views: the one that reads all of `joined` comes last, so it sets.
        let again = build.buffer(6, 15 * channels);
        let part_of = |number: usize| View { offset: number * channels, channels, ..again };
        build.convolution(part(7), [3, 1, channels], true, Some(part_of(0)));
        build.batch_norm(part(1), true, Some(part_of(1)));
        build.max_pool(part(2), 2, 1, Some(part_of(2)));
        build.push(Operation::LocalResponseNorm, part(3), part_of(3));
        build.push(Operation::Copy { relu: true }, part(7), part_of(4));
        build.0.masks.push(x.pixels() * channels);
        build.push(Operation::Dropout { mask: 1 }, part(6), part_of(5));
        let mean = build.buffer(1, 16 * channels);
        build.push(Operation::MeanPool, part(5), View { channels, ..mean });
        build.push(Operation::Copy { relu: true }, part(0), part_of(14));
        let eight = View { offset: 6 * channels, channels: 8 * channels, ..again };
        build.push(Operation::Copy { relu: false }, joined, eight);
        let x = build.same(Operation::Copy { relu: false }, again);
        let rest = View { offset: channels, channels: 15 * channels, ..mean };
        build.push(Operation::MeanPool, x, rest);
        let logits = build.dense(mean, 4, false);
        check(&build.finish(logits), 6, [6, 5], 10.0);
    }
}

#[test]
fn images_in_pieces_are_the_images() {
    let Some((device, _guard)) = device() else { return };
    let (mut build, input) = Build::new(8, 4);
    let x = build.mean_pool(input);
    let logits = build.dense(x, 3, false);
    let plan = build.finish(logits);
    let mut core = GpuCore::new(&GpuDevice::new(&device, true), plan.clone(), 4);
    let state = [noise(plan.parameters, 1), noise(plan.parameters, 2)];
    core.set_state(&state[0], &state[1], &[]);
    // Nine megabytes: two pieces and a bit.
    let (count, size) = (9000, 256);
    let all = noise(count * size, 3);
    let mut pieces = Vec::new();
    let images = core.upload_images(count, |first, piece| {
        piece.copy_from_slice(&all[first * size..][..piece.len()]);
        pieces.push(first);
    });
    assert_eq!(pieces, [0, 4096, 8192]);
    for rows in [[0, 4095, 4096, 4097], [8191, 8192, 8999, 1]] {
        let batch = GpuBatch::Rows { images: &images, rows: &rows };
        let found = pollster::block_on(core.evaluate(batch, 4)).unwrap();
        let values: Vec<f32> =
            rows.iter().flat_map(|&row| &all[row as usize * size..][..size]).copied().collect();
        assert_eq!(found, pollster::block_on(core.evaluate(GpuBatch::Values(&values), 4)).unwrap());
    }
}
