//! The randomization tests of section 2.1, on the bundled images.

use rote::data::{
    Condition, INPUT_SIDE, INPUT_VALUES, Randomization, RunImages, Split, Variation, shown_labels,
};

use crate::support::bundled;

const POSITIONS: usize = INPUT_SIDE * INPUT_SIDE;

fn run_images(
    condition: Condition,
    label_corruption: f64,
    corrupt_test_labels: bool,
) -> [RunImages; 2] {
    let randomization = Randomization { condition, label_corruption, corrupt_test_labels, seed: 1 };
    RunImages::of_run(&bundled(), 200, randomization).unwrap()
}

fn plain(condition: Condition) -> [RunImages; 2] {
    run_images(condition, 0.0, false)
}

fn input(run_images: &RunImages, index: usize) -> Vec<f32> {
    let mut input = vec![0.0; INPUT_VALUES];
    run_images.write_input(index, Variation::CENTRAL, &mut input);
    input
}

/// For each position of a rearranged input, the positions of the original with the same three channel values.
fn origins(rearranged: &[f32], original: &[f32]) -> Vec<Vec<usize>> {
    let pixel = |input: &[f32], at: usize| {
        [0, 1, 2].map(|channel| input[channel * POSITIONS + at].to_bits())
    };
    (0..POSITIONS)
        .map(|at| {
            (0..POSITIONS).filter(|&from| pixel(original, from) == pixel(rearranged, at)).collect()
        })
        .collect()
}

#[test]
fn corruption_changes_nine_tenths_of_its_rate() {
    let clean: Vec<u8> = (0..20_000).map(|index| (index % 10) as u8).collect();
    for rate in [0.0, 0.1, 0.5, 1.0] {
        let shown = shown_labels(&clean, rate, 1, Split::Train);
        let changed =
            shown.iter().zip(&clean).filter(|(shown, clean)| shown != clean).count() as f64;
        let (expected, deviation) =
            (20_000.0 * 0.9 * rate, (20_000.0 * 0.9 * rate * (1.0 - 0.9 * rate)).sqrt());
        assert!(
            (changed - expected).abs() <= 4.0 * deviation,
            "rate {rate}: {changed} of {expected} changed"
        );
    }
}

#[test]
fn a_label_that_is_replaced_at_a_low_rate_is_replaced_alike_at_a_higher_one() {
    let clean = [3u8; 5_000];
    let (low, high) =
        (shown_labels(&clean, 0.3, 1, Split::Train), shown_labels(&clean, 0.6, 1, Split::Train));
    assert!(low.iter().zip(&high).all(|(&low, &high)| low == 3 || low == high));
    // 5,000 labels, nine tenths of the rate: 1,350 and 2,700, with deviations of 31 and 35.
    let corrupted = |shown: &[u8]| shown.iter().filter(|&&label| label != 3).count();
    assert!(corrupted(&low).abs_diff(1_350) < 4 * 31, "{}", corrupted(&low));
    assert!(corrupted(&high).abs_diff(2_700) < 4 * 35, "{}", corrupted(&high));
}

#[test]
fn replaced_labels_are_uniform_over_the_classes() {
    let shown = shown_labels(&[0u8; 20_000], 1.0, 1, Split::Train);
    for class in 0..10 {
        let count = shown.iter().filter(|&&label| label == class).count();
        // 2,000 each, with a deviation of 42.
        assert!(count.abs_diff(2_000) < 4 * 42, "class {class}: {count}");
    }
}

#[test]
fn test_labels_stay_clean_unless_asked() {
    let [train, test] = run_images(Condition::RandomLabels, 0.0, false);
    assert!(train.corrupted_labels() > 150 && test.corrupted_labels() == 0);
    let [_, test] = run_images(Condition::RandomLabels, 0.0, true);
    assert!(test.corrupted_labels() > 400);
    let [_, test] = run_images(Condition::TrueLabels, 0.5, true);
    assert!((150..=300).contains(&test.corrupted_labels()), "{}", test.corrupted_labels());
}

#[test]
fn true_and_random_labels_leave_the_pixels_alone_and_pixel_tests_leave_the_labels_alone() {
    let [as_is, _] = plain(Condition::TrueLabels);
    assert_eq!(as_is.corrupted_labels(), 0);
    assert_eq!(plain(Condition::RandomLabels)[0].inputs(), as_is.inputs());
    for condition in [Condition::ShuffledPixels, Condition::RandomPixels, Condition::Gaussian] {
        let [train, test] = plain(condition);
        assert_eq!((train.corrupted_labels(), test.corrupted_labels()), (0, 0));
        assert_ne!(train.inputs(), as_is.inputs());
    }
}

