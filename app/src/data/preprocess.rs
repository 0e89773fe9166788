//! From an image to a network's input (paper, appendix A): divide by 255, cut a 28x28 window, whiten each image.

use super::{CHANNELS, IMAGE_SIDE};

/// Height and width of an input.
pub const INPUT_SIDE: usize = 28;
/// Numbers in one input: `[3, 28, 28]`.
pub const INPUT_VALUES: usize = CHANNELS * INPUT_SIDE * INPUT_SIDE;
/// Windows of an input's size in an image, along one side.
pub const CROP_POSITIONS: usize = IMAGE_SIDE - INPUT_SIDE + 1;

/// The upper left corner of a window, `(row, column)`, each below [`CROP_POSITIONS`].
pub type Corner = (usize, usize);

/// The corner of the central window.
pub const CENTRE: Corner = ((IMAGE_SIDE - INPUT_SIDE) / 2, (IMAGE_SIDE - INPUT_SIDE) / 2);

/// Copies the 28x28 window at `corner` of a `[3, 32, 32]` image to `input`, `[3, 28, 28]`.
pub fn crop<T: Copy>(image: &[T], corner: Corner, input: &mut [f32], as_pixel: impl Fn(T) -> f32) {
    let (top, left) = corner;
    for (row, target) in input.chunks_exact_mut(INPUT_SIDE).enumerate() {
        let (channel, row) = (row / INPUT_SIDE, row % INPUT_SIDE);
        let start = (channel * IMAGE_SIDE + top + row) * IMAGE_SIDE + left;
        for (value, &byte) in target.iter_mut().zip(&image[start..start + INPUT_SIDE]) {
            *value = as_pixel(byte);
        }
    }
}

/// How an image is shown once: cut at a corner, and perhaps mirrored and turned around its centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Where the window is cut.
    pub corner: Corner,
    /// Whether left and right are swapped.
    pub is_mirrored: bool,
    /// By how many degrees the image is turned clockwise.
    pub degrees: f64,
}

impl Variation {
    /// The central window of the image as it is.
    pub const CENTRAL: Self = Self { corner: CENTRE, is_mirrored: false, degrees: 0.0 };
}

/// Writes what a variation shows of a `[3, 32, 32]` image to `input`, `[3, 28, 28]`. A turned image is read between its
/// pixels in proportion (bilinear); beyond its edge it goes on as its edge is.
pub fn show<T: Copy>(
    image: &[T],
    variation: Variation,
    input: &mut [f32],
    as_pixel: impl Fn(T) -> f32,
) {
    if !variation.is_mirrored && variation.degrees == 0.0 {
        return crop(image, variation.corner, input, as_pixel);
    }
    let middle = (IMAGE_SIDE - 1) as f64 / 2.0;
    let (sine, cosine) =
        (libm::sin(variation.degrees.to_radians()), libm::cos(variation.degrees.to_radians()));
    let area = INPUT_SIDE * INPUT_SIDE;
    for at in 0..area {
        let down = (variation.corner.0 + at / INPUT_SIDE) as f64 - middle;
        let across = (variation.corner.1 + at % INPUT_SIDE) as f64 - middle;
        // Where the pixel that is now here came from.
        let (row, turned) = (cosine * down - sine * across, cosine * across + sine * down);
        let column = if variation.is_mirrored { -turned } else { turned };
        let last = (IMAGE_SIDE - 1) as f64;
        let (row, column) = ((row + middle).clamp(0.0, last), (column + middle).clamp(0.0, last));
        let (top, left) = (row as usize, column as usize);
        let (below, right) = ((top + 1).min(IMAGE_SIDE - 1), (left + 1).min(IMAGE_SIDE - 1));
        let (lower, later) = ((row - top as f64) as f32, (column - left as f64) as f32);
        for channel in 0..CHANNELS {
            let pixel =
                |row, column| as_pixel(image[(channel * IMAGE_SIDE + row) * IMAGE_SIDE + column]);
            let upper_row = pixel(top, left) * (1.0 - later) + pixel(top, right) * later;
            let lower_row = pixel(below, left) * (1.0 - later) + pixel(below, right) * later;
            input[channel * area + at] = upper_row * (1.0 - lower) + lower_row * lower;
        }
    }
}

