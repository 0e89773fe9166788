//! The matrix products: how one is cut into tiles and splits, and what its kernel is told.
//!
//! All are implicit convolutions. A product of the first kind has a result for each pixel (a forward pass; the gradient of
//! an input, which is a convolution of the gradient with the transposed weights), one of the second a result for each
//! weight. Where the sum is long and the results are few, splits of it are summed up on their own and combined.

use cubecl::server::Handle;

use super::kernel::Kernel;
use super::program::{Recorder, Word, in_two_dimensions};
use crate::kernels::plan::{View, Window};

/// Says that there is no bias.
const NO_BIAS: i32 = -1;
/// Below all numbers: no ReLU.
const NO_FLOOR: f32 = f32::MIN;
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
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// The pictures.
    pub(super) view: View,
    /// Side of the window.
    pub(super) size: usize,
    /// Side of the pictures whose pixels are the rows.
    pub(super) grid: usize,
    up: usize,
    sign: i32,
    base: i32,
    down: usize,
}

impl Source {
    /// What a window over `input` reads for the pixels of pictures of side `grid`.
    pub(super) fn forward(input: View, window: Window, grid: usize) -> Self {
        let base = -i32::try_from(window.before).expect("a window is smaller than 2^31");
        Self { view: input, size: window.size, grid, up: window.step, sign: 1, base, down: 1 }
    }

    /// What the pixels of pictures of side `grid` collect from the gradient `output` of a window that moved over them.
    pub(super) fn backward(output: View, window: Window, grid: usize) -> Self {
        let base = i32::try_from(window.before).expect("a window is smaller than 2^31");
        Self { view: output, size: window.size, grid, up: 1, sign: -1, base, down: window.step }
    }
}

/// A matrix in a buffer: where its rows begin.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
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
    pub(super) add: bool,
}

/// What there is a result for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each pixel and column; the right matrix is `[tap * channels + channel, column]`.
    Pixels,
    /// Each weight `[tap * channels + channel]` and column; the right matrix is `[pixel, column]`.
    Weights,
}

/// `result (+)= left * right`.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) kind: Kind,
    pub(super) source: Source,
    pub(super) left: &'a Handle,
    pub(super) right: Matrix<'a>,
    pub(super) result: Matrix<'a>,
    /// Pixels of all images.
    pub(super) pixels: usize,
    pub(super) columns: usize,
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

