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
pub struct Examples {
    /// Their numbers, row by row.
    pub pictures: Vec<f64>,
    /// `[batch, channels, side, side]`.
    pub shape: [usize; 4],
    /// One a picture.
    pub labels: Vec<u8>,
    /// What dropout multiplies by, `[batch, units]` for each of its layers.
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
    examples: &Examples,
) -> Differentiated {
    let device = Device::flex().autodiff();
    let leaves: Vec<Tensor<1>> = parameters
        .iter()
        .map(|values| tensor(values.clone(), [values.len()], &device).require_grad())
        .collect();
    let loss = forward(layers, &leaves, examples, &device);
    let gradients = loss.backward();
    let gradient =
        |leaf: &Tensor<1>| numbers(leaf.grad(&gradients).expect("every parameter matters"));
    Differentiated {
        loss: numbers(loss.clone().inner())[0],
        gradients: leaves.iter().map(gradient).collect(),
    }
}

/// The loss alone, for finite differences.
pub fn loss(layers: &[Layer], parameters: &[Vec<f64>], examples: &Examples) -> f64 {
    let device = Device::flex();
    let leaves: Vec<Tensor<1>> =
        parameters.iter().map(|values| tensor(values.clone(), [values.len()], &device)).collect();
    numbers(forward(layers, &leaves, examples, &device))[0]
}

fn forward(
    layers: &[Layer],
    parameters: &[Tensor<1>],
    examples: &Examples,
    device: &Device,
) -> Tensor<1> {
    let pass = &mut Pass { parameters: parameters.iter(), masks: examples.masks.iter() };
    let pictures = tensor(examples.pictures.clone(), examples.shape, device);
    let logits = apply(layers, Flow::Pictures(pictures), pass).vectors();
    let [batch, classes] = logits.dims();
    let mut picked = vec![0.0; batch * classes];
    for (row, label) in examples.labels.iter().enumerate() {
        picked[row * classes + usize::from(*label)] = -1.0 / batch as f64;
    }
    (log_softmax(logits, 1) * tensor(picked, [batch, classes], device)).sum()
}

struct Pass<'a> {
    parameters: std::slice::Iter<'a, Tensor<1>>,
    masks: std::slice::Iter<'a, Vec<f64>>,
}

impl Pass<'_> {
    fn parameter(&mut self) -> Tensor<1> {
        self.parameters.next().expect("a parameter for each its layers list").clone()
    }
}

enum Flow {
    Pictures(Tensor<4>),
    Vectors(Tensor<2>),
}

impl Flow {
    fn pictures(self) -> Tensor<4> {
        let Self::Pictures(x) = self else { panic!("a picture layer behind a vector layer") };
        x
    }

    fn vectors(self) -> Tensor<2> {
        let Self::Vectors(x) = self else { panic!("a vector layer behind a picture layer") };
        x
    }
}

fn apply(layers: &[Layer], input: Flow, pass: &mut Pass<'_>) -> Flow {
    layers.iter().fold(input, |x, layer| match layer {
        Layer::Conv { inputs, outputs, kernel, stride, bias, .. } => {
            let weight = pass.parameter().reshape([*outputs, *inputs, *kernel, *kernel]);
            let bias = bias.then(|| pass.parameter());
            let x = x.pictures();
            let padding = same_padding(x.dims()[2], *kernel, *stride);
            let options = ConvOptions {
                stride: [*stride; 2],
                padding: [padding; 2],
                dilation: [1; 2],
                groups: 1,
            };
            Flow::Pictures(conv2d(x, weight, bias, options))
        }
        Layer::BatchNorm { channels, .. } => {
            let x = x.pictures();
            let gamma = tensor(vec![1.0; *channels], [*channels], &x.device());
            Flow::Pictures(batch_norm_train(x, gamma, pass.parameter(), EPSILON).output)
        }
        Layer::Relu => match x {
            Flow::Pictures(x) => Flow::Pictures(relu(x)),
            Flow::Vectors(x) => Flow::Vectors(relu(x)),
        },
        Layer::MaxPool { size, stride, same } => {
            let x = x.pictures();
            let padding = if *same { same_padding(x.dims()[2], *size, *stride) } else { (0, 0) };
            let (kernel_size, stride, padding) = ([*size; 2], [*stride; 2], [padding; 2]);
            let options =
                MaxPoolOptions { kernel_size, stride, padding, dilation: [1; 2], ceil_mode: false };
            Flow::Pictures(max_pool2d(x, options))
        }
        Layer::LocalResponseNorm => Flow::Pictures(local_response_norm(x.pictures())),
        Layer::MeanPool => {
            let x = x.pictures();
            let [batch, channels, height, width] = x.dims();
            Flow::Vectors(
                x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]),
            )
        }
        Layer::Flatten => Flow::Vectors(x.pictures().flatten(1, 3)),
        Layer::Dropout => match pass.masks.next() {
            Some(mask) => {
                let x = x.vectors();
                let mask = tensor(mask.clone(), x.dims(), &x.device());
                Flow::Vectors(x * mask)
            }
            None => x,
        },
        Layer::Dense { inputs, outputs, .. } => {
            let weight = pass.parameter().reshape([*inputs, *outputs]);
            Flow::Vectors(linear(x.vectors(), weight, Some(pass.parameter())))
        }
        Layer::Branches(branches) => {
            let x = x.pictures();
            let outputs = branches
                .iter()
                .map(|branch| apply(branch, Flow::Pictures(x.clone()), pass).pictures())
                .collect();
            Flow::Pictures(Tensor::cat(outputs, 1))
        }
    })
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
