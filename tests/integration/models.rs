//! Logits and gradients against PyTorch's, for every model on every device. `reference/models.py` says how to make the
//! numbers again; parameters, inputs and labels come from one integer hash, here as there.
//!
//! A gradient is compared by its norm and by its products with hashed vectors. Those of one that is zero, scaled by a
//! percent, or in another order are other ones; a test breaks every tensor in each of these ways.

use rote::models::timing::{hashed, hashed_parameters};
use rote::models::{Layer, ModelName, Network, NetworkState};
use serde::Deserialize;

use crate::devices::{devices_turn, every_device};
use crate::plain::{self, LabelledBatch};
use crate::support::REST;

const BATCH: usize = 4;
const LABELS: [u8; BATCH] = [3, 1, 4, 1];
/// The hash's salt for the images: with them no activation that matters is as good as at the bend of its ReLU.
const IMAGES: u32 = 3025;
/// Single against double precision, through up to twenty layers: devices are off by a hundred-thousandth of a tensor's
/// norm. Of three million activations a few may still round to the other side of ReLU; moving all parameters by more
/// than a rounding changes a gradient by 0.0012 of its norm.
const NORM_TOLERANCE: f64 = 2e-3;
const PROJECTION_TOLERANCE: f64 = 5e-3;
/// The loss and the logits have no such jumps.
const FORWARD_TOLERANCE: f64 = 2e-5;

/// What PyTorch computed for one model.
#[derive(Deserialize)]
struct Reference {
    model: String,
    batch_norm: bool,
    loss: f64,
    /// `[batch, classes]`, by the running statistics behind one training step on the same images.
    logits: Vec<f64>,
    gradients: Vec<Gradient>,
}

#[derive(Deserialize)]
struct Gradient {
    name: String,
    norm: f64,
    /// Products with hashed vectors, whose numbers have the mean square 1.
    projections: Vec<f64>,
}

/// What a device computed for one model.
struct Found {
    loss: f64,
    logits: Vec<f64>,
    gradients: Vec<Vec<f64>>,
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Whether `found` is `expected`, up to a share of a scale. Not so if either is not a number.
fn close(found: f64, expected: f64, allowed: f64, what: &str) -> Result<(), String> {
    if (found - expected).abs() <= allowed {
        return Ok(());
    }
    Err(format!("{what} is {found}, but {expected} (within {allowed}) was expected"))
}

impl Gradient {
    /// Whether `found` is this gradient, which is the `number`-th of its model. `share` of the tolerances are allowed.
    fn verdict(&self, number: usize, found: &[f64], share: f64) -> Result<(), String> {
        let what = |part: &str| format!("the {part} of the gradient of {}", self.name);
        close(norm(found), self.norm, share * NORM_TOLERANCE * self.norm, &what("norm"))?;
        for (projection, &expected) in self.projections.iter().enumerate() {
            let salt = 2000 + self.projections.len() * number + projection;
            let direction = hashed(found.len(), salt as u32, 3f64.sqrt());
            let product = found.iter().zip(direction).map(|(one, other)| one * f64::from(other));
            let what = what(&format!("projection {projection}"));
            close(product.sum(), expected, share * PROJECTION_TOLERANCE * self.norm, &what)?;
        }
        Ok(())
    }
}

impl Reference {
    fn layers(&self) -> Vec<Layer> {
        let model = ModelName::ALL.iter().find(|model| model.key() == self.model).unwrap();
        model.layers(self.batch_norm)
    }

    /// Whether a device computes this model as PyTorch does; if not, where it does not. `share` of the tolerances are
    /// allowed.
    fn verdict(&self, found: &Found, share: f64) -> Result<(), String> {
        let tolerance = share * FORWARD_TOLERANCE;
        close(found.loss, self.loss, tolerance * self.loss, "the loss")?;
        let scale = norm(&self.logits) / (self.logits.len() as f64).sqrt();
        if found.logits.len() != self.logits.len() {
            return Err(format!("{} logits", found.logits.len()));
        }
        for (at, (found, expected)) in found.logits.iter().zip(&self.logits).enumerate() {
            close(*found, *expected, tolerance * scale, &format!("logit {at}"))?;
        }
        if found.gradients.len() != self.gradients.len() {
            return Err(format!("{} gradients", found.gradients.len()));
        }
        let mut gradients = self.gradients.iter().zip(&found.gradients).enumerate();
        gradients.try_for_each(|(number, (expected, found))| expected.verdict(number, found, share))
    }

