//! Convolutions as products of whole window rows, without copying windows: channels last, a window is `size` contiguous
//! rows of the picture.

use std::borrow::Cow;
use std::ops::Range;

use pulp::{Arch, Simd};

use super::super::plan::{InputGradient, View, Window};
use super::geometry::{Geometry, put};
use super::panels::Panels;
use super::parallel::{for_each, for_each_part};
use super::tile::{
    Finish, TALLEST, Tile, Tiled, WIDEST, add_columns, add_rows, array, dispatch, zeros,
};

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
    pub(super) panels: Panels,
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
        let source = Source { geometry, numbers: input, view: self.input };
        let finish = Finish { bias, relu, add: false };
        source.convolve(arch, &scratch.panels, (output, self.output), batch, finish);
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
            let finish = Finish { add: is_added, ..Finish::default() };
            source.convolve(arch, &scratch.panels, (input_gradient, self.input), batch, finish);
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
                dispatch(arch, Scatter { convolution: self, panels, source, target, is_added });
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
            dispatch(
                arch,
                WeightGradient { convolution: self, input, output_gradient, images, sums },
            );
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

impl<'a> Source<'a> {
    /// Convolves a batch into a view.
    fn convolve(
        self,
        arch: Arch,
        panels: &Panels,
        (output, view): (&mut [f32], View),
        batch: usize,
        finish: Finish<'_>,
    ) {
        let (group, length) = (self.geometry.group(), view.pixels() * view.stride);
        for_each_part(&mut output[..batch * length], group * length, |number, output| {
            dispatch(
                arch,
                Forward { source: self, panels, first_image: number * group, output, view, finish },
            );
        });
    }

    /// The windows of some images.
    #[inline(always)]
    fn windows(self, images: Range<usize>) -> Windows<'a> {
        let Self { geometry, numbers, view } = self;
        // A window of one pixel needs no frame.
        if geometry.window.size == 1 && geometry.window.step == 1 {
            let pixels = images.start * view.pixels()..images.end * view.pixels();
            let starts = pixels.map(|pixel| view.at(pixel)).collect();
            Windows { geometry, numbers: Cow::Borrowed(numbers), starts }
        } else {
            let starts = geometry.starts(images.len());
            // Tiles of columns read past the end of the last window.
            let mut frames = vec![0.0; images.len() * geometry.frame() + TALLEST];
            geometry.fill(&mut frames, numbers, view, images);
            Windows { geometry, numbers: Cow::Owned(frames), starts }
        }
    }
}

/// Numbers in which every window is some rows of a frame.
struct Windows<'a> {
    geometry: Geometry,
    numbers: Cow<'a, [f32]>,
    /// Where each window begins.
    starts: Vec<usize>,
}

struct Forward<'a> {
    source: Source<'a>,
    panels: &'a Panels,
    first_image: usize,
    output: &'a mut [f32],
    view: View,
    finish: Finish<'a>,
}

impl Tiled for Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { source, panels, first_image, output, view, finish } = self;
        let images = output.len() / (view.pixels() * view.stride);
        let windows = source.windows(first_image..first_image + images);
        for (first, vectors, strip) in panels.strips::<S>() {
            let place = (first, panels.outputs, view);
            match vectors {
                1 => windows.multiply::<S, R, 1>(simd, strip, place, output, finish),
                _ => windows.multiply::<S, R, 2>(simd, strip, place, output, finish),
            }
        }
    }
}

