// result[channel] = sum over spans of pieces[span, channel]: the gradient of a bias, `[channels]` of all gradients from
// `offset` on. `pieces` `[spans, channels]` are the sums of relu_backward.wgsl. A second stage, because no workgroup
// sees another's sums; one invocation a channel, because there are at most a few hundred spans.
struct Sums { count: u32, spans: u32, offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Sums;
@group(0) @binding(1) var<storage, read_write> pieces: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    var sum = t();
    for (var span = 0u; span < p.spans; span += 1u) { sum += pieces[span * p.count + i]; }
    result[p.offset + i] = sum;
}
