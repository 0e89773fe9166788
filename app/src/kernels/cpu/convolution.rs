//! Convolutions, with ReLU behind them if wanted:
//! `output[p, o] = bias[o] + sum over window pixels w and inputs i of input[p * step - before + w, i] * weight[w, i,
//! o]`. Images are `[batch, side, side, channels]`, the weight `[size, size, inputs, outputs]`.
//!
//! Channels last, a window is `size` contiguous rows of its image, so all three products of a convolution are products
//! of whole window rows, read in place: no matrix of windows is written, which would be `size * size` times the image.
//! The gradient of the input is the convolution of the output's gradient with the reversed weight where windows skip no
//! pixel; where they do, each pixel's gradient is spread over its window. The weight's gradient is cut into parts by
//! images, each with a sum of its own.

use std::borrow::Cow;
use std::ops::Range;

use pulp::{Arch, Simd};

use super::super::plan::{View, Window};
use super::core::resize;
use super::geometry::Geometry;
use super::panels::Panels;
use super::parallel::{for_each, for_each_part};
use super::region::{Region, RegionMut, put};
use super::sizes;
use super::tile::{
    Affine, Finish, Tile, Tiled, WIDEST, add_columns, add_rows, array, dispatch, zeros,
};

/// Into so many parts a batch is cut for the weight gradient, some of them empty if it is smaller; never by the number
/// of threads, so that the order of the additions is the same for any.
pub(super) const PARTS: usize = 8;
/// So many numbers of a weight gradient are added up by one thread at a time.
const LENGTH: usize = 4096;

/// A convolution between two views.
#[derive(Clone, Copy)]
pub(super) struct Convolution {
    pub(super) arch: Arch,
    pub(super) window: Window,
    pub(super) input: View,
    pub(super) output: View,
}

/// Space that is kept between steps.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) panels: Panels,
    pub(super) partial_sums: Vec<f32>,
}

impl Convolution {
    pub(super) fn over_input(&self) -> Geometry {
        let (channels, inner_side) = (self.input.channels, self.input.side);
        Geometry { window: self.window, channels, inner_side, positions: self.output.side }
    }

    /// The convolution of the output's gradient that gives the input's, if windows do not skip pixels.
    pub(super) fn over_output(&self) -> Geometry {
        let window = Window { before: self.window.size - 1 - self.window.before, ..self.window };
        let (channels, inner_side) = (self.output.channels, self.output.side);
        Geometry { window, channels, inner_side, positions: self.input.side }
    }

    /// `input * weight + bias`, then ReLU if wanted.
    pub(super) fn forward(
        &self,
        scratch: &mut Scratch,
        affine: Affine<'_>,
        input: Region<'_>,
        output: RegionMut<'_>,
        batch: usize,
    ) {
        let Affine { weight, bias, relu } = affine;
        let geometry = self.over_input();
        let (inner, outputs) = (self.window.size * geometry.row(), self.output.channels);
        scratch.panels.pack(self.arch, inner, outputs, |row, first, target| {
            target.copy_from_slice(&weight[row * outputs + first..][..target.len()]);
        });
        let source = ConvolutionSource { geometry, region: input };
        let finish = Finish { bias, relu, accumulate: output.accumulate };
        source.convolve(self.arch, &scratch.panels, output, batch, finish);
    }

    /// The gradient of the input from that of the output.
    pub(super) fn input_gradient(
        &self,
        scratch: &mut Scratch,
        weight: &[f32],
        output_gradient: Region<'_>,
        input_gradient: RegionMut<'_>,
        batch: usize,
    ) {
        let (size, inputs, outputs) = (self.window.size, self.input.channels, self.output.channels);
        let accumulate = input_gradient.accumulate;
        if self.window.step == 1 {
            let geometry = self.over_output();
            scratch.panels.pack(self.arch, size * geometry.row(), inputs, |row, first, target| {
                let (position, output) = (row / outputs, row % outputs);
                // Both sides of the window reversed.
                let reversed = size * size - 1 - position;
                for (offset, number) in target.iter_mut().enumerate() {
                    *number = weight[(reversed * inputs + first + offset) * outputs + output];
                }
            });
            let source = ConvolutionSource { geometry, region: output_gradient };
            let finish = Finish { accumulate, ..Finish::default() };
            source.convolve(self.arch, &scratch.panels, input_gradient, batch, finish);
        } else {
            let columns = size * size * inputs;
            scratch.panels.pack(self.arch, outputs, columns, |output, first, target| {
                for (offset, number) in target.iter_mut().enumerate() {
                    *number = weight[(first + offset) * outputs + output];
                }
            });
            let panels = &scratch.panels;
            input_gradient.for_each_image(batch, |image, target| {
                let (convolution, source) = (self, output_gradient);
                dispatch(
                    self.arch,
                    Scatter { convolution, panels, source, image, target, accumulate },
                );
            });
        }
    }