impl Product<'_> {
    /// How many numbers of scratch [`Self::record`] needs.
    pub(super) fn scratch(&self, software: bool) -> usize {
        let cut = self.cut(software);
        if cut.splits > 1 { cut.splits * self.rows() * self.columns } else { 0 }
    }

    /// Records the launches.
    pub(super) fn record(&self, recorder: &mut Recorder, scratch: &Handle, software: bool) {
        let cut = self.cut(software);
        let is_split = cut.splits > 1;
        let tile_columns = if software { 0 } else { self.tile_columns() };
        let name = match (self.kind, software) {
            (Kind::Pixels, true) => "rows_software",
            (Kind::Pixels, false) => "rows_hardware",
            (Kind::Weights, true) => "columns_software",
            (Kind::Weights, false) => "columns_hardware",
        };
        let kernel = Kernel::new(name)
            .with("VA", self.left_in_fours())
            .with("VN", self.right_in_fours())
            .with("DOWN", self.source.down != 1)
            .with("NT", u32::try_from(tile_columns).expect("a tile is small"))
            .with(
                "LOADS",
                if software {
                    0
                } else {
                    16 / u32::try_from(tile_columns).expect("a tile is small")
                },
            );
        if is_split {
            let whole = Matrix { buffer: scratch, stride: self.columns, offset: 0 };
            let buffers = [self.left, self.right.buffer, scratch];
            let split = self.rows() * self.columns;
            let words = self.words(whole, Ending::default(), cut.span, split, cut.total);
            recorder.launch(kernel, self.groups(&cut, software), words, &buffers);
            let words = self.words(self.result, self.ending, 0, split, cut.splits);
            let groups = in_two_dimensions((self.rows() * self.columns.div_ceil(4)).div_ceil(TILE));
            let kernel = Kernel::new("combine")
                .with("VA", self.columns.is_multiple_of(4))
                .with("VN", self.right_in_fours())
                .with("ADD", self.ending.add);
            recorder.launch(
                kernel,
                groups,
                words,
                &[scratch, self.right.buffer, self.result.buffer],
            );
        } else {
            let words = self.words(self.result, self.ending, cut.span, 0, cut.total);
            let buffers = [self.left, self.right.buffer, self.result.buffer];
            recorder.launch(
                kernel.with("ADD", self.ending.add),
                self.groups(&cut, software),
                words,
                &buffers,
            );
        }
    }

    fn words(
        &self,
        result: Matrix<'_>,
        ending: Ending,
        span: usize,
        split: usize,
        total: usize,
    ) -> [Word; 22] {
        let Source { view, size, grid, up, sign, base, down } = self.source;
        [
            self.rows().into(),
            self.columns.into(),
            view.channels.into(),
            self.chunks().into(),
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
            if ending.relu { 0.0 } else { NO_FLOOR }.into(),
            span.into(),
            split.into(),
            total.into(),
        ]
    }

    /// Rows of the result.
    fn rows(&self) -> usize {
        match self.kind {
            Kind::Pixels => self.pixels,
            Kind::Weights => self.source.size * self.source.size * self.source.view.channels,
        }
    }

    /// Rows of the result with every tap's channels filled up to fours, as tiles are made of.
    fn padded_rows(&self) -> usize {
        match self.kind {
            Kind::Pixels => self.pixels,
            Kind::Weights => self.source.size * self.source.size * self.chunks() * 4,
        }
    }

    /// Groups of four channels a tap.
    fn chunks(&self) -> usize {
        self.source.view.channels.div_ceil(4)
    }

    fn cut(&self, software: bool) -> Cut {
        let splits = |most: usize| (WORKGROUPS / self.tiles(software).max(1)).min(most);
        match self.kind {
            // Chunks are four numbers: sums of fewer than sixteen are not worth a second pass. There are enough tiles for
            // the few cores of a CPU.
            Kind::Pixels => {
                let total = self.source.size * self.source.size * self.chunks();
                Cut::new(total, if software { 1 } else { splits(total / 16) }, 4)
            }
            Kind::Weights => {
                let splits = splits(self.pixels / if software { 64 } else { 256 });
                Cut::new(self.pixels, splits.max(self.pixels.div_ceil(LONGEST)), 16)
            }
        }
    }

    fn tiles(&self, software: bool) -> usize {
        if software {
            self.padded_rows().div_ceil(SOFTWARE_TILE) * self.columns.div_ceil(SOFTWARE_TILE)
        } else {
            self.padded_rows().div_ceil(TILE) * self.columns.div_ceil(4 * self.tile_columns())
        }
    }

    /// Groups of four columns in a tile: eight where that wastes less than sixteen.
    fn tile_columns(&self) -> usize {
        let padded = |width: usize| self.columns.next_multiple_of(width);
        if padded(32) < padded(64) { 8 } else { 16 }
    }

    fn groups(&self, cut: &Cut, software: bool) -> [usize; 3] {
        if software {
            [self.tiles(true).div_ceil(SOFTWARE_LANES), 1, cut.splits]
        } else {
            let across = self.columns.div_ceil(4 * self.tile_columns());
            [self.padded_rows().div_ceil(TILE), across, cut.splits]
        }
    }

    fn left_in_fours(&self) -> bool {
        let View { channels, stride, offset, .. } = self.source.view;
        [channels, stride, offset].iter().all(|number| number.is_multiple_of(4))
    }

    fn right_in_fours(&self) -> bool {
        let Self { right, result, columns, ending, .. } = *self;
        [
            columns,
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
