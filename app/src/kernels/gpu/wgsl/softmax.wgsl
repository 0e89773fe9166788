// With logits z `[images, classes]` and labels y, for each image:
//   loss = log(sum over k of exp(z[k] - m)) - (z[y] - m), m the max of z, so that no power overflows;
//   gradient[k] = (exp(z[k] - m) / sum - (1 if k is y, else 0)) / images.
// The step's loss is the mean over the images. One workgroup: logits are few, and the mean needs no second launch.
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
        // A NaN stays the max, so that the loss is one.
        var max_logit = logits[at];
        for (var k = 1u; k < p.classes; k += 1u) {
            let value = logits[at + k];
            max_logit = select(max_logit, value, (value > max_logit || is_nan(value)) && !is_nan(max_logit));
        }
        var sum = 0f;
        for (var k = 0u; k < p.classes; k += 1u) { sum += exp(logits[at + k] - max_logit); }
        let label = step[p.labels + image];
        loss += log(sum) - (logits[at + label] - max_logit);
        let to = image * p.gradient_stride + p.gradient_offset;
        for (var k = 0u; k < p.classes; k += 1u) {
            let probability = exp(logits[at + k] - max_logit) / sum;
            gradient[to + k] = (probability - select(0f, 1f, k == label)) * share;
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