#[test]
fn shuffled_pixels_are_one_permutation_for_all_training_and_test_images() {
    let ([shuffled, shuffled_test], [as_is, as_is_test]) =
        (plain(Condition::ShuffledPixels), plain(Condition::TrueLabels));
    let first = origins(&input(&shuffled, 0), &input(&as_is, 0));
    let second = origins(&input(&shuffled, 7), &input(&as_is, 7));
    let test = origins(&input(&shuffled_test, 3), &input(&as_is_test, 3));
    let mut shared = Vec::new();
    for at in 0..POSITIONS {
        let common: Vec<_> = first[at]
            .iter()
            .copied()
            .filter(|from| second[at].contains(from) && test[at].contains(from))
            .collect();
        assert!(!common.is_empty(), "position {at} has no origin that all three images share");
        shared.push(common[0]);
    }
    assert_ne!(shared, (0..POSITIONS).collect::<Vec<_>>());
}

#[test]
fn random_pixels_are_another_permutation_for_every_image() {
    let ([random, _], [as_is, _]) = (plain(Condition::RandomPixels), plain(Condition::TrueLabels));
    let first = origins(&input(&random, 0), &input(&as_is, 0));
    let second = origins(&input(&random, 7), &input(&as_is, 7));
    assert!(first.iter().all(|from| !from.is_empty()), "every pixel is one of the image's own");
    let shared =
        (0..POSITIONS).filter(|&at| first[at].iter().any(|from| second[at].contains(from))).count();
    // Independent permutations share a position in 784 by chance, and a few more where colours repeat.
    assert!(shared < POSITIONS / 4, "{shared} positions could have the same origin");
}

#[test]
fn gaussian_images_have_the_data_sets_mean_and_deviation_and_no_image_in_them() {
    let [noise, test] = plain(Condition::Gaussian);
    // Before whitening: the preview is limited to bytes, which moves mean and deviation by less than 0.02.
    let bytes: Vec<u8> = (0..100).flat_map(|index| noise.preview(index)).collect();
    let red: Vec<f64> = bytes.iter().step_by(4).map(|&byte| f64::from(byte) / 255.0).collect();
    let mean = red.iter().sum::<f64>() / red.len() as f64;
    let deviation =
        (red.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / red.len() as f64).sqrt();
    assert!(
        (mean - 0.4914).abs() < 0.02 && (deviation - 0.247).abs() < 0.02,
        "mean {mean}, deviation {deviation}"
    );
    // Photographs have the same mean and deviation. In them a pixel is like its neighbour and red is like green (both
    // correlate by 0.9); in noise nothing is like anything, to four deviations of 1/sqrt(POSITIONS).
    let correlation = |input: &[f32], offset: usize| {
        let pairs = input.iter().zip(&input[offset..]).take(POSITIONS - 1);
        let products = pairs.map(|(&one, &other)| f64::from(one) * f64::from(other));
        products.sum::<f64>() / (POSITIONS - 1) as f64
    };
    let [photographs, _] = plain(Condition::TrueLabels);
    for (offset, of) in [(1, "neighbours"), (POSITIONS, "red and green")] {
        for index in 0..20 {
            let found = correlation(&input(&noise, index), offset);
            assert!(found.abs() < 4.0 / (POSITIONS as f64).sqrt(), "{of} of {index}: {found}");
        }
        let sum: f64 = (0..20).map(|index| correlation(&input(&photographs, index), offset)).sum();
        assert!(sum / 20.0 > 0.5, "{of}: photographs are not seen: {sum}");
    }
    assert_ne!(input(&noise, 0), input(&noise, 1));
    assert_ne!(input(&noise, 0), input(&test, 0));
}

#[test]
fn every_condition_is_whitened_and_the_same_for_the_same_seed() {
    for &condition in Condition::ALL {
        let inputs = plain(condition)[0].inputs();
        assert_eq!(inputs, plain(condition)[0].inputs(), "{}", condition.key());
        for input in inputs.chunks_exact(INPUT_VALUES) {
            let mean =
                input.iter().map(|&value| f64::from(value)).sum::<f64>() / INPUT_VALUES as f64;
            let square = input.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>()
                / INPUT_VALUES as f64;
            assert!(
                mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4,
                "{}: {mean} {square}",
                condition.key()
            );
        }
    }
}
