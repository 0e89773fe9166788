//! Dense layers: three matrix products, each cut into strips that fit the caches.

use pulp::{Arch, Simd, WithSimd};

use super::super::plan::InputGradient;
use super::geometry::put;
use super::parallel::for_each_part;
use super::tile::{ROWS, Tile, VECTORS, WIDEST, add, add_columns, add_rows, store, zeros};

/// Numbers of the inner dimension worked on at a time: so many rows of a strip stay in the first cache.
const DEPTH: usize = 256;
/// Rows of a weight gradient worked on at a time: a multiple of both tile heights.
const BLOCK: usize = 48;

/// A matrix that is read `[row][column]`, or turned.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    numbers: &'a [f32],
    row_length: usize,
    turned: bool,
}

impl Matrix<'_> {
    /// Copies a block of `depth` rows and `target.len() / depth` columns.
    #[inline(always)]
    fn copy_block(&self, first_row: usize, first_column: usize, columns: usize, target: &mut [f32], target_row: usize) {
        for (row, target) in target.chunks_exact_mut(target_row).enumerate() {
            let row = first_row + row;
            if self.turned {
                for (column, number) in target[..columns].iter_mut().enumerate() {
                    *number = self.numbers[(first_column + column) * self.row_length + row];
                }
            } else {
                target[..columns].copy_from_slice(&self.numbers[row * self.row_length + first_column..][..columns]);
            }
        }
    }
}

/// `max(input W + bias, 0)`, without `max` if not `relu`: `[batch, inputs]` to `[batch, outputs]`.
pub(super) fn forward(
    arch: Arch,
    (weight, bias, relu): (&[f32], &[f32], bool),
    input: &[f32],
    output: &mut [f32],
    batch: usize,
) {
    let outputs = bias.len();
    let (inputs, output) = (weight.len() / outputs, &mut output[..batch * outputs]);
    let weight = Matrix { numbers: weight, row_length: outputs, turned: false };
    product(arch, (input, inputs), weight, (output, outputs), |numbers, first, target| {
        numbers.iter_mut().zip(&bias[first..]).for_each(|(number, bias)| *number += bias);
        if relu {
            numbers.iter_mut().for_each(|number| *number = number.max(0.0));
        }
        target.copy_from_slice(numbers);
    });
}

/// The gradient of the input: `output_gradient W^T`.
pub(super) fn input_gradient(
    arch: Arch,
    (weight, outputs): (&[f32], usize),
    output_gradient: &[f32],
    (input_gradient, how): (&mut [f32], InputGradient),
    batch: usize,
) {
    let inputs = weight.len() / outputs;
    let weight = Matrix { numbers: weight, row_length: outputs, turned: true };
    let target = (&mut input_gradient[..batch * inputs], inputs);
    product(arch, (output_gradient, outputs), weight, target, |numbers, _, target| {
        put(numbers, target, how == InputGradient::Add);
    });
}

/// The gradient of the weight: `input^T output_gradient`, `[inputs, outputs]`.
pub(super) fn weight_gradient(
    arch: Arch,
    input: &[f32],
    (output_gradient, outputs): (&[f32], usize),
    weight_gradient: &mut [f32],
    batch: usize,
) {
    let inputs = weight_gradient.len() / outputs;
    for_each_part(weight_gradient, BLOCK * outputs, |number, target| {
        let first = number * BLOCK;
        arch.dispatch(WeightGradient { input, inputs, output_gradient, outputs, first, target, batch });
    });
}

/// `left right` strip by strip; `finish(sums, first column, target)` puts what is ready where it belongs.
fn product(
    arch: Arch,
    (left, inner): (&[f32], usize),
    right: Matrix<'_>,
    (target, columns): (&mut [f32], usize),
    finish: impl Fn(&mut [f32], usize, &mut [f32]) + Sync + Copy,
) {
    let rows = target.len() / columns;
    let strips = columns.div_ceil(WIDEST);
    // Strips are columns of the target, which safe code cannot hand to threads: each fills a block of its own.
    let mut blocks = vec![0.0; strips * rows * WIDEST];
    for_each_part(&mut blocks, rows * WIDEST, |number, block| {
        let first = number * WIDEST;
        let columns = WIDEST.min(columns - first);
        arch.dispatch(Strip { left: &left[..rows * inner], inner, right, first, columns, block });
    });
    for_each_part(target, 16 * columns, |number, target| {
        for (row, target) in target.chunks_exact_mut(columns).enumerate() {
            for (strip, target) in target.chunks_mut(WIDEST).enumerate() {
                let numbers = &blocks[(strip * rows + number * 16 + row) * WIDEST..][..target.len()];
                let mut sums = [0.0; WIDEST];
                sums[..target.len()].copy_from_slice(numbers);
                finish(&mut sums[..target.len()], strip * WIDEST, target);
            }
        }
    });
}

struct Strip<'a> {
    left: &'a [f32],
    inner: usize,
    right: Matrix<'a>,
    first: usize,
    columns: usize,
    /// `[rows, WIDEST]`.
    block: &'a mut [f32],
}

impl WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, inner, right, first, columns, block } = self;
        block.fill(0.0);
        let width = VECTORS * S::F32_LANES;
        let mut strip = vec![0.0; DEPTH * width];
        let row_count = left.len() / inner;
        // Vectors may be narrower than the widest: then a block is several strips.
        for offset in (0..columns).step_by(width) {
            let columns = width.min(columns - offset);
            for deep in (0..inner).step_by(DEPTH) {
                let depth = DEPTH.min(inner - deep);
                let strip = &mut strip[..depth * width];
                right.copy_block(deep, first + offset, columns, strip, width);
                for row in (0..row_count).step_by(ROWS) {
                    let rows: [&[f32]; ROWS] = std::array::from_fn(|at| {
                        let row = (row + at).min(row_count - 1);
                        &left[row * inner + deep..][..depth]
                    });
                    let tile: Tile<S, VECTORS> = add_rows(simd, zeros(simd), &rows, strip);
                    for (at, sums) in tile.into_iter().enumerate().take(row_count - row) {
                        add(simd, sums, &mut block[(row + at) * WIDEST + offset..][..width]);
                    }
                }
            }
        }
    }
}

struct WeightGradient<'a> {
    input: &'a [f32],
    inputs: usize,
    output_gradient: &'a [f32],
    outputs: usize,
    /// The first row of the target.
    first: usize,
    /// `[up to BLOCK, outputs]`.
    target: &'a mut [f32],
    batch: usize,
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { input, inputs, output_gradient, outputs, first, target, batch } = self;
        let row_count = target.len() / outputs;
        // The block's columns of the input, side by side: rows of the input are pages apart.
        let mut columns = vec![0.0; batch * BLOCK];
        for (image, column) in columns.chunks_exact_mut(BLOCK).enumerate() {
            column[..row_count].copy_from_slice(&input[image * inputs + first..][..row_count]);
        }
        for channel in (0..outputs).step_by(VECTORS * S::F32_LANES) {
            let count = (VECTORS * S::F32_LANES).min(outputs - channel);
            for row in (0..row_count).step_by(ROWS) {
                let starts = (0..batch).map(|image| image * BLOCK + row);
                let vectors = &output_gradient[channel..];
                let tile: Tile<S, VECTORS> = add_columns(simd, zeros(simd), &columns, starts, vectors, outputs);
                for (at, sums) in tile.into_iter().enumerate().take(row_count - row) {
                    store(simd, sums, &mut target[(row + at) * outputs + channel..][..count]);
                }
            }
        }
    }
}
