//! Whole steps of small networks against plain loops, on shapes that are no multiples of any tile. Where there is no GPU,
//! real or emulated, these tests say that they saw none.

mod reference;

use std::sync::{Mutex, MutexGuard};

use cubecl::wgpu::{AutoGraphicsApi, RuntimeOptions, WgpuDevice, try_init_setup};

use self::reference::Reference;
use super::{Batch, GpuCore, GpuDevice};
use crate::kernels::plan::{InputGradient, Node, Operation, Plan, Update, View, Window};

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

/// A plan under construction.
struct Build(Plan);

impl Build {
    fn new(side: usize, channels: usize) -> (Self, View) {
        let input = View { buffer: 0, side, stride: channels, offset: 0, channels };
        let plan = Plan {
            nodes: Vec::new(),
            buffers: vec![side * side * channels],
            gradient_slots: Vec::new(),
            slots: Vec::new(),
            logits: input,
            parameters: 0,
            decayed: Vec::new(),
            statistics: 0,
            masks: Vec::new(),
        };
        (Self(plan), input)
    }

    fn buffer(&mut self, side: usize, channels: usize) -> View {
        self.0.buffers.push(side * side * channels);
        View { buffer: self.0.buffers.len() - 1, side, stride: channels, offset: 0, channels }
    }

    fn parameter(&mut self, length: usize) -> std::ops::Range<usize> {
        let range = self.0.parameters..self.0.parameters + length;
        self.0.parameters = range.end;
        range
    }

    fn push(&mut self, operation: Operation, input: View, output: View) -> View {
        self.0.nodes.push(Node { operation, input, output, input_gradient: InputGradient::None });
        output
    }

    /// TensorFlow's SAME padding.
    fn window(side: usize, size: usize, step: usize) -> (Window, usize) {
        let positions = side.div_ceil(step);
        (
            Window { size, step, before: ((positions - 1) * step + size).saturating_sub(side) / 2 },
            positions,
        )
    }

    fn convolution(
        &mut self,
        input: View,
        [size, step, outputs]: [usize; 3],
        bias: bool,
        to: Option<View>,
    ) -> View {
        let (window, side) = Self::window(input.side, size, step);
        let output = to.unwrap_or_else(|| self.buffer(side, outputs));
        let weight = self.parameter(size * size * input.channels * outputs);
        self.0.decayed.push(weight.clone());
        let bias = bias.then(|| self.parameter(outputs));
        self.push(
            Operation::Convolution { window, weight, relu: bias.is_some(), bias },
            input,
            output,
        )
    }

    fn batch_norm(&mut self, input: View, relu: bool, to: Option<View>) -> View {
        let output = to.unwrap_or_else(|| self.buffer(input.side, input.channels));
        let beta = self.parameter(input.channels);
        let statistics = self.0.statistics;
        self.0.statistics += 2 * input.channels;
        self.push(Operation::BatchNorm { beta, statistics, relu }, input, output)
    }

    fn dense(&mut self, input: View, outputs: usize, relu: bool) -> View {
        let output = self.buffer(1, outputs);
        let weight = self.parameter(input.pixels() * input.stride * outputs);
        let bias = self.parameter(outputs);
        self.push(Operation::Dense { weight, bias, relu }, input, output)
    }

    fn max_pool(&mut self, input: View, size: usize, step: usize, to: Option<View>) -> View {
        let (window, side) = Self::window(input.side, size, step);
        let output = to.unwrap_or_else(|| self.buffer(side, input.channels));
        self.push(Operation::MaxPool(window), input, output)
    }

    fn same(&mut self, operation: Operation, input: View) -> View {
        let output = self.buffer(input.side, input.channels);
        self.push(operation, input, output)
    }

    fn dropout(&mut self, input: View) -> View {
        self.0.masks.push(input.pixels() * input.channels);
        self.same(Operation::Dropout { mask: self.0.masks.len() - 1 }, input)
    }

    fn mean_pool(&mut self, input: View) -> View {
        let output = self.buffer(1, input.channels);
        self.push(Operation::MeanPool, input, output)
    }

    fn finish(mut self, logits: View) -> Plan {
        let mut written = vec![0];
        for node in self.0.nodes.iter_mut().rev() {
            let buffer = node.input.buffer;
            node.input_gradient = match (buffer, written.contains(&buffer)) {
                (0, _) => InputGradient::None,
                (_, true) => InputGradient::Add,
                (_, false) => InputGradient::Set,
            };
            written.push(buffer);
        }
        self.0.gradient_slots =
            (0..self.0.buffers.len()).map(|buffer| buffer.checked_sub(1)).collect();
        self.0.slots = self.0.buffers[1..].to_vec();
        self.0.logits = logits;
        self.0
    }
}

fn close(what: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let greatest = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
        let difference = (f64::from(*got) - expected).abs();
        assert!(
            difference <= 1e-4 * greatest,
            "{what} {at}: {got} instead of {expected}, greatest {greatest}"
        );
    }
}

/// Two steps and an evaluation, in both ways of making products, compared with the reference in all that a core tells.
/// `greatest` is that of the inputs: response normalization only shows where they are large.
fn check(plan: &Plan, max_batch: usize, batches: [usize; 2], greatest: f32) {
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
            noise(20 * plan.buffers[0], 4).iter().map(|value| value * greatest).collect();
        let images = core.upload_images(&all);
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
            let update = Update { learning_rate: 0.0625, momentum: 0.5, weight_decay };
            let mut reference = Reference::new(plan, &parameters, &statistics, &values, &masks);
            let loss = reference.step(&labels);
            let source = if number == 0 {
                Batch::Rows { images: &images, rows: &rows }
            } else {
                Batch::Values(&values)
            };
            let slot = core.train_step(source, &labels, &masks, update);
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
        let slots = [
            core.evaluate(Batch::Values(&all[..3 * plan.buffers[0]]), 3),
            core.evaluate(Batch::Rows { images: &images, rows: &[2] }, 1),
        ];
        let logits = pollster::block_on(core.logits(&slots)).unwrap();
        let expected = &reference.buffers[plan.logits.buffer];
        close("logits", &logits[0], expected);
        close("logits of one", &logits[1], &expected[2 * plan.logits.channels..]);
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
