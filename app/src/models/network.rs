//! A network with values, on a device: from layers and named parameters to a core and its flat vectors, and back.

use super::layer::{Layer, Role};
use super::plan::{Placed, PlanError, build};
use super::{Initialization, ModelName};
use crate::data::Stream;
use crate::kernels::plan::Plan;
use crate::kernels::{Batch, Core, Device, Images, Loss, SgdStep, TrainState};

/// Side and channels of the images the registry's models take.
pub(super) const IMAGE: [usize; 2] = [28, 3];

/// What a network is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkOptions {
    /// Which model.
    pub model: ModelName,
    /// Whether it has batch norm, where it can.
    pub batch_norm: bool,
    /// How its weights start.
    pub initialization: Initialization,
    /// Dropout rate of a training step.
    pub dropout: f64,
    /// What the weights and dropout masks are drawn from.
    pub seed: u64,
}

/// A network on a device.
pub struct Network {
    core: Core,
    /// Side and channels of an input image.
    image: [usize; 2],
    parameters: Vec<Placed>,
    /// Length of the plan's flat parameter vector: parameters and the padding between them.
    flat_length: usize,
    /// Channels of each batch norm layer.
    normalized: Vec<usize>,
    masked_units: Vec<usize>,
    dropout: f64,
    seed: u64,
}

/// Everything a network has learned, as plain numbers, each parameter in its own shape's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkState {
    /// The values of each parameter.
    pub parameters: Vec<Vec<f32>>,
    /// Mean and variance of each batch norm layer, alternately.
    pub statistics: Vec<Vec<f32>>,
    /// The optimizer's velocity of each parameter.
    pub velocities: Vec<Vec<f32>>,
}

impl NetworkState {
    /// The state of a network of these layers before training.
    pub fn at_start(layers: &[Layer], parameters: Vec<Vec<f32>>) -> Self {
        let channels = layers.iter().flat_map(Layer::normalized_channels);
        Self {
            velocities: parameters.iter().map(|own| vec![0.0; own.len()]).collect(),
            statistics: channels.flat_map(|count| [vec![0.0; count], vec![1.0; count]]).collect(),
            parameters,
        }
    }
}

impl Network {
    /// The plan of a network that is not made: what it will need follows from it.
    pub fn plan(options: NetworkOptions) -> Plan {
        let layers = options.model.layers(options.batch_norm);
        build(&layers, IMAGE, options.dropout > 0.0, |_| false)
            .expect("every model of the registry builds: a test of models/plan holds it")
            .0
    }

    /// A network as it is before training, for batches of at most `batch` images. Weight decay will touch the
    /// parameters of the roles `decays` names.
    pub fn new(
        options: NetworkOptions,
        decays: impl Fn(Role) -> bool,
        device: &Device,
        batch: usize,
    ) -> Self {
        let layers = options.model.layers(options.batch_norm);
        let mut network = Self::from_layers(&layers, IMAGE, options.dropout, decays, device, batch)
            .expect("every model of the registry builds: a test of models/plan holds it");
        network.seed = options.seed;
        let draw = |placed: &Placed| options.initialization.draw(&placed.spec, options.seed);
        let parameters = network.parameters.iter().map(draw).collect();
        network.put(&NetworkState::at_start(&layers, parameters));
        network
    }

    /// A network of any layers on images `[side, channels]`, with parameters of 0.
    ///
    /// # Errors
    ///
    /// What does not fit together in the layers.
    pub fn from_layers(
        layers: &[Layer],
        image: [usize; 2],
        dropout: f64,
        decays: impl Fn(Role) -> bool,
        device: &Device,
        batch: usize,
    ) -> Result<Self, PlanError> {
        let (plan, parameters) = build(layers, image, dropout > 0.0, decays)?;
        let normalized = layers.iter().flat_map(Layer::normalized_channels).collect();
        let masked_units = plan.masks.clone();
        Ok(Self {
            flat_length: plan.parameters,
            core: Core::new(device, plan, batch),
            image,
            parameters,
            normalized,
            masked_units,
            dropout,
            seed: 0,
        })
    }

