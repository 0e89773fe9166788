//! The matrix products: how one is cut into tiles and splits, and what its kernel is told.
//!
//! ```text
//! Pixels:   result[pixel, column] = sum over tap and channel of
//!               left[source(pixel, tap), channel] * right[tap * channels + channel, column]
//! Weights:  result[tap * channels + channel, column] = sum over pixels of
//!               left[source(pixel, tap), channel] * right[pixel, column]
//! ```
//!
//! All are implicit convolutions; a dense layer is one of a single pixel. The first kind is a forward pass and the
//! gradient of an input, which is a convolution of the gradient with the transposed weights; the second is the gradient
//! of a weight. Where the sum is long and the results are few, splits of it are summed up on their own and combined.
//!
//! Nothing is asked of where a parameter starts: all numbers of a matrix being multiples of four only makes it faster.

use cubecl::server::Handle;

use super::kernel::Kernel;
use super::program::{LaunchRecorder, MAX_GROUPS, Word, flat_groups};
use crate::kernels::plan::{InputGradient, Node, Operation, View, Window};

/// Says that there is no bias.
const NO_BIAS: i32 = -1;
/// Rows of a tile in workgroup memory.
const TILE: usize = 64;
/// Rows and columns that one invocation has in registers where the adapter is a CPU.
const SOFTWARE_TILE: usize = 16;
/// Invocations of a workgroup there.
const SOFTWARE_LANES: usize = 8;
/// Workgroups that occupy a large GPU.
const WORKGROUPS: usize = 256;
/// The longest sum in one piece: rounding errors grow with it.
const LONGEST: usize = 4096;

/// What the taps of a window read.
#[derive(Clone, Copy, Debug)]
pub(super) struct PixelSource {
    /// The images.
    pub(super) view: View,
    /// Side of the window.
    pub(super) size: usize,
    /// Side of the images whose pixels are the rows.
    pub(super) grid: usize,
    up: usize,
    sign: i32,
    base: i32,
    down: usize,
}

impl PixelSource {
    /// What a window over `input` reads for the pixels of images of side `grid`.
    fn forward(input: View, window: Window, grid: usize) -> Self {
        let base = -i32::try_from(window.before).expect("a window is smaller than 2^31");
        Self { view: input, size: window.size, grid, up: window.step, sign: 1, base, down: 1 }
    }

    /// What the pixels of images of side `grid` collect from the gradient `output` of a window that moved over them.
    fn backward(output: View, window: Window, grid: usize) -> Self {
        let base = i32::try_from(window.before).expect("a window is smaller than 2^31");
        Self { view: output, size: window.size, grid, up: 1, sign: -1, base, down: window.step }
    }
}

/// A matrix in a buffer: where its rows begin.
#[derive(Clone, Copy)]
pub(super) struct GpuMatrix<'a> {
    pub(super) buffer: &'a Handle,
    pub(super) stride: usize,
    pub(super) offset: usize,
}

/// What happens to a result before it is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Ending {
    /// Where the bias stands in the right matrix' buffer.
    pub(super) bias: Option<usize>,
    pub(super) relu: bool,
    /// Whether it is added to what is there.
    pub(super) accumulate: bool,
}

/// What there is a result for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProductKind {
    /// Each pixel and column; the right matrix is `[tap * channels + channel, column]`.
    Pixels,
    /// Each weight `[tap * channels + channel]` and column; the right matrix is `[pixel, column]`.
    Weights,
}

/// The sizes of a product: all that decides how it is cut, and so how much scratch it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductShape {
    pub(super) kind: ProductKind,
    pub(super) source: PixelSource,
    /// Pixels of all images.
    pub(super) pixels: usize,
    pub(super) columns: usize,
}

/// `result (+)= left * right`.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) shape: ProductShape,
    pub(super) left: &'a Handle,
    pub(super) right: GpuMatrix<'a>,
    pub(super) result: GpuMatrix<'a>,
    pub(super) ending: Ending,
}

/// How a sum is split: `splits` times at most `span` of `total`.
struct Cut {
    total: usize,
    span: usize,
    splits: usize,
}

impl Cut {
    fn new(total: usize, splits: usize, multiple: usize) -> Self {
        let span = total.div_ceil(splits.max(1)).next_multiple_of(multiple);
        Self { total, span, splits: total.div_ceil(span) }
    }
}

/// The window of a convolution or dense layer, and its weights. A dense layer is a window of one pixel.
pub(super) fn weight(node: &Node) -> Option<(Window, std::ops::Range<usize>)> {
    match &node.operation {
        Operation::Convolution { window, weight, .. } => Some((*window, weight.clone())),
        Operation::Dense { weight, .. } => {
            Some((Window { size: 1, step: 1, before: 0 }, weight.clone()))
        }
        _ => None,
    }
}

