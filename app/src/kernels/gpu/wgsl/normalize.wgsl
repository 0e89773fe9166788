// output = (input - mean) * scale + beta, then ReLU (RELU): batch norm, channel by channel. In training mean and scale
// are `saved` by moments_finish.wgsl; in evaluation (RUNNING) `saved` are the running means and variances, and scale is
// 1 / sqrt(variance + epsilon). ReLU is done here, because writing all pixels once more costs as much as all of this.
struct Normalize { count: u32, channels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32, beta: u32,
    statistics: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read_write> p: Normalize;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> output: array<t>;
@group(0) @binding(3) var<storage, read_write> weights: array<t>;
// Mean and scale of the batch, or running means and variances.
@group(0) @binding(4) var<storage, read_write> saved: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    let mean = saved[p.statistics + channel];
    var scale = saved[p.statistics + p.channels + channel];
//# if RUNNING
    scale = t(1f) / sqrt(finite_or_nan(scale) + p.epsilon);
//# end
    var value = (input[pixel * p.stride + p.offset + channel] - mean) * scale + weights[p.beta + channel];
//# if RELU
    value = rectified(value);
//# end
    output[pixel * p.output_stride + p.output_offset + channel] = value;
}
