//! A network as a list of operations on numbered buffers: what the kernels of every device carry out. Pictures are
//! `[batch, side, side, channels]`, channels last: a convolution's window is then made of whole contiguous rows, and its
//! three products need no copy of the picture. Vectors are pictures of side 1.

use std::ops::Range;

/// Some channels of every pixel of a buffer. Branches of a network write into one buffer side by side, so that joining
/// them costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which buffer.
    pub buffer: usize,
    /// Height and width.
    pub side: usize,
    /// Channels of the whole buffer: the distance from one pixel to the next.
    pub stride: usize,
    /// The first channel.
    pub offset: usize,
    /// How many channels.
    pub channels: usize,
}

impl View {
    /// Pixels of one image.
    pub fn pixels(&self) -> usize {
        self.side * self.side
    }

    /// Where channel 0 of a pixel, counted through all images, stands in the buffer.
    pub fn at(&self, pixel: usize) -> usize {
        pixel * self.stride + self.offset
    }
}

/// A square window that moves over a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its side.
    pub size: usize,
    /// From one window to the next.
    pub step: usize,
    /// How far the first window reaches over the upper and the left edge. What lies outside is 0 to a convolution and
    /// nothing to max-pooling.
    pub before: usize,
}

/// What is done. Parameters are ranges of one flat vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `output = input * weight + bias`, then `max(., 0)` if `relu`.
    Convolution {
        /// The window.
        window: Window,
        /// `[size, size, inputs, outputs]`.
        weight: Range<usize>,
        /// `[outputs]`.
        bias: Option<Range<usize>>,
        /// Whether ReLU follows.
        relu: bool,
    },
    /// `output = input W + b`, then `max(., 0)` if `relu`. The input is all of an image: `side * side * stride` numbers.
    Dense {
        /// `[inputs, outputs]`.
        weight: Range<usize>,
        /// `[outputs]`.
        bias: Range<usize>,
        /// Whether ReLU follows.
        relu: bool,
    },
    /// `(input - mean) / sqrt(variance + 0.001) + beta`, then `max(., 0)` if `relu`; over batch and pixels in training,
    /// by the running statistics otherwise.
    BatchNorm {
        /// `[channels]`.
        beta: Range<usize>,
        /// Where its running means stand in the statistics; its running variances follow them.
        statistics: usize,
        /// Whether ReLU follows.
        relu: bool,
    },
    /// The greatest value of each window; of equal ones the first.
    MaxPool(Window),
    /// `x / (1 + 0.001/9 * s)^0.75`, `s` the sum of squares over the channels at most four away.
    LocalResponseNorm,
    /// The mean over all pixels.
    MeanPool,
    /// `input * mask`, the mask given for each step; nothing when measuring.
    Dropout {
        /// Which of the step's masks.
        mask: usize,
    },
}

/// How the gradient of a node's input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputGradient {
    /// Not at all: the input is the data.
    None,
    /// Set.
    Set,
    /// Added to what another reader of the same input has written.
    Add,
}

/// One operation with its input and output.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is done.
    pub operation: Operation,
    /// What it reads.
    pub input: View,
    /// What it writes.
    pub output: View,
    /// What the backward pass does about its input.
    pub input_gradient: InputGradient,
}

/// A network ready to be carried out. The backward pass is the nodes in reverse.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In forward order.
    pub nodes: Vec<Node>,
    /// Numbers an image in each buffer; buffer 0 is the input.
    pub buffers: Vec<usize>,
    /// Which gradient slot holds the gradient of each buffer; none for the input. Slots are used again as soon as their
    /// gradient has been passed on.
    pub gradient_slots: Vec<Option<usize>>,
    /// Numbers an image in each gradient slot.
    pub slots: Vec<usize>,
    /// The last output, `[batch, classes]`.
    pub logits: View,
    /// Length of the flat parameter vector.
    pub parameters: usize,
    /// The ranges of it that weight decay touches.
    pub decayed: Vec<Range<usize>>,
    /// Length of the running statistics.
    pub statistics: usize,
    /// Units of each dropout mask, an image.
    pub masks: Vec<usize>,
}

/// Settings of one optimizer step: `v <- momentum v + (gradient + decay w)`, `w <- w - rate v`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// Factor of the velocity.
    pub learning_rate: f32,
    /// Share of the last velocity that is kept.
    pub momentum: f32,
    /// Factor of weight decay, on [`Plan::decayed`] only.
    pub weight_decay: f32,
}

/// Added to the variance in batch norm (TF-slim 2016).
pub const BATCH_NORM_EPSILON: f64 = 0.001;
/// Share of the batch in the running statistics: PyTorch's and burn's default. TF-slim's 0.001 suits 25,000 steps; the
/// runs here can be as short as a hundred.
pub const RUNNING_MOMENTUM: f64 = 0.1;
/// How far local response normalization looks to either side (TensorFlow's depth radius).
pub const LRN_RADIUS: usize = 4;
/// What it multiplies the sum of squares by.
pub const LRN_ALPHA: f64 = 0.001 / 9.0;
