//! A NaN anywhere in what a network has learned must be seen: in the loss of the next step, and in the logits of every
//! image; and so must numbers whose squares overflow. A network that hides it has diverged and goes on as if it had
//! not.

use rote::device;
use rote::kernels::{Device, Images};
use rote::models::timing::{hashed_images, hashed_parameters};
use rote::models::{Layer, ModelName, Network, NetworkState};

use crate::devices::{devices_turn, every_device};
use crate::support::REST;

const BATCH: usize = 2;

/// Every model with and without batch norm, where that makes a difference.
fn models() -> impl Iterator<Item = (ModelName, Vec<Layer>)> {
    let both = |&model: &ModelName| {
        let (with, without) = (model.layers(true), model.layers(false));
        let without = (with != without).then_some(without);
        std::iter::once(with).chain(without).map(move |layers| (model, layers))
    };
    ModelName::ALL.iter().flat_map(both)
}

fn network_of(layers: &[Layer], device: &Device) -> Network {
    Network::from_layers(layers, [28, 3], 0.0, |_| false, device, BATCH).unwrap()
}

/// The loss of a step on these images.
fn loss_of(network: &mut Network, images: &[f32], labels: &[u8]) -> f32 {
    let loss = network.train_step_on(images, labels, 0, REST);
    pollster::block_on(network.losses(&[loss])).unwrap()[0]
}

/// For each image whether a logit is NaN.
fn nan_logits(network: &mut Network, images: &Images) -> Vec<bool> {
    let logits = pollster::block_on(network.evaluate(images, &[0, 1])).unwrap();
    logits.chunks_exact(10).map(|own| own.iter().any(|logit| logit.is_nan())).collect()
}

#[test]
fn nan_in_any_parameter_of_any_model_makes_the_loss_and_the_logits_nan() {
    let _turn = devices_turn();
    let (images, labels) = hashed_images(BATCH);
    let cpu = device::cpu().name;
    for device in every_device() {
        for (model, layers) in models() {
            let names: Vec<_> =
                layers.iter().flat_map(Layer::parameters).map(|spec| spec.name).collect();
            let mut network = network_of(&layers, &device.device);
            let uploaded = network.images(&images);
            let mut state = NetworkState::at_start(&layers, hashed_parameters(&layers));
            let mut seen = |state: &NetworkState| {
                assert!(network.restore(state));
                let has_nan = nan_logits(&mut network, &uploaded);
                (loss_of(&mut network, &images, &labels), has_nan)
            };
            let (loss, has_nan) = seen(&state);
            assert!(loss.is_finite() && has_nan == [false; BATCH], "{}: {loss}", model.key());
            for (number, name) in names.iter().enumerate() {
                let last = state.parameters[number].len() - 1;
                // GPUs' own tests go through the places of a kernel; here one of each parameter is enough, and an
                // emulated GPU is slow.
                let places = if device.name == cpu { &[0, last / 2, last][..] } else { &[last] };
                for &at in places {
                    let own = std::mem::replace(&mut state.parameters[number][at], f32::NAN);
                    let (loss, has_nan) = seen(&state);
                    state.parameters[number][at] = own;
                    assert!(
                        loss.is_nan() && has_nan == [true; BATCH],
                        "{} on {}, NaN in {name} at {at}: loss {loss}, in the logits {has_nan:?}",
                        model.key(),
                        device.name
                    );
                }
            }
        }
    }
}

#[test]
fn nan_or_infinity_in_any_running_statistic_makes_the_logits_nan() {
    let _turn = devices_turn();
    let (images, _) = hashed_images(BATCH);
    for device in every_device() {
        for (model, layers) in models() {
            let mut network = network_of(&layers, &device.device);
            let uploaded = network.images(&images);
            let mut state = NetworkState::at_start(&layers, hashed_parameters(&layers));
            for number in 0..state.statistics.len() {
                let last = state.statistics[number].len() - 1;
                // An infinite mean makes infinite numbers, of which ReLU may make 0.
                let broken =
                    if number % 2 == 0 { &[f32::NAN][..] } else { &[f32::NAN, f32::INFINITY] };
                for &broken in broken {
                    let own = std::mem::replace(&mut state.statistics[number][last], broken);
                    assert!(network.restore(&state));
                    state.statistics[number][last] = own;
                    assert_eq!(
                        nan_logits(&mut network, &uploaded),
                        [true; BATCH],
                        "{} on {}, {broken} in vector {number} of the statistics",
                        model.key(),
                        device.name
                    );
                }
            }
        }
    }
}

#[test]
fn images_whose_squares_overflow_make_the_loss_nan_where_a_network_normalizes() {
    let _turn = devices_turn();
    let (images, labels) = hashed_images(BATCH);
    let large: Vec<f32> = images.iter().map(|value| value * 1e30).collect();
    let mut normalizing = 0;
    for device in every_device() {
        for (model, layers) in models() {
            let is_lrn = layers.contains(&Layer::LocalResponseNorm);
            if !is_lrn && layers.iter().all(|layer| layer.normalized_channels().is_empty()) {
                continue;
            }
            normalizing += 1;
            let mut network = network_of(&layers, &device.device);
            let state = NetworkState::at_start(&layers, hashed_parameters(&layers));
            assert!(network.restore(&state));
            let what = format!("{} on {}", model.key(), device.name);
            let loss = loss_of(&mut network, &large, &labels);
            assert!(loss.is_nan(), "{what}: a loss of {loss}");
            // Running variances keep what the step has shown; the sums of an image are taken anew.
            let shown = network.images(if is_lrn { &large } else { &images });
            assert_eq!(nan_logits(&mut network, &shown), [true; BATCH], "{what}");
        }
    }
    assert!(normalizing > 0);
}
