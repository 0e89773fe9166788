// result (+)= scale * (gradient - sum / n - normalized * products / n), the gradient of batch norm's input: `saved` is
// `[mean, scale, sum, products][channel]`, normalized = (input - mean) * scale, share = 1 / n. The two means stand for
// what each pixel moves in the mean and the variance that all were normalized by. ReLU is in the gradient already.
struct Gradient { count: u32, channels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32, share: f32 }
@group(0) @binding(0) var<storage, read_write> p: Gradient;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> gradient: array<t>;
@group(0) @binding(3) var<storage, read_write> result: array<t>;
@group(0) @binding(4) var<storage, read_write> saved: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    let at = pixel * p.stride + p.offset + channel;
    let scale = saved[p.channels + channel];
    let normalized = (input[at] - saved[channel]) * scale;
    let own = gradient[pixel * p.output_stride + p.output_offset + channel];
    let mean = saved[2u * p.channels + channel] * p.share;
    let value = scale * (own - mean - normalized * (saved[3u * p.channels + channel] * p.share));
//# if ADD
    result[at] += value;
//# else
    result[at] = value;
//# end
}
