//! Convolutions as products of whole window rows, without copying windows: channels last, a window is `size` contiguous
//! rows of the picture.

use pulp::{Arch, Simd, WithSimd};

use super::super::plan::{InputGradient, View, Window};
use super::geometry::{Geometry, put};
use super::panels::Panels;
use super::parallel::{for_each, for_each_part};
use super::tile::{ROWS, Tile, WIDEST, add, add_columns, add_rows, store, zeros};

/// Into so many parts a batch is cut for the weight gradient; each has a sum of its own.
const PARTS: usize = 8;

/// A convolution between two views.
#[derive(Clone, Copy)]
pub(super) struct Convolution {
    pub(super) window: Window,
    pub(super) input: View,
    pub(super) output: View,
}

/// Space that is kept between steps.
#[derive(Default)]
pub(super) struct Scratch {
    panels: Panels,
    partial_sums: Vec<f32>,
}

impl Convolution {
    fn over_input(&self) -> Geometry {
        let (channels, inner_side) = (self.input.channels, self.input.side);
        Geometry { window: self.window, channels, inner_side, positions: self.output.side }
    }

    /// The convolution of the output's gradient that gives the input's, if windows do not skip pixels.
    fn over_output(&self) -> Geometry {
        let window = Window { before: self.window.size - 1 - self.window.before, ..self.window };
        let (channels, inner_side) = (self.output.channels, self.output.side);
        Geometry { window, channels, inner_side, positions: self.input.side }
    }

    /// `max(input * weight + bias, 0)`, without `max` if not `relu`. `weight` is `[size, size, inputs, outputs]`.
    pub(super) fn forward(
        &self,
        arch: Arch,
        scratch: &mut Scratch,
        (weight, bias, relu): (&[f32], Option<&[f32]>, bool),
        input: &[f32],
        output: &mut [f32],
        batch: usize,
    ) {
        let geometry = self.over_input();
        let (inner, outputs) = (self.window.size * geometry.row(), self.output.channels);
        scratch.panels.pack(arch, inner, outputs, |row, first, target| {
            target.copy_from_slice(&weight[row * outputs + first..][..target.len()]);
        });
        let finish = |numbers: &mut [f32], first: usize| {
            if let Some(bias) = bias {
                numbers.iter_mut().zip(&bias[first..]).for_each(|(number, bias)| *number += bias);
            }
            if relu {
                numbers.iter_mut().for_each(|number| *number = number.max(0.0));
            }
        };
        let (panels, view) = (&scratch.panels, self.output);
        let source = Source { geometry, numbers: input, view: self.input };
        source.convolve(arch, panels, output, view, batch, |numbers, first, target| {
            finish(numbers, first);
            target.copy_from_slice(numbers);
        });
    }

    /// The gradient of the input from that of the output.
    pub(super) fn input_gradient(
        &self,
        arch: Arch,
        scratch: &mut Scratch,
        weight: &[f32],
        output_gradient: &[f32],
        (input_gradient, how): (&mut [f32], InputGradient),
        batch: usize,
    ) {
        let (size, inputs, outputs) = (self.window.size, self.input.channels, self.output.channels);
        let is_added = how == InputGradient::Add;
        if self.window.step == 1 {
            let geometry = self.over_output();
            scratch.panels.pack(arch, size * geometry.row(), inputs, |row, first, target| {
                let (position, output) = (row / outputs, row % outputs);
                let turned = size * size - 1 - position;
                for (offset, number) in target.iter_mut().enumerate() {
                    *number = weight[(turned * inputs + first + offset) * outputs + output];
                }
            });
            let source = Source { geometry, numbers: output_gradient, view: self.output };
            source.convolve(arch, &scratch.panels, input_gradient, self.input, batch, |numbers, _, target| {
                put(numbers, target, is_added);
            });
        } else {
            let columns = size * size * inputs;
            scratch.panels.pack(arch, outputs, columns, |output, first, target| {
                for (offset, number) in target.iter_mut().enumerate() {
                    *number = weight[(first + offset) * outputs + output];
                }
            });
            let (panels, length) = (&scratch.panels, self.input.pixels() * self.input.stride);
            for_each_part(&mut input_gradient[..batch * length], length, |image, target| {
                let source = &output_gradient[self.output.at(image * self.output.pixels())..];
                arch.dispatch(Scatter { convolution: self, panels, source, target, is_added });
            });
        }
    }

