// result[image] = images[rows[image]]: the images of a step, `[batch, side * side * channels]`, out of a whole set on
// the device. A copy, so that every other kernel reads its images one after the other.
struct Gather { count: u32, size: u32, rows: u32 }
@group(0) @binding(0) var<storage, read_write> p: Gather;
@group(0) @binding(1) var<storage, read_write> step: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<t>;
@group(0) @binding(3) var<storage, read_write> images: array<t>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    result[i] = images[step[p.rows + i / p.size] * p.size + i % p.size];
}
