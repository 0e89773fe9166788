//! What the lessons ask for can be run, is measured as they say, and stands in the paper where they say so.

use std::collections::BTreeSet;

use super::lesson::Lesson;
use super::measure::{Found, Measure};
use super::text::LESSONS;
use super::told;
use crate::experiments::{EXPERIMENTS, Scale};
use crate::lab::facts::history::History;
use crate::lab::facts::link;
use crate::models::ModelName;
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
        let next = (lesson.next)(&[]).1;
        for query in [lesson.query, &next] {
            let (choices, sentences) = link::read(query);
            assert_eq!(sentences, Vec::<String>::new(), "{}: {query}", lesson.title);
            assert_eq!(link::read(&link::write(&choices)).0, choices, "{}: {query}", lesson.title);
        }
        assert!(
            lesson.query.starts_with("race="),
            "{}: a lesson says what it compares",
            lesson.title
        );
        assert_ne!(lesson.query, next, "{}: what to try is something else", lesson.title);
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
fn a_number_of_the_paper_stands_beside_a_run_of_the_same_kind() {
    for (lesson, choices) in lessons() {
        let plans = choices.race.plans(&choices.recipe);
        for guess in lesson.guesses {
            let Some((table, name)) = guess.row else { continue };
            let table = EXPERIMENTS.iter().find(|known| known.name == table).unwrap();
            let row = (table.rows)(Scale::Paper).into_iter().find(|row| row.name == name).unwrap();
            // All but how many images there are and how they are trained on: so few take other batches and fewer epochs.
            let own = &plans[guess.place].recipe;
            let own = Recipe {
                images: row.recipe.images,
                batch_size: row.recipe.batch_size,
                epochs: row.recipe.epochs,
                stop_at_train_loss: row.recipe.stop_at_train_loss,
                ..own.clone()
            };
            assert_eq!(own, row.recipe, "{}: {}", lesson.title, guess.label);
        }
    }
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
    assert_eq!(Measure::TrainAccuracy.of(&over, None), Some(Found::Number(0.75)));
    assert_eq!(Measure::TestAccuracy.of(&over, None), Some(Found::Number(0.125)));
}

#[test]
fn the_time_to_fit_is_a_multiple_of_that_of_the_first_run() {
    // A loss of 0.1 is fitted. The first run has less after 10 steps; the second after 20.
    let first = run(&[(0.05, 0)], true);
    let second = run(&[(0.15, 0), (0.05, 0)], true);
    assert_eq!(Measure::TimeToFit.of(&second, Some(&first)), Some(Found::Number(2.0)));
    assert_eq!(Measure::TimeToFit.of(&first, Some(&first)), Some(Found::Number(1.0)));
    assert_eq!(Measure::TimeToFit.of(&second, None), None);
    assert_eq!(Measure::TimeToFit.words(2.0), "2.0 times");
}

#[test]
fn the_truth_is_taken_at_its_best_moment_and_in_the_end() {
    // Of eight corrupted labels 2, 6 and then 1 are called what the image is.
    let over = run(&[(2.0, 2), (1.0, 6), (0.5, 1)], true);
    assert_eq!(Measure::MostTruth.of(&over, None), Some(Found::Number(0.75)));
    assert_eq!(Measure::LastTruth.of(&over, None), Some(Found::Number(0.125)));
}

#[test]
fn a_run_that_is_over_without_a_number_says_why() {
    let first = run(&[(0.05, 0)], true);
    let never = run(&[(2.0, 0), (1.0, 0)], true);
    let nothing = |words: &str| Some(Found::Nothing(words.into()));
    assert_eq!(Measure::TimeToFit.of(&never, Some(&first)), nothing("not within 2 epochs"));
    assert_eq!(
        Measure::TimeToFit.of(&first, Some(&never)),
        nothing("cannot be compared: the first run was not fitted within 2 epochs")
    );
    let unmeasured = finished(Recipe::default(), &[0.05], (1.0, 0.5), None);
    assert_eq!(Measure::MostTruth.of(&unmeasured, None), nothing("no label is wrong"));
}

