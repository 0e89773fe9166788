//! Forward passes and gradients against PyTorch's, for every model. `reference/models.py` says how to make the numbers
//! again; parameters, inputs and labels come from one integer hash, here as there.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Tensor, TensorData};
use rote::device;
use rote::models::{Initialization, ModelName, Network, NetworkOptions, Role};
use serde::Deserialize;

const BATCH: usize = 4;
const LABELS: [usize; BATCH] = [3, 1, 4, 1];

#[derive(Deserialize)]
struct Reference {
    model: String,
    batch_norm: bool,
    logits: Vec<f64>,
    loss: f64,
    gradients: Vec<Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    name: String,
    norm: f64,
    first: f64,
    last: f64,
}

fn values(count: usize, salt: u32, scale: f64) -> Vec<f32> {
    (0..count as u32)
        .map(|index| {
            let mut x = index.wrapping_mul(2_654_435_761).wrapping_add((salt + 1) * 97_531);
            x ^= x >> 16;
            x = x.wrapping_mul(2_246_822_519);
            x ^= x >> 13;
            ((f64::from(x) / 4_294_967_296.0 * 2.0 - 1.0) * scale) as f32
        })
        .collect()
}

fn network(model: ModelName, batch_norm: bool) -> Network {
    let options = NetworkOptions { model, batch_norm, initialization: Initialization::Glorot, dropout: 0.0, seed: 1 };
    let device = device::cpu().device;
    let mut network = Network::new(options, &device);
    for (salt, parameter) in network.parameters.iter_mut().enumerate() {
        let scale = match parameter.spec.role {
            Role::ConvWeight | Role::DenseWeight => (3.0 / parameter.spec.fans().0 as f64).sqrt(),
            Role::Bias | Role::Beta => 0.1,
        };
        let length = parameter.spec.len();
        let filled = values(length, salt as u32, scale);
        parameter.values = Tensor::from_data(TensorData::new(filled, [length]), &device);
    }
    network
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    pollster::block_on(tensor.into_data_async()).unwrap().try_into_vec().unwrap()
}

fn assert_close(found: f64, expected: f64, scale: f64, what: &str) {
    // Single against double precision, through up to twenty layers.
    assert!((found - expected).abs() <= 2e-3 * scale.max(1e-6), "{what}: {found} and {expected}");
}

fn check(reference: &Reference) {
    let model = ModelName::ALL.iter().find(|model| model.key() == reference.model).unwrap();
    let name = format!("{} (batch norm {})", reference.model, reference.batch_norm);
    let device = device::cpu().device;
    let mut network = network(*model, reference.batch_norm);
    let inputs = values(BATCH * 3 * 28 * 28, 1000, 3f64.sqrt());
    let inputs = Tensor::<4>::from_data(TensorData::new(inputs, [BATCH, 3, 28, 28]), &device);
    let pass = network.train(inputs, 0);
    let spread = reference.logits.iter().fold(0.0f64, |greatest, logit| greatest.max(logit.abs()));
    for (at, (found, expected)) in read(pass.logits.clone().inner()).iter().zip(&reference.logits).enumerate() {
        assert_close(f64::from(*found), *expected, spread, &format!("{name}, logit {at}"));
    }
    let mut picked = vec![0.0f32; BATCH * 10];
    for (row, label) in LABELS.iter().enumerate() {
        picked[row * 10 + label] = -1.0 / BATCH as f32;
    }
    let picked = Tensor::<2>::from_data(TensorData::new(picked, [BATCH, 10]), &device);
    let loss = (log_softmax(pass.logits, 1) * picked.autodiff()).sum();
    assert_close(f64::from(read(loss.clone().inner())[0]), reference.loss, reference.loss, &format!("{name}, loss"));
    let gradients = loss.backward();
    assert_eq!(network.parameters.len(), reference.gradients.len(), "{name}");
    for ((parameter, leaf), expected) in network.parameters.iter().zip(&pass.leaves).zip(&reference.gradients) {
        assert_eq!(parameter.spec.name, expected.name, "{name}");
        let found: Vec<f64> = read(leaf.grad(&gradients).unwrap()).into_iter().map(f64::from).collect();
        let norm = found.iter().map(|value| value * value).sum::<f64>().sqrt();
        let what = format!("{name}, gradient of {}", expected.name);
        assert_close(norm, expected.norm, expected.norm, &what);
        assert_close(found[0], expected.first, expected.norm, &what);
        assert_close(found[found.len() - 1], expected.last, expected.norm, &what);
    }
}

fn references() -> Vec<Reference> {
    serde_json::from_str(include_str!("reference/models.json")).expect("the reference numbers are JSON")
}

fn check_model(name: &str) {
    let references = references();
    let chosen: Vec<_> = references.iter().filter(|reference| reference.model == name).collect();
    assert!(!chosen.is_empty());
    chosen.into_iter().for_each(check);
}

#[test]
fn the_mlps_agree_with_pytorch() {
    check_model("mlp-1x512");
    check_model("mlp-3x512");
}

#[test]
fn the_small_cnn_agrees_with_pytorch() {
    check_model("cnn-small");
}

#[test]
fn the_small_alexnet_agrees_with_pytorch() {
    check_model("alexnet-small");
}

#[test]
fn the_small_inception_agrees_with_pytorch_with_and_without_batch_norm() {
    check_model("inception-small");
}
