//! From a picture to a network's input (paper, appendix A): divide by 255, cut a 28x28 window, whiten each image.

use super::{CHANNELS, PICTURE_SIDE};

/// Height and width of an input.
pub const INPUT_SIDE: usize = 28;
/// Numbers in one input: `[3, 28, 28]`.
pub const INPUT_VALUES: usize = CHANNELS * INPUT_SIDE * INPUT_SIDE;
/// Windows of an input's size in a picture, along one side.
pub const CROP_POSITIONS: usize = PICTURE_SIDE - INPUT_SIDE + 1;

/// The upper left corner of a window, `(row, column)`, each below [`CROP_POSITIONS`].
pub type Corner = (usize, usize);

/// The corner of the central window.
pub const CENTRE: Corner = ((PICTURE_SIDE - INPUT_SIDE) / 2, (PICTURE_SIDE - INPUT_SIDE) / 2);

/// Copies the 28x28 window at `corner` of a `[3, 32, 32]` picture to `input`, `[3, 28, 28]`.
pub fn crop<T: Copy>(picture: &[T], corner: Corner, input: &mut [f32], as_pixel: impl Fn(T) -> f32) {
    let (top, left) = corner;
    for (row, target) in input.chunks_exact_mut(INPUT_SIDE).enumerate() {
        let (channel, row) = (row / INPUT_SIDE, row % INPUT_SIDE);
        let start = (channel * PICTURE_SIDE + top + row) * PICTURE_SIDE + left;
        for (value, &byte) in target.iter_mut().zip(&picture[start..start + INPUT_SIDE]) {
            *value = as_pixel(byte);
        }
    }
}

/// Subtracts the image's mean and divides by its deviation, both over all channels and positions; the deviation is at
/// least `1 / sqrt(N)` (TensorFlow's `per_image_whitening`).
pub fn whiten(input: &mut [f32]) {
    let count = input.len() as f64;
    let mean = input.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = input.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
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
        let deviation = (input.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count - mean * mean).sqrt();
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

    #[test]
    fn the_central_window_starts_at_row_2_and_column_2() {
        let picture: Vec<f32> = (0..CHANNELS * PICTURE_SIDE * PICTURE_SIDE).map(|i| i as f32).collect();
        let mut input = vec![0.0; INPUT_VALUES];
        crop(&picture, CENTRE, &mut input, |value| value);
        assert_eq!(input[0], (2 * 32 + 2) as f32);
        assert_eq!(input[27], (2 * 32 + 29) as f32);
        assert_eq!(input[INPUT_VALUES - 1], (2 * 1024 + 29 * 32 + 29) as f32);
    }
}