    /// The gradient of the weight, `[size, size, inputs, outputs]`, as the sum over the batch.
    pub(super) fn weight_gradient(
        &self,
        arch: Arch,
        scratch: &mut Scratch,
        input: &[f32],
        output_gradient: &[f32],
        weight_gradient: &mut [f32],
        batch: usize,
    ) {
        let length = weight_gradient.len();
        scratch.partial_sums.resize(PARTS * length, 0.0);
        let parts = scratch.partial_sums.chunks_exact_mut(length).enumerate().collect();
        for_each(parts, |(part, sums): (usize, &mut [f32])| {
            sums.fill(0.0);
            let images = part * batch / PARTS..(part + 1) * batch / PARTS;
            arch.dispatch(WeightGradient { convolution: self, input, output_gradient, images, sums });
        });
        let sums = &scratch.partial_sums;
        for_each_part(weight_gradient, 4096, |number, target| {
            target.fill(0.0);
            for part in 0..PARTS {
                put(&sums[part * length + number * 4096..][..target.len()], target, true);
            }
        });
    }
}

/// What is convolved.
#[derive(Clone, Copy)]
struct Source<'a> {
    geometry: Geometry,
    numbers: &'a [f32],
    view: View,
}

impl Source<'_> {
    /// Convolves a batch; `finish(sums, first channel, target)` puts the sums of one pixel where they belong.
    fn convolve(
        self,
        arch: Arch,
        panels: &Panels,
        output: &mut [f32],
        view: View,
        batch: usize,
        finish: impl Fn(&mut [f32], usize, &mut [f32]) + Sync + Copy,
    ) {
        let (group, length) = (self.geometry.group(), view.pixels() * view.stride);
        for_each_part(&mut output[..batch * length], group * length, |number, output| {
            arch.dispatch(Forward { source: self, panels, first_image: number * group, output, view, finish });
        });
    }
}

struct Forward<'a, F> {
    source: Source<'a>,
    panels: &'a Panels,
    first_image: usize,
    output: &'a mut [f32],
    view: View,
    finish: F,
}

impl<F: Fn(&mut [f32], usize, &mut [f32]) + Copy> WithSimd for Forward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { source, panels, first_image, output, view, finish } = self;
        let geometry = source.geometry;
        let images = output.len() / (view.pixels() * view.stride);
        let mut frames = Vec::new();
        // A window of one pixel needs no frame.
        let (numbers, starts) = if geometry.window.size == 1 && geometry.window.step == 1 {
            let first = first_image * source.view.pixels();
            let pixels = first..first + images * source.view.pixels();
            (source.numbers, pixels.map(|pixel| source.view.at(pixel)).collect())
        } else {
            frames.resize(images * geometry.frame(), 0.0);
            geometry.fill(&mut frames, source.numbers, source.view, first_image..first_image + images);
            (frames.as_slice(), geometry.starts(images))
        };
        let windows = Windows { geometry, numbers, starts: &starts };
        for (first, strip) in panels.strips::<S>() {
            let count = panels.outputs - first;
            if count > S::F32_LANES {
                windows.strip::<S, 2>(simd, strip, first, count, output, view, finish);
            } else {
                windows.strip::<S, 1>(simd, strip, first, count, output, view, finish);
            }
        }
    }
}

struct Windows<'a> {
    geometry: Geometry,
    numbers: &'a [f32],
    starts: &'a [usize],
}

impl Windows<'_> {
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the innermost loops, split off for the two widths")]
    fn strip<S: Simd, const V: usize>(
        &self,
        simd: S,
        strip: &[f32],
        first: usize,
        count: usize,
        output: &mut [f32],
        view: View,
        finish: impl Fn(&mut [f32], usize, &mut [f32]),
    ) {
        let count = count.min(V * S::F32_LANES);
        let row = self.geometry.row();
        let panel_row = strip.len() / self.geometry.window.size;
        for (number, starts) in self.starts.chunks(ROWS).enumerate() {
            let mut tile: Tile<S, V> = zeros(simd);
            for (y, panel) in strip.chunks_exact(panel_row).enumerate() {
                // The last tile repeats its last row; what it computes there is not stored.
                let rows: [&[f32]; ROWS] = std::array::from_fn(|at| {
                    let start = starts[at.min(starts.len() - 1)];
                    &self.numbers[start + y * self.geometry.frame_row()..][..row]
                });
                tile = add_rows(simd, tile, &rows, panel);
            }
            for at in 0..ROWS {
                if at < starts.len() {
                    let mut sums = [0.0; WIDEST];
                    store(simd, tile[at], &mut sums[..V * S::F32_LANES]);
                    let target = &mut output[view.at(number * ROWS + at) + first..][..count];
                    finish(&mut sums[..count], first, target);
                }
            }
        }
    }
}

