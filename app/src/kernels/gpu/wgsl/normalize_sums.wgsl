// pieces[span] = [sum of gradient, sum of gradient * normalized] over the pixels of a span, channel by channel:
// `[span][2][channel]`, normalized = (input - mean) * scale. ReLU's backward pass (RELU) is done on the way and written
// back, since normalize_gradient.wgsl reads the same gradient again. Two stages as in moments.wgsl.
struct Sums { count: u32, channels: u32, pixels: u32, span: u32, stride: u32, offset: u32, output_stride: u32,
    output_offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Sums;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> gradient: array<t>;
@group(0) @binding(3) var<storage, read_write> pieces: array<t>;
@group(0) @binding(4) var<storage, read_write> saved: array<t>;
//# if RELU
@group(0) @binding(5) var<storage, read_write> output: array<t>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let span = i / p.channels;
    let begin = span * p.span;
    let end = min(begin + p.span, p.pixels);
    let mean = saved[channel];
    let scale = saved[p.channels + channel];
    var sum = t();
    var products = t();
    for (var pixel = begin; pixel < end; pixel += 1u) {
        let at = pixel * p.output_stride + p.output_offset + channel;
        var value = gradient[at];
//# if RELU
        value = passed(value, output[at]);
        gradient[at] = value;
//# end
        sum += value;
        products += value * ((input[pixel * p.stride + p.offset + channel] - mean) * scale);
    }
    pieces[span * 2u * p.channels + channel] = sum;
    pieces[(span * 2u + 1u) * p.channels + channel] = products;
}
