// c[tap * channels + channel, column] = sum over rows of a[source(row, tap), channel] * b[row, column]: the gradient of
// a weight; a row is a pixel of one of the images.
//
// A workgroup makes 64 of the one by $NT * 4 of the other, sixteen rows at a time, as in rows_hardware.wgsl. The sum is
// over all pixels of a batch, so it is nearly always split (z), for occupancy and for rounding.
var<workgroup> shared_parameters: Product;
// [row][chunk] and [row][column / 4]
var<workgroup> a_tile: array<vec4f, 256>;
var<workgroup> b_tile: array<vec4f, 16 * $NT>;

@compute @workgroup_size($NT, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
    if lane == 0u { shared_parameters = parameters; }
    let p = workgroupUniformLoad(&shared_parameters);
    let count = p.chunks * p.size * p.size;
    let across = (p.columns + $NTu * 4u - 1u) / ($NTu * 4u);
    let tile = group.y * groups.x + group.x;
    let first_chunk = tile / across * 16u;
    // The last workgroups of y may have no tile; all of a workgroup returns, so no barrier is left waiting.
    if first_chunk >= count { return; }
    let chunk = first_chunk + lane % 16u;
    let tap = chunk / p.chunks;
    let channel = (chunk - tap * p.chunks) * 4u;
    let offset = vec4i(i32(tap / p.size), i32(tap % p.size), 0, 0);
    let first_column = tile % across * $NTu * 4u;
    let b_column = first_column + lane % $NTu * 4u;
//# for i in 0..4
    var c$i = vec4f();
//# end
    let begin = group.z * p.span;
    let end = min(begin + p.span, p.total);
    for (var row = begin; row < end; row += 16u) {
//# for l in 0..$LOADS
        let row$l = row + lane / 16u + $lu * $NTu;
        let at$l = source(vec4i(i32(row$l / p.grid % p.grid), i32(row$l % p.grid), 0, 0), offset, p);
        var a$l = vec4f();
        if row$l < end && chunk < count && at$l.x >= 0 && at$l.y >= 0 {
            let image = row$l / (p.grid * p.grid) * (p.side * p.side);
            a$l = load_a((image + u32(at$l.x) * p.side + u32(at$l.y)) * p.stride + p.offset + channel, p.channels - channel);
        }
//# end
        let b_row = row + lane / $NTu;
        var b_loaded = vec4f();
        if b_row < end && b_column < p.columns {
            b_loaded = load_b(p.b_offset + b_row * p.b_stride + b_column, p.columns - b_column);
        }
        workgroupBarrier();
//# for l in 0..$LOADS
        a_tile[lane + $lu * $NTu * 16u] = a$l;
//# end
        b_tile[lane] = b_loaded;
        workgroupBarrier();
        for (var k = 0u; k < 16u; k += 1u) {
            let x = a_tile[k * 16u + local.y];
            let y = b_tile[k * $NTu + local.x];
            c0 += x.x * y;
            c1 += x.y * y;
            c2 += x.z * y;
            c3 += x.w * y;
        }
    }
    let column = first_column + local.x * 4u;
    let own = first_chunk + local.y;
    if column >= p.columns || own >= count { return; }
    let own_tap = own / p.chunks;
    let own_channel = (own - own_tap * p.chunks) * 4u;
    let at = p.c_offset + group.z * p.c_split + (own_tap * p.channels + own_channel) * p.c_stride + column;
//# for i in 0..4
    if own_channel + $iu < p.channels { finish(at + $iu * p.c_stride, p.columns - column, c$i); }
//# end
}
