//! Forward passes and gradients against PyTorch's, for every model. `reference/models.py` says how to make the numbers
//! again; parameters, inputs and labels come from one integer hash, here as there.

use rote::kernels::Device;
use rote::models::timing::{hashed, hashed_parameters};
use rote::models::{Layer, ModelName, Network, NetworkState};
use serde::Deserialize;

use crate::support::REST;

const BATCH: usize = 4;
const LABELS: [u8; BATCH] = [3, 1, 4, 1];

#[derive(Deserialize)]
struct Reference {
    model: String,
    batch_norm: bool,
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

fn assert_close(found: f64, expected: f64, scale: f64, what: &str) {
    // Single against double precision, through up to twenty layers.
    assert!((found - expected).abs() <= 2e-3 * scale.max(1e-6), "{what}: {found} and {expected}");
}

fn check(reference: &Reference) {
    let model = ModelName::ALL.iter().find(|model| model.key() == reference.model).unwrap();
    let name = format!("{} (batch norm {})", reference.model, reference.batch_norm);
    let layers = model.layers(reference.batch_norm);
    let specs: Vec<_> = layers.iter().flat_map(Layer::parameters).collect();
    let parameters = hashed_parameters(&layers);
    let pictures = hashed(BATCH * 3 * 28 * 28, 1000, 3f64.sqrt());
    let mut network = Network::from_layers(&layers, [28, 3], 0.0, |_| false, &Device::Cpu, BATCH);
    assert!(network.restore(&NetworkState::at_start(&layers, parameters)));
    let loss = network.train_step_on(&pictures, &LABELS, 0, REST);
    let loss = pollster::block_on(network.losses(&[loss])).unwrap()[0];
    assert_close(f64::from(loss), reference.loss, reference.loss, &format!("{name}, loss"));
    let gradients = pollster::block_on(network.gradients()).unwrap();
    assert_eq!(gradients.len(), reference.gradients.len(), "{name}");
    for ((spec, found), expected) in specs.iter().zip(&gradients).zip(&reference.gradients) {
        assert_eq!(spec.name, expected.name, "{name}");
        let found: Vec<f64> = found.iter().map(|value| f64::from(*value)).collect();
        let norm = found.iter().map(|value| value * value).sum::<f64>().sqrt();
        let what = format!("{name}, gradient of {}", expected.name);
        assert_close(norm, expected.norm, expected.norm, &what);
        assert_close(found[0], expected.first, expected.norm, &what);
        assert_close(found[found.len() - 1], expected.last, expected.norm, &what);
    }
}

fn references() -> Vec<Reference> {
    serde_json::from_str(include_str!("reference/models.json"))
        .expect("the reference numbers are JSON")
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
