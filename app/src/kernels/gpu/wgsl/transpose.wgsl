// result[tap, column, row] = source[tap, row, column]: the weights of a convolution or dense layer as the gradient of
// its input reads them, so that this gradient is a product of the same kind as the forward pass.
struct Transpose { count: u32, rows: u32, columns: u32, offset: u32 }
@group(0) @binding(0) var<storage, read_write> p: Transpose;
@group(0) @binding(1) var<storage, read_write> source: array<t>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
//# if W4
    // Four by four numbers; `rows` and `columns` are numbers, `offset` and both arrays are in fours.
    let down = p.rows / 4u;
    let across = p.columns / 4u;
    let tap = i / (down * across);
    let row = i / across % down;
    let column = i % across;
    let from_place = p.offset + (tap * p.rows + row * 4u) * across + column;
    let block = transpose(mat4x4f(source[from_place], source[from_place + across], source[from_place + 2u * across],
        source[from_place + 3u * across]));
    let place = (tap * p.columns + column * 4u) * down + row;
    result[place] = block[0];
    result[place + down] = block[1];
    result[place + 2u * down] = block[2];
    result[place + 3u * down] = block[3];
//# else
    let tap = i / (p.rows * p.columns);
    let row = i / p.columns % p.rows;
    result[(tap * p.columns + i % p.columns) * p.rows + row] = source[p.offset + i];
//# end
}
