//! Every kernel's forward pass and gradient, on shapes that fit no tile: against plain tensor code in double precision,
//! and against finite differences of it.

use rote::kernels::{Batch, Core, Device, SgdStep, TrainState};
use rote::models::timing::{hashed, hashed_parameters, step_difference};
use rote::models::{Layer, ModelName, Network, NetworkState, Role, build_plan};

use crate::devices::{devices_turn, every_device};
use crate::plain::{self, LabelledBatch};
use crate::support::REST;

fn conv(
    name: &str,
    [inputs, outputs]: [usize; 2],
    kernel: usize,
    stride: usize,
    bias: bool,
) -> Layer {
    Layer::Conv { name: name.into(), inputs, outputs, kernel, stride, bias }
}

fn norm(name: &str, channels: usize) -> Layer {
    Layer::BatchNorm { name: name.into(), channels }
}

fn dense(name: &str, inputs: usize, outputs: usize) -> Layer {
    Layer::Dense { name: name.into(), inputs, outputs }
}

/// Differentiates the same network on the same batch by every device's kernels and by plain tensor code, and compares
/// loss and every gradient; then compares some of them with finite differences.
fn check(layers: &[Layer], batch: usize, [side, channels]: [usize; 2], dropout: bool) {
    let _turn = devices_turn();
    let specs: Vec<_> = layers.iter().flat_map(Layer::parameters).collect();
    let scale = |shape: &[usize]| {
        if shape.len() > 1 {
            (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt()
        } else {
            0.3
        }
    };
    let parameters: Vec<Vec<f32>> = specs
        .iter()
        .enumerate()
        .map(|(salt, spec)| hashed(spec.shape.iter().product(), salt as u32, scale(&spec.shape)))
        .collect();
    let images = hashed(batch * side * side * channels, 1000, 3f64.sqrt());
    let labels: Vec<u8> = (0..batch).map(|at| (at * 7 % 5) as u8).collect();
    for device in every_device() {
        leave_rubbish(&device.device);
        let rate = if dropout { 0.4 } else { 0.0 };
        let mut network =
            Network::from_layers(layers, [side, channels], rate, |_| false, &device.device, batch)
                .unwrap();
        assert!(network.restore(&NetworkState::at_start(layers, parameters.clone())));
        let step = 3;
        let loss = network.train_step_on(&images, &labels, step, REST);
        let found_loss = f64::from(pollster::block_on(network.losses(&[loss])).unwrap()[0]);
        let found = pollster::block_on(network.gradients()).unwrap();

        let wide =
            |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        let masks = network.masks(batch, step);
        let labelled = LabelledBatch {
            images: wide(&images),
            shape: [batch, channels, side, side],
            labels: labels.clone(),
            masks: masks.iter().map(|mask| wide(mask)).collect(),
        };
        let wide_parameters: Vec<Vec<f64>> = parameters.iter().map(|own| wide(own)).collect();
        let expected = plain::differentiate(layers, &wide_parameters, &labelled);
        let name = &device.name;
        assert!(
            (found_loss - expected.loss).abs() < 2e-5 * expected.loss,
            "{name}: loss {found_loss} and {}",
            expected.loss
        );
        for ((spec, found), expected) in specs.iter().zip(&found).zip(&expected.gradients) {
            let max = expected.iter().fold(1e-6f64, |max, value| max.max(value.abs()));
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                let difference = (f64::from(*found) - expected).abs();
                assert!(
                    difference < 1e-4 * max,
                    "{name}, {} {at}: {found} and {expected}",
                    spec.name
                );
            }
        }
        against_finite_differences(layers, &wide_parameters, &labelled, &found);
    }
}

/// Leaves numbers that are none in the memory the next network will be given.
fn leave_rubbish(device: &Device) {
    let layers = [conv("one", [3, 32], 5, 1, true), Layer::Flatten, dense("logits", 32 * 144, 10)];
    let mut network = Network::from_layers(&layers, [12, 3], 0.0, |_| false, device, 16).unwrap();
    let loss = network.train_step_on(&[f32::NAN; 16 * 144 * 3], &[0; 16], 0, REST);
    assert!(pollster::block_on(network.losses(&[loss])).unwrap()[0].is_nan());
}

