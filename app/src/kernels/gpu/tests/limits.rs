//! Sizes at which a dimension of a launch, or scratch, once was too small.

use super::*;
use crate::kernels::gpu::product::ProductShape;
use crate::kernels::gpu::program::MAX_GROUPS;

/// Every buffer, in bytes, as it is on the device.
fn allocated(core: &GpuCore) -> Vec<u64> {
    let mut bytes: Vec<u64> =
        core.memory.handles().iter().map(|handle| handle.size_in_used()).collect();
    bytes.sort_unstable();
    bytes
}

#[test]
fn what_is_allocated_is_what_the_list_of_sizes_says() {
    let Some((device, _guard)) = device() else { return };
    let (mut build, input) = Build::new(9, 3);
    let x = build.convolution(input, [3, 1, 5], true, None);
    let x = build.max_pool(x, 3, 2, None);
    let x = build.same(Operation::LocalResponseNorm, x);
    let x = build.convolution(x, [3, 2, 6], false, None);
    let x = build.batch_norm(x, true, None);
    let x = build.dropout(x);
    let logits = build.dense(x, 5, false);
    let plan = build.finish(logits);
    for software in [false, true] {
        let core = GpuCore::new(&GpuDevice::new(&device, software), plan.clone(), 70);
        let mut bytes = binding_bytes(&plan, 70, software);
        bytes.sort_unstable();
        assert_eq!(bytes, allocated(&core));
        // By hand: the first convolution's output is 70 x 9 x 9 x 5 numbers, filled up to a multiple of four.
        assert!(bytes.contains(&(28_352 * 4)));
    }
}

#[test]
fn more_tiles_than_one_dimension_of_a_launch_may_have_are_all_computed() {
    // 2,100 x 2,100 pixels in tiles of 64 are 68,907, in a forward pass and in the gradient of an input.
    let (mut build, input) = Build::new(2100, 1);
    let x = build.convolution(input, [1, 1, 1], true, None);
    let x = build.convolution(x, [1, 1, 1], true, None);
    let x = build.max_pool(x, 100, 100, None);
    let logits = build.dense(x, 3, false);
    check_step(&build.finish(logits), 1);
}

#[test]
fn no_launch_of_a_product_has_more_workgroups_than_webgpu_guarantees() {
    for (side, channels, outputs, images) in [
        (28, 3, 96, 6000),
        (28, 96, 32, 6000),
        (149, 32, 32, 188),
        (1, 1, 1, 1 << 30),
        (2, 512, 8192, 4096),
    ] {
        let (mut build, input) = Build::new(side, channels);
        let x = build.convolution(input, [1, 1, outputs], true, None);
        let node = build.convolution(x, [3, 1, channels], true, None);
        let plan = build.finish(node);
        for software in [false, true] {
            for node in &plan.nodes {
                let shapes = [
                    ProductShape::forward(node, images),
                    ProductShape::weight_gradient(node, images),
                    ProductShape::input_gradient(node, images),
                ];
                for shape in shapes.into_iter().flatten() {
                    let groups = shape.groups(software);
                    let is_allowed = groups.iter().all(|count| (1..=MAX_GROUPS).contains(count));
                    assert!(is_allowed, "{groups:?} for {shape:?}, software {software}");
                }
            }
        }
    }
}

#[test]
fn a_smaller_batch_never_needs_more_scratch_than_is_declared() {
    // A split sum of few tiles, one of many, odd channels, and a batch that is one image.
    for (side, channels, outputs) in
        [(1, 2352, 512), (1, 512, 10), (7, 336, 160), (28, 3, 96), (3, 5, 7)]
    {
        let (mut build, input) = Build::new(side, channels);
        let x = build.convolution(input, [3, 1, outputs], true, None);
        let logits = build.convolution(x, [3, 1, 9], true, None);
        let plan = build.finish(logits);
        let images = 300;
        for (node, software) in plan.nodes.iter().flat_map(|node| [(node, false), (node, true)]) {
            let shapes = [
                ProductShape::forward,
                ProductShape::weight_gradient,
                ProductShape::input_gradient,
            ];
            for shape in shapes {
                let Some(largest) = shape(node, images) else { continue };
                let declared = largest.most_scratch(software);
                for fewer in 1..=images {
                    let needed = shape(node, fewer).map_or(0, |shape| shape.scratch(software));
                    assert!(
                        needed as u64 <= declared,
                        "{needed} of {declared} for {fewer} images of {largest:?}, software {software}"
                    );
                }
            }
        }
    }
}

#[test]
fn batch_norm_of_4096_channels_has_the_scratch_it_needs() {
    // Two sums for 4,096 channels and each of the 132 spans of 2,100 pixels are more than 2^20 numbers.
    let (mut build, input) = Build::new(1, 3);
    let x = build.convolution(input, [1, 1, 4096], false, None);
    // Without ReLU: of eight million activations some round to its other side, and then gradients differ by a good
    // deal.
    let x = build.batch_norm(x, false, None);
    let logits = build.dense(x, 4, false);
    check_step(&build.finish(logits), 2100);
}

#[test]
fn a_bias_of_8192_outputs_has_the_scratch_it_needs() {
    let (mut build, input) = Build::new(1, 3);
    let x = build.dense(input, 8192, false);
    let logits = build.dense(x, 4, false);
    check_step(&build.finish(logits), 2100);
}
