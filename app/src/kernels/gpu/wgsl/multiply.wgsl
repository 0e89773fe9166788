// Dropout, a copy, and their gradients: result (+)= source * mask, `mask` `[images, pixels, channels]` without gaps,
// source and result views of `channels` a pixel. Without a mask a copy: with ReLU going forward (RELU), and with its
// gradient going back (CUT), where `source` is the gradient of `output`. One kernel, because all of these move each
// number once.
struct Multiply { count: u32, channels: u32, stride: u32, offset: u32, result_stride: u32, result_offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Multiply;
@group(0) @binding(1) var<storage, read_write> source: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;
//# if MASK
@group(0) @binding(3) var<storage, read_write> mask: array<t>;
//# end
//# if CUT
// A copy has no mask.
@group(0) @binding(3) var<storage, read_write> output: array<t>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    let from_place = pixel * p.stride + p.offset + channel;
    var value = source[from_place];
//# if MASK
    value *= mask[i];
//# end
//# if RELU
    value = rectified(value);
//# end
//# if CUT
    value = passed(value, output[from_place]);
//# end
    let at = pixel * p.result_stride + p.result_offset + channel;
//# if ADD
    result[at] += value;
//# else
    result[at] = value;
//# end
}