    /// How many numbers it learns.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|placed| placed.spec.len()).sum()
    }

    /// Puts images `[images, channels, side, side]` on the device.
    pub fn images(&self, images: &[f32]) -> Images {
        let values = self.values();
        self.images_from(images.len() / values, |number, image| {
            image.copy_from_slice(&images[number * values..][..values]);
        })
    }

    /// Puts `count` images on the device as they are made: `write(number, image)` fills `image`,
    /// `[channels, side, side]`. Nothing holds all of them but the device.
    pub fn images_from(&self, count: usize, mut write: impl FnMut(usize, &mut [f32])) -> Images {
        let values = self.values();
        let mut image = vec![0.0; values];
        self.core.images(count, values, |first, piece| {
            for (number, turned) in piece.chunks_exact_mut(values).enumerate() {
                write(first + number, &mut image);
                self.turn(&image, turned);
            }
        })
    }

    /// One training step on images that live on the device.
    pub fn train_step(
        &mut self,
        images: &Images,
        rows: &[u32],
        labels: &[u8],
        step: u64,
        sgd: SgdStep,
    ) -> Loss {
        let masks = self.masks(labels.len(), step);
        self.core.train_step(Batch::Rows(images, rows), labels, &masks, sgd)
    }

    /// One training step on images `[batch, channels, side, side]` that were made for it.
    pub fn train_step_on(
        &mut self,
        images: &[f32],
        labels: &[u8],
        step: u64,
        sgd: SgdStep,
    ) -> Loss {
        let masks = self.masks(labels.len(), step);
        self.core.train_step(Batch::Values(&self.channels_last(images)), labels, &masks, sgd)
    }

    /// Reads losses of some steps in one go.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn losses(&self, losses: &[Loss]) -> Result<Vec<f32>, String> {
        self.core.losses(losses).await
    }

    /// Logits `[rows, 10]` of images on the device, without dropout and with the running statistics.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn evaluate(&mut self, images: &Images, rows: &[u32]) -> Result<Vec<f32>, String> {
        self.core.evaluate(Batch::Rows(images, rows), rows.len()).await
    }

    /// Reads everything it has learned from the device.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn state(&self) -> Result<NetworkState, String> {
        let state = self.core.state().await?;
        let mut statistics = Vec::new();
        let mut rest = state.statistics.as_slice();
        for channels in self.normalized.iter().flat_map(|&channels| [channels; 2]) {
            let (own, after) = rest.split_at(channels);
            statistics.push(own.to_vec());
            rest = after;
        }
        let own = |flat: &[f32]| self.parameters.iter().map(|placed| placed.read(flat)).collect();
        Ok(NetworkState {
            parameters: own(&state.parameters),
            statistics,
            velocities: own(&state.velocities),
        })
    }

    /// Puts a state back. Returns false, and changes nothing, if it is not of this network.
    #[must_use]
    pub fn restore(&mut self, state: &NetworkState) -> bool {
        let lengths = |vectors: &[Vec<f32>]| vectors.iter().map(Vec::len).collect::<Vec<_>>();
        let parameters: Vec<_> = self.parameters.iter().map(|placed| placed.spec.len()).collect();
        let statistics: Vec<_> =
            self.normalized.iter().flat_map(|&channels| [channels; 2]).collect();
        let fits = lengths(&state.parameters) == parameters
            && lengths(&state.velocities) == parameters
            && lengths(&state.statistics) == statistics;
        if fits {
            self.put(state);
        }
        fits
    }

    /// The gradients of the last training step, parameter by parameter.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn gradients(&self) -> Result<Vec<Vec<f32>>, String> {
        let flat = self.core.gradients().await?;
        Ok(self.parameters.iter().map(|placed| placed.read(&flat)).collect())
    }

    fn put(&mut self, state: &NetworkState) {
        let flat = |vectors: &[Vec<f32>]| {
            let mut flat = vec![0.0; self.flat_length];
            self.parameters
                .iter()
                .zip(vectors)
                .for_each(|(placed, own)| placed.write(own, &mut flat));
            flat
        };
        let (parameters, velocities) = (flat(&state.parameters), flat(&state.velocities));
        self.core.set_state(TrainState {
            parameters,
            velocities,
            statistics: state.statistics.concat(),
        });
    }

    /// A mask for each dropout layer, `[batch, units]`: 0 with the rate, else `1 / (1 - rate)`. Drawn on the CPU, so
    /// that it is the same on every device.
    pub fn masks(&self, batch: usize, step: u64) -> Vec<Vec<f32>> {
        let kept = (1.0 / (1.0 - self.dropout)) as f32;
        let draw = |(layer, units): (usize, &usize)| {
            let mut stream = Stream::new(self.seed, &format!("dropout/{layer}"), step);
            (0..batch * units)
                .map(|_| if stream.uniform() < self.dropout { 0.0 } else { kept })
                .collect()
        };
        self.masked_units.iter().enumerate().map(draw).collect()
    }

    /// Numbers of an image.
    fn values(&self) -> usize {
        let [side, channels] = self.image;
        side * side * channels
    }

    /// `[images, channels, pixels]` as `[images, pixels, channels]`.
    fn channels_last(&self, images: &[f32]) -> Vec<f32> {
        let mut turned = vec![0.0; images.len()];
        let pairs = turned.chunks_exact_mut(self.values()).zip(images.chunks_exact(self.values()));
        pairs.for_each(|(turned, image)| self.turn(image, turned));
        turned
    }

    /// One image `[channels, pixels]` as `[pixels, channels]`.
    fn turn(&self, image: &[f32], turned: &mut [f32]) {
        let [side, channels] = self.image;
        for (pixel, turned) in turned.chunks_exact_mut(channels).enumerate() {
            for (channel, number) in turned.iter_mut().enumerate() {
                *number = image[channel * side * side + pixel];
            }
        }
    }
}