/// Subtracts the image's mean and divides by its deviation, both over all channels and positions; the deviation is at
/// least `1 / sqrt(N)` (TensorFlow's `per_image_whitening`).
pub fn whiten(input: &mut [f32]) {
    let count = input.len() as f64;
    let mean = input.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance =
        input.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(1.0 / count.sqrt());
    for value in input {
        *value = ((f64::from(*value) - mean) / deviation) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitening_leaves_mean_0_and_deviation_1_over_the_whole_image() {
        let mut input: Vec<f32> = (0..INPUT_VALUES).map(|i| (i % 251) as f32 / 255.0).collect();
        whiten(&mut input);
        let count = INPUT_VALUES as f64;
        let mean = input.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let deviation =
            (input.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count - mean * mean).sqrt();
        assert!(mean.abs() < 1e-6, "mean {mean}");
        assert!((deviation - 1.0).abs() < 1e-6, "deviation {deviation}");
    }

    #[test]
    fn whitening_uses_one_mean_for_all_channels() {
        // Red 1, green and blue 0: mean 1/3, variance 1/3 - 1/9 = 2/9, so red becomes (2/3) / sqrt(2/9) = sqrt(2).
        let mut input = vec![0.0f32; INPUT_VALUES];
        input[..INPUT_VALUES / 3].fill(1.0);
        whiten(&mut input);
        assert!((input[0] - 2f32.sqrt()).abs() < 1e-6);
        assert!((input[INPUT_VALUES - 1] + 0.5f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn whitening_a_flat_image_divides_by_the_floor_and_not_by_zero() {
        let mut input = vec![0.5f32; INPUT_VALUES];
        input[0] += 1e-3;
        let expected = (1e-3 - 1e-3 / INPUT_VALUES as f32) * (INPUT_VALUES as f32).sqrt();
        whiten(&mut input);
        assert!((input[0] - expected).abs() < 1e-5, "{} and {expected}", input[0]);
    }

    /// Every pixel is its position, so that one can see where it went.
    fn numbered() -> Vec<f32> {
        (0..CHANNELS * IMAGE_SIDE * IMAGE_SIDE).map(|i| i as f32).collect()
    }

    fn shown(is_mirrored: bool, degrees: f64) -> Vec<f32> {
        let mut input = vec![0.0; INPUT_VALUES];
        show(
            &numbered(),
            Variation { is_mirrored, degrees, ..Variation::CENTRAL },
            &mut input,
            |value| value,
        );
        input
    }

    #[test]
    fn a_mirrored_image_has_its_rows_reversed() {
        let (plain, mirrored) = (shown(false, 0.0), shown(true, 0.0));
        for (row, reversed) in plain.chunks(INPUT_SIDE).zip(mirrored.chunks(INPUT_SIDE)) {
            assert!(row.iter().rev().eq(reversed));
        }
    }

    #[test]
    fn a_quarter_turn_clockwise_brings_the_left_column_to_the_top() {
        let (plain, turned) = (shown(false, 0.0), shown(false, 90.0));
        for at in 0..INPUT_SIDE {
            let expected = plain[(INPUT_SIDE - 1 - at) * INPUT_SIDE];
            assert!((turned[at] - expected).abs() < 1e-2, "{at}: {} and {expected}", turned[at]);
        }
    }

    #[test]
    fn a_turn_by_some_degrees_reads_between_pixels_and_never_outside_them() {
        let turned = shown(false, 25.0);
        let max = (CHANNELS * IMAGE_SIDE * IMAGE_SIDE - 1) as f32;
        assert!(turned.iter().all(|value| (0.0..=max).contains(value)));
        // The numbers are linear in row and column, so between pixels they are exact. The pixel at (14, 14) of the window
        // lies half a pixel below and right of the centre (15.5, 15.5).
        let (sine, cosine) = 25f64.to_radians().sin_cos();
        let (row, column) = (15.5 + 0.5 * (cosine - sine), 15.5 + 0.5 * (cosine + sine));
        assert!((f64::from(turned[14 * INPUT_SIDE + 14]) - (row * 32.0 + column)).abs() < 1e-3);
    }

    #[test]
    fn the_central_window_starts_at_row_2_and_column_2() {
        let image: Vec<f32> = (0..CHANNELS * IMAGE_SIDE * IMAGE_SIDE).map(|i| i as f32).collect();
        let mut input = vec![0.0; INPUT_VALUES];
        crop(&image, CENTRE, &mut input, |value| value);
        assert_eq!(input[0], (2 * 32 + 2) as f32);
        assert_eq!(input[27], (2 * 32 + 29) as f32);
        assert_eq!(input[INPUT_VALUES - 1], (2 * 1024 + 29 * 32 + 29) as f32);
    }
}