/// The input's gradient where windows skip pixels: each pixel of the output's gradient is spread over its window.
struct Scatter<'a> {
    convolution: &'a Convolution,
    panels: &'a Panels,
    /// From the first channel of the image's first pixel on.
    source: &'a [f32],
    target: &'a mut [f32],
    is_added: bool,
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution, panels, source, target, is_added } = self;
        let geometry = convolution.over_input();
        let mut frame = vec![0.0; geometry.frame()];
        let (starts, row) = (geometry.starts(1), geometry.row());
        for (first, strip) in panels.strips::<S>() {
            for (number, starts) in starts.chunks(ROWS).enumerate() {
                let rows: [&[f32]; ROWS] = std::array::from_fn(|at| {
                    let pixel = number * ROWS + at.min(starts.len() - 1);
                    &source[pixel * convolution.output.stride..][..panels.inner]
                });
                let tile: Tile<S, 2> = add_rows(simd, zeros(simd), &rows, strip);
                for (at, start) in starts.iter().enumerate() {
                    let mut sums = [0.0; WIDEST];
                    store(simd, tile[at], &mut sums[..2 * S::F32_LANES]);
                    let mut column = first;
                    let end = panels.outputs.min(first + 2 * S::F32_LANES);
                    while column < end {
                        let (y, x) = (column / row, column % row);
                        let count = (row - x).min(end - column);
                        let target = &mut frame[start + y * geometry.frame_row() + x..][..count];
                        put(&sums[column - first..][..count], target, true);
                        column += count;
                    }
                }
            }
        }
        geometry.empty(&frame, target, convolution.input, is_added);
    }
}

struct WeightGradient<'a> {
    convolution: &'a Convolution,
    input: &'a [f32],
    output_gradient: &'a [f32],
    images: std::ops::Range<usize>,
    sums: &'a mut [f32],
}

impl WithSimd for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution, input, output_gradient, images, sums } = self;
        let geometry = convolution.over_input();
        let group = geometry.group().min(images.len());
        let starts = geometry.starts(group);
        // Tiles read past the end of the last window.
        let mut frames = vec![0.0; group * geometry.frame() + ROWS];
        let view = convolution.output;
        let mut first = images.start;
        while first < images.end {
            let count = group.min(images.end - first);
            let filled = &mut frames[..count * geometry.frame()];
            geometry.fill(filled, input, convolution.input, first..first + count);
            let starts = &starts[..count * view.pixels()];
            let gradient = &output_gradient[view.at(first * view.pixels())..];
            for y in 0..convolution.window.size {
                for x in (0..geometry.row()).step_by(ROWS) {
                    let columns = &frames[y * geometry.frame_row() + x..];
                    let rows = ROWS.min(geometry.row() - x);
                    let sums = &mut sums[(y * geometry.row() + x) * view.channels..];
                    for channel in (0..view.channels).step_by(2 * S::F32_LANES) {
                        let left = view.channels - channel;
                        let (vectors, sums) = (&gradient[channel..], &mut sums[channel..]);
                        let factors = (columns, starts, vectors, view.stride);
                        if left > S::F32_LANES {
                            outer::<S, 2>(simd, factors, rows, left, sums, view.channels);
                        } else {
                            outer::<S, 1>(simd, factors, rows, left, sums, view.channels);
                        }
                    }
                }
            }
            first += count;
        }
    }
}

#[inline(always)]
fn outer<S: Simd, const V: usize>(
    simd: S,
    (columns, starts, vectors, step): (&[f32], &[usize], &[f32], usize),
    rows: usize,
    left: usize,
    sums: &mut [f32],
    row_length: usize,
) {
    let tile: Tile<S, V> = add_columns(simd, zeros(simd), columns, starts.iter().copied(), vectors, step);
    let count = left.min(V * S::F32_LANES);
    for (at, row) in tile.into_iter().enumerate() {
        if at < rows {
            add(simd, row, &mut sums[at * row_length..][..count]);
        }
    }
}
