// result[pixel] (+)= sum of gradient[window] over the windows that took the pixel (`taken[window]` is its tap). Shapes
// as in max_pool.wgsl. Each pixel collects, where by definition each window would scatter: two windows that took one
// pixel would write at the same time.
struct Pool { count: u32, channels: u32, side: u32, stride: u32, offset: u32, output_side: u32, output_stride: u32,
    output_offset: u32, size: u32, step: u32, before: u32 }
@group(0) @binding(0) var<storage, read_write> p: Pool;
@group(0) @binding(1) var<storage, read_write> gradient: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;
@group(0) @binding(3) var<storage, read_write> taken: array<tu>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let channel = i % p.channels;
    let pixel = i / p.channels;
    // Counted from where the first window begins, so that nothing is negative.
    let x = pixel % p.side + p.before;
    let y = pixel / p.side % p.side + p.before;
    let image = pixel / (p.side * p.side) * p.output_side;
    let first_y = (max(y + 1u, p.size) - p.size + p.step - 1u) / p.step;
    let first_x = (max(x + 1u, p.size) - p.size + p.step - 1u) / p.step;
    var sum = t();
    for (var wy = first_y; wy < p.output_side && wy * p.step <= y; wy += 1u) {
        for (var wx = first_x; wx < p.output_side && wx * p.step <= x; wx += 1u) {
            let window = (image + wy) * p.output_side + wx;
            let tap = (y - wy * p.step) * p.size + x - wx * p.step;
            let value = gradient[window * p.output_stride + p.output_offset + channel];
            sum += select(t(), value, taken[window * p.channels + channel] == tu(tap));
        }
    }
    let at = pixel * p.stride + p.offset + channel;
//# if ADD
    result[at] += sum;
//# else
    result[at] = sum;
//# end
}