/// A run of ten steps an epoch with these training losses and, in the end, these accuracies and corrupted labels.
fn finished(
    recipe: Recipe,
    losses: &[f32],
    (train_accuracy, test_accuracy): (f64, f64),
    corrupted: Option<CorruptedCounts>,
) -> History {
    let mut history = History::default();
    for (epoch, &train_loss) in (1..).zip(losses) {
        history.push(Event::Epoch(EpochMetrics {
            epoch,
            step: 10 * epoch,
            learning_rate: 0.01,
            train_loss,
            accuracy: None,
            seconds: 1.0,
            images_per_second: 1.0,
        }));
    }
    history.push(Event::Finished(Summary {
        recipe,
        train_accuracy,
        test_accuracy,
        train_loss: losses[losses.len() - 1],
        corrupted,
        steps: 10 * losses.len() as u64,
        epochs: losses.len() as u64,
        seconds: 1.0,
        stopped_by: StopReason::Epochs,
    }));
    history
}

/// A run with these accuracies on training and test images.
fn accurate(train: f64, test: f64) -> History {
    let loss = if train < 0.9 { 1.0 } else { 0.05 };
    finished(Recipe::default(), &[loss], (train, test), None)
}

/// A run that fitted its training set in so many epochs of ten steps, of as many as it had.
fn fitting_in(model: ModelName, epoch: usize, of: usize) -> History {
    let losses: Vec<f32> = (1..=of).map(|at| if at < epoch { 2.0 } else { 0.05 }).collect();
    finished(Recipe { model, ..Recipe::default() }, &losses, (1.0, 0.1), None)
}

#[track_caller]
fn assert_says(told: &[String], words: &str) {
    assert!(told.iter().any(|sentence| sentence.contains(words)), "{words:?} is not in {told:#?}");
}

#[track_caller]
fn assert_does_not_say(told: &[String], words: &str) {
    assert!(told.iter().all(|sentence| !sentence.contains(words)), "{words:?} is in {told:#?}");
}

#[test]
fn noise_is_said_to_be_learned_only_where_it_was() {
    let learned = told::noise(&[accurate(1.0, 0.11)]);
    assert_says(&learned, "It gets 100 % of its training pictures “right”, though");
    assert_says(&learned, "11 % right (as by guessing");
    let not = told::noise(&[accurate(0.4, 0.3)]);
    assert_says(
        &not,
        "40 % of its training pictures “right” in 1 epoch: so far it has not learned",
    );
    assert_says(&not, "30 % right (more than by guessing)");
}

#[test]
fn the_fits_of_a_sweep_are_counted_and_its_fall_is_seen_before_it_is_said() {
    let tests = [0.35, 0.3, 0.25, 0.2, 0.1];
    let all = told::more_noise(&tests.map(|test| accurate(1.0, test)));
    assert_says(&all, "5 of 5 networks get 99 % or more");
    assert_says(
        &all,
        "35 %, 30 %, 25 %, 20 % and 10 % right: the more labels are random, the fewer",
    );
    assert_says(&all, "does not tell how well it will do");
    let mut runs = tests.map(|test| accurate(1.0, test));
    runs[4] = accurate(0.8, 0.1);
    let four = told::more_noise(&runs);
    assert_says(&four, "4 of 5 networks");
    assert_does_not_say(&four, "does not tell how well it will do");
    let uneven = told::more_noise(&[0.35, 0.25, 0.3, 0.2, 0.1].map(|test| accurate(1.0, test)));
    assert_says(&uneven, "but not at every level");
    let level = told::more_noise(&[0.35, 0.3, 0.3, 0.2, 0.1].map(|test| accurate(1.0, test)));
    assert_says(&level, "but not at every level");
    // 35 % and 32 % of 500 images: two standard errors of the difference are 6 points.
    let flat = told::more_noise(&[0.35, 0.34, 0.33, 0.32, 0.32].map(|test| accurate(1.0, test)));
    assert_says(&flat, "no clear fall");
    assert_does_not_say(&flat, "does not tell how well it will do");
}

