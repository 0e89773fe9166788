//! A network with values: its parameters and the running statistics of its batch norm layers, on a device.

use burn::tensor::{Device, Tensor, TensorData, Transaction};

use super::forward::{Dropout, Pass, run};
use super::layer::{Layer, ParameterSpec};
use super::{Initialization, ModelName};

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

/// A parameter with its values, flat.
pub struct Parameter {
    /// Name, role and shape.
    pub spec: ParameterSpec,
    /// Its values, row by row. Never on an autodiff device: a training step lifts them for itself.
    pub values: Tensor<1>,
}

/// Batch statistics that are followed during training, to normalize with when measuring.
pub(super) struct RunningStatistics {
    pub(super) mean: Tensor<1>,
    pub(super) variance: Tensor<1>,
}

/// A network on a device.
pub struct Network {
    layers: Vec<Layer>,
    options: NetworkOptions,
    device: Device,
    /// In the order of the layers.
    pub parameters: Vec<Parameter>,
    statistics: Vec<RunningStatistics>,
}

/// Everything a network has learned, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkState {
    /// The values of each parameter.
    pub parameters: Vec<Vec<f32>>,
    /// Mean and variance of each batch norm layer, alternately.
    pub statistics: Vec<Vec<f32>>,
}

/// The result of a forward pass that can be differentiated.
pub struct TrainingPass {
    /// `[batch, 10]`.
    pub logits: Tensor<2>,
    /// The parameters as leaves of the graph, in the network's order.
    pub leaves: Vec<Tensor<1>>,
}

impl Network {
    /// A network as it is before training.
    pub fn new(options: NetworkOptions, device: &Device) -> Self {
        let layers = options.model.layers(options.batch_norm);
        let parameters = layers
            .iter()
            .flat_map(Layer::parameters)
            .map(|spec| {
                let values = vector(options.initialization.draw(&spec, options.seed), device);
                Parameter { spec, values }
            })
            .collect();
        let statistics = layers
            .iter()
            .flat_map(Layer::normalized_channels)
            .map(|channels| RunningStatistics {
                mean: Tensor::zeros([channels], device),
                variance: Tensor::ones([channels], device),
            })
            .collect();
        Self { layers, options, device: device.clone(), parameters, statistics }
    }

    /// How many numbers it learns.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.spec.len()).sum()
    }

    /// Logits `[batch, 10]` of inputs `[batch, 3, 28, 28]`, without dropout and with the running statistics.
    pub fn evaluate(&self, inputs: Tensor<4>) -> Tensor<2> {
        let parameters = self.parameters.iter().map(|parameter| parameter.values.clone()).collect();
        let mut measured = Vec::new();
        run(&self.layers, inputs, Pass::evaluation(parameters, &self.statistics, &mut measured))
    }

    /// Logits of a batch in training step `step`, to be differentiated by the leaves. Follows the batch statistics.
    pub fn train(&mut self, inputs: Tensor<4>, step: u64) -> TrainingPass {
        let leaves: Vec<_> =
            self.parameters.iter().map(|parameter| parameter.values.clone().autodiff().require_grad()).collect();
        let dropout = (self.options.dropout > 0.0).then_some(Dropout {
            rate: self.options.dropout,
            seed: self.options.seed,
            step,
            layer: 0,
        });
        let mut measured = Vec::new();
        let pass = Pass::training(leaves.clone(), dropout, &mut measured);
        let logits = run(&self.layers, inputs.autodiff(), pass);
        for (running, batch) in self.statistics.iter_mut().zip(measured) {
            running.follow(batch);
        }
        TrainingPass { logits, leaves }
    }

    /// Reads everything it has learned from the device.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn state(&self) -> Result<NetworkState, String> {
        let statistics = self.statistics.iter().flat_map(|running| [running.mean.clone(), running.variance.clone()]);
        let values = self.parameters.iter().map(|parameter| parameter.values.clone());
        let mut read = read_all(values.chain(statistics).collect()).await?;
        let statistics = read.split_off(self.parameters.len());
        Ok(NetworkState { parameters: read, statistics })
    }

    /// Puts a state back. Returns false, and changes nothing, if it is not of this network.
    pub fn restore(&mut self, state: &NetworkState) -> bool {
        let lengths = |vectors: &[Vec<f32>]| vectors.iter().map(Vec::len).collect::<Vec<_>>();
        let own_parameters: Vec<_> = self.parameters.iter().map(|parameter| parameter.spec.len()).collect();
        let own_statistics: Vec<_> = self.statistics.iter().flat_map(|running| [running.mean.dims()[0]; 2]).collect();
        if lengths(&state.parameters) != own_parameters || lengths(&state.statistics) != own_statistics {
            return false;
        }
        for (parameter, values) in self.parameters.iter_mut().zip(&state.parameters) {
            parameter.values = vector(values.clone(), &self.device);
        }
        for (running, values) in self.statistics.iter_mut().zip(state.statistics.chunks_exact(2)) {
            running.mean = vector(values[0].clone(), &self.device);
            running.variance = vector(values[1].clone(), &self.device);
        }
        true
    }
}

/// A vector on a device.
pub(crate) fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}

/// Reads many vectors in one go.
pub(crate) async fn read_all(vectors: Vec<Tensor<1>>) -> Result<Vec<Vec<f32>>, String> {
    let transaction = vectors.into_iter().fold(Transaction::default(), Transaction::register);
    let read = transaction.execute_async().await.map_err(|error| error.to_string())?;
    read.into_iter().map(|data| data.try_into_vec::<f32>().map_err(|error| format!("{error:?}"))).collect()
}
