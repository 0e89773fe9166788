//! The forward pass: a list of layers applied to a batch, with parameters taken in order.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train, conv2d, linear, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Tensor, TensorData};

use super::layer::Layer;
use super::network::RunningStatistics;
use crate::data::Stream;

/// Added to the variance in batch norm (TF-slim 2016).
pub const BATCH_NORM_EPSILON: f64 = 0.001;
/// Share of the batch in the running statistics: PyTorch's and burn's default. TF-slim's 0.001 suits 25,000 steps; the
/// runs here can be as short as a hundred.
pub const RUNNING_MOMENTUM: f64 = 0.1;

/// Window of local response normalization: TensorFlow's depth radius 4 on either side and the channel itself.
const LRN_WINDOW: usize = 9;
const LRN_RADIUS: usize = LRN_WINDOW / 2;
const LRN_ALPHA: f64 = 0.001 / 9.0;

/// What a batch norm layer measured in a training step, off the graph.
pub(super) struct BatchStatistics {
    mean: Tensor<1>,
    variance: Tensor<1>,
    samples: usize,
}

impl RunningStatistics {
    /// Moves towards the batch's mean and unbiased variance.
    pub(super) fn follow(&mut self, batch: BatchStatistics) {
        let unbiased = batch.samples as f64 / (batch.samples.max(2) - 1) as f64;
        let towards =
            |running: &Tensor<1>, seen: Tensor<1>| running.clone() * (1.0 - RUNNING_MOMENTUM) + seen * RUNNING_MOMENTUM;
        self.mean = towards(&self.mean, batch.mean);
        self.variance = towards(&self.variance, batch.variance * unbiased);
    }
}

/// Where the masks of a training step come from.
pub(super) struct Dropout {
    pub(super) rate: f64,
    pub(super) seed: u64,
    pub(super) step: u64,
    pub(super) layer: usize,
}

impl Dropout {
    /// Drops each unit with the rate and scales the others by `1 / (1 - rate)`. The mask is drawn on the CPU, so that it
    /// is the same on every device.
    fn apply(&mut self, units: Tensor<2>) -> Tensor<2> {
        let mut stream = Stream::new(self.seed, &format!("dropout/{}", self.layer), self.step);
        self.layer += 1;
        let [batch, count] = units.dims();
        let kept = (1.0 / (1.0 - self.rate)) as f32;
        let mask: Vec<f32> =
            (0..batch * count).map(|_| if stream.uniform() < self.rate { 0.0 } else { kept }).collect();
        let mask = Tensor::from_data(TensorData::new(mask, [batch, count]), &units.device());
        units * mask
    }
}

/// One forward pass: what it takes, and what it leaves behind.
pub(super) struct Pass<'a> {
    parameters: std::vec::IntoIter<Tensor<1>>,
    mode: Mode<'a>,
    measured: &'a mut Vec<BatchStatistics>,
}

enum Mode<'a> {
    Training(Option<Dropout>),
    Evaluation(std::slice::Iter<'a, RunningStatistics>),
}

impl<'a> Pass<'a> {
    pub(super) fn training(
        parameters: Vec<Tensor<1>>,
        dropout: Option<Dropout>,
        measured: &'a mut Vec<BatchStatistics>,
    ) -> Self {
        Self { parameters: parameters.into_iter(), mode: Mode::Training(dropout), measured }
    }

    pub(super) fn evaluation(
        parameters: Vec<Tensor<1>>,
        statistics: &'a [RunningStatistics],
        measured: &'a mut Vec<BatchStatistics>,
    ) -> Self {
        Self { parameters: parameters.into_iter(), mode: Mode::Evaluation(statistics.iter()), measured }
    }

    /// The next parameter. The order is that of [`Layer::parameters`], from which they were made.
    fn parameter(&mut self) -> Tensor<1> {
        self.parameters.next().expect("a network has the parameters its layers list")
    }

    fn normalize(&mut self, x: Tensor<4>) -> Tensor<4> {
        let beta = self.parameter();
        let [batch, channels, height, width] = x.dims();
        let gamma = Tensor::ones([channels], &x.device());
        match &mut self.mode {
            Mode::Training(_) => {
                let normalized = batch_norm_train(x, gamma, beta, BATCH_NORM_EPSILON);
                self.measured.push(BatchStatistics {
                    mean: normalized.mean.inner(),
                    variance: normalized.variance.inner(),
                    samples: batch * height * width,
                });
                normalized.output
            }
            Mode::Evaluation(statistics) => {
                let running = statistics.next().expect("a network has statistics for each batch norm layer");
                batch_norm(x, gamma, beta, running.mean.clone(), running.variance.clone(), BATCH_NORM_EPSILON)
            }
        }
    }
}

