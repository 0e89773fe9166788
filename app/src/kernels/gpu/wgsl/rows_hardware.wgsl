// c[row, column] = sum over taps and channels of a[source(row, tap), channel] * b[tap * channels + channel, column]: a
// forward pass, or the gradient of an input; a row is a pixel of one of the images.
//
// A workgroup makes 64 rows by $NT * 4 columns through tiles in its memory, an invocation 4 by 4 of them: each number
// that is loaded is used many times. Tiles are counted columns first, so that workgroups that run together share rows
// of `a`, the larger matrix; z is the split of the sum.
var<workgroup> shared_parameters: Product;
// [row][chunk] and [number within the chunks][column / 4]
var<workgroup> a_tile: array<vec4f, 256>;
var<workgroup> b_tile: array<vec4f, 16 * $NT>;

@compute @workgroup_size($NT, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
    if lane == 0u { shared_parameters = parameters; }
    let p = workgroupUniformLoad(&shared_parameters);
    let across = (p.columns + $NTu * 4u - 1u) / ($NTu * 4u);
    let tile = group.y * groups.x + group.x;
    let first_row = tile / across * 64u;
    // The last workgroups of y may have no tile; all of a workgroup returns, so no barrier is left waiting.
    if first_row >= p.rows { return; }
//# for l in 0..$LOADS
    let row$l = min(first_row + lane / 4u + $lu * $NTu * 4u, p.rows - 1u);
    let image$l = row$l / (p.grid * p.grid) * (p.side * p.side);
    let place$l = vec4i(i32(row$l / p.grid % p.grid), i32(row$l % p.grid), 0, 0);
//# end
    let first_column = tile % across * $NTu * 4u;
    let b_column = first_column + lane % $NTu * 4u;
    let b_number = lane / $NTu;
//# for i in 0..4
    var c$i = vec4f();
//# end
    let begin = group.z * p.span;
    let end = min(begin + p.span, p.total);
    for (var chunk = begin; chunk < end; chunk += 4u) {
        let a_chunk = chunk + lane % 4u;
        let tap = a_chunk / p.chunks;
        let channel = (a_chunk - tap * p.chunks) * 4u;
        let offset = vec4i(i32(tap / p.size), i32(tap % p.size), 0, 0);
//# for l in 0..$LOADS
        let at$l = source(place$l, offset, p);
        var a$l = vec4f();
        if a_chunk < end && at$l.x >= 0 && at$l.y >= 0 {
            a$l = load_a((image$l + u32(at$l.x) * p.side + u32(at$l.y)) * p.stride + p.offset + channel, p.channels - channel);
        }
//# end
        let b_chunk = chunk + b_number / 4u;
        let b_tap = b_chunk / p.chunks;
        let b_channel = (b_chunk - b_tap * p.chunks) * 4u + b_number % 4u;
        var b_loaded = vec4f();
        if b_chunk < end && b_channel < p.channels && b_column < p.columns {
            b_loaded = load_b(p.b_offset + (b_tap * p.channels + b_channel) * p.b_stride + b_column, p.columns - b_column);
        }
        workgroupBarrier();
//# for l in 0..$LOADS
        a_tile[lane + $lu * $NTu * 16u] = a$l;
//# end
        b_tile[lane] = b_loaded;
        workgroupBarrier();
        for (var k = 0u; k < 4u; k += 1u) {
//# for i in 0..4
            let x$i = a_tile[(local.y * 4u + $iu) * 4u + k];
//# end
//# for u in 0..4
            let y$u = b_tile[(k * 4u + $uu) * $NTu + local.x];
//# end
//# for i in 0..4
            c$i += x$i.x * y0 + x$i.y * y1 + x$i.z * y2 + x$i.w * y3;
//# end
        }
    }
    let column = first_column + local.x * 4u;
    if column >= p.columns { return; }
    let left = p.columns - column;
    var bias = vec4f();
    if p.bias != 0xffffffffu { bias = load_b(p.bias + column, left); }
    let at = p.c_offset + group.z * p.c_split + column;
//# for i in 0..4
    let number$i = first_row + local.y * 4u + $iu;
    if number$i < p.rows { finish(at + number$i * p.c_stride, left, rectified(c$i + bias)); }
//# end
}
