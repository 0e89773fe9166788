// One invocation an element of `t`: four channels where they come in fours, else one. All lengths are in such elements.
//# if W4
alias t = vec4f;
alias tu = vec4u;
//# else
alias t = f32;
alias tu = u32;
//# end

fn position(group: vec3u, groups: vec3u, lane: u32) -> u32 {
    return (group.y * groups.x + group.x) * 64u + lane;
}