#[test]
fn the_order_of_the_five_kinds_of_data_is_the_one_that_was_measured() {
    let of = |model, epochs: [usize; 5]| epochs.map(|epoch| fitting_in(model, epoch, 9));
    let paper = told::pixels(&of(ModelName::Mlp1x512, [2, 8, 3, 6, 5]));
    assert_says(
        &paper,
        "true labels (20 steps), shuffled pixels (30 steps), pure noise (50 steps), random pixels (60 steps), random labels (80 \
         steps)",
    );
    assert_says(&paper, "As in the paper");
    assert_says(&paper, "only its first weights meet other pixels");
    let few = told::pixels(&of(ModelName::Mlp1x512, [6, 8, 6, 3, 2]));
    assert_says(&few, "here it is pure noise first and random labels last");
    assert_says(&few, "took about as long as none. To this network, which knows nothing of");
    // What is fitted after the same epoch came at once.
    let tied = told::pixels(&of(ModelName::Mlp1x512, [2, 8, 2, 6, 5]));
    assert_says(&tied, "here it is true labels and shuffled pixels first and random labels last");
    assert_does_not_say(&told::pixels(&of(ModelName::Mlp1x512, [2; 5])), "first and");
    let cnn = told::pixels(&of(ModelName::CnnSmall, [2, 8, 6, 3, 2]));
    assert_says(&cnn, "took 3.0 times as long as none. This network looks at neighbouring pixels");
    let unfitted = told::pixels(&of(ModelName::Mlp1x512, [2, 20, 2, 2, 2]));
    assert_says(&unfitted, "With random labels: not within 9 epochs.");
    assert_does_not_say(&unfitted, "the paper, true labels");
}

#[test]
fn a_regularizer_that_held_is_not_said_to_have_failed() {
    let runs = |crops: f64, plain: f64, decay: f64| {
        [
            accurate(1.0, 0.1),
            accurate(1.0, 0.1),
            accurate(0.995, 0.1),
            accurate(crops, 0.1),
            accurate(1.0, plain),
            accurate(1.0, decay),
        ]
    };
    let held = told::regularizers(&runs(0.3, 0.35, 0.36));
    assert_says(
        &held,
        "with nothing against it (100 % after 1 epoch), weight decay (100 % after 1 epoch) and dropout (99.5 % after 1 epoch).",
    );
    assert_says(&held, "It did not with random crops (30 % after 1 epoch)");
    assert_says(
        &held,
        "35 % of new pictures right without weight decay and 36 % with it: with so few",
    );
    assert_says(&held, "it is no regularizer");
    let all = told::regularizers(&runs(1.0, 0.12, 0.3));
    assert_does_not_say(&all, "It did not");
    assert_says(&all, "here weight decay helps");
    // 12 % of 500 images is guessing: nothing is concluded from that.
    assert_does_not_say(&all, "it is no regularizer");
}

#[test]
fn the_truth_is_said_to_rise_only_where_it_was_seen_to() {
    let rose = told::lies_or_truth(&[run(&[(2.0, 1), (1.5, 6), (0.05, 0)], true)]);
    assert_says(&rose, "It rose from 12.5 % at step 10 to there, and ended at 0 %.");
    assert_says(&rose, "75 % truly at step 20");
    let fell = told::lies_or_truth(&[run(&[(2.0, 6), (0.05, 1)], true)]);
    assert_says(&fell, "at its best when first measured, and ended at 12.5 %");
    // Of eight images one is what luck does.
    let luck = told::lies_or_truth(&[run(&[(2.0, 1), (0.05, 0)], true)]);
    assert_says(&luck, "luck could do as well");
    // What to try names the step of the peak, and stops there.
    let (words, query) = (LESSONS[4].next)(&[run(&[(2.0, 1), (1.5, 6), (0.05, 0)], true)]);
    assert!(words.contains("Steps at most set to 20"), "{words}");
    assert_eq!(link::read(&query).0.recipe.steps, Some(20));
    assert_eq!(link::read(&query).0.recipe.images, link::read(LESSONS[4].query).0.recipe.images);
}

#[test]
fn nothing_is_concluded_from_two_runs_that_do_not_differ_or_did_not_fit() {
    let clear = told::explanation(&[accurate(1.0, 0.35), accurate(1.0, 0.1)]);
    assert_says(&clear, "cannot be the whole of the difference");
    assert_says(&clear, "35 % right (more than by guessing), and 10 % right (as by guessing");
    let alike = told::explanation(&[accurate(1.0, 0.12), accurate(1.0, 0.1)]);
    assert_says(&alike, "no more than luck could make");
    let reverse = told::explanation(&[accurate(1.0, 0.1), accurate(1.0, 0.35)]);
    assert_says(&reverse, "the one that was told random labels is the better one");
    assert_does_not_say(&reverse, "no more than luck could make");
    // Stopped by its loss, with a picture in a hundred still not right.
    let stopped = told::explanation(&[accurate(0.985, 0.35), accurate(1.0, 0.1)]);
    assert_says(&stopped, "cannot be the whole of the difference");
    let unfitted = told::explanation(&[accurate(1.0, 0.35), accurate(0.5, 0.1)]);
    assert_says(&unfitted, "cannot be compared as the paper does");
}

