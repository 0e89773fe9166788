// With scale as in lrn.wgsl, for each channel of each pixel:
//   result (+)= gradient / scale^(3/4)
//       - 1.5 * alpha * input * (sum of gradient * output / scale over channels at most four away).
// The sum has the neighbours of the forward pass: a channel is in the sums of just those that are in its own.
struct Lrn { count: u32, channels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32, alpha: f32 }
@group(0) @binding(0) var<storage, read_write> p: Lrn;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> output: array<t>;
@group(0) @binding(3) var<storage, read_write> scales: array<t>;
@group(0) @binding(4) var<storage, read_write> gradient: array<t>;
@group(0) @binding(5) var<storage, read_write> result: array<t>;

fn share(pixel: u32, channel: i32) -> t {
    let inside = channel >= 0 && channel < i32(p.channels);
    let near = u32(clamp(channel, 0, i32(p.channels) - 1));
    let at = pixel * p.output_stride + p.output_offset + near;
    return select(t(), gradient[at] * output[at] / scales[pixel * p.channels + near], inside);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i32(i % p.channels);
    let pixel = i / p.channels;
//# if W4
    let sums = neighbours(share(pixel, channel - 1), share(pixel, channel), share(pixel, channel + 1));
//# else
    var sums = 0f;
    for (var away = -4; away <= 4; away += 1) { sums += share(pixel, channel + away); }
//# end
    let root = sqrt(scales[i]);
    let at = pixel * p.stride + p.offset + u32(channel);
    let own = gradient[pixel * p.output_stride + p.output_offset + u32(channel)];
    let value = own / (root * sqrt(root)) - 1.5f * p.alpha * input[at] * sums;
//# if ADD
    result[at] += value;
//# else
    result[at] = value;
//# end
}
