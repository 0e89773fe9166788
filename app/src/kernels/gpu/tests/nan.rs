//! A NaN in what a network has learned or is shown is seen in the loss of a step and in the logits; so is a sum of
//! squares that has overflowed.

use super::*;

/// A network of every operation, channels in fours or not.
fn every_operation(channels: usize) -> Plan {
    let (mut build, input) = Build::new(8, 3);
    let x = build.convolution(input, [3, 1, channels], true, None);
    let x = build.max_pool(x, 3, 2, None);
    let x = build.same(Operation::LocalResponseNorm, x);
    let x = build.convolution(x, [3, 1, channels], false, None);
    let x = build.batch_norm(x, true, None);
    let x = build.same(Operation::Copy { relu: true }, x);
    let x = build.max_pool(x, 2, 2, None);
    let x = build.dropout(x);
    let x = build.dense(x, 8, true);
    let x = build.mean_pool(x);
    let logits = build.dense(x, 5, false);
    build.finish(logits)
}

/// The loss of a step from these parameters and images, and whether the logits of an evaluation have a NaN.
fn outcome(core: &mut GpuCore, plan: &Plan, parameters: &[f32], values: &[f32]) -> (f32, bool) {
    let images = values.len() / plan.buffers[0];
    core.set_state(parameters, &vec![0.0; plan.parameters], &vec![0.5; plan.statistics]);
    let logits = pollster::block_on(core.evaluate(GpuBatch::Values(values), images)).unwrap();
    let masks: Vec<Vec<f32>> = plan.masks.iter().map(|units| vec![2.0; units * images]).collect();
    let sgd = SgdStep { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0 };
    let labels: Vec<u8> = (0..images).map(|image| image as u8 % 5).collect();
    let slot = core.train_step(GpuBatch::Values(values), &labels, &masks, sgd);
    let loss = pollster::block_on(core.losses(&[slot])).unwrap()[0];
    (loss, logits.iter().any(|value| value.is_nan()))
}

#[test]
fn nan_in_any_parameter_or_image_is_seen_in_the_loss() {
    let Some((device, _guard)) = device() else { return };
    for (channels, software) in [(8, false), (8, true), (5, false), (5, true)] {
        let plan = every_operation(channels);
        let mut core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), 3);
        let sound: Vec<f32> =
            noise(plan.parameters, 1).iter().map(|value| value * 0.3 + 0.05).collect();
        let images = noise(3 * plan.buffers[0], 2);
        let (loss, is_seen) = outcome(&mut core, &plan, &sound, &images);
        assert!(loss.is_finite() && !is_seen, "{loss} without any NaN");
        let ranges = plan.nodes.iter().flat_map(|node| match &node.operation {
            Operation::Convolution { weight, bias, .. } => {
                std::iter::once(weight.clone()).chain(bias.clone()).collect()
            }
            Operation::Dense { weight, bias, .. } => vec![weight.clone(), bias.clone()],
            Operation::BatchNorm { beta, .. } => vec![beta.clone()],
            _ => Vec::new(),
        });
        for range in ranges {
            // The sign bit is free in a NaN: x86 makes them with it, other processors without.
            for nan in [f32::NAN, -f32::NAN] {
                let mut parameters = sound.clone();
                parameters[range.start + range.len() / 2] = nan;
                let (loss, is_seen) = outcome(&mut core, &plan, &parameters, &images);
                let what = format!("{nan} in {range:?}, channels {channels}, software {software}");
                assert!(loss.is_nan(), "a loss of {loss} with {what}");
                assert!(is_seen, "sound logits with {what}");
            }
        }
        let mut broken = images.clone();
        broken[plan.buffers[0] / 2] = f32::NAN;
        let (loss, is_seen) = outcome(&mut core, &plan, &sound, &broken);
        assert!(loss.is_nan() && is_seen, "a loss of {loss} with NaN in an image");
    }
}

#[test]
fn nan_at_any_place_of_a_window_is_the_max_of_it() {
    let Some((device, _guard)) = device() else { return };
    for channels in [4, 3] {
        let (mut build, input) = Build::new(4, channels);
        let x = build.max_pool(input, 2, 2, None);
        let x = build.mean_pool(x);
        let logits = build.dense(x, 3, false);
        let plan = build.finish(logits);
        let mut core = GpuCore::new(&GpuDevice::new(&device, true), plan.clone(), 1);
        let parameters = noise(plan.parameters, 1);
        for place in 0..plan.buffers[0] {
            let mut image = noise(plan.buffers[0], 2);
            image[place] = f32::NAN;
            let (loss, is_seen) = outcome(&mut core, &plan, &parameters, &image);
            assert!(loss.is_nan() && is_seen, "a loss of {loss} with NaN at {place}");
        }
    }
}

#[test]
fn squares_that_overflow_make_the_loss_nan_and_an_infinite_running_variance_the_logits() {
    let Some((device, _guard)) = device() else { return };
    for (channels, software) in [(8, false), (8, true), (5, false), (5, true)] {
        for kind in 0..3 {
            let (mut build, input) = Build::new(4, 3);
            let x = build.convolution(input, [3, 1, channels], false, None);
            let x = match kind {
                0 => build.batch_norm(x, false, None),
                1 => build.batch_norm(x, true, None),
                _ => build.same(Operation::LocalResponseNorm, x),
            };
            let x = build.mean_pool(x);
            let logits = build.dense(x, 5, false);
            let plan = build.finish(logits);
            let what = format!("kind {kind}, channels {channels}, software {software}");
            let mut core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), 3);
            let sound: Vec<f32> =
                noise(plan.parameters, 1).iter().map(|value| value * 0.3).collect();
            let images = noise(3 * plan.buffers[0], 2);
            let (loss, is_seen) = outcome(&mut core, &plan, &sound, &images);
            assert!(loss.is_finite() && !is_seen, "{loss}, {what}");
            // The logits are by the running statistics, which are sound before the step.
            let is_lrn = plan.statistics == 0;
            // At 1e20 the squares overflow and the square of the mean does not.
            for max in [1e20, 1e25, 1e30] {
                let large: Vec<f32> = images.iter().map(|value| value * max).collect();
                let (loss, is_seen) = outcome(&mut core, &plan, &sound, &large);
                assert!(loss.is_nan(), "a loss of {loss} with images of {max}, {what}");
                assert!(is_seen || !is_lrn, "sound logits with images of {max}, {what}");
                let gradients = pollster::block_on(core.gradients()).unwrap();
                assert!(gradients[0].is_nan(), "a gradient of {}, {what}", gradients[0]);
                let [_, _, statistics] = pollster::block_on(core.state()).unwrap();
                let variances = &statistics[plan.statistics / 2..];
                assert!(variances.iter().all(|value| value.is_nan()), "{variances:?}, {what}");
            }
            if !is_lrn {
                let mut statistics = vec![0.5; plan.statistics];
                statistics[plan.statistics - 1] = f32::INFINITY;
                core.set_state(&sound, &vec![0.0; plan.parameters], &statistics);
                let batch = GpuBatch::Values(&images);
                let logits = pollster::block_on(core.evaluate(batch, 3)).unwrap();
                assert!(logits.iter().all(|value| value.is_nan()), "{logits:?}, {what}");
            }
        }
    }
}
