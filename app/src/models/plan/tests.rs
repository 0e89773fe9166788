use super::*;
use crate::models::ModelName;

fn conv(name: &str, inputs: usize, outputs: usize) -> Layer {
    Layer::Conv { name: name.into(), inputs, outputs, kernel: 3, stride: 1, bias: true }
}

fn strided(name: &str, inputs: usize, outputs: usize, stride: usize) -> Layer {
    Layer::Conv { name: name.into(), inputs, outputs, kernel: 3, stride, bias: true }
}

fn dense(name: &str, inputs: usize, outputs: usize) -> Layer {
    Layer::Dense { name: name.into(), inputs, outputs }
}

const POOL: Layer = Layer::MaxPool { size: 2, stride: 1, same: true };

/// The plan of some layers on images of 6x6 with 3 channels, with a mean pool and a dense layer behind them.
fn plan_of(mut layers: Vec<Layer>, channels: usize) -> Plan {
    layers.extend([Layer::MeanPool, dense("logits", channels, 2)]);
    build_plan(&layers, [6, 3], true, |_| false).unwrap_or_else(|error| panic!("{error}"))
}

/// Operation, input buffer, output buffer, first channel and channels of each node.
fn outline(plan: &Plan) -> Vec<String> {
    let line = |Node { operation, input, output, .. }: &Node| {
        let name = match operation {
            Operation::Convolution { relu, .. } => format!("convolution {relu}"),
            Operation::Dense { relu, .. } => format!("dense {relu}"),
            Operation::BatchNorm { relu, .. } => format!("norm {relu}"),
            Operation::Copy { relu } => format!("copy {relu}"),
            Operation::MaxPool(_) => "pool".into(),
            Operation::LocalResponseNorm => "lrn".into(),
            Operation::MeanPool => "mean".into(),
            Operation::Dropout { .. } => "dropout".into(),
        };
        let end = output.offset + output.channels;
        format!("{name}: {} to {}[{}..{end}]", input.buffer, output.buffer, output.offset)
    };
    plan.nodes.iter().map(line).collect()
}

#[test]
fn every_model_of_the_registry_builds() {
    for model in ModelName::ALL {
        for (batch_norm, with_dropout) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let built = build_plan(&model.layers(batch_norm), [28, 3], with_dropout, |_| true);
            assert!(built.is_ok(), "{}: {built:?}", model.key());
        }
    }
}

#[test]
fn relu_is_done_by_the_layer_before_it_where_that_can_and_by_a_copy_elsewhere() {
    let norm = Layer::BatchNorm { name: "one".into(), channels: 4 };
    let layers = vec![
        Layer::Relu,
        conv("one", 3, 4),
        norm,
        Layer::Relu,
        POOL,
        Layer::Relu,
        conv("two", 4, 5),
        Layer::Relu,
        Layer::Relu,
    ];
    let expected = [
        "copy true: 0 to 1[0..3]",
        "convolution false: 1 to 2[0..4]",
        "norm true: 2 to 3[0..4]",
        "pool: 3 to 4[0..4]",
        "copy true: 4 to 5[0..4]",
        "convolution true: 5 to 6[0..5]",
        "copy true: 6 to 7[0..5]",
        "mean: 7 to 8[0..5]",
        "dense false: 8 to 9[0..2]",
    ];
    assert_eq!(outline(&plan_of(layers, 5)), expected);
}

#[test]
fn nested_branches_write_into_the_slices_of_the_outer_join() {
    let inner = Layer::Branches(vec![vec![conv("a", 3, 4)], vec![]]);
    let outer = Layer::Branches(vec![vec![conv("b", 3, 2)], vec![inner], vec![POOL, Layer::Relu]]);
    let plan = plan_of(vec![outer], 12);
    let expected = [
        "convolution false: 0 to 1[0..2]",
        "convolution false: 0 to 1[2..6]",
        "copy false: 0 to 1[6..9]",
        "pool: 0 to 2[0..3]",
        "copy true: 2 to 1[9..12]",
        "mean: 1 to 3[0..12]",
        "dense false: 3 to 4[0..2]",
    ];
    assert_eq!(outline(&plan), expected);
    assert_eq!(plan.buffers, [6 * 6 * 3, 6 * 6 * 12, 6 * 6 * 3, 12, 2]);
    let joined: Vec<_> = plan.nodes.iter().filter(|node| node.output.buffer == 1).collect();
    assert!(joined.iter().all(|node| node.output.stride == 12));
}

#[test]
fn nested_branches_that_are_not_last_have_a_join_of_their_own() {
    let inner = Layer::Branches(vec![vec![conv("a", 3, 4)], vec![conv("b", 3, 1)]]);
    let plan = plan_of(vec![Layer::Branches(vec![vec![], vec![inner, Layer::Relu]])], 8);
    let expected = [
        "copy false: 0 to 1[0..3]",
        "convolution false: 0 to 2[0..4]",
        "convolution false: 0 to 2[4..5]",
        "copy true: 2 to 1[3..8]",
        "mean: 1 to 3[0..8]",
        "dense false: 3 to 4[0..2]",
    ];
    assert_eq!(outline(&plan), expected);
}

