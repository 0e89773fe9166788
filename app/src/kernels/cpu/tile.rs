//! The heart of every product: a tile of `ROWS` x `V` vectors of results that stays in registers while the two factors
//! stream past. One factor is read a number at a time, the other a vector at a time.

use pulp::Simd;

/// Rows of a tile. With two vectors a row, six fill the sixteen registers of AVX2 (and keep AVX-512 busy); WebAssembly's
/// engines map to sixteen registers too, but need some for addresses.
pub(super) const ROWS: usize = if cfg!(target_family = "wasm") { 4 } else { 6 };
/// Vectors in a row of a tile.
pub(super) const VECTORS: usize = 2;
/// Numbers in the widest vector of any processor: how far a tile may read past what it needs.
pub(super) const WIDEST: usize = 16 * VECTORS;

/// `ROWS` x `V` vectors of sums.
pub(super) type Tile<S, const V: usize> = [[<S as Simd>::f32s; V]; ROWS];

/// A tile of zeros.
#[inline(always)]
pub(super) fn zeros<S: Simd, const V: usize>(simd: S) -> Tile<S, V> {
    [[simd.splat_f32s(0.0); V]; ROWS]
}

/// Numbers in a row of a tile of `V` vectors.
pub(super) const fn width<S: Simd>(vectors: usize) -> usize {
    vectors * S::F32_LANES
}

/// The first `V` vectors of `numbers`.
#[inline(always)]
pub(super) fn load<S: Simd, const V: usize>(numbers: &[f32]) -> [S::f32s; V] {
    let (vectors, _) = S::as_simd_f32s(&numbers[..width::<S>(V)]);
    std::array::from_fn(|v| vectors[v])
}

/// Adds to `tile` the products of `ROWS` rows of numbers with the first `V` vectors of the rows of a strip of
/// [`super::panels::Panels`].
#[inline(always)]
pub(super) fn add_rows<S: Simd, const V: usize>(
    simd: S,
    mut tile: Tile<S, V>,
    rows: &[&[f32]; ROWS],
    panel: &[f32],
) -> Tile<S, V> {
    let (panel, _) = S::as_simd_f32s(panel);
    let count = panel.len() / VECTORS;
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row][..count]);
    for (k, vectors) in panel.chunks_exact(VECTORS).enumerate() {
        let vectors: [S::f32s; V] = std::array::from_fn(|v| vectors[v]);
        for row in 0..ROWS {
            let number = simd.splat_f32s(rows[row][k]);
            for v in 0..V {
                tile[row][v] = simd.mul_add_e_f32s(number, vectors[v], tile[row][v]);
            }
        }
    }
    tile
}

/// Adds to `tile` the outer products of columns of `ROWS` numbers with vectors: column `k` is at `columns[at(k)]`, its
/// vectors at `vectors[k * step]`.
#[inline(always)]
pub(super) fn add_columns<S: Simd, const V: usize>(
    simd: S,
    mut tile: Tile<S, V>,
    columns: &[f32],
    at: impl Iterator<Item = usize>,
    vectors: &[f32],
    step: usize,
) -> Tile<S, V> {
    for (k, start) in at.enumerate() {
        let column = &columns[start..start + ROWS];
        let vectors = load::<S, V>(&vectors[k * step..]);
        for row in 0..ROWS {
            let number = simd.splat_f32s(column[row]);
            for v in 0..V {
                tile[row][v] = simd.mul_add_e_f32s(number, vectors[v], tile[row][v]);
            }
        }
    }
    tile
}

/// Writes the first `count` numbers of a row of a tile.
#[inline(always)]
pub(super) fn store<S: Simd, const V: usize>(simd: S, row: [S::f32s; V], target: &mut [f32]) {
    let lanes = S::F32_LANES;
    for (target, vector) in target.chunks_mut(lanes).zip(row) {
        if target.len() == lanes {
            S::as_mut_simd_f32s(target).0[0] = vector;
        } else {
            simd.partial_store_f32s(target, vector);
        }
    }
}

/// Adds a row of a tile to `target`.
#[inline(always)]
pub(super) fn add<S: Simd, const V: usize>(simd: S, row: [S::f32s; V], target: &mut [f32]) {
    let lanes = S::F32_LANES;
    for (target, vector) in target.chunks_mut(lanes).zip(row) {
        if target.len() == lanes {
            let target = S::as_mut_simd_f32s(target).0;
            target[0] = simd.add_f32s(target[0], vector);
        } else {
            let sum = simd.add_f32s(simd.partial_load_f32s(target), vector);
            simd.partial_store_f32s(target, sum);
        }
    }
}