    /// The gradient of the weight, `[size, size, inputs, outputs]`, as the sum over the batch.
    pub(super) fn weight_gradient(
        &self,
        scratch: &mut Scratch,
        input: Region<'_>,
        output_gradient: Region<'_>,
        weight_gradient: &mut [f32],
        batch: usize,
    ) {
        let length = weight_gradient.len();
        resize(&mut scratch.partial_sums, PARTS * length);
        let parts = scratch.partial_sums.chunks_exact_mut(length).enumerate().collect();
        for_each(parts, |(part, sums): (usize, &mut [f32])| {
            sums.fill(0.0);
            let images = part * batch / PARTS..(part + 1) * batch / PARTS;
            let source = ConvolutionSource { geometry: self.over_input(), region: input };
            dispatch(
                self.arch,
                ConvolutionWeightGradient { source, output_gradient, images, sums },
            );
        });
        let sums = &scratch.partial_sums;
        for_each_part(weight_gradient, LENGTH, |number, target| {
            target.fill(0.0);
            for part in 0..PARTS {
                put(&sums[part * length + number * LENGTH..][..target.len()], target, true);
            }
        });
    }
}

/// Images that are convolved.
#[derive(Clone, Copy)]
struct ConvolutionSource<'a> {
    geometry: Geometry,
    region: Region<'a>,
}

impl<'a> ConvolutionSource<'a> {
    /// Convolves a batch.
    fn convolve(
        self,
        arch: Arch,
        panels: &Panels,
        output: RegionMut<'_>,
        batch: usize,
        finish: Finish<'_>,
    ) {
        let (view, group) = (output.view, self.geometry.group());
        let length = view.pixels() * view.stride;
        for_each_part(&mut output.numbers[..batch * length], group * length, |number, output| {
            let first_image = number * group;
            dispatch(arch, Convolve { source: self, panels, first_image, output, view, finish });
        });
    }

    /// The windows of some images.
    #[inline(always)]
    fn windows(self, images: Range<usize>) -> Windows<'a> {
        let Self { geometry, region: Region { view, numbers } } = self;
        if !geometry.needs_frames() {
            let pixels = images.start * view.pixels()..images.end * view.pixels();
            let starts = pixels.map(|pixel| view.at(pixel)).collect();
            Windows { geometry, numbers: Cow::Borrowed(numbers), starts }
        } else {
            let starts = geometry.starts(images.len());
            let mut frames = vec![0.0; sizes::of_batch(geometry.frame(), images.len()) as usize];
            geometry.fill(&mut frames, self.region, images);
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

/// The product of the windows of some images with a packed weight.
struct Convolve<'a> {
    source: ConvolutionSource<'a>,
    panels: &'a Panels,
    first_image: usize,
    /// From the first image's first pixel on.
    output: &'a mut [f32],
    view: View,
    finish: Finish<'a>,
}

impl Tiled for Convolve<'_> {
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
                    Finish::ACCUMULATE.put(simd, row, 0, &mut target[first..]);
                }
            }
        }
    }
}

/// The input's gradient where windows skip pixels: each pixel of the output's gradient is spread over its window.
struct Scatter<'a> {
    convolution: &'a Convolution,
    panels: &'a Panels,
    /// The output's gradient.
    source: Region<'a>,
    image: usize,
    /// The image's input gradient.
    target: &'a mut [f32],
    accumulate: bool,
}

impl Tiled for Scatter<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let geometry = self.convolution.over_input();
        let (mut frame, starts) = (vec![0.0; geometry.frame()], geometry.starts(1));
        for (first, vectors, strip) in self.panels.strips::<S>() {
            for (number, starts) in starts.chunks(R).enumerate() {
                let first_pixel = self.image * self.source.view.pixels() + number * R;
                // The last tile repeats its last pixel; what it computes there is not spread.
                let rows = array(|at| self.source.pixel(first_pixel + at.min(starts.len() - 1)));
                let frame = &mut frame;
                match vectors {
                    1 => self.spread::<S, R, 1>(simd, &rows, strip, first, starts, frame),
                    _ => self.spread::<S, R, 2>(simd, &rows, strip, first, starts, frame),
                }
            }
        }
        geometry.empty(&frame, self.target, self.convolution.input, self.accumulate);
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

/// A part of the weight's gradient: the sum over some images.
struct ConvolutionWeightGradient<'a> {
    source: ConvolutionSource<'a>,
    output_gradient: Region<'a>,
    images: Range<usize>,
    sums: &'a mut [f32],
}

impl Tiled for ConvolutionWeightGradient<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, simd: S) {
        let Self { source, output_gradient, images, sums } = self;
        let (view, group) = (output_gradient.view, source.geometry.group());
        let mut panels = Panels::default();
        for first in images.clone().step_by(group) {
            let images = first..images.end.min(first + group);
            panels.pack_here::<S>(
                images.len() * view.pixels(),
                view.channels,
                |pixel, channel, target| {
                    let numbers = output_gradient.pixel(first * view.pixels() + pixel);
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
