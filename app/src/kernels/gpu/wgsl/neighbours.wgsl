// Sums over nine channels, for local response normalization of channels in fours: three loads where nine would be.
//# if W4
// For each of the four channels in the middle, the sum of the nine around it.
fn neighbours(before: vec4f, own: vec4f, after: vec4f) -> vec4f {
    let middle = own.x + own.y + own.z + own.w;
    let first = vec4f(before.x + before.y + before.z + before.w, before.y + before.z + before.w, before.z + before.w, before.w);
    let last = vec4f(after.x, after.x + after.y, after.x + after.y + after.z, after.x + after.y + after.z + after.w);
    return first + middle + last;
}
//# end
