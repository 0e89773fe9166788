// result[image, pixel, channel] (+)= share * gradient[image, channel], share = 1 / pixels: `[images, pixels, channels]`
// from `[images, channels]`. One invocation a number of the result, as in every gradient here: it is written once, by
// nobody else, so that it can be added to what is there.
struct Pool { count: u32, channels: u32, pixels: u32, stride: u32, offset: u32, output_stride: u32, output_offset: u32,
    share: f32 }
@group(0) @binding(0) var<storage, read_write> p: Pool;
@group(0) @binding(1) var<storage, read_write> gradient: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    let value = gradient[pixel / p.pixels * p.output_stride + p.output_offset + channel] * p.share;
    let at = pixel * p.stride + p.offset + channel;
//# if ADD
    result[at] += value;
//# else
    result[at] = value;
//# end
}