    /// What a device computes.
    fn compute(&self, device: &rote::kernels::Device) -> Found {
        let layers = self.layers();
        let names = layers.iter().flat_map(Layer::parameters).map(|spec| spec.name);
        assert!(names.eq(self.gradients.iter().map(|gradient| gradient.name.clone())));
        let images = hashed(BATCH * 3 * 28 * 28, IMAGES, 3f64.sqrt());
        let mut network =
            Network::from_layers(&layers, [28, 3], 0.0, |_| false, device, BATCH).unwrap();
        let start = NetworkState::at_start(&layers, hashed_parameters(&layers));
        assert!(network.restore(&start));
        let loss = network.train_step_on(&images, &LABELS, 0, REST);
        let loss = pollster::block_on(network.losses(&[loss])).unwrap()[0];
        let gradients = pollster::block_on(network.gradients()).unwrap();
        let images = network.images(&images);
        let logits = pollster::block_on(network.evaluate(&images, &[0, 1, 2, 3])).unwrap();
        Found {
            loss: f64::from(loss),
            logits: wide(&logits),
            gradients: gradients.iter().map(|gradient| wide(gradient)).collect(),
        }
    }
}

fn references(name: &str) -> Vec<Reference> {
    let all: Vec<Reference> = serde_json::from_str(include_str!("reference/models.json"))
        .expect("the reference numbers are JSON");
    let chosen: Vec<_> = all.into_iter().filter(|reference| reference.model == name).collect();
    assert!(!chosen.is_empty());
    chosen
}

fn check_model(name: &str) {
    let _turn = devices_turn();
    for reference in references(name) {
        for device in every_device() {
            if let Err(difference) = reference.verdict(&reference.compute(&device.device), 1.0) {
                let batch_norm = reference.batch_norm;
                panic!("{name} (batch norm {batch_norm}) on {}: {difference}", device.name);
            }
        }
    }
}

#[test]
fn the_plain_tensor_code_that_kernels_are_compared_with_agrees_with_pytorch_to_eight_digits() {
    for model in ModelName::ALL {
        for reference in references(model.key()) {
            let layers = reference.layers();
            let parameters: Vec<_> =
                hashed_parameters(&layers).iter().map(|own| wide(own)).collect();
            let labelled = LabelledBatch {
                images: wide(&hashed(BATCH * 3 * 28 * 28, IMAGES, 3f64.sqrt())),
                shape: [BATCH, 3, 28, 28],
                labels: LABELS.to_vec(),
                masks: Vec::new(),
            };
            let found = plain::differentiate(&layers, &parameters, &labelled);
            // Not compared: running statistics are none of its business.
            let logits = reference.logits.clone();
            let found = Found { loss: found.loss, logits, gradients: found.gradients };
            assert_eq!(reference.verdict(&found, 1e-5), Ok(()), "{}", model.key());
        }
    }
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

#[test]
fn the_comparison_sees_a_zero_a_scaled_and_a_permuted_gradient_in_every_tensor() {
    for model in ModelName::ALL {
        for reference in references(model.key()) {
            let mut found = reference.compute(&rote::kernels::Device::Cpu);
            assert_eq!(reference.verdict(&found, 1.0), Ok(()));
            for (number, right) in found.gradients.iter().enumerate() {
                let scaled = |by: f64| right.iter().map(|value| value * by).collect::<Vec<_>>();
                let mut rotated = right.clone();
                rotated.rotate_left(1);
                for (kind, broken) in [
                    ("zero", scaled(0.0)),
                    ("scaled by 1.01", scaled(1.01)),
                    ("scaled by 0.99", scaled(0.99)),
                    ("of the other sign", scaled(-1.0)),
                    ("reversed", right.iter().rev().copied().collect()),
                    ("rotated", rotated),
                    ("not a number", scaled(f64::NAN)),
                ] {
                    let expected = &reference.gradients[number];
                    let is_seen = expected.verdict(number, &broken, 1.0).is_err();
                    assert!(is_seen, "{}: {} {kind}", model.key(), expected.name);
                }
            }
            // What is seen of one gradient is seen of the model.
            found.gradients.last_mut().unwrap().fill(0.0);
            assert!(reference.verdict(&found, 1.0).is_err());
        }
    }
}

#[test]
fn the_comparison_sees_a_wrong_loss_and_every_wrong_logit() {
    let reference = references("mlp-1x512").remove(0);
    let mut found = reference.compute(&rote::kernels::Device::Cpu);
    found.loss *= 1.001;
    assert!(reference.verdict(&found, 1.0).is_err());
    found.loss /= 1.001;
    for at in 0..found.logits.len() {
        let right = found.logits[at];
        for broken in [0.0, right * 1.01, -right, f64::NAN] {
            found.logits[at] = broken;
            assert!(reference.verdict(&found, 1.0).is_err(), "logit {at} as {broken}");
        }
        found.logits[at] = right;
    }
    assert_eq!(reference.verdict(&found, 1.0), Ok(()));
}
