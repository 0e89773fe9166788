//! Dense layers: `output = input W + bias`, then ReLU if wanted; `[batch, inputs]` to `[batch, outputs]`, an image's
//! input being its `pixels * channels` numbers. Backward, with `g` the output's gradient: `input: g W^T`,
//! `W: input^T g`.
//!
//! The two products with `W` take strips of its columns, packed for the register tile of [`super::tile`]: a strip's
//! block of the result is one thread's work, and a strip is packed once for all images. `W`'s own gradient is cut by
//! its rows.

use pulp::{Arch, Simd};

use super::panels::Panels;
use super::parallel::for_each_part;
use super::region::{Region, RegionMut, Rows, put};
use super::tile::{Affine, Finish, Tile, Tiled, add_rows, array, dispatch, zeros};
use super::{select, sizes};

/// Numbers of the inner dimension worked on at a time: so many rows of a strip stay in the first cache.
pub(super) const DEPTH: usize = 256;
/// Columns of a strip: two of the widest vectors.
pub(super) const STRIP: usize = 32;
/// Rows of a weight gradient worked on at a time: a multiple of every tile height.
pub(super) const BLOCK: usize = 48;

/// Images whose results are put where they belong by one thread at a time.
const IMAGES: usize = 16;

/// The weight, `[inputs, outputs]`, or its transpose.
#[derive(Clone, Copy)]
struct DenseWeight<'a> {
    numbers: &'a [f32],
    outputs: usize,
    transposed: bool,
}

impl DenseWeight<'_> {
    /// Packs a block of `depth` rows and `columns` columns into panels of `2 * S::F32_LANES` columns, `DEPTH` rows
    /// apart.
    #[inline(always)]
    fn pack<S: Simd>(
        &self,
        (row, depth): (usize, usize),
        (column, columns): (usize, usize),
        packed: &mut [f32],
    ) {
        let width = 2 * S::F32_LANES;
        if self.transposed {
            for at in 0..columns {
                let numbers = &self.numbers[(column + at) * self.outputs + row..][..depth];
                let panel = &mut packed[at / width * DEPTH * width + at % width..];
                panel
                    .iter_mut()
                    .step_by(width)
                    .zip(numbers)
                    .for_each(|(target, number)| *target = *number);
            }
            return;
        }
        let mut whole_row = [0.0; STRIP];
        for k in 0..depth {
            whole_row[..columns]
                .copy_from_slice(&self.numbers[(row + k) * self.outputs + column..][..columns]);
            for (panel, numbers) in
                packed.chunks_exact_mut(DEPTH * width).zip(whole_row.chunks_exact(width))
            {
                // Whole vectors: so few numbers are not worth a call.
                let (vectors, target) =
                    (S::as_simd_f32s(numbers).0, S::as_mut_simd_f32s(&mut panel[k * width..]).0);
                target[..2].copy_from_slice(&vectors[..2]);
            }
        }
    }
}

/// `input W + bias`, then ReLU if wanted.
pub(super) fn forward(
    arch: Arch,
    affine: Affine<'_>,
    input: Region<'_>,
    output: RegionMut<'_>,
    batch: usize,
) {
    let outputs = output.view.channels;
    let weight = DenseWeight { numbers: affine.weight, outputs, transposed: false };
    product(arch, &input.rows(), weight, output, batch, |numbers, first, target| {
        if let Some(bias) = affine.bias {
            numbers.iter_mut().zip(&bias[first..]).for_each(|(number, bias)| *number += bias);
        }
        if affine.relu {
            numbers.iter_mut().for_each(|number| *number = select::relu(*number));
        }
        target.copy_from_slice(numbers);
    });
}

/// The gradient of the input: `output_gradient W^T`.
pub(super) fn input_gradient(
    arch: Arch,
    weight: &[f32],
    output_gradient: Region<'_>,
    input_gradient: RegionMut<'_>,
    batch: usize,
) {
    let outputs = output_gradient.view.channels;
    let weight = DenseWeight { numbers: weight, outputs, transposed: true };
    let (gradients, target) = (output_gradient.rows(), input_gradient.flat());
    let accumulate = target.accumulate;
    product(arch, &gradients, weight, target, batch, |numbers, _, target| {
        put(numbers, target, accumulate);
    });
}

/// The gradient of the weight: `input^T output_gradient`, `[inputs, outputs]`.
pub(super) fn weight_gradient(
    arch: Arch,
    panels: &mut Panels,
    input: Region<'_>,
    output_gradient: Region<'_>,
    weight_gradient: &mut [f32],
    batch: usize,
) {
    let outputs = output_gradient.view.channels;
    panels.pack(arch, batch, outputs, |image, first, target| {
        target.copy_from_slice(&output_gradient.pixel(image)[first..][..target.len()]);
    });
    let input = input.rows();
    for_each_part(weight_gradient, BLOCK * outputs, |number, target| {
        let first = number * BLOCK;
        dispatch(arch, DenseWeightGradient { input: &input, panels, first, target });
    });
}