#[test]
fn a_branch_writes_its_slice_where_its_last_layer_is_left_out_or_has_a_buffer_of_its_own() {
    let branches = Layer::Branches(vec![
        vec![Layer::Dropout],
        vec![Layer::Flatten, dense("a", 3, 4), Layer::Relu],
        vec![Layer::MeanPool, Layer::Flatten],
    ]);
    // The first branch ends with an image, the others with vectors.
    let layers = [branches, dense("logits", 10, 2)];
    let error = build_plan(&layers, [1, 3], false, |_| false).unwrap_err();
    assert!(matches!(error, PlanError::Branches { branch: 2, .. }), "{error}");
    let branches = Layer::Branches(vec![
        vec![Layer::Flatten, Layer::Dropout],
        vec![Layer::Flatten, dense("a", 3, 4), Layer::Relu],
        vec![Layer::MeanPool, Layer::Flatten],
    ]);
    let plan = build_plan(&[branches, dense("logits", 10, 2)], [1, 3], false, |_| false).unwrap();
    let expected = [
        "copy false: 0 to 1[0..3]",
        "dense true: 0 to 2[0..4]",
        "copy false: 2 to 1[3..7]",
        "mean: 0 to 3[0..3]",
        "copy false: 3 to 1[7..10]",
        "dense false: 1 to 4[0..2]",
    ];
    assert_eq!(outline(&plan), expected);
}

#[test]
fn parameters_start_at_multiples_of_four_and_decay_reaches_over_their_padding_only() {
    // 3 * 9 * 5 = 135 weights, 5 biases, 5 * 9 * 7 = 315 weights, 7 biases, 14 weights, 2 biases.
    let layers = [conv("one", 3, 5), conv("two", 5, 7), Layer::MeanPool, dense("logits", 7, 2)];
    let (plan, placed) = build(&layers, [6, 3], false, |role| role != Role::Bias).unwrap();
    let ranges: Vec<_> = placed.iter().map(|placed| placed.range.clone()).collect();
    assert_eq!(ranges, [0..135, 136..141, 144..459, 460..467, 468..482, 484..486]);
    assert_eq!(plan.parameters, 488);
    assert_eq!(plan.decayed, [0..135, 144..459, 468..482]);
    let (plan, _) = build(&layers, [6, 3], false, |_| true).unwrap();
    assert_eq!((plan.decayed.len(), &plan.decayed[0]), (1, &(0..486)));
}

/// What is refused, on images of 6x6 with 3 channels, and how.
fn refused(layers: &[Layer], expected: &str) {
    let found = build_plan(layers, [6, 3], true, |_| false).map(|plan| outline(&plan));
    assert_eq!(found.map_err(|error| error.to_string()), Err(expected.into()));
}

#[test]
fn layers_that_do_not_fit_are_refused_by_name_with_what_to_do() {
    let norm = |channels| Layer::BatchNorm { name: "n".into(), channels };
    refused(
        &[conv("a", 4, 2)],
        "layer 1 (convolution `a`) takes 4 inputs, but 3 arrive: set its inputs to 3, or change the layer before it",
    );
    refused(
        &[conv("a", 3, 2), norm(3)],
        "layer 2 (batch norm `n`) takes 3 inputs, but 2 arrive: set its inputs to 2, or change the layer before it",
    );
    refused(
        &[Layer::Flatten, dense("d", 3, 2)],
        "layer 2 (dense `d`) takes 3 inputs, but 108 arrive: set its inputs to 108, or change the layer before it",
    );
    refused(
        &[Layer::MaxPool { size: 7, stride: 2, same: false }],
        "layer 1 (max-pool) has a window of 7x7, but the image that arrives is 6x6: choose a window of at most 6, or \
         SAME padding",
    );
    let needs_image = |layer: Layer, name: &str| {
        refused(
            &[Layer::Flatten, layer],
            &format!(
                "layer 2 ({name}) needs an image, but a vector arrives: put it before the flatten, mean pool or dense \
                 layer that makes the vector"
            ),
        );
    };
    needs_image(conv("a", 3, 2), "convolution `a`");
    needs_image(norm(3), "batch norm `n`");
    needs_image(POOL, "max-pool");
    needs_image(Layer::MeanPool, "mean pool");
    needs_image(Layer::LocalResponseNorm, "local response normalization");
    refused(
        &[dense("d", 3, 2)],
        "layer 1 (dense `d`) needs a vector, but an image arrives: put a flatten or a mean pool before it",
    );
    refused(
        &[conv("a", 3, 3), conv("a", 3, 3)],
        "layer 2 (convolution `a`): another layer has a parameter `a.weight` already: give this one a name of its own",
    );
}

