//! A matrix `[inner, outputs]` packed for tiles: strips of columns as wide as a tile, each strip row by row, so that a
//! product reads it from start to end.

use pulp::{Arch, Simd, WithSimd};

use super::parallel::for_each_part;
use super::tile::{VECTORS, width};

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
        (self.inner, self.outputs) = (inner, outputs);
        let strip_width = arch.dispatch(StripWidth);
        self.numbers.resize(outputs.div_ceil(strip_width) * strip_width * inner, 0.0);
        for_each_part(&mut self.numbers, strip_width * inner, |number, strip| {
            let first = number * strip_width;
            let count = strip_width.min(outputs - first);
            for (row, target) in strip.chunks_exact_mut(strip_width).enumerate() {
                fill(row, first, &mut target[..count]);
            }
        });
    }

    /// The first column and the numbers of each strip.
    pub(super) fn strips<S: Simd>(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let strip_width = width::<S>(VECTORS);
        let strips = self.numbers.chunks_exact((strip_width * self.inner).max(1)).enumerate();
        strips.map(move |(number, strip)| (number * strip_width, strip))
    }
}

struct StripWidth;

impl WithSimd for StripWidth {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        width::<S>(VECTORS)
    }
}
