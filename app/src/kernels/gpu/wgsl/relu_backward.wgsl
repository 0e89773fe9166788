// gradient <- gradient where ReLU let its output through, else 0 (RELU), in place, and pieces[span] = its sum over a
// span of pixels, channel by channel: `[span][channel]`. Both at once, because both read all of the gradient;
// bias_gradient.wgsl sums up the spans.
struct Sums { count: u32, channels: u32, pixels: u32, span: u32, stride: u32, offset: u32, output_stride: u32,
    output_offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Sums;
@group(0) @binding(1) var<storage, read_write> gradient: array<t>;
@group(0) @binding(2) var<storage, read_write> pieces: array<t>;
//# if RELU
@group(0) @binding(3) var<storage, read_write> output: array<t>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let begin = i / p.channels * p.span;
    let end = min(begin + p.span, p.pixels);
    var sum = t();
    for (var pixel = begin; pixel < end; pixel += 1u) {
        let at = pixel * p.stride + p.offset + channel;
        var value = gradient[at];
//# if RELU
        value = passed(value, output[pixel * p.output_stride + p.output_offset + channel]);
        gradient[at] = value;
//# end
        sum += value;
    }
    pieces[i] = sum;
}
