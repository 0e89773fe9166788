//! ReLU and the larger of two numbers, as choices that keep NaN: `relu(x) = 0` where `x <= 0`, else `x`. And the choice
//! that makes a NaN of a sum that has overflowed.
//!
//! The maximum instructions of x86 and IEEE's `maxNum` (`f32::max`) return the other number where one is NaN. Written
//! with them, ReLU and max-pooling would make 0 of a NaN, and a network that has diverged would go on with a loss of ln
//! 10.

use pulp::Simd;

/// `max(x, 0)`; NaN stays NaN, and -0 becomes 0.
#[inline(always)]
pub(super) fn relu(number: f32) -> f32 {
    if number <= 0.0 { 0.0 } else { number }
}

/// The same for a vector.
#[inline(always)]
pub(super) fn relu_vector<S: Simd>(simd: S, numbers: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_or_equal_f32s(numbers, zero), zero, numbers)
}

/// `number`, NaN if it is infinite. Where a sum of squares is divided by, infinity would make 0 of everything: a
/// network whose numbers have overflowed would go on with a finite loss and gradients of 0.
#[inline(always)]
pub(super) fn finite_or_nan(number: f32) -> f32 {
    if number.is_finite() { number } else { f32::NAN }
}

/// `number` if it is larger than `max` or NaN, else `max`: NaN as soon as one number was, and of equal ones the first.
#[inline(always)]
pub(super) fn max(max: f32, number: f32) -> f32 {
    // `|`, unlike `||`, is no branch, so loops are vectorized.
    if (number > max) | number.is_nan() { number } else { max }
}
