// c[row, column] (+)= the sum over splits of a[split, row, column], then bias and ReLU: the second stage of a product
// whose sum was split because there were too few tiles to occupy the device, or because it is long enough to round
// badly.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let p = parameters;
    let across = (p.columns + 3u) / 4u;
    let place = (group.y * groups.x + group.x) * 64u + lane;
    let row = place / across;
    let column = place % across * 4u;
    if row >= p.rows { return; }
    let left = p.columns - column;
    var sum = vec4f();
    for (var split = 0u; split < p.total; split += 1u) {
        sum += load_a(split * p.c_split + row * p.columns + column, left);
    }
    if p.bias != 0xffffffffu { sum += load_b(p.bias + column, left); }
    finish(p.c_offset + row * p.c_stride + column, left, rectified(sum));
}