#[test]
fn sizes_of_zero_and_sizes_beyond_counting_are_refused() {
    let zero = |what: &str| format!("has 0 {what}: give it at least 1");
    let conv = |outputs, kernel, stride| {
        [Layer::Conv { name: "a".into(), inputs: 3, outputs, kernel, stride, bias: false }]
    };
    refused(&conv(0, 3, 1), &format!("layer 1 (convolution `a`) {}", zero("outputs")));
    refused(&conv(3, 0, 1), &format!("layer 1 (convolution `a`) {}", zero("kernel")));
    refused(&conv(3, 3, 0), &format!("layer 1 (convolution `a`) {}", zero("stride")));
    for same in [false, true] {
        let pool = |size, stride| [Layer::MaxPool { size, stride, same }];
        refused(&pool(0, 1), &format!("layer 1 (max-pool) {}", zero("pixels in its window")));
        refused(&pool(2, 0), &format!("layer 1 (max-pool) {}", zero("stride")));
    }
    let zero_dense = [Layer::MeanPool, dense("d", 3, 0)];
    refused(&zero_dense, &format!("layer 2 (dense `d`) {}", zero("outputs")));
    let too_large =
        "makes more numbers than can be counted here: choose smaller images or fewer channels";
    refused(&conv(usize::MAX / 2, 1, 1), &format!("layer 1 (convolution `a`) {too_large}"));
    for image in [[0, 3], [28, 0]] {
        let error = build_plan(&[Layer::MeanPool], image, true, |_| false).unwrap_err();
        assert!(matches!(error, PlanError::EmptyImage { .. }), "{error}");
    }
    let error = build_plan(&[Layer::MeanPool], [usize::MAX, 3], true, |_| false).unwrap_err();
    assert!(matches!(error, PlanError::TooLarge { .. }), "{error}");
}

#[test]
fn windows_that_no_kernel_counts_with_are_refused() {
    for far in [4097, 1 << 31, usize::MAX] {
        let too_far = |what: &str| format!("has a {what} of {far}: choose at most 4096");
        for (kernel, stride, what) in [(far, 1, "kernel"), (1, far, "stride")] {
            let conv = [Layer::Conv {
                name: "a".into(),
                inputs: 3,
                outputs: 1,
                kernel,
                stride,
                bias: false,
            }];
            refused(&conv, &format!("layer 1 (convolution `a`) {}", too_far(what)));
        }
        for (size, stride, same, what) in
            [(far, 1, true, "window"), (far, 1, false, "window"), (2, far, true, "stride")]
        {
            let pool = [Layer::MaxPool { size, stride, same }];
            refused(&pool, &format!("layer 1 (max-pool) {}", too_far(what)));
        }
    }
    // A window that reaches over every edge is one window a pixel.
    let all = Layer::MaxPool { size: 4096, stride: 4096, same: true };
    assert_eq!(outline(&plan_of(vec![all], 3))[0], "pool: 0 to 1[0..3]");
}

#[test]
fn branches_that_cannot_be_joined_are_refused() {
    refused(
        &[Layer::Branches(vec![])],
        "layer 1 (branches) has no branch: give it one at least; one without layers passes its input on",
    );
    let inner = Layer::Branches(vec![vec![], vec![POOL, strided("a", 3, 2, 2)]]);
    refused(
        &[POOL, Layer::Branches(vec![vec![], vec![inner]])],
        "layer 2, branch 2, layer 1 (branches): branch 1 ends with an image of 6x6, branch 2 with an image of 3x3: outputs \
         that are joined need one side; give the branches the same strides and windows",
    );
    refused(
        &[Layer::Branches(vec![vec![Layer::MeanPool], vec![Layer::Flatten]])],
        "layer 1 (branches): branch 2 ends with a flattened image: put the flatten behind the branches",
    );
    refused(
        &[Layer::Branches(vec![vec![], vec![POOL, conv("a", 4, 2)]])],
        "layer 1, branch 2, layer 2 (convolution `a`) takes 4 inputs, but 3 arrive: set its inputs to 3, or change the \
         layer before it",
    );
}

#[test]
fn networks_that_end_without_logits_or_learn_nothing_are_refused() {
    let end = |end: &str| {
        format!(
            "the network ends with {end}, but logits are a vector: end it with a dense layer or a mean pool"
        )
    };
    refused(&[conv("a", 3, 2)], &end("an image of 6x6"));
    refused(&[conv("a", 3, 2), Layer::Flatten], &end("a flattened image of 6x6"));
    let nothing = "the network has no parameters, so there is nothing to learn: add a dense layer";
    refused(&[], nothing);
    refused(&[Layer::Relu, Layer::MeanPool], nothing);
}
