//! One training step, timed, on work that any other library can be given too: parameters, pictures and labels come from
//! an integer hash, so that everyone's losses can be compared. Nothing is learned about CIFAR-10 here.

use web_time::Instant;

use super::layer::{Layer, ParameterSpec, Role};
use super::network::PICTURE;
use super::{ModelName, Network, NetworkState};
use crate::kernels::plan::Update;
use crate::kernels::{Device, Images, Loss};

const UPDATE: Update = Update { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0 };
/// The hash's salt for pictures; parameters have their number.
const PICTURES: u32 = 1000;

/// `count` numbers in (-scale, scale) from an integer hash.
pub fn hashed(count: usize, salt: u32, scale: f64) -> Vec<f32> {
    (0..count as u32)
        .map(|index| {
            let mut x =
                index.wrapping_mul(2_654_435_761).wrapping_add((salt + 1).wrapping_mul(97_531));
            x ^= x >> 16;
            x = x.wrapping_mul(2_246_822_519);
            x ^= x >> 13;
            ((f64::from(x) / 4_294_967_296.0 * 2.0 - 1.0) * scale) as f32
        })
        .collect()
}

/// Values for each parameter: weights with the deviation that keeps the size of a signal, the others small.
pub fn hashed_parameters(layers: &[Layer]) -> Vec<Vec<f32>> {
    let specs = layers.iter().flat_map(Layer::parameters);
    let values = |(spec, salt): (ParameterSpec, u32)| {
        let scale = match spec.role {
            Role::ConvWeight | Role::DenseWeight => (3.0 / spec.fans().0 as f64).sqrt(),
            Role::Bias | Role::Beta => 0.1,
        };
        hashed(spec.len(), salt, scale)
    };
    specs.zip(0..).map(values).collect()
}

/// Pictures `[count, 3, 28, 28]` and labels.
pub fn hashed_pictures(count: usize) -> (Vec<f32>, Vec<u8>) {
    let [side, channels] = PICTURE;
    let pictures = hashed(count * side * side * channels, PICTURES, 3f64.sqrt());
    (pictures, (0..count).map(|at| (at * 7 % 10) as u8).collect())
}

/// A model and pictures, ready to be timed.
pub struct Timing {
    network: Network,
    images: Images,
    labels: Vec<u8>,
    batch: usize,
    step: u64,
}

/// What some steps cost.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Timed {
    /// Of all steps, with the reading of the losses.
    pub milliseconds: f64,
    /// Every `read_every`-th loss and the last, in nats.
    pub losses: Vec<f32>,
}

impl Timing {
    /// A model with hashed parameters on so many hashed pictures; where they are one batch, every step sees the same.
    pub fn new(model: ModelName, batch: usize, images: usize, device: &Device) -> Self {
        let layers = model.layers(true);
        let mut network = Network::from_layers(&layers, PICTURE, 0.0, |_| false, device, batch);
        let fits = network.restore(&NetworkState::at_start(&layers, hashed_parameters(&layers)));
        debug_assert!(fits, "the parameters are those of the layers");
        let (pictures, labels) = hashed_pictures(images);
        let images = network.images(&pictures);
        Self { network, images, labels, batch, step: 0 }
    }

    /// Trains for some steps; reads the losses of the last `read_every` steps together.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn run(&mut self, steps: usize, read_every: usize) -> Result<Timed, String> {
        let began = Instant::now();
        let mut losses = Vec::new();
        for step in 1..=steps {
            let (rows, labels) = self.batch();
            let loss: Loss =
                self.network.train_step(&self.images, &rows, &labels, self.step, UPDATE);
            self.step += 1;
            if step == steps || step % read_every == 0 {
                losses.extend(self.network.losses(&[loss]).await?);
            }
        }
        Ok(Timed { milliseconds: began.elapsed().as_secs_f64() * 1000.0, losses })
    }

    /// The rows of the next step and their labels: scattered over the pictures, as those of a shuffled epoch are.
    fn batch(&self) -> (Vec<u32>, Vec<u8>) {
        /// A prime: rows come again only after all others.
        const STRIDE: usize = 7919;
        let (count, first) = (self.labels.len(), self.step as usize * self.batch);
        let is_one_batch = count == self.batch;
        let row = |at: usize| if is_one_batch { at } else { (first + at) * STRIDE % count };
        (0..self.batch).map(|at| (row(at) as u32, self.labels[row(at)])).unzip()
    }
}

/// The gradients of a model with hashed parameters on so many hashed pictures, one vector a parameter, as a device
/// computes them.
///
/// # Errors
///
/// What the device says if it is lost.
pub async fn hashed_gradients(
    model: ModelName,
    batch: usize,
    device: &Device,
) -> Result<Vec<Vec<f32>>, String> {
    let layers = model.layers(true);
    let (pictures, labels) = hashed_pictures(batch);
    let mut network = Network::from_layers(&layers, PICTURE, 0.0, |_| false, device, batch);
    network.restore(&NetworkState::at_start(&layers, hashed_parameters(&layers)));
    network.train_step_on(&pictures, &labels, 0, UPDATE);
    network.gradients().await
}

/// How far gradients are from those expected: the length of the difference as a share of the gradient's, and the
/// parameter where it is greatest. An activation that rounds to the other side of ReLU can make it a percent; a wrong
/// kernel makes it a good part of one.
pub fn gradient_difference(
    model: ModelName,
    found: &[Vec<f32>],
    expected: &[Vec<f64>],
) -> (f64, String) {
    let difference = |(found, expected): (&Vec<f32>, &Vec<f64>)| {
        let length = |numbers: &mut dyn Iterator<Item = f64>| {
            numbers.map(|number| number * number).sum::<f64>().sqrt()
        };
        let differences =
            &mut found.iter().zip(expected).map(|(found, expected)| f64::from(*found) - expected);
        length(differences) / length(&mut expected.iter().copied()).max(f64::MIN_POSITIVE)
    };
    let differences = found.iter().zip(expected).map(difference);
    let layers = model.layers(true);
    let names = layers.iter().flat_map(Layer::parameters).map(|spec| spec.name);
    // A difference that is not a number counts as the greatest.
    let worst = differences.zip(names).max_by(|one, other| one.0.abs().total_cmp(&other.0.abs()));
    worst.unwrap_or_default()
}
