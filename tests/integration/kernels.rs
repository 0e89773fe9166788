//! Every kernel's forward pass and gradient, on shapes that fit no tile: against plain tensor code in double precision,
//! and against finite differences of it.

use rote::kernels::Device;
use rote::kernels::plan::Update;
use rote::models::timing::{
    gradient_difference, hashed, hashed_gradients, hashed_parameters, hashed_pictures,
};
use rote::models::{Layer, ModelName, Network, NetworkState, Role};

use crate::devices::{devices_turn, every_device};
use crate::plain::{self, Examples};
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
    let pictures = hashed(batch * side * side * channels, 1000, 3f64.sqrt());
    let labels: Vec<u8> = (0..batch).map(|at| (at * 7 % 5) as u8).collect();
    for device in every_device() {
        leave_rubbish(&device.device);
        let rate = if dropout { 0.4 } else { 0.0 };
        let mut network =
            Network::from_layers(layers, [side, channels], rate, |_| false, &device.device, batch);
        assert!(network.restore(&NetworkState::at_start(layers, parameters.clone())));
        let step = 3;
        let loss = network.train_step_on(&pictures, &labels, step, REST);
        let found_loss = f64::from(pollster::block_on(network.losses(&[loss])).unwrap()[0]);
        let found = pollster::block_on(network.gradients()).unwrap();

        let wide =
            |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        let masks = network.masks(batch, step);
        let examples = Examples {
            pictures: wide(&pictures),
            shape: [batch, channels, side, side],
            labels: labels.clone(),
            masks: masks.iter().map(|mask| wide(mask)).collect(),
        };
        let wide_parameters: Vec<Vec<f64>> = parameters.iter().map(|own| wide(own)).collect();
        let expected = plain::differentiate(layers, &wide_parameters, &examples);
        let name = &device.name;
        assert!(
            (found_loss - expected.loss).abs() < 2e-5 * expected.loss,
            "{name}: loss {found_loss} and {}",
            expected.loss
        );
        for ((spec, found), expected) in specs.iter().zip(&found).zip(&expected.gradients) {
            let greatest =
                expected.iter().fold(1e-6f64, |greatest, value| greatest.max(value.abs()));
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                let difference = (f64::from(*found) - expected).abs();
                assert!(
                    difference < 1e-4 * greatest,
                    "{name}, {} {at}: {found} and {expected}",
                    spec.name
                );
            }
        }
        against_finite_differences(layers, &wide_parameters, &examples, &found);
    }
}

/// Leaves numbers that are none in the memory the next network will be given.
fn leave_rubbish(device: &Device) {
    let layers = [conv("one", [3, 32], 5, 1, true), Layer::Flatten, dense("logits", 32 * 144, 10)];
    let mut network = Network::from_layers(&layers, [12, 3], 0.0, |_| false, device, 16);
    let loss = network.train_step_on(&[f32::NAN; 16 * 144 * 3], &[0; 16], 0, REST);
    assert!(pollster::block_on(network.losses(&[loss])).unwrap()[0].is_nan());
}

/// Some coordinates of each parameter: `(loss(w + h) - loss(w - h)) / 2h` in double precision.
fn against_finite_differences(
    layers: &[Layer],
    parameters: &[Vec<f64>],
    examples: &Examples,
    found: &[Vec<f32>],
) {
    const STEP: f64 = 1e-6;
    for (number, own) in parameters.iter().enumerate() {
        let greatest =
            found[number].iter().fold(1e-3f32, |greatest, value| greatest.max(value.abs()));
        for at in [0, own.len() / 3, own.len() - 1] {
            let moved = |by: f64| {
                let mut moved = parameters.to_vec();
                moved[number][at] += by;
                plain::loss(layers, &moved, examples)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let difference = (slope - f64::from(found[number][at])).abs();
            assert!(
                difference < 1e-3 * f64::from(greatest),
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
        );
        let start = NetworkState {
            parameters: vec![vec![1.0, -1.0], vec![0.0, 0.0]],
            velocities: vec![vec![0.0, 0.0], vec![0.0, 0.0]],
            statistics: vec![],
        };
        assert!(network.restore(&start));
        let update = Update { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.5 };
        network.train_step_on(&[0.0], &[0], 0, update);
        network.train_step_on(&[0.0], &[0], 1, update);
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
fn every_model_has_the_gradients_of_plain_tensor_code_on_every_device() {
    let _turn = devices_turn();
    const BATCH: usize = 4;
    for &model in ModelName::ALL {
        let layers = model.layers(true);
        let wide = |own: &Vec<f32>| own.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let parameters: Vec<_> = hashed_parameters(&layers).iter().map(wide).collect();
        let (pictures, labels) = hashed_pictures(BATCH);
        let examples = Examples {
            pictures: wide(&pictures),
            shape: [BATCH, 3, 28, 28],
            labels,
            masks: Vec::new(),
        };
        let expected = plain::differentiate(&layers, &parameters, &examples).gradients;
        for device in every_device() {
            let found = pollster::block_on(hashed_gradients(model, BATCH, &device.device)).unwrap();
            let (difference, parameter) = gradient_difference(model, &found, &expected);
            // Without an activation that rounds to the other side of ReLU it is below 1e-5.
            assert!(
                difference < 0.05,
                "{} on {}: {parameter} {difference}",
                model.key(),
                device.name
            );
        }
    }
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
                Network::from_layers(&layers, [5, 3], 0.0, |_| false, &device.device, 6);
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
