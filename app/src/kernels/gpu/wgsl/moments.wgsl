// pieces[span] = [sum, sum of squares] over the pixels of a span of (input - the first pixel of all), channel by
// channel: `[span][2][channel]`. First stage of batch norm's mean and variance; moments_finish.wgsl is the second. Two
// stages, because a sum over all pixels of a batch in one invocation would leave the device idle and add up rounding
// errors; less the first pixel, so that a mean far from 0 does not cost the variance its digits.
struct Moments { count: u32, channels: u32, pixels: u32, span: u32, stride: u32, offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Moments;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> pieces: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let span = i / p.channels;
    let begin = span * p.span;
    let end = min(begin + p.span, p.pixels);
    let shift = input[p.offset + channel];
    var sum = t();
    var squares = t();
    for (var pixel = begin; pixel < end; pixel += 1u) {
        let value = input[pixel * p.stride + p.offset + channel] - shift;
        sum += value;
        squares += value * value;
    }
    pieces[span * 2u * p.channels + channel] = sum;
    pieces[(span * 2u + 1u) * p.channels + channel] = squares;
}