/// The input of a convolution or dense layer; the latter's is all of an image as one pixel.
pub(super) fn product_input(node: &Node) -> View {
    match node.operation {
        Operation::Dense { .. } => {
            let all = node.input.pixels() * node.input.stride;
            View { side: 1, stride: all, offset: 0, channels: all, ..node.input }
        }
        _ => node.input,
    }
}

impl ProductShape {
    /// The output of a convolution or dense layer; nothing for other nodes.
    pub(super) fn forward(node: &Node, images: usize) -> Option<Self> {
        let (window, _) = weight(node)?;
        Some(Self {
            kind: ProductKind::Pixels,
            source: PixelSource::forward(product_input(node), window, node.output.side),
            pixels: images.saturating_mul(node.output.pixels()),
            columns: node.output.channels,
        })
    }

    /// The gradient of its weights, from its input and the gradient of its output.
    pub(super) fn weight_gradient(node: &Node, images: usize) -> Option<Self> {
        Some(Self { kind: ProductKind::Weights, ..Self::forward(node, images)? })
    }

    /// The gradient of its input, from that of its output and the transposed weights; nothing where none is wanted.
    pub(super) fn input_gradient(node: &Node, images: usize) -> Option<Self> {
        let (window, _) = weight(node)?;
        let input = product_input(node);
        (node.input_gradient != InputGradient::None).then(|| Self {
            kind: ProductKind::Pixels,
            source: PixelSource::backward(node.output, window, input.side),
            pixels: images.saturating_mul(input.pixels()),
            columns: input.channels,
        })
    }

    /// How many numbers of scratch the launches of this product need.
    pub(super) fn scratch(&self, software: bool) -> usize {
        let cut = self.cut(software);
        if cut.splits > 1 { cut.splits * self.rows() * self.columns } else { 0 }
    }

    /// What [`Self::scratch`] is at most for this many pixels **or fewer**: a smaller batch has fewer tiles, is split
    /// into more, and can need more scratch than a larger one.
    pub(super) fn most_scratch(&self, software: bool) -> u64 {
        let columns = self.columns as u64;
        match self.kind {
            // Two conditions must hold for a split, and neither depends on how few pixels there are.
            ProductKind::Pixels => {
                let (most, across) = (self.most_splits(software), self.tiles_across(software));
                if most < 2 || 2 * across > WORKGROUPS {
                    return 0;
                }
                // Splits times tiles are at most `WORKGROUPS`, and a row of tiles is `TILE` rows of the result.
                let by_occupancy = (WORKGROUPS / across * TILE) as u64;
                columns * by_occupancy.min(most as u64 * self.pixels as u64)
            }
            ProductKind::Weights => {
                let splits = self.most_splits(software) as u64;
                if splits > 1 { splits * self.rows() as u64 * columns } else { 0 }
            }
        }
    }

    /// Rows of the result.
    fn rows(&self) -> usize {
        match self.kind {
            ProductKind::Pixels => self.pixels,
            ProductKind::Weights => self.source.size * self.source.size * self.source.view.channels,
        }
    }

    /// Rows of the result with every tap's channels filled up to fours, as tiles are made of.
    fn padded_rows(&self) -> usize {
        match self.kind {
            ProductKind::Pixels => self.pixels,
            ProductKind::Weights => self.source.size * self.source.size * self.chunks() * 4,
        }
    }

    /// Groups of four channels a tap.
    fn chunks(&self) -> usize {
        self.source.view.channels.div_ceil(4)
    }

    /// What the sum of one result has: chunks of four channels, or pixels.
    fn terms(&self) -> usize {
        match self.kind {
            ProductKind::Pixels => self.source.size * self.source.size * self.chunks(),
            ProductKind::Weights => self.pixels,
        }
    }

    /// Into how many the sum may be split, however few tiles there are for a kind that depends on the pixels.
    fn most_splits(&self, software: bool) -> usize {
        match self.kind {
            // Chunks are four numbers: sums of fewer than sixteen are not worth a second pass. There are enough tiles
            // for the few cores of a CPU.
            ProductKind::Pixels if software => 1,
            ProductKind::Pixels => self.terms() / 16,
            ProductKind::Weights => {
                let most = self.pixels / if software { 64 } else { 256 };
                (WORKGROUPS / self.tiles(software).max(1))
                    .min(most)
                    .max(self.pixels.div_ceil(LONGEST))
                    .min(MAX_GROUPS)
            }
        }
    }

    fn cut(&self, software: bool) -> Cut {
        let most = self.most_splits(software);
        match self.kind {
            ProductKind::Pixels => {
                Cut::new(self.terms(), most.min(WORKGROUPS / self.tiles(software).max(1)), 4)
            }
            ProductKind::Weights => Cut::new(self.terms(), most, 16),
        }
    }

