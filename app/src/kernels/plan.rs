//! A network as a list of operations on numbered buffers: what the kernels of every device carry out. Images are
//! `[batch, side, side, channels]`, channels last: a convolution's window is then made of whole contiguous rows, and
//! its three products need no copy of the image. Vectors are images of side 1.

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

/// A square window that moves over an image.
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

/// Every parameter starts at a multiple of it in the flat vector, so that kernels may load four numbers at once.
pub const ALIGNMENT: usize = 4;

/// What is done. Parameters are ranges of one flat vector, each from a multiple of [`ALIGNMENT`] on.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `output = input * weight + bias`, then ReLU if `relu`.
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
    /// `output = input W + b`, then ReLU if `relu`. The input is a whole buffer, all `side * side * stride` numbers of
    /// an image as one row; the output is a vector, which may be a part of its buffer.
    Dense {
        /// `[inputs, outputs]`.
        weight: Range<usize>,
        /// `[outputs]`.
        bias: Range<usize>,
        /// Whether ReLU follows.
        relu: bool,
    },
    /// `(input - mean) / sqrt(variance + 0.001) + beta`, then ReLU if `relu`; over batch and pixels in training,
    /// by the running statistics otherwise.
    BatchNorm {
        /// `[channels]`.
        beta: Range<usize>,
        /// Where its running means stand in the statistics; its running variances follow them.
        statistics: usize,
        /// Whether ReLU follows.
        relu: bool,
    },
    /// The max of each window; of equal values the first.
    MaxPool(Window),
    /// `x / (1 + 0.001/9 * s)^0.75`, `s` the sum of squares over the channels at most four away.
    LocalResponseNorm,
    /// The mean over all pixels.
    MeanPool,
    /// `output = input`, then ReLU if `relu`: a branch that only passes on, or ReLU behind an operation that cannot
    /// do it by itself.
    Copy {
        /// Whether ReLU follows.
        relu: bool,
    },
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
    /// Set: the first to write it in the backward pass.
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
    /// Length of the flat parameter vector, a multiple of [`ALIGNMENT`]. What stands between the parameters is 0, has
    /// the gradient 0 and stays 0.
    pub parameters: usize,
    /// The ranges of it that weight decay touches.
    pub decayed: Vec<Range<usize>>,
    /// Length of the running statistics.
    pub statistics: usize,
    /// Units of each dropout mask, an image.
    pub masks: Vec<usize>,
}

impl Plan {
    /// What the kernels of every device rely on, besides the meaning of each operation: views lie within their buffers,
    /// nothing is computed in place, weights have the lengths of their shapes, and operations that keep a shape are
    /// given the same shape twice. A dense layer reads a whole buffer. Logits and dense outputs are vectors.
    ///
    /// # Panics
    ///
    /// If that is not so: a plan is made by this program, and no kernel asks again.
    pub fn check(&self) {
        let lies_within = |view: View| {
            view.offset + view.channels <= view.stride
                && view.pixels() * view.stride == self.buffers[view.buffer]
        };
        let logits = self.logits;
        assert!(lies_within(logits) && logits.side == 1, "no place for logits: {logits:?}");
        for node in &self.nodes {
            let (input, output) = (node.input, node.output);
            let has_its_shape = match &node.operation {
                Operation::Convolution { window, weight, .. } => {
                    weight.len() == window.size * window.size * input.channels * output.channels
                }
                Operation::Dense { weight, .. } => {
                    output.side == 1
                        && input.channels == input.stride
                        && weight.len() == input.pixels() * input.channels * output.channels
                }
                Operation::MaxPool(_) => input.channels == output.channels,
                Operation::MeanPool => output.side == 1 && input.channels == output.channels,
                Operation::BatchNorm { .. }
                | Operation::LocalResponseNorm
                | Operation::Copy { .. }
                | Operation::Dropout { .. } => {
                    (input.side, input.channels) == (output.side, output.channels)
                }
            };
            let is_right = has_its_shape
                && lies_within(input)
                && lies_within(output)
                && input.buffer != output.buffer;
            assert!(is_right, "not a node that can be carried out: {node:?}");
        }
    }

    /// What the kernels of every device rely on in the masks of a step for `images` images.
    ///
    /// # Panics
    ///
    /// If there is not one for each dropout layer, `[images, units]`: what is missing would be the last step's.
    pub fn check_masks(&self, masks: &[Vec<f32>], images: usize) {
        let lengths = masks.iter().map(Vec::len);
        let own = self.masks.iter().map(|units| units * images);
        assert!(
            lengths.clone().eq(own),
            "masks of {:?} numbers for {images} images and layers of {:?} units",
            lengths.collect::<Vec<_>>(),
            self.masks
        );
    }
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
