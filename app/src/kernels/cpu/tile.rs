//! The heart of every product: `tile[r][v] += sum over k of rows[r][k] * strip[k][v]`, a tile of `R` rows of `V`
//! vectors of results that stays in registers while the two factors stream past. One factor is read a number at a time,
//! the other a vector at a time, so that a vector loaded is used `R` times and a number `V` times: with fewer, loads
//! are what a processor waits for.

use pulp::{Arch, Simd, WithSimd};

use super::select::relu_vector;

/// Numbers in the widest row of a tile on any processor.
pub(super) const WIDEST: usize = VECTORS * 16;
/// Vectors in a row of the widest tile.
pub(super) const VECTORS: usize = 2;
/// Rows of the tallest tile: how far columns are read past what is needed.
pub(super) const TALLEST: usize = 8;

/// `R` rows of `V` vectors of sums.
pub(super) type Tile<S, const R: usize, const V: usize> = [[<S as Simd>::f32s; V]; R];

/// WebAssembly names no number of registers; its engines have the sixteen of the oldest processors in mind.
const fn has_many_registers<S: Simd>() -> bool {
    !cfg!(target_family = "wasm") && S::REGISTER_COUNT >= 32
}

/// Work with tiles of `R` rows. To be `#[inline(always)]`, as everything it calls.
pub(super) trait Tiled {
    fn run<S: Simd, const R: usize>(self, simd: S);
}

/// Does the work with the vectors and the height of tile that suit this processor.
pub(super) fn dispatch(arch: Arch, work: impl Tiled) {
    struct Suited<W>(W);

    impl<W: Tiled> WithSimd for Suited<W> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            if has_many_registers::<S>() {
                self.0.run::<S, TALLEST>(simd);
            } else if cfg!(target_family = "wasm") {
                // Engines keep some registers for themselves, and have no fused multiplication.
                self.0.run::<S, 4>(simd);
            } else {
                self.0.run::<S, 6>(simd);
            }
        }
    }

    arch.dispatch(Suited(work));
}

/// A tile of zeros.
#[inline(always)]
pub(super) fn zeros<S: Simd, const R: usize, const V: usize>(simd: S) -> Tile<S, R, V> {
    [[simd.splat_f32s(0.0); V]; R]
}

/// As [`std::array::from_fn`], which is not always inlined: what is not, is not compiled for the widest vectors.
#[inline(always)]
pub(super) fn array<T: Copy + Default, const N: usize>(of: impl Fn(usize) -> T) -> [T; N] {
    let mut items = [T::default(); N];
    for (at, item) in items.iter_mut().enumerate() {
        *item = of(at);
    }
    items
}

/// Adds to `tile` the products of `R` rows of numbers with the rows of a strip of [`super::panels::Panels`].
#[inline(always)]
pub(super) fn add_rows<S: Simd, const R: usize, const V: usize>(
    simd: S,
    mut tile: Tile<S, R, V>,
    rows: &[&[f32]; R],
    strip: &[f32],
) -> Tile<S, R, V> {
    let (strip, _) = S::as_simd_f32s(strip).0.as_chunks::<V>();
    // In WebAssembly a count that the compiler cannot take apart: else it checks a bound in the loop, at half the
    // speed.
    let count =
        if cfg!(target_family = "wasm") { std::hint::black_box(strip.len()) } else { strip.len() };
    let (strip, rows): (_, [&[f32]; R]) = (&strip[..count], array(|row| &rows[row][..count]));
    for k in 0..count {
        let vectors = &strip[k];
        for row in 0..R {
            let number = simd.splat_f32s(rows[row][k]);
            for v in 0..V {
                tile[row][v] = simd.mul_add_e_f32s(number, vectors[v], tile[row][v]);
            }
        }
    }
    tile
}

/// Adds to `tile` the outer products of columns of `R` numbers, which begin at `columns[starts[k]]`, with the rows of a
/// strip.
#[inline(always)]
pub(super) fn add_columns<S: Simd, const R: usize, const V: usize>(
    simd: S,
    mut tile: Tile<S, R, V>,
    columns: &[f32],
    starts: &[usize],
    strip: &[f32],
) -> Tile<S, R, V> {
    let (strip, _) = S::as_simd_f32s(strip).0.as_chunks::<V>();
    for (vectors, &start) in strip.iter().zip(starts) {
        let column = &columns[start..start + R];
        for row in 0..R {
            let number = simd.splat_f32s(column[row]);
            for v in 0..V {
                tile[row][v] = simd.mul_add_e_f32s(number, vectors[v], tile[row][v]);
            }
        }
    }
    tile
}

/// What a convolution or dense layer does to its input: `input * weight + bias`, then ReLU if wanted.
#[derive(Clone, Copy)]
pub(super) struct Affine<'a> {
    /// `[inputs, outputs]`, or `[size, size, inputs, outputs]`.
    pub(super) weight: &'a [f32],
    /// `[outputs]`.
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
}

/// What becomes of a row of a tile: `+ bias`, ReLU, and set or added to what is there.
#[derive(Clone, Copy, Default)]
pub(super) struct Finish<'a> {
    /// A number a column of the whole product.
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
    pub(super) accumulate: bool,
}

impl Finish<'_> {
    /// Sums to be added to what is there.
    pub(super) const ACCUMULATE: Self = Self { bias: None, relu: false, accumulate: true };

    /// Puts the row whose first column is `first` into `target`, as much as there is room for: the last vector of a row
    /// may have columns that the product has not.
    #[inline(always)]
    pub(super) fn put<S: Simd, const V: usize>(
        self,
        simd: S,
        row: [S::f32s; V],
        first: usize,
        target: &mut [f32],
    ) {
        let lanes = S::F32_LANES;
        for (v, target) in target.chunks_mut(lanes).take(V).enumerate() {
            let mut sums = row[v];
            if let Some(bias) = self.bias {
                sums = simd.add_f32s(sums, load(simd, &bias[first + v * lanes..][..target.len()]));
            }
            if self.relu {
                sums = relu_vector(simd, sums);
            }
            if self.accumulate {
                sums = simd.add_f32s(sums, load(simd, target));
            }
            store(simd, sums, target);
        }
    }
}

/// A vector of up to so many numbers.
#[inline(always)]
fn load<S: Simd>(simd: S, numbers: &[f32]) -> S::f32s {
    if numbers.len() == S::F32_LANES {
        S::as_simd_f32s(numbers).0[0]
    } else {
        simd.partial_load_f32s(numbers)
    }
}

#[inline(always)]
fn store<S: Simd>(simd: S, vector: S::f32s, target: &mut [f32]) {
    if target.len() == S::F32_LANES {
        S::as_mut_simd_f32s(target).0[0] = vector;
    } else {
        simd.partial_store_f32s(target, vector);
    }
}