impl Windows<'_> {
    /// Multiplies all windows with a strip of the weight whose first of so many channels is `first`.
    #[inline(always)]
    fn multiply<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        strip: &[f32],
        (first, channels, view): (usize, usize, View),
        output: &mut [f32],
        finish: Finish<'_>,
    ) {
        let (row, frame_row) = (self.geometry.row(), self.geometry.frame_row());
        let numbers = &*self.numbers;
        for (number, starts) in self.starts.chunks(R).enumerate() {
            let mut tile: Tile<S, R, V> = zeros(simd);
            for (y, strip) in
                strip.chunks_exact(strip.len() / self.geometry.window.size).enumerate()
            {
                // The last tile repeats its last row; what it computes there is not stored.
                let rows =
                    array(|at| &numbers[starts[at.min(starts.len() - 1)] + y * frame_row..][..row]);
                tile = add_rows(simd, tile, &rows, strip);
            }
            for (at, sums) in tile.into_iter().enumerate().take(starts.len()) {
                let target = &mut output[view.at(number * R + at)..][first..channels];
                finish.put(simd, sums, first, target);
            }
        }
    }

    /// Adds the outer products of the windows with the rows of a strip of the output's gradient to `sums`,
    /// `[window, channels]`, from channel `first` on.
    #[inline(always)]
    fn add_outer<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        strip: &[f32],
        (first, channels): (usize, usize),
        sums: &mut [f32],
    ) {
        let (row, frame_row) = (self.geometry.row(), self.geometry.frame_row());
        for (y, sums) in sums.chunks_exact_mut(row * channels).enumerate() {
            for (x, sums) in sums.chunks_mut(R * channels).enumerate() {
                let columns = &self.numbers[y * frame_row + x * R..];
                let tile: Tile<S, R, V> =
                    add_columns(simd, zeros(simd), columns, &self.starts, strip);
                for (row, target) in tile.into_iter().zip(sums.chunks_exact_mut(channels)) {
                    Finish::ADD.put(simd, row, 0, &mut target[first..]);
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

impl Tiled for Scatter<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let geometry = self.convolution.over_input();
        let (mut frame, starts) = (vec![0.0; geometry.frame()], geometry.starts(1));
        for (first, vectors, strip) in self.panels.strips::<S>() {
            for (number, starts) in starts.chunks(R).enumerate() {
                let rows = array(|at| {
                    let pixel = number * R + at.min(starts.len() - 1);
                    &self.source[pixel * self.convolution.output.stride..][..self.panels.inner]
                });
                let frame = &mut frame;
                match vectors {
                    1 => self.spread::<S, R, 1>(simd, &rows, strip, first, starts, frame),
                    _ => self.spread::<S, R, 2>(simd, &rows, strip, first, starts, frame),
                }
            }
        }
        geometry.empty(&frame, self.target, self.convolution.input, self.is_added);
    }
}

impl Scatter<'_> {
    /// Adds what some pixels give the columns of a strip to their windows.
    #[inline(always)]
    fn spread<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        rows: &[&[f32]; R],
        strip: &[f32],
        first: usize,
        starts: &[usize],
        frame: &mut [f32],
    ) {
        let geometry = self.convolution.over_input();
        let (row, end) = (geometry.row(), self.panels.outputs.min(first + V * S::F32_LANES));
        let tile: Tile<S, R, V> = add_rows(simd, zeros(simd), rows, strip);
        for (products, start) in tile.into_iter().zip(starts) {
            let mut numbers = [0.0; WIDEST];
            Finish::default().put(simd, products, 0, &mut numbers);
            let mut column = first;
            while column < end {
                let (y, x) = (column / row, column % row);
                let count = (row - x).min(end - column);
                let target = &mut frame[start + y * geometry.frame_row() + x..][..count];
                put(&numbers[column - first..][..count], target, true);
                column += count;
            }
        }
    }
}

struct WeightGradient<'a> {
    convolution: &'a Convolution,
    input: &'a [f32],
    output_gradient: &'a [f32],
    images: Range<usize>,
    sums: &'a mut [f32],
}

impl Tiled for WeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { convolution, input, output_gradient, images, sums } = self;
        let geometry = convolution.over_input();
        let (source, view) =
            (Source { geometry, numbers: input, view: convolution.input }, convolution.output);
        let mut panels = Panels::default();
        for first in images.clone().step_by(geometry.group()) {
            let images = first..images.end.min(first + geometry.group());
            panels.pack_here::<S>(
                images.len() * view.pixels(),
                view.channels,
                |pixel, channel, target| {
                    let numbers = &output_gradient[view.at(first * view.pixels() + pixel)..];
                    target.copy_from_slice(&numbers[channel..][..target.len()]);
                },
            );
            let windows = source.windows(images);
            for (channel, vectors, strip) in panels.strips::<S>() {
                let place = (channel, view.channels);
                match vectors {
                    1 => windows.add_outer::<S, R, 1>(simd, strip, place, sums),
                    _ => windows.add_outer::<S, R, 2>(simd, strip, place, sums),
                }
            }
        }
    }
}
