//! A matrix `[inner, outputs]` packed for tiles: strips of columns as wide as a tile, each strip row by row,
//! `[strips, inner, width]` with zeros behind the last column. A product then reads it from start to end, whole vectors
//! at a time.

use pulp::{Arch, Simd, WithSimd};

use super::core::resize;
use super::parallel::for_each;
use super::sizes;
use super::tile::VECTORS;

/// The packed matrix. The space is kept between steps.
#[derive(Default)]
pub(super) struct Panels {
    numbers: Vec<f32>,
    pub(super) inner: usize,
    pub(super) outputs: usize,
}

impl Panels {
    /// Packs `outputs` columns of `inner` numbers; `fill(row, first, target)` writes numbers of a row from a column on.
    pub(super) fn pack(
        &mut self,
        arch: Arch,
        inner: usize,
        outputs: usize,
        fill: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) {
        let lanes = lanes(arch);
        let mut strips = Vec::new();
        let mut left = self.resize(lanes, inner, outputs);
        for (first, vectors) in cut(outputs, lanes) {
            let (strip, rest) = left.split_at_mut(vectors * lanes * inner);
            strips.push((first, vectors * lanes, strip));
            left = rest;
        }
        for_each(strips, |(first, width, strip)| {
            fill_strip(strip, first, width.min(outputs - first), width, &fill)
        });
    }

    /// The same, from within work that has been dispatched already.
    #[inline(always)]
    pub(super) fn pack_here<S: Simd>(
        &mut self,
        inner: usize,
        outputs: usize,
        fill: impl Fn(usize, usize, &mut [f32]),
    ) {
        let mut left = self.resize(S::F32_LANES, inner, outputs);
        for (first, vectors) in cut(outputs, S::F32_LANES) {
            let width = vectors * S::F32_LANES;
            let (strip, rest) = left.split_at_mut(width * inner);
            fill_strip(strip, first, width.min(outputs - first), width, &fill);
            left = rest;
        }
    }

    fn resize(&mut self, lanes: usize, inner: usize, outputs: usize) -> &mut [f32] {
        (self.inner, self.outputs) = (inner, outputs);
        resize(&mut self.numbers, sizes::panels(lanes, inner, outputs) as usize);
        &mut self.numbers
    }

    /// Numbers there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.numbers.capacity()
    }

    /// The first column, the vectors in a row and the numbers of each strip.
    #[inline(always)]
    pub(super) fn strips<S: Simd>(&self) -> impl Iterator<Item = (usize, usize, &[f32])> {
        cut(self.outputs, S::F32_LANES).map(|(first, vectors)| {
            let length = vectors * S::F32_LANES * self.inner;
            (first, vectors, &self.numbers[first * self.inner..][..length])
        })
    }
}

#[inline(always)]
fn fill_strip(
    strip: &mut [f32],
    first: usize,
    count: usize,
    width: usize,
    fill: &impl Fn(usize, usize, &mut [f32]),
) {
    for (row, target) in strip.chunks_exact_mut(width).enumerate() {
        let (target, beyond) = target.split_at_mut(count);
        fill(row, first, target);
        beyond.fill(0.0);
    }
}

/// The first column and the vectors of each strip.
fn cut(columns: usize, lanes: usize) -> impl Iterator<Item = (usize, usize)> {
    let strip = VECTORS * lanes;
    (0..columns)
        .step_by(strip)
        .map(move |first| (first, (columns - first).div_ceil(lanes).min(VECTORS)))
}

/// Numbers in a vector of this processor.
pub(super) fn lanes(arch: Arch) -> usize {
    arch.dispatch(Lanes)
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}
