// What the products share: c (+)= a * b, every one an implicit convolution. A row of `a` is one window's tap of one
// image: `channels` numbers in chunks of four. A matrix of windows is never made: channels last, a tap's channels are
// contiguous, and the matrix would be as many times larger than the images as a window has taps.
//
// Lengths and places are numbers here. Where all of a matrix are multiples of four it is read four at a time (VA for
// `a`, VN for `b`, `c` and the bias).
struct Product {
    rows: u32,       // pixels of all images on the windows' side
    columns: u32,
    channels: u32,   // of `a`, a tap
    chunks: u32,     // of four channels, a tap
    size: u32,       // side of the window
    side: u32,       // of the images in `a`
    stride: u32,     // from pixel to pixel in `a`
    offset: u32,
    grid: u32,       // side of the images that the rows are pixels of
    up: i32,         // coordinate in `a`: (row's coordinate * up + tap's coordinate * sign + base) / down
    sign: i32,
    base: i32,
    down: i32,
    b_stride: u32,   // from row to row in `b`
    b_offset: u32,
    c_stride: u32,
    c_offset: u32,
    bias: u32,       // its place in `b`; none is 0xffffffff
    span: u32,       // what one split sums up: chunks, or pixels
    c_split: u32,    // from one split's result to the next
    total: u32,      // of what the splits share
}

@group(0) @binding(0) var<storage, read_write> parameters: Product;
//# if VA
@group(0) @binding(1) var<storage, read_write> a: array<vec4f>;
//# else
@group(0) @binding(1) var<storage, read_write> a: array<f32>;
//# end
//# if VN
@group(0) @binding(2) var<storage, read_write> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
//# else
@group(0) @binding(2) var<storage, read_write> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
//# end

// Four channels of `a` from `at` on, of which `left` exist.
fn load_a(at: u32, left: u32) -> vec4f {
//# if VA
    return a[at / 4u];
//# else
    return vec4f(a[at], select(0f, a[at + 1u], left > 1u), select(0f, a[at + 2u], left > 2u), select(0f, a[at + 3u], left > 3u));
//# end
}

// Four columns of `b` from `at` on, of which `left` exist.
fn load_b(at: u32, left: u32) -> vec4f {
//# if VN
    return b[at / 4u];
//# else
    return vec4f(b[at], select(0f, b[at + 1u], left > 1u), select(0f, b[at + 2u], left > 2u), select(0f, b[at + 3u], left > 3u));
//# end
}

// ReLU where it is asked for, by bits as in elements.wgsl: NaN, and so a run that has diverged, must be seen.
fn rectified(value: vec4f) -> vec4f {
//# if RELU
    return select(value, vec4f(), bitcast<vec4u>(value) - vec4u(0x80000000u) <= vec4u(0x7f800000u));
//# else
    return value;
//# end
}

// Writes four columns of a result, or adds them to what is there.
fn finish(at: u32, left: u32, value: vec4f) {
//# if ADD
    store_c(at, left, load_c(at, left) + value);
//# else
    store_c(at, left, value);
//# end
}

//# if ADD
fn load_c(at: u32, left: u32) -> vec4f {
//# if VN
    return c[at / 4u];
//# else
    return vec4f(c[at], select(0f, c[at + 1u], left > 1u), select(0f, c[at + 2u], left > 2u), select(0f, c[at + 3u], left > 3u));
//# end
}
//# end

fn store_c(at: u32, left: u32, value: vec4f) {
//# if VN
    c[at / 4u] = value;
//# else
    c[at] = value.x;
    if left > 1u { c[at + 1u] = value.y; }
    if left > 2u { c[at + 2u] = value.z; }
    if left > 3u { c[at + 3u] = value.w; }
//# end
}

// Where coordinates of `a` are, and whether they are inside.
fn source(coordinate: vec4i, tap: vec4i, p: Product) -> vec4i {
    let at = coordinate * p.up + tap * p.sign + p.base;
//# if DOWN
    let whole = at / p.down;
    return select(vec4i(-1), whole, (at >= vec4i(0)) & (whole * p.down == at) & (whole < vec4i(i32(p.side))));
//# else
    return select(vec4i(-1), at, at < vec4i(i32(p.side)));
//# end
}
