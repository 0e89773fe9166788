// output[image, channel] = share * sum of input[image, pixel, channel], share = 1 / pixels. One invocation an image and
// channel: there are few pixels left where a network takes this mean.
struct Pool { count: u32, channels: u32, pixels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32,
    share: f32 }
@group(0) @binding(0) var<storage, read_write> p: Pool;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> output: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let image = i / p.channels;
    var sum = t();
    for (var pixel = 0u; pixel < p.pixels; pixel += 1u) {
        sum += input[(image * p.pixels + pixel) * p.stride + p.offset + channel];
    }
    output[image * p.output_stride + p.output_offset + channel] = sum * p.share;
}
