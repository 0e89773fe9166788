// output[window] = max of input[pixel] over the window's pixels inside the image, channel by channel; `taken[window]`
// is the tap it was, of equal ones the first. Input `[images, side, side, channels]`, output and `taken`
// `[images, output_side, output_side, channels]`. The tap is kept so that the backward pass need not compare numbers,
// and equal ones share nothing. A NaN in a window is its max.
struct Pool { count: u32, channels: u32, side: u32, stride: u32, offset: u32, output_side: u32, output_stride: u32,
    output_offset: u32, size: u32, step: u32, before: u32 }
@group(0) @binding(0) var<storage, read_write> p: Pool;
@group(0) @binding(1) var<storage, read_write> input: array<t>;
@group(0) @binding(2) var<storage, read_write> output: array<t>;
@group(0) @binding(3) var<storage, read_write> taken: array<tu>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    let x = i32(pixel % p.output_side * p.step) - i32(p.before);
    let y = i32(pixel / p.output_side % p.output_side * p.step) - i32(p.before);
    let image = pixel / (p.output_side * p.output_side) * p.side;
    var best = t();
    var tap = tu();
    var any = false;
    for (var ky = max(0, -y); ky < min(i32(p.size), i32(p.side) - y); ky += 1) {
        for (var kx = max(0, -x); kx < min(i32(p.size), i32(p.side) - x); kx += 1) {
            let value = input[((image + u32(y + ky)) * p.side + u32(x + kx)) * p.stride + p.offset + channel];
            let better = ((value > best) | is_nan(value)) & !is_nan(best);
            best = select(best, value, better);
            tap = select(tap, tu(u32(ky) * p.size + u32(kx)), better);
            if !any {
                best = value;
                tap = tu(u32(ky) * p.size + u32(kx));
                any = true;
            }
        }
    }
    output[pixel * p.output_stride + p.output_offset + channel] = best;
    taken[i] = tap;
}
