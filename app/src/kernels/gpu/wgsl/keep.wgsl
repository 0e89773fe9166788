// The logits of an evaluation, put where later ones do not overwrite them.
struct Keep { count: u32, classes: u32, stride: u32, offset: u32, size: u32 }
@group(0) @binding(0) var<storage, read_write> p: Keep;
@group(0) @binding(1) var<storage, read_write> step: array<u32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    kept[step[0] * p.size + i] = logits[i / p.classes * p.stride + p.offset + i % p.classes];
}
