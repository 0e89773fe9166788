//! Networks in plain tensor code: burn's own operations and automatic differentiation, in double precision, one line a
//! layer. What the kernels compute is compared with it; it is written to be read, not to be fast.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::module::{batch_norm_train, conv2d, linear, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, Device, Tensor, TensorData};

use rote::models::Layer;

const EPSILON: f64 = 0.001;
const LRN_RADIUS: usize = 4;
const LRN_ALPHA: f64 = 0.001 / 9.0;

/// A labelled batch.
pub struct LabelledBatch {
    /// The numbers of its images, row by row.
    pub images: Vec<f64>,
    /// `[batch, channels, side, side]`.
    pub shape: [usize; 4],
    /// One an image.
    pub labels: Vec<u8>,
    /// What dropout multiplies by, for each of its layers: `[batch, pixels, channels]` of the image it masks, or of the
    /// image that was flattened to the vector it masks; `[batch, units]` of other vectors.
    pub masks: Vec<Vec<f64>>,
}

/// The mean cross-entropy of a batch, and the gradient of each parameter.
pub struct Differentiated {
    /// In nats.
    pub loss: f64,
    /// In the order of the layers, each in its own shape.
    pub gradients: Vec<Vec<f64>>,
}

fn tensor<const D: usize>(values: Vec<f64>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    pollster::block_on(tensor.into_data_async()).unwrap().try_into_vec().unwrap()
}

/// Loss and gradients of a training step by automatic differentiation.
pub fn differentiate(
    layers: &[Layer],
    parameters: &[Vec<f64>],
    labelled: &LabelledBatch,
) -> Differentiated {
    let device = Device::flex().autodiff();
    let leaves: Vec<Tensor<1>> = parameters
        .iter()
        .map(|values| tensor(values.clone(), [values.len()], &device).require_grad())
        .collect();
    let loss = forward(layers, &leaves, labelled, &device);
    let gradients = loss.backward();
    let gradient =
        |leaf: &Tensor<1>| numbers(leaf.grad(&gradients).expect("every parameter matters"));
    Differentiated {
        loss: numbers(loss.clone().inner())[0],
        gradients: leaves.iter().map(gradient).collect(),
    }
}

/// The loss alone, for finite differences.
pub fn loss(layers: &[Layer], parameters: &[Vec<f64>], labelled: &LabelledBatch) -> f64 {
    let device = Device::flex();
    let leaves: Vec<Tensor<1>> =
        parameters.iter().map(|values| tensor(values.clone(), [values.len()], &device)).collect();
    numbers(forward(layers, &leaves, labelled, &device))[0]
}

/// The logits of a batch, `[batch, classes]` row by row, by running statistics (mean and variance of each batch norm
/// layer, alternately) and without dropout.
pub fn evaluate(
    layers: &[Layer],
    parameters: &[Vec<f64>],
    statistics: &[Vec<f64>],
    labelled: &LabelledBatch,
) -> Vec<f64> {
    let device = Device::flex();
    let leaves: Vec<Tensor<1>> =
        parameters.iter().map(|values| tensor(values.clone(), [values.len()], &device)).collect();
    let running = statistics.chunks_exact(2);
    let pass = &mut Pass { parameters: leaves.iter(), masks: [].iter(), running: Some(running) };
    let images = tensor(labelled.images.clone(), labelled.shape, &device);
    numbers(apply(layers, Flow::Images(images), pass).vectors())
}

fn forward(
    layers: &[Layer],
    parameters: &[Tensor<1>],
    labelled: &LabelledBatch,
    device: &Device,
) -> Tensor<1> {
    let masks = labelled.masks.iter();
    let pass = &mut Pass { parameters: parameters.iter(), masks, running: None };
    let images = tensor(labelled.images.clone(), labelled.shape, device);
    let logits = apply(layers, Flow::Images(images), pass).vectors();
    let [count, classes] = logits.dims();
    let mut picked = vec![0.0; count * classes];
    for (row, label) in labelled.labels.iter().enumerate() {
        picked[row * classes + usize::from(*label)] = -1.0 / count as f64;
    }
    (log_softmax(logits, 1) * tensor(picked, [count, classes], device)).sum()
}

struct Pass<'a> {
    parameters: std::slice::Iter<'a, Tensor<1>>,
    masks: std::slice::Iter<'a, Vec<f64>>,
    /// Mean and variance of each batch norm layer, when measuring; in training, they are those of the batch.
    running: Option<std::slice::ChunksExact<'a, Vec<f64>>>,
}

impl Pass<'_> {
    fn parameter(&mut self) -> Tensor<1> {
        self.parameters.next().expect("a parameter for each its layers list").clone()
    }
}

enum Flow {
    Images(Tensor<4>),
    /// With the pixels of the image it was made of, 1 if of none.
    Vectors(Tensor<2>, usize),
}

impl Flow {
    fn images(self) -> Tensor<4> {
        let Self::Images(x) = self else { panic!("a layer of images behind one of vectors") };
        x
    }

    fn vectors(self) -> Tensor<2> {
        let Self::Vectors(x, _) = self else { panic!("a layer of vectors behind one of images") };
        x
    }
}

impl Clone for Flow {
    fn clone(&self) -> Self {
        match self {
            Self::Images(x) => Self::Images(x.clone()),
            Self::Vectors(x, pixels) => Self::Vectors(x.clone(), *pixels),
        }
    }
}

