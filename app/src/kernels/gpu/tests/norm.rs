//! Batch norm where the mean is far from 0.

use super::*;

#[test]
fn batch_norm_does_not_care_how_far_the_mean_is_from_0() {
    let Some((device, _guard)) = device() else { return };
    const BATCH: usize = 3;
    // Of the eighths below.
    const DEVIATION: f32 = 0.5811;
    for (channels, software) in [(4, false), (4, true), (3, false), (3, true)] {
        for deviations in [0.0, 1_000.0, 10_000.0, -10_000.0] {
            let (mut build, input) = Build::new(4, channels);
            // A copy, so that the input of batch norm has a gradient.
            let before = build.same(Operation::Copy { relu: false }, input);
            let normalized = build.batch_norm(before, false, None);
            let logits = build.dense(normalized, 5, false);
            let plan = build.finish(logits);
            // Eighths, so that they are exact beside a large shift: 0, 1/8, ..., 15/8 three times, in another order for
            // each channel, and with some once more, so that the mean is no eighth.
            let shift = (deviations * DEVIATION).round();
            let values: Vec<f32> = (0..BATCH * 16 * channels)
                .map(|at| {
                    let (pixel, channel) = (at / channels, at % channels);
                    let eighths =
                        (pixel * (5 + 2 * channel) + channel) % 16 + usize::from(pixel < 5);
                    eighths as f32 / 8.0 + shift
                })
                .collect();
            let parameters: Vec<f32> =
                noise(plan.parameters, 1).iter().map(|value| value * 0.3).collect();
            let labels = [0, 3, 1];
            let statistics = vec![0.0; plan.statistics];
            let mut reference = Reference::new(&plan, &parameters, &statistics, &values, &[]);
            reference.step(&labels);
            let mut core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), BATCH);
            core.set_state(&parameters, &vec![0.0; plan.parameters], &statistics);
            let rest = SgdStep { learning_rate: 0.0, momentum: 0.0, weight_decay: 0.0 };
            core.train_step(GpuBatch::Values(&values), &labels, &[], rest);
            let memory = &core.memory;
            let slot = plan.gradient_slots[before.buffer].unwrap();
            let wanted = [&memory.buffers[normalized.buffer], &memory.slots[slot]];
            let found = pollster::block_on(core.read(&wanted)).unwrap();
            let [_, _, running] = pollster::block_on(core.state()).unwrap();
            // The mean is a number of single precision as the pixels are: rounded, it is off by half a step of theirs,
            // and so is all that it is taken off, in deviations.
            let rounding = f64::from(shift.abs() / DEVIATION) * 2f64.powi(-24);
            let what = format!("{deviations} deviations, {channels} channels, software {software}");
            let check = |found: &[f32], expected: &[f64], tolerance: f64, of: &str| {
                assert!(found.len() >= expected.len());
                for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let off = (f64::from(*found) - expected).abs();
                    assert!(off <= tolerance, "{of} {at} is {found}, not {expected}: {what}");
                }
            };
            let variances = channels..2 * channels;
            check(&running[variances.clone()], &reference.statistics[variances], 1e-6, "variance");
            check(&found[0], &reference.buffers[normalized.buffer], 2e-5 + rounding, "output");
            let gradients = &reference.slopes[before.buffer];
            let max = gradients.iter().fold(0.0, |max: f64, value| max.max(value.abs()));
            check(&found[1], gradients, max * (2e-5 + 2.0 * rounding), "gradient");
        }
    }
}
