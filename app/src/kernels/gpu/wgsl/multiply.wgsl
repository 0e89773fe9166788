// Dropout and its gradient: result = source * mask; without a mask a copy.
struct Multiply { count: u32, channels: u32, stride: u32, offset: u32, result_stride: u32, result_offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Multiply;
@group(0) @binding(1) var<storage, read_write> source: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;
//# if MASK
@group(0) @binding(3) var<storage, read_write> mask: array<t>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    var value = source[pixel * p.stride + p.offset + channel];
//# if MASK
    value *= mask[i];
//# end
    let at = pixel * p.result_stride + p.result_offset + channel;
//# if ADD
    result[at] += value;
//# else
    result[at] = value;
//# end
}
