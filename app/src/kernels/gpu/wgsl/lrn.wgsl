// output = input / scale^(3/4), scale = 1 + alpha * the sum of squares of channels at most four away, pixel by pixel.
// `scales` `[images, pixels, channels]` are kept for the backward pass. The power is sqrt(scale) * sqrt(sqrt(scale)),
// which every device rounds alike; `pow` is not. A scale that is infinite is NaN: the output would be 0, and nobody
// would see that the squares have overflowed. The backward pass reads it and need not ask again.
struct Lrn { count: u32, channels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32, alpha: f32 }
@group(0) @binding(0) var<storage, read_write> p: Lrn;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> output: array<t>;
@group(0) @binding(3) var<storage, read_write> scales: array<t>;

fn square(at: u32, channel: i32) -> t {
    let inside = channel >= 0 && channel < i32(p.channels);
    let value = input[at + u32(clamp(channel, 0, i32(p.channels) - 1))];
    return select(t(), value * value, inside);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i32(i % p.channels);
    let pixel = i / p.channels;
    let at = pixel * p.stride + p.offset;
//# if W4
    let sums = neighbours(square(at, channel - 1), square(at, channel), square(at, channel + 1));
//# else
    var sums = 0f;
    for (var away = -4; away <= 4; away += 1) { sums += square(at, channel + away); }
//# end
    let scale = finite_or_nan(t(1f) + p.alpha * sums);
    let root = sqrt(scale);
    output[pixel * p.output_stride + p.output_offset + u32(channel)] = input[at + u32(channel)] / (root * sqrt(root));
    scales[i] = scale;
}
