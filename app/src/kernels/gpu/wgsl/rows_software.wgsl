// c[row, column] = sum over taps and channels of a[source(row, tap), channel] * b[tap * channels + channel, column].
// For adapters that are a CPU: there a load costs a dozen multiplications, workgroup memory is no faster than any
// other, and barriers are switches of threads. So one invocation has a tile of 16 by 16 in registers.
@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let p = parameters;
    let tile = (group.y * groups.x + group.x) * 8u + lane;
    let across = (p.columns + 15u) / 16u;
    let first_row = tile / across * 16u;
    let first_column = tile % across * 16u;
    if first_row >= p.rows { return; }
    let last = p.rows - 1u;
//# for q in 0..4
    let row$q = min(vec4u(first_row + $qu * 4u) + vec4u(0u, 1u, 2u, 3u), vec4u(last));
    let image$q = row$q / (p.grid * p.grid) * (p.side * p.side);
    let x$q = vec4i(row$q % p.grid);
    let y$q = vec4i(row$q / p.grid % p.grid);
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
    var tap = begin / p.chunks;
    var channel = begin % p.chunks * 4u;
    var new_tap = true;
//# for q in 0..4
    var in$q = vec4<bool>();
    var at$q = vec4u();
//# end
    for (var chunk = begin; chunk < end; chunk += 1u) {
        if new_tap {
//# for q in 0..4
            let sy$q = source(y$q, vec4i(i32(tap / p.size)), p);
            let sx$q = source(x$q, vec4i(i32(tap % p.size)), p);
            in$q = (sy$q >= vec4i(0)) & (sx$q >= vec4i(0));
            at$q = select(vec4u(), (image$q + vec4u(sy$q) * p.side + vec4u(sx$q)) * p.stride, in$q) + p.offset;
//# end
        }
        let left = p.channels - channel;
//# for q in 0..4
//# for r in x y z w
        let a$q$r = select(vec4f(), load_a(at$q.$r + channel, left), in$q.$r);
//# end
//# end
        var row = p.b_offset + (tap * p.channels + channel) * p.b_stride;
//# if VA
//# else
        // What stands behind the last row may be no number, and 0 times that is none either.
        var k = 0u;
//# end
//# for u in x y z w
        {
//# for j in 0..4
//# if VA
            let b$j = load_b(row + column$j, p.columns - column$j);
//# else
            let b$j = select(vec4f(), load_b(row + column$j, p.columns - column$j), k < left);
//# end
//# end
//# for q in 0..4
//# for r in x y z w
//# for j in 0..4
            c$q$r$j += a$q$r.$u * b$j;
//# end
//# end
//# end
        }
        row += p.b_stride;
//# if VA
//# else
        k += 1u;
//# end
//# end
        channel += 4u;
        new_tap = channel >= p.channels;
        tap += select(0u, 1u, new_tap);
        channel = select(channel, 0u, new_tap);
    }
    let at = p.c_offset + group.z * p.c_split;
//# for q in 0..4
    let number$q = first_row + $qu * 4u + vec4u(0u, 1u, 2u, 3u);
//# end
//# for j in 0..4
    if first_column + $ju * 4u < p.columns {
        let left = p.columns - column$j;
        var bias = vec4f();
        if p.bias != 0xffffffffu { bias = load_b(p.bias + column$j, left); }
//# for q in 0..4
//# for r in x y z w
        if number$q.$r < p.rows { finish(at + number$q.$r * p.c_stride + column$j, left, rectified(c$q$r$j + bias)); }
//# end
//# end
    }
//# end
}