/// So many runs that are over.
fn over(count: usize) -> Vec<Option<History>> {
    (0..count).map(|_| Some(run(&[(2.0, 1), (0.05, 0)], true))).collect()
}

/// What a lesson tells of runs that are over, of the comparison that a link leads to.
fn told_of(query: &str) -> Vec<String> {
    let choices = link::read(query).0;
    let link::Screen::Lesson(number) = choices.view else { panic!("{query} is no lesson") };
    let (lesson, plans) = (&LESSONS[number - 1], choices.race.plans(&choices.recipe));
    (lesson.told)(&lesson.own_runs(choices.race, &plans, over(plans.len())))
}

#[test]
fn every_lesson_tells_of_its_own_comparison_and_of_no_other() {
    for number in 1..=LESSONS.len() {
        let own = format!("view=lesson-{number}");
        for same in ["", "&images=200&batch-size=100", "&seed=9&dropout=0.5", "&model=mlp-3x512"] {
            assert!(!told_of(&format!("{own}{same}")).is_empty(), "{own}{same}");
        }
    }
    for other in [
        "view=lesson-1&condition=true-labels",
        "view=lesson-1&condition=random-pixels",
        "view=lesson-1&corrupt-test-labels=true",
        "view=lesson-2&race=conditions",
        "view=lesson-2&corrupt-test-labels=true",
        "view=lesson-3&race=corruption",
        "view=lesson-4&race=conditions",
        "view=lesson-4&corrupt-test-labels=true",
        "view=lesson-5&label-corruption=0.25",
        "view=lesson-5&condition=random-labels",
        "view=lesson-6&race=weight-decay",
        "view=lesson-6&race=batch-norm",
        "view=lesson-6&label-corruption=0.5",
    ] {
        assert_eq!(told_of(other), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn a_lesson_tells_nothing_before_all_of_its_runs_are_over() {
    for (lesson, choices) in lessons() {
        let plans = choices.race.plans(&choices.recipe);
        let told = |runs| (lesson.told)(&lesson.own_runs(choices.race, &plans, runs));
        let mut one_is_missing = over(plans.len());
        one_is_missing[0] = None;
        let begun = plans.iter().map(|_| Some(run(&[(2.0, 1)], false))).collect();
        for runs in [one_is_missing, begun] {
            assert_eq!(told(runs), Vec::<String>::new(), "{}", lesson.title);
        }
    }
}

/// Every number that is written in digits: `1,000` is 1000.
fn numbers(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_digit() && !",.".contains(letter));
    let words = words.map(|word| word.trim_matches([',', '.']).replace(',', ""));
    words.filter(|word| !word.is_empty()).collect()
}

#[test]
fn what_a_lesson_says_without_its_runs_has_no_number_but_those_of_its_settings_and_of_the_paper() {
    for (lesson, choices) in lessons() {
        let recipe = &choices.recipe;
        // One in ten of the labels that are drawn is the true one.
        let wrong_percent = 90.0 * recipe.label_corruption;
        let settings = [recipe.images.to_string(), wrong_percent.to_string()].into();
        let labels = lesson.guesses.iter().map(|guess| guess.label);
        for text in [lesson.question, lesson.lead, lesson.why].into_iter().chain(labels) {
            let others: Vec<_> = numbers(text).difference(&settings).cloned().collect();
            assert!(others.is_empty(), "{}: {others:?} in {text:?}", lesson.title);
        }
        // Tables and figures, the year of a paper that is named, CIFAR-10 and its size, and what is checked below.
        let of_paper = ["1", "4", "2017", "10", "50000", "99"].map(str::to_owned).into();
        let others: Vec<_> = numbers(lesson.paper).difference(&of_paper).cloned().collect();
        assert!(others.is_empty(), "{}: {others:?} in {:?}", lesson.title, lesson.paper);
    }
}

#[test]
fn what_a_lesson_says_of_table_4_is_in_table_4() {
    let paper = LESSONS[3].paper;
    assert!(paper.contains("99 % or more of the random labels in five rows of six"), "{paper}");
    let table = EXPERIMENTS.iter().find(|table| table.name == "table4").unwrap();
    let rows = (table.rows)(Scale::Paper);
    let (fit, not): (Vec<_>, Vec<_>) = rows
        .iter()
        .partition(|row| row.published.train.as_ref().is_some_and(|number| number.percent >= 99.0));
    assert_eq!((fit.len(), not.len()), (5, 1));
    assert_eq!(not[0].name, "alexnet-small/random-labels+decay");
}
