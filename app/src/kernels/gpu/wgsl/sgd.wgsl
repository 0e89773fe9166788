// v <- momentum * v + (gradient + weight_decay * decayed * w); w <- w - learning_rate * v, for all parameters at once,
// flat. Why it is this formula, and who gives the factors: kernels/sgd.rs. `step` holds [loss slot, learning_rate,
// momentum, weight_decay], the factors as bits, so that a step writes one buffer.
struct Sgd { count: u32 }
@group(0) @binding(0) var<storage, read_write> p: Sgd;
@group(0) @binding(1) var<storage, read_write> step: array<u32>;
@group(0) @binding(2) var<storage, read_write> weights: array<t>;
@group(0) @binding(3) var<storage, read_write> velocities: array<t>;
@group(0) @binding(4) var<storage, read_write> gradients: array<t>;
//# if DECAY
// 1 where weight decay acts, else 0.
@group(0) @binding(5) var<storage, read_write> decayed: array<t>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) lane: u32) {
    let i = position(group, groups, lane);
    if i >= p.count { return; }
    let weight = weights[i];
    var gradient = gradients[i];
//# if DECAY
    gradient += bitcast<f32>(step[3]) * decayed[i] * weight;
//# end
    let velocity = bitcast<f32>(step[2]) * velocities[i] + gradient;
    velocities[i] = velocity;
    weights[i] = weight - bitcast<f32>(step[1]) * velocity;
}