    /// Tiles of the result side by side.
    fn tiles_across(&self, software: bool) -> usize {
        let width = if software { SOFTWARE_TILE } else { 4 * self.tile_columns() };
        self.columns.div_ceil(width)
    }

    fn tiles(&self, software: bool) -> usize {
        let height = if software { SOFTWARE_TILE } else { TILE };
        self.padded_rows().div_ceil(height) * self.tiles_across(software)
    }

    /// Groups of four columns in a tile: eight where that wastes less than sixteen.
    fn tile_columns(&self) -> usize {
        let padded = |width: usize| self.columns.next_multiple_of(width);
        if padded(32) < padded(64) { 8 } else { 16 }
    }

    /// Workgroups: tiles are counted through x and y, the columns of a row of tiles first, because either dimension
    /// alone may have no more than 65,535; splits are z.
    pub(super) fn groups(&self, software: bool) -> [usize; 3] {
        let groups = self.tiles(software).div_ceil(if software { SOFTWARE_LANES } else { 1 });
        let [x, y, _] = flat_groups(groups);
        [x, y, self.cut(software).splits]
    }

    fn left_in_fours(&self) -> bool {
        let View { channels, stride, offset, .. } = self.source.view;
        [channels, stride, offset].iter().all(|number| number.is_multiple_of(4))
    }
}

impl Product<'_> {
    /// Records the launches.
    pub(super) fn record(&self, recorder: &mut LaunchRecorder, scratch: &Handle, software: bool) {
        let shape = self.shape;
        let cut = shape.cut(software);
        let is_split = cut.splits > 1;
        let tile_columns = if software { 0 } else { shape.tile_columns() as u32 };
        let name = match (shape.kind, software) {
            (ProductKind::Pixels, true) => "rows_software",
            (ProductKind::Pixels, false) => "rows_hardware",
            (ProductKind::Weights, true) => "columns_software",
            (ProductKind::Weights, false) => "columns_hardware",
        };
        let kernel = Kernel::new(name)
            .with("VA", shape.left_in_fours())
            .with("VN", self.right_in_fours())
            .with("DOWN", shape.source.down != 1)
            .with("NT", tile_columns)
            .with("LOADS", if software { 0 } else { 16 / tile_columns });
        if is_split {
            let whole = GpuMatrix { buffer: scratch, stride: shape.columns, offset: 0 };
            let buffers = [self.left, self.right.buffer, scratch];
            let split = shape.rows() * shape.columns;
            assert!(
                scratch.size_in_used() >= 4 * shape.scratch(software) as u64,
                "scratch is as large as its node declared"
            );
            let words = self.words(whole, Ending::default(), cut.span, split, cut.total);
            recorder.launch(kernel, shape.groups(software), words, &buffers);
            let words = self.words(self.result, self.ending, 0, split, cut.splits);
            let groups = flat_groups((shape.rows() * shape.columns.div_ceil(4)).div_ceil(TILE));
            let kernel = Kernel::new("combine")
                .with("VA", shape.columns.is_multiple_of(4))
                .with("VN", self.right_in_fours())
                .with("RELU", self.ending.relu)
                .with("ADD", self.ending.accumulate);
            let buffers = [scratch, self.right.buffer, self.result.buffer];
            recorder.launch(kernel, groups, words, &buffers);
        } else {
            let words = self.words(self.result, self.ending, cut.span, 0, cut.total);
            let buffers = [self.left, self.right.buffer, self.result.buffer];
            let kernel = kernel.with("RELU", self.ending.relu).with("ADD", self.ending.accumulate);
            recorder.launch(kernel, shape.groups(software), words, &buffers);
        }
    }

    fn words(
        &self,
        result: GpuMatrix<'_>,
        ending: Ending,
        span: usize,
        split: usize,
        total: usize,
    ) -> [Word; 21] {
        let PixelSource { view, size, grid, up, sign, base, down } = self.shape.source;
        [
            self.shape.rows().into(),
            self.shape.columns.into(),
            view.channels.into(),
            self.shape.chunks().into(),
            size.into(),
            view.side.into(),
            view.stride.into(),
            view.offset.into(),
            grid.into(),
            up.into(),
            sign.into(),
            base.into(),
            down.into(),
            self.right.stride.into(),
            self.right.offset.into(),
            result.stride.into(),
            result.offset.into(),
            ending.bias.map_or(NO_BIAS.into(), Word::from),
            span.into(),
            split.into(),
            total.into(),
        ]
    }

    fn right_in_fours(&self) -> bool {
        let Self { right, result, shape, ending, .. } = *self;
        [
            shape.columns,
            right.stride,
            right.offset,
            result.stride,
            result.offset,
            ending.bias.unwrap_or(0),
        ]
        .iter()
        .all(|number| number.is_multiple_of(4))
    }
}
