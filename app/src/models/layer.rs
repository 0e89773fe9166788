//! Networks as data: a list of layers, some of them with parameters.

use std::fmt;

/// One step of a network. Images are `[batch, channel, height, width]`, vectors `[batch, unit]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Convolution with TensorFlow's SAME padding: the output side is `ceil(side / stride)`, and of an odd padding the
    /// larger half is at the end.
    Conv {
        /// Names its parameters, `{name}.weight` and `{name}.bias`.
        name: String,
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Side of the square kernel.
        kernel: usize,
        /// Step between windows.
        stride: usize,
        /// Whether each output channel has a bias (not where batch norm follows: its beta is one).
        bias: bool,
    },
    /// Batch normalization with a learned shift (beta) and no learned scale, as in the TF-slim of 2016. It is why the
    /// paper's Inception has the same parameter count with and without batch norm.
    BatchNorm {
        /// Names its parameter, `{name}.beta`.
        name: String,
        /// Of its input and its output; each is normalized by itself.
        channels: usize,
    },
    /// `max(x, 0)`.
    Relu,
    /// The max of each window; of equal values the first.
    MaxPool {
        /// Side of the window.
        size: usize,
        /// Step between windows.
        stride: usize,
        /// Whether windows may reach over the end (SAME); otherwise incomplete windows are left out.
        same: bool,
    },
    /// `x / (1 + 0.001/9 * s)^0.75` with `s` the sum of squares over the nine channels around (TensorFlow's CIFAR-10
    /// network).
    LocalResponseNorm,
    /// The mean over all positions: `[batch, channel, height, width]` to `[batch, channel]`.
    MeanPool,
    /// `[batch, channel, height, width]` to `[batch, channel * height * width]`.
    Flatten,
    /// Drops hidden units in training steps and scales the others up, if the network has a dropout rate.
    Dropout,
    /// `x W + b`.
    Dense {
        /// Names its parameters, `{name}.weight` (`[inputs, outputs]`) and `{name}.bias`.
        name: String,
        /// Units in.
        inputs: usize,
        /// Units out.
        outputs: usize,
    },
    /// The same input through several lists of layers; their outputs, images of one side or vectors, one after the
    /// other along the channels. A list without layers passes its input on.
    Branches(Vec<Vec<Layer>>),
}

/// What a parameter is for; weight decay and initialization differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `[outputs, inputs, kernel, kernel]`.
    ConvWeight,
    /// `[inputs, outputs]`.
    DenseWeight,
    /// One number an output.
    Bias,
    /// Batch norm's shift: one number a channel.
    Beta,
}

/// A parameter before it has values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// Unique in the network: `conv1.weight`.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its shape.
    pub shape: Vec<usize>,
}

impl ParameterSpec {
    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers that flow into one output, and outputs one input flows into: what Glorot and He scale by.
    pub fn fans(&self) -> (usize, usize) {
        match (self.role, self.shape.as_slice()) {
            (Role::ConvWeight, &[outputs, inputs, height, width]) => {
                (inputs * height * width, outputs * height * width)
            }
            (Role::DenseWeight, &[inputs, outputs]) => (inputs, outputs),
            _ => (1, 1),
        }
    }
}

impl Layer {
    /// The parameters of this layer, in the order the forward pass takes them.
    pub fn parameters(&self) -> Vec<ParameterSpec> {
        let spec = |name: &str, suffix: &str, role, shape: &[usize]| ParameterSpec {
            name: format!("{name}.{suffix}"),
            role,
            shape: shape.to_vec(),
        };
        match self {
            Self::Conv { name, inputs, outputs, kernel, bias, .. } => {
                let weight =
                    spec(name, "weight", Role::ConvWeight, &[*outputs, *inputs, *kernel, *kernel]);
                let bias = bias.then(|| spec(name, "bias", Role::Bias, &[*outputs]));
                std::iter::once(weight).chain(bias).collect()
            }
            Self::BatchNorm { name, channels } => {
                vec![spec(name, "beta", Role::Beta, &[*channels])]
            }
            Self::Dense { name, inputs, outputs } => vec![
                spec(name, "weight", Role::DenseWeight, &[*inputs, *outputs]),
                spec(name, "bias", Role::Bias, &[*outputs]),
            ],
            Self::Branches(branches) => {
                branches.iter().flatten().flat_map(Self::parameters).collect()
            }
            Self::Relu
            | Self::MaxPool { .. }
            | Self::LocalResponseNorm
            | Self::MeanPool
            | Self::Flatten
            | Self::Dropout => Vec::new(),
        }
    }

    /// The channel counts of its batch norm layers, in the order the forward pass meets them.
    pub fn normalized_channels(&self) -> Vec<usize> {
        match self {
            Self::BatchNorm { channels, .. } => vec![*channels],
            Self::Branches(branches) => {
                branches.iter().flatten().flat_map(Self::normalized_channels).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Layer {
    /// What it is and its name, as messages say it: ``convolution `conv1` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv { name, .. } => write!(f, "convolution `{name}`"),
            Self::BatchNorm { name, .. } => write!(f, "batch norm `{name}`"),
            Self::Dense { name, .. } => write!(f, "dense `{name}`"),
            Self::Relu => f.write_str("ReLU"),
            Self::MaxPool { .. } => f.write_str("max-pool"),
            Self::LocalResponseNorm => f.write_str("local response normalization"),
            Self::MeanPool => f.write_str("mean pool"),
            Self::Flatten => f.write_str("flatten"),
            Self::Dropout => f.write_str("dropout"),
            Self::Branches(_) => f.write_str("branches"),
        }
    }
}