/// Some coordinates of each parameter: `(loss(w + h) - loss(w - h)) / 2h` in double precision.
fn against_finite_differences(
    layers: &[Layer],
    parameters: &[Vec<f64>],
    labelled: &LabelledBatch,
    found: &[Vec<f32>],
) {
    const STEP: f64 = 1e-6;
    for (number, own) in parameters.iter().enumerate() {
        let max = found[number].iter().fold(1e-3f32, |max, value| max.max(value.abs()));
        for at in [0, own.len() / 3, own.len() - 1] {
            let moved = |by: f64| {
                let mut moved = parameters.to_vec();
                moved[number][at] += by;
                plain::loss(layers, &moved, labelled)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let difference = (slope - f64::from(found[number][at])).abs();
            assert!(
                difference < 1e-3 * f64::from(max),
                "parameter {number}, {at}: {slope} and {}",
                found[number][at]
            );
        }
    }
}

#[test]
fn dense_layers_have_the_gradients_of_plain_tensor_code() {
    // 7 * 7 * 3 = 147 inputs; 37, 51 and 5 units: multiples of no tile.
    let layers = [
        Layer::Flatten,
        dense("one", 147, 37),
        Layer::Relu,
        dense("two", 37, 51),
        Layer::Relu,
        dense("logits", 51, 5),
    ];
    check(&layers, 11, [7, 3], false);
    check(&layers, 1, [7, 3], false);
}

#[test]
fn gradients_are_right_where_a_batch_is_cut_into_pieces() {
    // More images than a dense layer sums up at a time.
    let layers = [Layer::Flatten, dense("one", 27, 13), Layer::Relu, dense("logits", 13, 5)];
    check(&layers, 259, [3, 3], false);
    // Several images in each part of a convolution's sum, in groups whose last is smaller.
    let layers =
        [conv("one", [3, 7], 3, 1, true), Layer::Relu, Layer::Flatten, dense("logits", 7 * 81, 5)];
    check(&layers, 37, [9, 3], false);
}

#[test]
fn dropout_has_the_gradients_of_plain_tensor_code() {
    let layers =
        [Layer::Flatten, dense("one", 75, 19), Layer::Relu, Layer::Dropout, dense("logits", 19, 5)];
    check(&layers, 9, [5, 3], true);
}

#[test]
fn convolutions_of_every_size_and_stride_have_the_gradients_of_plain_tensor_code() {
    for (kernel, stride) in [(1, 1), (3, 1), (5, 1), (3, 2), (5, 2), (2, 1), (1, 2)] {
        let side = 9usize;
        let after = side.div_ceil(stride);
        let layers = [
            conv("one", [3, 7], kernel, stride, true),
            Layer::Relu,
            conv("two", [7, 21], 3, 1, true),
            Layer::Relu,
            Layer::Flatten,
            dense("logits", 21 * after * after, 5),
        ];
        check(&layers, 5, [side, 3], false);
    }
}

#[test]
fn a_strided_convolution_passes_its_gradient_to_the_pixels_under_its_windows() {
    for (kernel, side) in [(3, 8), (3, 7), (5, 8), (2, 7)] {
        let after = usize::div_ceil(side, 2);
        let layers = [
            conv("one", [3, 6], 3, 1, true),
            Layer::Relu,
            conv("two", [6, 35], kernel, 2, true),
            Layer::Relu,
            Layer::Flatten,
            dense("logits", 35 * after * after, 5),
        ];
        check(&layers, 3, [side, 3], false);
    }
}

#[test]
fn batch_norm_has_the_gradients_of_plain_tensor_code() {
    let layers = [
        conv("one", [3, 33], 3, 1, false),
        norm("one", 33),
        Layer::Relu,
        conv("two", [33, 10], 3, 1, false),
        norm("two", 10),
        Layer::Flatten,
        dense("logits", 10 * 36, 5),
    ];
    check(&layers, 7, [6, 3], false);
}

#[test]
fn pooling_has_the_gradients_of_plain_tensor_code() {
    for (size, stride, same) in
        [(2, 2, false), (3, 2, true), (3, 1, true), (2, 2, true), (3, 2, false)]
    {
        let side = 9usize;
        let after = if same { side.div_ceil(stride) } else { (side - size) / stride + 1 };
        let layers = [
            conv("one", [3, 5], 3, 1, true),
            Layer::MaxPool { size, stride, same },
            Layer::Flatten,
            dense("logits", 5 * after * after, 5),
        ];
        check(&layers, 4, [side, 3], false);
    }
    let layers =
        [conv("one", [3, 18], 3, 1, true), Layer::Relu, Layer::MeanPool, dense("logits", 18, 5)];
    check(&layers, 4, [7, 3], false);
}

#[test]
fn local_response_normalization_has_the_gradients_of_plain_tensor_code() {
    // More channels than the window, and fewer.
    for channels in [13, 3] {
        let layers = [
            conv("one", [3, channels], 3, 1, true),
            Layer::LocalResponseNorm,
            Layer::Flatten,
            dense("logits", channels * 25, 5),
        ];
        check(&layers, 3, [5, 3], false);
    }
}

#[test]
fn branches_have_the_gradients_of_plain_tensor_code() {
    let layers = [
        conv("one", [3, 6], 3, 1, false),
        norm("one", 6),
        Layer::Relu,
        Layer::Branches(vec![
            vec![conv("two.1", [6, 5], 1, 1, false), norm("two.1", 5), Layer::Relu],
            vec![conv("two.3", [6, 9], 3, 1, false), norm("two.3", 9), Layer::Relu],
        ]),
        Layer::Branches(vec![
            vec![conv("three", [14, 4], 3, 2, false), norm("three", 4), Layer::Relu],
            vec![Layer::MaxPool { size: 3, stride: 2, same: true }],
        ]),
        Layer::MeanPool,
        dense("logits", 18, 5),
    ];
    check(&layers, 6, [7, 3], false);
}

#[test]
fn momentum_and_decay_move_the_weights_as_by_hand() {
    // Gradients do not depend on the weights where the inputs are 0, except the bias's: softmax of equal logits.
    // One bias of two: gradient (1/2 - 1, 1/2) for label 0. Rate 0.1, momentum 0.9.
    let layers = [Layer::Flatten, dense("logits", 1, 2)];
    let _turn = devices_turn();
    for device in every_device() {
        let mut network = Network::from_layers(
            &layers,
            [1, 1],
            0.0,
            |role| role == Role::DenseWeight,
            &device.device,
            1,
        )
        .unwrap();
        let start = NetworkState {
            parameters: vec![vec![1.0, -1.0], vec![0.0, 0.0]],
            velocities: vec![vec![0.0, 0.0], vec![0.0, 0.0]],
            statistics: vec![],
        };
        assert!(network.restore(&start));
        let sgd = SgdStep { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.5 };
        network.train_step_on(&[0.0], &[0], 0, sgd);
        network.train_step_on(&[0.0], &[0], 1, sgd);
        let state = pollster::block_on(network.state()).unwrap();
        // Weight: v = 0.5, w = 0.95; v = 0.45 + 0.475 = 0.925, w = 0.8575. Its gradient is 0, only decay moves it.
        // Bias: v = -0.5, b = 0.05 and -0.05; then softmax(0.05, -0.05) = 0.524979: v = -0.45 - 0.475021 = -0.925021.
        let expected = [[0.8575, -0.8575], [0.05 + 0.092_502_1, -0.05 - 0.092_502_1]];
        for (found, expected) in state.parameters.iter().flatten().zip(expected.as_flattened()) {
            assert!((found - expected).abs() < 1e-6, "{}: {found} and {expected}", device.name);
        }
    }
}

#[test]
fn the_padding_between_parameters_stays_zero() {
    // 9 weights and 3 of padding, 3 biases and 1, 15 weights and 1, 5 biases and 3.
    let layers = [conv("one", [3, 3], 1, 1, true), Layer::MeanPool, dense("logits", 3, 5)];
    let _turn = devices_turn();
    for device in every_device() {
        leave_rubbish(&device.device);
        let plan = build_plan(&layers, [4, 3], false, |_| true).unwrap();
        let length = plan.parameters;
        assert_eq!((length, plan.decayed.len()), (12 + 4 + 16 + 8, 1));
        let mut core = Core::new(&device.device, plan, 2);
        let is_padding =
            |at: usize| [9..12, 15..16, 31..32, 37..40].iter().any(|range| range.contains(&at));
        let mut parameters = hashed(length, 1, 1.0);
        parameters.iter_mut().enumerate().for_each(|(at, value)| {
            if is_padding(at) {
                *value = 0.0;
            }
        });
        let velocities = vec![0.0; length];
        core.set_state(TrainState {
            parameters: parameters.clone(),
            velocities,
            statistics: vec![],
        });
        let sgd = SgdStep { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.5 };
        for _ in 0..2 {
            core.train_step(Batch::Values(&hashed(2 * 48, 2, 1.0)), &[1, 2], &[], sgd);
        }
        let state = pollster::block_on(core.state()).unwrap();
        let gradients = pollster::block_on(core.gradients()).unwrap();
        for at in 0..length {
            let learned = [state.parameters[at], state.velocities[at], gradients[at]];
            if is_padding(at) {
                assert_eq!(learned, [0.0; 3], "{}: number {at}", device.name);
            } else {
                assert_ne!(state.parameters[at], parameters[at], "{}: number {at}", device.name);
            }
        }
    }
}

#[test]
fn the_difference_of_two_steps_is_that_of_the_vector_that_is_furthest_off() {
    // Gradients of four parameters, and the logits.
    let exact: Vec<Vec<f32>> =
        vec![vec![3.0, 4.0], vec![0.5], vec![2.0, 0.0], vec![1.0], vec![0.0, 8.0]];
    let difference = |found: &[Vec<f32>]| step_difference(ModelName::Mlp1x512, found, &exact);
    assert_eq!(difference(&exact).0, 0.0);
    let names = ["hidden1.weight", "hidden1.bias", "logits.weight", "logits.bias", "the logits"];
    for (number, name) in names.into_iter().enumerate() {
        for (factor, share) in [(0.0, 1.0), (-1.0, 2.0), (1.25, 0.25), (f32::NAN, f64::NAN)] {
            let mut broken = exact.clone();
            broken[number].iter_mut().for_each(|value| *value *= factor);
            let (found, vector) = difference(&broken);
            assert_eq!(vector, name);
            assert!(found == share || found.is_nan() && share.is_nan(), "{found} for {factor}");
        }
    }
    // Of two vectors of one norm: 5 in all, 7 apart in one number and 1 in the other.
    let mut permuted = exact.clone();
    permuted[0] = vec![4.0, -3.0];
    assert_eq!(difference(&permuted), (50f64.sqrt() / 5.0, "hidden1.weight".into()));
}

#[test]
fn a_smaller_batch_after_a_larger_one_is_computed_alone() {
    // What the larger batch left behind in the buffers must not be seen.
    let layers = [
        conv("one", [3, 5], 3, 1, false),
        norm("one", 5),
        Layer::Relu,
        Layer::MeanPool,
        dense("logits", 5, 5),
    ];
    let parameters = hashed_parameters(&layers);
    let (large, small) = (hashed(6 * 75, 1, 1.0), hashed(2 * 75, 2, 1.0));
    let _turn = devices_turn();
    for device in every_device() {
        let fresh = || {
            let mut network =
                Network::from_layers(&layers, [5, 3], 0.0, |_| false, &device.device, 6).unwrap();
            assert!(network.restore(&NetworkState::at_start(&layers, parameters.clone())));
            network
        };
        let (mut used, mut unused) = (fresh(), fresh());
        used.train_step_on(&large, &[0, 1, 2, 3, 4, 0], 0, REST);
        let losses = [&mut used, &mut unused].map(|network| {
            let loss = network.train_step_on(&small, &[1, 2], 1, REST);
            (
                pollster::block_on(network.losses(&[loss])).unwrap(),
                pollster::block_on(network.gradients()).unwrap(),
            )
        });
        assert!(losses[0] == losses[1], "{}", device.name);
    }
}
