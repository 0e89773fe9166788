//! Dense layers: three matrix products, each cut into strips that fit the caches.

use pulp::{Arch, Simd};

use super::super::plan::InputGradient;
use super::geometry::put;
use super::panels::Panels;
use super::parallel::for_each_part;
use super::tile::{Finish, Tile, Tiled, add_rows, array, dispatch, zeros};

/// Numbers of the inner dimension worked on at a time: so many rows of a strip stay in the first cache.
const DEPTH: usize = 256;
/// Columns of a strip: two of the widest vectors.
const STRIP: usize = 32;
/// Rows of a weight gradient worked on at a time: a multiple of every tile height.
const BLOCK: usize = 48;

/// A matrix that is read `[row][column]`, or turned.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    numbers: &'a [f32],
    row_length: usize,
    turned: bool,
}

impl Matrix<'_> {
    /// Packs a block of `depth` rows and `columns` columns into panels of `2 * S::F32_LANES` columns, `DEPTH` rows apart.
    #[inline(always)]
    fn pack<S: Simd>(
        &self,
        (row, depth): (usize, usize),
        (column, columns): (usize, usize),
        packed: &mut [f32],
    ) {
        let width = 2 * S::F32_LANES;
        if self.turned {
            for at in 0..columns {
                let numbers = &self.numbers[(column + at) * self.row_length + row..][..depth];
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
                .copy_from_slice(&self.numbers[(row + k) * self.row_length + column..][..columns]);
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
    panels: &mut Panels,
    input: &[f32],
    (output_gradient, outputs): (&[f32], usize),
    weight_gradient: &mut [f32],
    batch: usize,
) {
    let inputs = weight_gradient.len() / outputs;
    panels.pack(arch, batch, outputs, |image, first, target| {
        target.copy_from_slice(&output_gradient[image * outputs + first..][..target.len()]);
    });
    for_each_part(weight_gradient, BLOCK * outputs, |number, target| {
        dispatch(arch, WeightGradient { input, inputs, panels, first: number * BLOCK, target });
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
    let strips = columns.div_ceil(STRIP);
    // Strips are columns of the target, which safe code cannot hand to threads: each fills a block of its own.
    let mut blocks = vec![0.0; strips * rows * STRIP];
    for_each_part(&mut blocks, rows * STRIP, |number, block| {
        let first = number * STRIP;
        let columns = STRIP.min(columns - first);
        dispatch(arch, Strip { left: &left[..rows * inner], inner, right, first, columns, block });
    });
    for_each_part(target, 16 * columns, |number, target| {
        for (row, target) in target.chunks_exact_mut(columns).enumerate() {
            for (strip, target) in target.chunks_mut(STRIP).enumerate() {
                let numbers = &blocks[(strip * rows + number * 16 + row) * STRIP..][..target.len()];
                let mut sums = [0.0; STRIP];
                sums[..target.len()].copy_from_slice(numbers);
                finish(&mut sums[..target.len()], strip * STRIP, target);
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
    /// `[rows, STRIP]`.
    block: &'a mut [f32],
}

impl Tiled for Strip<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { left, inner, right, first, columns, block } = self;
        block.fill(0.0);
        // Vectors may be narrower than the widest: then a strip is several panels.
        let width = 2 * S::F32_LANES;
        let mut packed = vec![0.0; DEPTH * STRIP];
        let row_count = left.len() / inner;
        for deep in (0..inner).step_by(DEPTH) {
            let depth = DEPTH.min(inner - deep);
            right.pack::<S>((deep, depth), (first, columns), &mut packed);
            for (offset, panel) in
                (0..columns).step_by(width).zip(packed.chunks_exact(DEPTH * width))
            {
                for row in (0..row_count).step_by(R) {
                    let rows: [&[f32]; R] =
                        array(|at| &left[(row + at).min(row_count - 1) * inner + deep..][..depth]);
                    let tile: Tile<S, R, 2> =
                        add_rows(simd, zeros(simd), &rows, &panel[..depth * width]);
                    for at in 0..R.min(row_count - row) {
                        let target = &mut block[(row + at) * STRIP + offset..][..width];
                        Finish::ADD.put(simd, tile[at], 0, target);
                    }
                }
            }
        }
    }
}

struct WeightGradient<'a> {
    input: &'a [f32],
    inputs: usize,
    /// The output's gradient, `[batch, outputs]`.
    panels: &'a Panels,
    /// The first row of the target.
    first: usize,
    /// `[up to BLOCK, outputs]`.
    target: &'a mut [f32],
}

impl Tiled for WeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { input, inputs, panels, first, target } = self;
        let (batch, row_count) = (panels.inner, target.len() / panels.outputs);
        // Columns of the input as rows: in it they are pages apart.
        let mut turned = vec![0.0; BLOCK * DEPTH];
        for deep in (0..batch).step_by(DEPTH) {
            let depth = DEPTH.min(batch - deep);
            for image in 0..depth {
                let numbers = &input[(deep + image) * inputs + first..][..row_count];
                for (row, number) in turned.chunks_exact_mut(DEPTH).zip(numbers) {
                    row[image] = *number;
                }
            }
            let finish = Finish { add: deep > 0, ..Finish::default() };
            for (column, vectors, strip) in panels.strips::<S>() {
                let width = vectors * S::F32_LANES;
                let strip = &strip[deep * width..][..depth * width];
                for row in (0..row_count).step_by(R) {
                    let rows =
                        array(|at| &turned[(row + at).min(row_count - 1) * DEPTH..][..depth]);
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