/// What flows between layers.
enum Flow {
    Pictures(Tensor<4>),
    Vectors(Tensor<2>),
}

impl Flow {
    fn pictures(self) -> Tensor<4> {
        match self {
            Self::Pictures(x) => x,
            Self::Vectors(_) => unreachable!("the registry puts no picture layer behind a vector layer"),
        }
    }

    fn vectors(self) -> Tensor<2> {
        match self {
            Self::Vectors(x) => x,
            Self::Pictures(_) => unreachable!("the registry puts Flatten or MeanPool before vector layers"),
        }
    }
}

/// Applies `layers` to inputs `[batch, 3, 28, 28]`; returns logits `[batch, 10]`.
pub(super) fn run(layers: &[Layer], inputs: Tensor<4>, mut pass: Pass<'_>) -> Tensor<2> {
    apply(layers, Flow::Pictures(inputs), &mut pass).vectors()
}

fn apply(layers: &[Layer], input: Flow, pass: &mut Pass<'_>) -> Flow {
    layers.iter().fold(input, |x, layer| match layer {
        Layer::Conv { inputs, outputs, kernel, stride, bias, .. } => {
            let weight = pass.parameter().reshape([*outputs, *inputs, *kernel, *kernel]);
            let bias = bias.then(|| pass.parameter());
            Flow::Pictures(convolve(x.pictures(), weight, bias, *stride))
        }
        Layer::BatchNorm { .. } => Flow::Pictures(pass.normalize(x.pictures())),
        Layer::Relu => match x {
            Flow::Pictures(x) => Flow::Pictures(relu(x)),
            Flow::Vectors(x) => Flow::Vectors(relu(x)),
        },
        Layer::MaxPool { size, stride, same } => Flow::Pictures(pool(x.pictures(), *size, *stride, *same)),
        Layer::LocalResponseNorm => Flow::Pictures(local_response_norm(x.pictures())),
        Layer::MeanPool => {
            let x = x.pictures();
            let [batch, channels, height, width] = x.dims();
            Flow::Vectors(x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]))
        }
        Layer::Flatten => Flow::Vectors(x.pictures().flatten(1, 3)),
        Layer::Dropout => match &mut pass.mode {
            Mode::Training(Some(dropout)) => Flow::Vectors(dropout.apply(x.vectors())),
            Mode::Training(None) | Mode::Evaluation(_) => x,
        },
        Layer::Dense { inputs, outputs, .. } => {
            let weight = pass.parameter().reshape([*inputs, *outputs]);
            let bias = pass.parameter();
            Flow::Vectors(linear(x.vectors(), weight, Some(bias)))
        }
        Layer::Branches(branches) => {
            let x = x.pictures();
            let outputs =
                branches.iter().map(|branch| apply(branch, Flow::Pictures(x.clone()), pass).pictures()).collect();
            Flow::Pictures(Tensor::cat(outputs, 1))
        }
    })
}

/// TensorFlow's SAME padding along one side: `ceil(side / stride)` windows, the odd pixel at the end.
fn same_padding(side: usize, size: usize, stride: usize) -> (usize, usize) {
    let total = ((side.div_ceil(stride) - 1) * stride + size).saturating_sub(side);
    (total / 2, total - total / 2)
}

fn convolve(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, stride: usize) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let [_, _, kernel, _] = weight.dims();
    let padding = [same_padding(height, kernel, stride), same_padding(width, kernel, stride)];
    conv2d(x, weight, bias, ConvOptions { stride: [stride; 2], padding, dilation: [1; 2], groups: 1 })
}

fn pool(x: Tensor<4>, size: usize, stride: usize, same: bool) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let padding =
        if same { [same_padding(height, size, stride), same_padding(width, size, stride)] } else { [(0, 0); 2] };
    let options =
        MaxPoolOptions { kernel_size: [size; 2], stride: [stride; 2], padding, dilation: [1; 2], ceil_mode: false };
    max_pool2d(x, options)
}

/// Sums the squares of neighbouring channels with one product by a band matrix, and takes the power 3/4 by square
/// roots, which every device rounds alike.
fn local_response_norm(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let band: Vec<f32> = (0..channels * channels)
        .map(|at| if (at / channels).abs_diff(at % channels) <= LRN_RADIUS { 1.0 } else { 0.0 })
        .collect();
    let band = Tensor::<3>::from_data(TensorData::new(band, [1, channels, channels]), &x.device());
    let flat = x.reshape([batch, channels, height * width]);
    let sums = band.expand([batch, channels, channels]).matmul(flat.clone().square());
    let root = (sums * LRN_ALPHA + 1.0).sqrt();
    (flat / (root.clone() * root.sqrt())).reshape([batch, channels, height, width])
}
