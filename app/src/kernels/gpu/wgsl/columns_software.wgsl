// c[tap * channels + channel, column] = sum over rows of a[source(row, tap), channel] * b[row, column]: the gradient of
// a weight; a row is a pixel of one of the images. For adapters that are a CPU: one invocation has 16 of the one by 16
// of the other in registers, for the reasons in rows_software.wgsl.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let p = parameters;
    let tile = (group.y * groups.x + group.x) * 8u + lane;
    let across = (p.columns + 15u) / 16u;
    let first = tile / across * 4u;
    let first_column = tile % across * 16u;
    let count = p.chunks * p.size * p.size;
    if first >= count { return; }
    // One entry for each of the four chunks of channels.
    let chunk = min(vec4u(first) + vec4u(0u, 1u, 2u, 3u), vec4u(count - 1u));
    let tap = chunk / p.chunks;
    let channel = (chunk - tap * p.chunks) * 4u;
    let tap_y = vec4i(tap / p.size) * p.sign + p.base;
    let tap_x = vec4i(tap % p.size) * p.sign + p.base;
//# for q in x y z w
//# for r in x y z w
//# for j in 0..4
    var c$q$r$j = vec4f();
//# end
//# end
//# end
//# for j in 0..4
    let column$j = min(first_column + $ju * 4u, (p.columns - 1u) / 4u * 4u);
//# end
    let begin = group.z * p.span;
    let end = min(begin + p.span, p.total);
    var x = i32(begin % p.grid);
    var y = i32(begin / p.grid % p.grid);
    var image = begin / (p.grid * p.grid) * (p.side * p.side);
    let side = vec4i(i32(p.side));
    for (var row = begin; row < end; row += 4u) {
//# for t in 0..4
        {
        let sy = y * p.up + tap_y;
        let sx = x * p.up + tap_x;
        let in = (sy >= vec4i(0)) & (sx >= vec4i(0)) & (sy < side) & (sx < side) & vec4<bool>(row + $tu < end);
        let at = select(vec4u(), (image + vec4u(sy) * p.side + vec4u(sx)) * p.stride, in) + p.offset + channel;
//# for q in x y z w
        let a$q = select(vec4f(), load_a(at.$q, p.channels - channel.$q), in.$q);
//# end
//# for j in 0..4
        // What stands behind the last row may be no number, and 0 times that is none either.
        let b$j = select(vec4f(), load_b(p.b_offset + (row + $tu) * p.b_stride + column$j, p.columns - column$j), row + $tu < end);
//# end
//# for q in x y z w
//# for r in x y z w
//# for j in 0..4
        c$q$r$j += a$q.$r * b$j;
//# end
//# end
//# end
        x += 1;
        if x == i32(p.grid) {
            x = 0;
            y += 1;
            if y == i32(p.grid) { y = 0; image += p.side * p.side; }
        }
        }
//# end
    }
    let at = p.c_offset + group.z * p.c_split;
    let result = (tap * p.channels + channel) * p.c_stride;
    let rows = p.channels - channel;
//# for q in x y z w
    if (first + vec4u(0u, 1u, 2u, 3u)).$q < count {
//# for j in 0..4
        if first_column + $ju * 4u < p.columns {
            let left = p.columns - column$j;
            finish(at + result.$q + column$j, left, c$qx$j);
            if rows.$q > 1u { finish(at + result.$q + p.c_stride + column$j, left, c$qy$j); }
            if rows.$q > 2u { finish(at + result.$q + 2u * p.c_stride + column$j, left, c$qz$j); }
            if rows.$q > 3u { finish(at + result.$q + 3u * p.c_stride + column$j, left, c$qw$j); }
        }
//# end
    }
//# end
}
