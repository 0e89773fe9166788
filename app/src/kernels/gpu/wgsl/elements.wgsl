// What kernels share that have one invocation an element `t`: four channels where strides, offsets and channels are
// multiples of four, else one. All lengths and places that such a kernel is told are in elements. Four at a time,
// because a load of 16 bytes costs what one of 4 does.
//
// NaN is told by its bits. Compilers of shaders may take for granted that there is none: `max(x, 0)` makes it 0, and
// some turn `select(x, 0, x < 0)` into that maximum. None of them reasons about a float's bits.
//# if W4
alias t = vec4f;
alias tu = vec4u;
alias tb = vec4<bool>;
//# else
alias t = f32;
alias tu = u32;
alias tb = bool;
//# end

fn position(group: vec3u, groups: vec3u, lane: u32) -> u32 {
    return (group.y * groups.x + group.x) * 64u + lane;
}

fn is_nan(value: t) -> tb {
    return (bitcast<tu>(value) & tu(0x7fffffffu)) > tu(0x7f800000u);
}

// NaN for infinity, else the value: what a sum of squares that is divided by must be told as, because infinity would
// make 0 of all that have overflowed. A bit of the value itself is set, so that there is no constant for a compiler to
// do away with.
fn finite_or_nan(value: t) -> t {
    let bits = bitcast<tu>(value);
    return bitcast<t>(bits | select(tu(), tu(0x00400000u), (bits & tu(0x7fffffffu)) == tu(0x7f800000u)));
}

// ReLU: 0 for what lies between the bits of -0 and of minus infinity. All else stays, NaN with it.
fn rectified(value: t) -> t {
    return select(value, t(), bitcast<tu>(value) - tu(0x80000000u) <= tu(0x7f800000u));
}

// What ReLU passes on of the gradient of its `output`, which is +0 where it cut and nowhere else.
fn passed(gradient: t, output: t) -> t {
    return select(gradient, t(), bitcast<tu>(output) == tu(0u));
}