/// `left right` strip by strip, a row an image; `finish(sums, first column, target)` puts what is ready where it
/// belongs.
fn product(
    arch: Arch,
    left: &Rows<'_>,
    right: DenseWeight<'_>,
    target: RegionMut<'_>,
    batch: usize,
    finish: impl Fn(&mut [f32], usize, &mut [f32]) + Sync + Copy,
) {
    let view = target.view;
    let columns = view.channels;
    // Strips are columns of the target, which safe code cannot hand to threads: each fills a block of its own.
    let mut blocks = vec![0.0; sizes::dense_blocks(batch, columns) as usize];
    for_each_part(&mut blocks, batch * STRIP, |number, block| {
        let first = number * STRIP;
        let columns = STRIP.min(columns - first);
        dispatch(arch, Strip { left, right, first, columns, block });
    });
    let numbers = &mut target.numbers[..batch * view.stride];
    for_each_part(numbers, IMAGES * view.stride, |number, target| {
        for (row, target) in target.chunks_exact_mut(view.stride).enumerate() {
            let target = &mut target[view.offset..][..columns];
            for (strip, target) in target.chunks_mut(STRIP).enumerate() {
                let at = strip * batch + number * IMAGES + row;
                let mut sums = [0.0; STRIP];
                sums[..target.len()].copy_from_slice(&blocks[at * STRIP..][..target.len()]);
                finish(&mut sums[..target.len()], strip * STRIP, target);
            }
        }
    });
}

/// All images times some columns of the weight.
struct Strip<'a> {
    left: &'a Rows<'a>,
    right: DenseWeight<'a>,
    /// The first column.
    first: usize,
    /// How many, at most `STRIP`.
    columns: usize,
    /// `[batch, STRIP]`.
    block: &'a mut [f32],
}

impl Tiled for Strip<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { left, right, first, columns, block } = self;
        block.fill(0.0);
        // Vectors may be narrower than the widest: then a strip is several panels.
        let width = 2 * S::F32_LANES;
        let mut packed = vec![0.0; DEPTH * STRIP];
        let (inner, row_count) = (left.length(), block.len() / STRIP);
        for deep in (0..inner).step_by(DEPTH) {
            let depth = DEPTH.min(inner - deep);
            right.pack::<S>((deep, depth), (first, columns), &mut packed);
            for (offset, panel) in
                (0..columns).step_by(width).zip(packed.chunks_exact(DEPTH * width))
            {
                for row in (0..row_count).step_by(R) {
                    // The last tile repeats its last row; what it computes there is not stored.
                    let rows: [&[f32]; R] =
                        array(|at| &left.row((row + at).min(row_count - 1))[deep..][..depth]);
                    let tile: Tile<S, R, 2> =
                        add_rows(simd, zeros(simd), &rows, &panel[..depth * width]);
                    for at in 0..R.min(row_count - row) {
                        let target = &mut block[(row + at) * STRIP + offset..][..width];
                        Finish::ACCUMULATE.put(simd, tile[at], 0, target);
                    }
                }
            }
        }
    }
}

/// Some rows of the weight's gradient.
struct DenseWeightGradient<'a> {
    input: &'a Rows<'a>,
    /// The output's gradient, `[batch, outputs]`.
    panels: &'a Panels,
    /// The first row of the target.
    first: usize,
    /// `[up to BLOCK, outputs]`.
    target: &'a mut [f32],
}

impl Tiled for DenseWeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { input, panels, first, target } = self;
        let (batch, row_count) = (panels.inner, target.len() / panels.outputs);
        // Columns of the input as rows: in it they are pages apart.
        let mut transposed = vec![0.0; BLOCK * DEPTH];
        for deep in (0..batch).step_by(DEPTH) {
            let depth = DEPTH.min(batch - deep);
            for image in 0..depth {
                let numbers = &input.row(deep + image)[first..][..row_count];
                for (row, number) in transposed.chunks_exact_mut(DEPTH).zip(numbers) {
                    row[image] = *number;
                }
            }
            let finish = Finish { accumulate: deep > 0, ..Finish::default() };
            for (column, vectors, strip) in panels.strips::<S>() {
                let width = vectors * S::F32_LANES;
                let strip = &strip[deep * width..][..depth * width];
                for row in (0..row_count).step_by(R) {
                    let rows =
                        array(|at| &transposed[(row + at).min(row_count - 1) * DEPTH..][..depth]);
                    let target = &mut target[row * panels.outputs..];
                    let place = (column, panels.outputs);
                    match vectors {
                        1 => block::<S, R, 1>(simd, &rows, strip, finish, place, target),
                        _ => block::<S, R, 2>(simd, &rows, strip, finish, place, target),
                    }
                }
            }
        }
    }
}

/// One tile of a product, put into rows of `row_length` numbers of `target` from `column` on.
#[inline(always)]
fn block<S: Simd, const R: usize, const V: usize>(
    simd: S,
    rows: &[&[f32]; R],
    strip: &[f32],
    finish: Finish<'_>,
    (column, row_length): (usize, usize),
    target: &mut [f32],
) {
    let tile: Tile<S, R, V> = add_rows(simd, zeros(simd), rows, strip);
    for (row, target) in tile.into_iter().zip(target.chunks_exact_mut(row_length)) {
        finish.put(simd, row, column, &mut target[column..]);
    }
}
