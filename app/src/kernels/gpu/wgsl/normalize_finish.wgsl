// For each channel: saved[2, channel] = sum over spans of pieces[span, 0, channel], which is the gradient of beta too,
// and saved[3, channel] = sum over spans of pieces[span, 1, channel]. `pieces` `[spans, 2, channels]` are the sums of
// normalize_sums.wgsl, `saved` is `[4, channels]` as in normalize_gradient.wgsl. A launch of its own, because the
// gradient of every pixel needs both sums whole.
struct Finish { count: u32, spans: u32, beta: u32 }
@group(0) @binding(0) var<storage, read_write> p: Finish;
@group(0) @binding(1) var<storage, read_write> pieces: array<t>;
@group(0) @binding(2) var<storage, read_write> saved: array<t>;
@group(0) @binding(3) var<storage, read_write> gradients: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    var sum = t();
    var products = t();
    for (var span = 0u; span < p.spans; span += 1u) {
        sum += pieces[span * 2u * p.count + i];
        products += pieces[(span * 2u + 1u) * p.count + i];
    }
    saved[2u * p.count + i] = sum;
    saved[3u * p.count + i] = products;
    gradients[p.beta + i] = sum;
}
