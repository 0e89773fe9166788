// With the sums s and q of moments.wgsl over n pixels, x0 the first pixel, for each channel:
//   mean = x0 + s / n, variance = q / n - (s / n)^2, saved = [mean, 1 / sqrt(variance + epsilon)],
//   statistics <- (1 - momentum) * statistics + momentum * [mean, variance * n / (n - 1)].
// A variance that is infinite is NaN: it would scale every number to 0, and numbers that have overflowed would not be
// seen.
struct Finish { count: u32, spans: u32, pixels: u32, offset: u32, statistics: u32, epsilon: f32, momentum: f32 }
@group(0) @binding(0) var<storage, read_write> p: Finish;
@group(0) @binding(1) var<storage, read_write> pieces: array<f32>;
@group(0) @binding(2) var<storage, read_write> input: array<f32>;
@group(0) @binding(3) var<storage, read_write> saved: array<f32>;
@group(0) @binding(4) var<storage, read_write> statistics: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    var sum = 0f;
    var squares = 0f;
    for (var span = 0u; span < p.spans; span += 1u) {
        sum += pieces[span * 2u * p.count + i];
        squares += pieces[(span * 2u + 1u) * p.count + i];
    }
    let pixels = f32(p.pixels);
    let shifted = sum / pixels;
    let mean = input[p.offset + i] + shifted;
    let variance = rectified(finite_or_nan(squares / pixels - shifted * shifted));
    saved[i] = mean;
    saved[p.count + i] = 1f / sqrt(variance + p.epsilon);
    let at = p.statistics + i;
    let unbiased = variance * (pixels / (max(pixels, 2f) - 1f));
    statistics[at] = statistics[at] * (1f - p.momentum) + mean * p.momentum;
    statistics[at + p.count] = statistics[at + p.count] * (1f - p.momentum) + unbiased * p.momentum;
}