fn apply(layers: &[Layer], input: Flow, pass: &mut Pass<'_>) -> Flow {
    layers.iter().fold(input, |x, layer| match layer {
        Layer::Conv { inputs, outputs, kernel, stride, bias, .. } => {
            let weight = pass.parameter().reshape([*outputs, *inputs, *kernel, *kernel]);
            let bias = bias.then(|| pass.parameter());
            let x = x.images();
            let padding = same_padding(x.dims()[2], *kernel, *stride);
            let options = ConvOptions {
                stride: [*stride; 2],
                padding: [padding; 2],
                dilation: [1; 2],
                groups: 1,
            };
            Flow::Images(conv2d(x, weight, bias, options))
        }
        Layer::BatchNorm { channels, .. } => {
            let x = x.images();
            let (beta, device) = (pass.parameter(), x.device());
            let a_channel = |values: Vec<f64>| tensor(values, [1, *channels, 1, 1], &device);
            Flow::Images(match pass.running.as_mut().and_then(Iterator::next) {
                Some(running) => {
                    let [mean, variance] = [0, 1].map(|at| a_channel(running[at].clone()));
                    (x - mean) / (variance + EPSILON).sqrt() + beta.reshape([1, *channels, 1, 1])
                }
                None => {
                    let gamma = tensor(vec![1.0; *channels], [*channels], &device);
                    batch_norm_train(x, gamma, beta, EPSILON).output
                }
            })
        }
        Layer::Relu => match x {
            Flow::Images(x) => Flow::Images(relu(x)),
            Flow::Vectors(x, pixels) => Flow::Vectors(relu(x), pixels),
        },
        Layer::MaxPool { size, stride, same } => {
            let x = x.images();
            let padding = if *same { same_padding(x.dims()[2], *size, *stride) } else { (0, 0) };
            let (kernel_size, stride, padding) = ([*size; 2], [*stride; 2], [padding; 2]);
            let options =
                MaxPoolOptions { kernel_size, stride, padding, dilation: [1; 2], ceil_mode: false };
            Flow::Images(max_pool2d(x, options))
        }
        Layer::LocalResponseNorm => Flow::Images(local_response_norm(x.images())),
        Layer::MeanPool => {
            let x = x.images();
            let [batch, channels, height, width] = x.dims();
            let x = x.reshape([batch, channels, height * width]);
            Flow::Vectors(x.mean_dim(2).reshape([batch, channels]), 1)
        }
        Layer::Flatten => match x {
            Flow::Images(x) => {
                let [_, _, height, width] = x.dims();
                Flow::Vectors(x.flatten(1, 3), height * width)
            }
            x => x,
        },
        Layer::Dropout => match (pass.masks.next(), x) {
            (None, x) => x,
            (Some(mask), Flow::Images(x)) => {
                let [_, _, height, width] = x.dims();
                let mask = channels_first(mask, x.dims(), height * width, &x.device());
                Flow::Images(x * mask)
            }
            (Some(mask), Flow::Vectors(x, pixels)) => {
                let mask = channels_first(mask, x.dims(), pixels, &x.device());
                Flow::Vectors(x * mask, pixels)
            }
        },
        Layer::Dense { inputs, outputs, .. } => {
            let weight = pass.parameter().reshape([*inputs, *outputs]);
            Flow::Vectors(linear(x.vectors(), weight, Some(pass.parameter())), 1)
        }
        Layer::Branches(branches) => {
            let mut outputs = branches.iter().map(|branch| apply(branch, x.clone(), pass));
            let first = outputs.next().expect("a branch at least");
            outputs.fold(first, |joined, next| match (joined, next) {
                (Flow::Images(joined), next) => {
                    Flow::Images(Tensor::cat(vec![joined, next.images()], 1))
                }
                (Flow::Vectors(joined, pixels), next) => {
                    Flow::Vectors(Tensor::cat(vec![joined, next.vectors()], 1), pixels)
                }
            })
        }
    })
}

/// A mask `[batch, pixels, channels]` as `[batch, channels, pixels]`, in the shape of what it masks.
fn channels_first<const D: usize>(
    mask: &[f64],
    shape: [usize; D],
    pixels: usize,
    device: &Device,
) -> Tensor<D> {
    let (batch, channels) = (shape[0], mask.len() / shape[0] / pixels);
    let mask = tensor(mask.to_vec(), [batch, pixels, channels], device);
    mask.swap_dims(1, 2).reshape(shape)
}

/// TensorFlow's SAME padding along one side: `ceil(side / stride)` windows, the odd pixel at the end.
fn same_padding(side: usize, size: usize, stride: usize) -> (usize, usize) {
    let total = ((side.div_ceil(stride) - 1) * stride + size).saturating_sub(side);
    (total / 2, total - total / 2)
}

/// The squares of neighbouring channels are summed by one product with a band matrix.
fn local_response_norm(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let near = |at: usize| (at / channels).abs_diff(at % channels) <= LRN_RADIUS;
    let band = (0..channels * channels).map(|at| f64::from(u8::from(near(at)))).collect();
    let band = tensor(band, [1, channels, channels], &x.device());
    let flat = x.reshape([batch, channels, height * width]);
    let sums = band.expand([batch, channels, channels]).matmul(flat.clone().square());
    let root = (sums * LRN_ALPHA + 1.0).sqrt();
    (flat / (root.clone() * root.sqrt())).reshape([batch, channels, height, width])
}
