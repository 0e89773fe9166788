//! One training step, timed, on work that any other library can be given too: parameters, images and labels come from
//! an integer hash, so that everyone's losses can be compared. Nothing is learned about CIFAR-10 here.

use web_time::Instant;

use super::layer::{Layer, ParameterSpec, Role};
use super::network::IMAGE;
use super::{ModelName, Network, NetworkState};
use crate::kernels::{Device, Images, Loss, SgdStep};

const SGD: SgdStep = SgdStep { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0 };
/// The hash's salt for images; parameters have their number.
const IMAGES: u32 = 1000;

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

/// Images `[count, 3, 28, 28]` and labels.
pub fn hashed_images(count: usize) -> (Vec<f32>, Vec<u8>) {
    let [side, channels] = IMAGE;
    let images = hashed(count * side * side * channels, IMAGES, 3f64.sqrt());
    (images, (0..count).map(|at| (at * 7 % 10) as u8).collect())
}

/// A network of the registry's layers with hashed parameters.
fn hashed_network(layers: &[Layer], device: &Device, batch: usize) -> Network {
    let mut network = Network::from_layers(layers, IMAGE, 0.0, |_| false, device, batch)
        .expect("every model of the registry builds: a test of models/plan holds it");
    let fits = network.restore(&NetworkState::at_start(layers, hashed_parameters(layers)));
    // A network of zeros would be timed, or compared with another of zeros.
    assert!(fits, "the parameters are those of the layers");
    network
}

/// A model and images, ready to be timed.
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
    #[serde(serialize_with = "crate::number::serialize")]
    pub milliseconds: f64,
    /// Every `read_every`-th loss and the last, in nats.
    #[serde(serialize_with = "crate::number::serialize")]
    pub losses: Vec<f32>,
}

impl Timing {
    /// A model with hashed parameters on so many hashed images; where they are one batch, every step sees the same.
    pub fn new(model: ModelName, batch: usize, images: usize, device: &Device) -> Self {
        let layers = model.layers(true);
        let network = hashed_network(&layers, device, batch);
        let (images, labels) = hashed_images(images);
        let images = network.images(&images);
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
            let loss: Loss = self.network.train_step(&self.images, &rows, &labels, self.step, SGD);
            self.step += 1;
            if step == steps || step % read_every == 0 {
                losses.extend(self.network.losses(&[loss]).await?);
            }
        }
        Ok(Timed { milliseconds: began.elapsed().as_secs_f64() * 1000.0, losses })
    }

    /// The rows of the next step and their labels: scattered over the images, as those of a shuffled epoch are.
    fn batch(&self) -> (Vec<u32>, Vec<u8>) {
        /// A prime: rows come again only after all others.
        const STRIDE: usize = 7919;
        let (count, first) = (self.labels.len(), self.step as usize * self.batch);
        let is_one_batch = count == self.batch;
        let row = |at: usize| if is_one_batch { at } else { (first + at) * STRIDE % count };
        (0..self.batch).map(|at| (row(at) as u32, self.labels[row(at)])).unzip()
    }
}

/// What a device makes of a model with hashed parameters and so many hashed images: the gradient of each parameter in
/// one training step, and the logits of all images after it, `[batch, classes]`.
///
/// # Errors
///
/// What the device says if it is lost.
pub async fn hashed_step(
    model: ModelName,
    batch: usize,
    device: &Device,
) -> Result<Vec<Vec<f32>>, String> {
    let layers = model.layers(true);
    let (images, labels) = hashed_images(batch);
    let mut network = hashed_network(&layers, device, batch);
    let uploaded = network.images(&images);
    let rows: Vec<u32> = (0..batch as u32).collect();
    network.train_step(&uploaded, &rows, &labels, 0, SGD);
    let mut vectors = network.gradients().await?;
    vectors.push(network.evaluate(&uploaded, &rows).await?);
    Ok(vectors)
}

/// How far the vectors of [`hashed_step`] are from those expected, and the one that is furthest off: the length of the
/// difference as a share of the expected vector's length. An activation that rounds to the other side of ReLU can make
/// it a percent; a wrong kernel makes it a good part of one.
pub fn step_difference(
    model: ModelName,
    found: &[Vec<f32>],
    expected: &[Vec<f32>],
) -> (f64, String) {
    let length = |numbers: &mut dyn Iterator<Item = f64>| {
        numbers.map(|number| number * number).sum::<f64>().sqrt()
    };
    let difference = |(found, expected): (&Vec<f32>, &Vec<f32>)| {
        let pairs = found.iter().zip(expected);
        let apart = length(&mut pairs.map(|(one, other)| f64::from(*one) - f64::from(*other)));
        apart / length(&mut expected.iter().copied().map(f64::from)).max(f64::MIN_POSITIVE)
    };
    let differences = found.iter().zip(expected).map(difference);
    let layers = model.layers(true);
    let names = layers.iter().flat_map(Layer::parameters).map(|spec| spec.name);
    let names = names.chain(["the logits".into()]);
    // A difference that is not a number counts as the largest.
    let worst = differences.zip(names).max_by(|one, other| one.0.abs().total_cmp(&other.0.abs()));
    worst.unwrap_or_default()
}
