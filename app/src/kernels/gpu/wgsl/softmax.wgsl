// Cross-entropy of the softmax of the logits, its mean over the batch, and the gradient of that mean. One workgroup.
struct Softmax { images: u32, classes: u32, stride: u32, offset: u32, gradient_stride: u32, gradient_offset: u32, labels: u32 }
@group(0) @binding(0) var<storage, read_write> p: Softmax;
@group(0) @binding(1) var<storage, read_write> step: array<u32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
var<workgroup> pieces: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    let share = 1f / f32(p.images);
    var loss = 0f;
    for (var image = lane; image < p.images; image += 64u) {
        let at = image * p.stride + p.offset;
        var greatest = logits[at];
        for (var kind = 1u; kind < p.classes; kind += 1u) { greatest = max(greatest, logits[at + kind]); }
        var sum = 0f;
        for (var kind = 0u; kind < p.classes; kind += 1u) { sum += exp(logits[at + kind] - greatest); }
        let label = step[p.labels + image];
        loss += log(sum) - (logits[at + label] - greatest);
        let to = image * p.gradient_stride + p.gradient_offset;
        for (var kind = 0u; kind < p.classes; kind += 1u) {
            let probability = exp(logits[at + kind] - greatest) / sum;
            gradient[to + kind] = (probability - select(0f, 1f, kind == label)) * share;
        }
    }
    pieces[lane] = loss * share;
    workgroupBarrier();
    if lane == 0u {
        var sum = 0f;
        for (var other = 0u; other < 64u; other += 1u) { sum += pieces[other]; }
        losses[step[0]] = sum;
    }
}
