//! What the lessons ask for can be run, is measured as they say, and stands in the paper where they say so.

use std::collections::BTreeSet;

use super::lesson::Lesson;
use super::measure::Measure;
use super::text::LESSONS;
use crate::lab::facts::history::History;
use crate::lab::facts::link;
use crate::train::{Accuracy, CorruptedCounts, EpochMetrics, Event, Recipe, StopReason, Summary};

/// A run of epochs with a training loss each, ten steps an epoch, and of eight corrupted labels so many that are still called
/// what the image is. `is_over` when its end was told.
fn run(epochs: &[(f32, u64)], is_over: bool) -> History {
    let mut history = History::default();
    for (at, &(train_loss, still_clean)) in epochs.iter().enumerate() {
        let corrupted = CorruptedCounts { count: 8, memorized: 0, still_clean };
        let epoch = at as u64 + 1;
        history.push(Event::Epoch(EpochMetrics {
            epoch,
            step: 10 * epoch,
            learning_rate: 0.01,
            train_loss,
            accuracy: Some(Accuracy {
                train_accuracy: 0.5,
                test_accuracy: 0.25,
                test_loss: 2.0,
                corrupted: Some(corrupted),
            }),
            seconds: 1.0,
            images_per_second: 1.0,
        }));
    }
    if is_over {
        history.push(Event::Finished(Summary {
            recipe: Recipe::default(),
            train_accuracy: 0.75,
            test_accuracy: 0.125,
            train_loss: 0.0,
            corrupted: None,
            steps: 10 * epochs.len() as u64,
            epochs: epochs.len() as u64,
            seconds: 1.0,
            stopped_by: StopReason::Epochs,
        }));
    }
    history
}

/// A lesson with what its link says.
fn lessons() -> impl Iterator<Item = (&'static Lesson, link::Choices)> {
    LESSONS.iter().map(|lesson| (lesson, link::read(lesson.query).0))
}

#[test]
fn every_link_of_a_lesson_can_be_taken_as_it_is() {
    for lesson in &LESSONS {
        for query in [lesson.query, lesson.next.1] {
            let (choices, sentences) = link::read(query);
            assert_eq!(sentences, Vec::<String>::new(), "{}: {query}", lesson.title);
            assert_eq!(link::read(&link::write(&choices)).0, choices, "{}: {query}", lesson.title);
        }
        assert!(
            lesson.query.starts_with("race="),
            "{}: a lesson says what it compares",
            lesson.title
        );
        assert_ne!(lesson.query, lesson.next.1, "{}: what to try is something else", lesson.title);
    }
}

#[test]
fn every_guess_is_about_a_run_of_its_lesson() {
    for (lesson, choices) in lessons() {
        let plans = choices.race.plans(&choices.recipe);
        assert!(!lesson.guesses.is_empty(), "{}", lesson.title);
        for guess in lesson.guesses {
            assert!(guess.place < plans.len(), "{}: {}", lesson.title, guess.label);
        }
        let asked: BTreeSet<_> =
            lesson.guesses.iter().map(|guess| (guess.place, guess.measure as usize)).collect();
        assert_eq!(asked.len(), lesson.guesses.len(), "{} asks something twice", lesson.title);
    }
}

#[test]
fn guesses_about_corrupted_labels_are_about_runs_that_have_some() {
    for (lesson, choices) in lessons() {
        let plans = choices.race.plans(&choices.recipe);
        for guess in lesson.guesses {
            if matches!(guess.measure, Measure::MostTruth | Measure::LastTruth) {
                let share = plans[guess.place].recipe.label_corruption;
                assert!(share > 0.0, "{}: {}", lesson.title, guess.label);
            }
        }
    }
}

#[test]
fn every_row_that_a_lesson_names_is_in_the_paper_with_a_share() {
    let mut named = 0;
    for guess in LESSONS.iter().flat_map(|lesson| lesson.guesses) {
        match guess.row {
            Some(row) => {
                let share = guess.paper().unwrap_or_else(|| panic!("{row:?}: {}", guess.label));
                assert!((0.0..=1.0).contains(&share), "{row:?}: {share}");
                named += 1;
            }
            None => assert_eq!(guess.paper(), None),
        }
    }
    assert!(named > 5, "{named} guesses have the paper's number beside them");
}

#[test]
fn the_first_lesson_has_the_numbers_of_table_1_beside_it() {
    // An MLP of one hidden layer on random labels, in the paper's Table 1: 99.34 % of the training images, 10.61 % of the
    // test images.
    let paper: Vec<_> = LESSONS[0].guesses.iter().map(|guess| guess.paper().unwrap()).collect();
    assert!((paper[0] - 0.9934).abs() < 1e-12 && (paper[1] - 0.1061).abs() < 1e-12, "{paper:?}");
}

#[test]
fn nothing_is_measured_of_a_run_before_it_is_over() {
    let (begun, over) = (run(&[(0.05, 4)], false), run(&[(0.05, 4)], true));
    for measure in [
        Measure::TrainAccuracy,
        Measure::TestAccuracy,
        Measure::TimeToFit,
        Measure::MostTruth,
        Measure::LastTruth,
    ] {
        assert_eq!(measure.of(&begun, Some(&over)), None, "{measure:?}");
        assert!(measure.of(&over, Some(&over)).is_some(), "{measure:?}");
    }
}

#[test]
fn accuracies_are_those_of_the_end() {
    let over = run(&[(2.0, 0), (1.0, 0)], true);
    assert_eq!(Measure::TrainAccuracy.of(&over, None), Some(0.75));
    assert_eq!(Measure::TestAccuracy.of(&over, None), Some(0.125));
}

#[test]
fn the_time_to_fit_is_a_multiple_of_that_of_the_first_run() {
    // A loss of 0.1 is fitted. The first run has less after 10 steps, the second after 20, where it would be stopped; the last
    // never gets there and has no time.
    let first = run(&[(0.05, 0)], true);
    let second = run(&[(0.15, 0), (0.05, 0)], true);
    let never = run(&[(2.0, 0), (1.0, 0)], true);
    let times = Measure::TimeToFit.of(&second, Some(&first)).unwrap();
    assert_eq!(times, 2.0);
    assert_eq!(Measure::TimeToFit.of(&first, Some(&first)), Some(1.0));
    assert_eq!(Measure::TimeToFit.of(&never, Some(&first)), None);
    assert_eq!(Measure::TimeToFit.of(&second, Some(&never)), None);
    assert_eq!(Measure::TimeToFit.of(&second, None), None);
    assert_eq!(Measure::TimeToFit.words(2.0), "2.0 times");
}

#[test]
fn the_truth_is_taken_at_its_best_moment_and_in_the_end() {
    // Of eight corrupted labels 2, 6 and then 1 are called what the image is.
    let over = run(&[(2.0, 2), (1.0, 6), (0.5, 1)], true);
    assert_eq!(Measure::MostTruth.of(&over, None), Some(0.75));
    assert_eq!(Measure::LastTruth.of(&over, None), Some(0.125));
}
