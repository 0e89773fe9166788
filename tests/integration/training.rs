//! What a run does: it memorizes, it generalizes, it repeats itself bit for bit, and it goes on where it stopped.

use rote::device;
use rote::train::{Checkpoint, Event, Recipe, Session, StopReason, TrainError};

use crate::support::{bundled, checkpoint, finish, losses, recipe, session, summary};

#[test]
fn random_labels_are_memorized_and_the_test_set_stays_at_chance() {
    let mut run = session(
        "condition = \"random-labels\"\nimages = 200\nbatch-size = 32\nlearning-rate = 0.02\nstop-at-train-accuracy = 1",
    );
    let events = finish(&mut run);
    let summary = summary(&events);
    assert_eq!((summary.train_accuracy, summary.stopped_by), (1.0, StopReason::TrainAccuracy));
    // 500 test images: chance is 10 %, with a deviation of 1.3 points.
    assert!((0.04..0.16).contains(&summary.test_accuracy), "{}", summary.test_accuracy);
    let corrupted = summary.corrupted.expect("random labels corrupt");
    assert_eq!((corrupted.memorized, corrupted.still_clean), (corrupted.count, 0));
}

#[test]
fn true_labels_are_learned_and_help_on_new_images() {
    let mut run = session("images = 500\nbatch-size = 32\nstop-at-train-accuracy = 1");
    let events = finish(&mut run);
    let summary = summary(&events);
    assert_eq!((summary.train_accuracy, summary.corrupted), (1.0, None));
    assert!(summary.test_accuracy > 0.25, "{}", summary.test_accuracy);
}

#[test]
fn a_small_convolutional_network_with_batch_norm_memorizes_too() {
    let mut run = session(
        "model = \"cnn-small\"\ncondition = \"random-labels\"\nimages = 100\nbatch-size = 20\nstop-at-train-accuracy = 1",
    );
    // Measured without dropout and with running statistics, so this covers their evaluation too.
    assert_eq!(summary(&finish(&mut run)).train_accuracy, 1.0);
}

const STOCHASTIC: &str = "model = \"cnn-small\"\nimages = 60\nbatch-size = 16\nrandom-crop = true\naugmentation = true\ndropout = 0.3\n\
                          weight-decay = 0.001\nlabel-corruption = 0.5\nepochs = 3";

#[test]
fn one_recipe_run_twice_is_identical_to_the_bit() {
    let run_once = || {
        let mut run = session(STOCHASTIC);
        let events = finish(&mut run);
        let saved = checkpoint(&mut run);
        (losses(&events), saved.network)
    };
    assert!(run_once() == run_once());
}

#[test]
fn another_seed_gives_another_run() {
    let with_seed =
        |seed: u64| losses(&finish(&mut session(&format!("{STOCHASTIC}\nseed = {seed}"))));
    assert_ne!(with_seed(1), with_seed(2));
}

#[test]
fn a_run_that_is_saved_and_resumed_anywhere_is_identical_to_one_that_was_not() {
    let mut undisturbed = session(STOCHASTIC);
    let expected_losses = losses(&finish(&mut undisturbed));
    let expected = checkpoint(&mut undisturbed);
    // Four steps an epoch: in the middle of one, at the end of one (before it is measured), and at the start.
    for pieces in [1, 3, 5, 6] {
        let mut first = session(STOCHASTIC);
        let mut told = Vec::new();
        for _ in 0..pieces {
            told.extend(pollster::block_on(first.advance()).unwrap());
        }
        let (saved, flushed) = pollster::block_on(first.checkpoint()).unwrap();
        told.extend(flushed);
        let read = Checkpoint::from_bytes(&saved.to_bytes()).expect("it reads what it wrote");
        assert!(read == saved, "after {pieces} pieces of work");
        let mut second =
            Session::resume(&read, &read.recipe, &bundled(), &device::cpu().device).unwrap();
        told.extend(finish(&mut second));
        let found = checkpoint(&mut second);
        assert_eq!(losses(&told), expected_losses, "after {pieces} pieces of work");
        assert!(found.network == expected.network, "after {pieces}");
        let epochs = |events: &[Event]| {
            events.iter().filter(|event| matches!(event, Event::Epoch(_))).count()
        };
        assert_eq!(epochs(&found.progress.history), 3, "after {pieces} pieces of work");
    }
}

#[test]
fn a_finished_run_can_be_given_more_epochs() {
    let short = "images = 40\nbatch-size = 20\nepochs = 2";
    let mut run = session(short);
    finish(&mut run);
    let saved = checkpoint(&mut run);
    let longer = recipe("images = 40\nbatch-size = 20\nepochs = 4");
    let mut resumed = Session::resume(&saved, &longer, &bundled(), &device::cpu().device).unwrap();
    finish(&mut resumed);
    let mut at_once = session("images = 40\nbatch-size = 20\nepochs = 4");
    finish(&mut at_once);
    assert!(checkpoint(&mut resumed).network == checkpoint(&mut at_once).network);
}

#[test]
fn an_epoch_that_was_told_in_its_middle_is_told_once_when_the_run_goes_on() {
    // Three steps an epoch: the run ends in the middle of the second.
    let short = "images = 60\nbatch-size = 20\nsteps = 4";
    let mut run = session(short);
    finish(&mut run);
    let saved = checkpoint(&mut run);
    let longer = recipe("images = 60\nbatch-size = 20\nsteps = 9");
    let mut resumed = Session::resume(&saved, &longer, &bundled(), &device::cpu().device).unwrap();
    finish(&mut resumed);
    let of_epoch = |event: &Event| match event {
        Event::Epoch(epoch) => (epoch.epoch, epoch.step),
        other => panic!("a history is of epochs, not {other:?}"),
    };
    let told: Vec<_> = resumed.history().iter().map(of_epoch).collect();
    assert_eq!(told, [(1, 3), (2, 6), (3, 9)]);
}

#[test]
fn what_is_remembered_of_very_many_epochs_is_bounded_and_ends_with_the_last() {
    let mut run = session("images = 10\nbatch-size = 10\nepochs = 2300\nevaluate-every = 2300");
    let events = finish(&mut run);
    assert_eq!(summary(&events).epochs, 2300);
    let kept = run.history();
    assert!((500..=2000).contains(&kept.len()), "{}", kept.len());
    let last = |event: &Event| matches!(event, Event::Epoch(epoch) if epoch.epoch == 2300);
    assert!(kept.last().is_some_and(last));
}

#[test]
fn a_run_that_had_stopped_by_its_own_rule_takes_no_further_step_when_resumed() {
    let diverges =
        "learning-rate = 10\nlearning-rate-decay = 1\nmodel = \"cnn-small\"\nbatch-norm = false";
    for rule in [
        "stop-at-train-accuracy = 0.5",
        "stop-at-train-loss = 1",
        "learning-rate = 0.000001\npatience = 2",
        diverges,
    ] {
        let mut run = session(&format!("images = 40\nbatch-size = 20\n{rule}"));
        let ended = summary(&finish(&mut run)).clone();
        let saved = checkpoint(&mut run);
        let mut resumed =
            Session::resume(&saved, &saved.recipe, &bundled(), &device::cpu().device).unwrap();
        let events = finish(&mut resumed);
        assert_eq!(
            (summary(&events).steps, summary(&events).stopped_by),
            (ended.steps, ended.stopped_by),
            "{rule}"
        );
        assert_eq!(summary(&events).seconds, ended.seconds, "measuring is no training: {rule}");
        assert_eq!(losses(&events), Vec::<f32>::new());
    }
}

#[test]
fn a_checkpoint_goes_on_only_with_its_own_recipe() {
    let mut run = session("images = 40\nbatch-size = 20\nepochs = 1");
    finish(&mut run);
    let saved = checkpoint(&mut run);
    let resume_as = |text: &str| {
        Session::resume(&saved, &recipe(text), &bundled(), &device::cpu().device).err()
    };
    let error =
        resume_as("images = 40\nbatch-size = 20\nmodel = \"mlp-3x512\"").unwrap().to_string();
    assert_eq!(
        error,
        "the checkpoint is of a run with `model` mlp-1x512, but `model` is mlp-3x512; leave the setting as it was, or start anew"
    );
    assert!(resume_as("images = 40\nbatch-size = 20\nepochs = 9\npatience = 3").is_none());
}

#[test]
fn a_damaged_checkpoint_is_refused_wherever_it_is_damaged() {
    let mut run = session("images = 20\nbatch-size = 20\nepochs = 1");
    finish(&mut run);
    let bytes = checkpoint(&mut run).to_bytes();
    let read = |bytes: &[u8]| Checkpoint::from_bytes(bytes).map(|_| ());
    for kept in [0, 5, 11, 15, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(read(&bytes[..kept]), Err(TrainError::Damaged { .. })), "cut at {kept}");
    }
    for at in [20, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(matches!(read(&changed), Err(TrainError::Damaged { .. })), "changed at {at}");
    }
    let mut newer = bytes.clone();
    newer[8] = 9;
    assert!(matches!(read(&newer), Err(TrainError::Version { found: 9, known: 1 })));
}

#[test]
fn each_stop_rule_ends_the_run_and_says_so() {
    let stopped = |rule: &str| {
        let events = finish(&mut session(&format!("images = 40\nbatch-size = 16\n{rule}")));
        (summary(&events).stopped_by, summary(&events).steps, summary(&events).epochs)
    };
    // Three steps an epoch, the last of them with eight images.
    assert_eq!(stopped("epochs = 2"), (StopReason::Epochs, 6, 2));
    assert_eq!(stopped("steps = 4"), (StopReason::Steps, 4, 2));
    assert_eq!(stopped("stop-at-train-accuracy = 0"), (StopReason::TrainAccuracy, 3, 1));
    assert_eq!(stopped("stop-at-train-loss = 10"), (StopReason::TrainLoss, 3, 1));
    // Measured by it, too, where accuracies are measured at no other time.
    assert_eq!(
        stopped("stop-at-train-loss = 10\nevaluate-every = 7"),
        (StopReason::TrainLoss, 3, 1)
    );
    // A rate this small changes no loss by more than the order of the batches does.
    let (reason, ..) = stopped("learning-rate = 0.000001\npatience = 3");
    assert_eq!(reason, StopReason::Patience);
}

#[test]
fn a_run_stops_at_the_first_epoch_whose_mean_loss_is_the_one_asked_for_and_not_sooner() {
    let goal = 0.5;
    let settings = "images = 100\nbatch-size = 20\ncondition = \"random-labels\"";
    let all = finish(&mut session(&format!("{settings}\nepochs = 40")));
    let means = |events: &[Event]| -> Vec<f32> {
        let mean = |event: &Event| match event {
            Event::Epoch(epoch) => Some(epoch.train_loss),
            _ => None,
        };
        events.iter().filter_map(mean).collect()
    };
    let first = means(&all).iter().position(|&loss| f64::from(loss) <= goal).unwrap();
    let stopped = finish(&mut session(&format!("{settings}\nstop-at-train-loss = {goal}")));
    assert_eq!(summary(&stopped).stopped_by, StopReason::TrainLoss);
    assert_eq!(summary(&stopped).epochs, first as u64 + 1);
    // Until then it is the same run.
    assert_eq!(means(&stopped), means(&all)[..=first]);
}

#[test]
fn a_run_that_diverges_ends_with_a_warning_that_names_the_learning_rate() {
    let events = finish(&mut session(
        "images = 40\nbatch-size = 20\nlearning-rate = 10\nmodel = \"mlp-3x512\"",
    ));
    assert_eq!(summary(&events).stopped_by, StopReason::Diverged);
    let warned = events
        .iter()
        .any(|event| matches!(event, Event::Warning { message } if message.contains("`learning-rate` than 10")));
    assert!(warned);
}

#[test]
fn weight_decay_makes_the_weights_smaller() {
    let length = |decay: &str| {
        let mut run = session(&format!(
            "images = 40\nbatch-size = 20\nepochs = 5\nlearning-rate = 0.05\n{decay}"
        ));
        finish(&mut run);
        checkpoint(&mut run).network.parameters[0]
            .iter()
            .map(|&weight| f64::from(weight).powi(2))
            .sum::<f64>()
    };
    assert!(length("weight-decay = 0.1") < 0.9 * length(""));
}

#[test]
fn an_epoch_trains_on_every_image_once_and_each_epoch_in_another_order() {
    // Behind the first epoch the rate is 0, so the loss of a batch of one image tells which image it is.
    let of_epochs = |batch_size: u64| -> Vec<Vec<f32>> {
        let told = losses(&finish(&mut session(&format!(
            "images = 20\nbatch-size = {batch_size}\nepochs = 4\nlearning-rate = 0.000001\nlearning-rate-decay = 0\nmomentum = 0"
        ))));
        told.chunks_exact(20_u64.div_ceil(batch_size) as usize)
            .map(<[f32]>::to_vec)
            .skip(1)
            .collect()
    };
    let sorted = |epoch: &[f32]| {
        let mut losses = epoch.to_vec();
        losses.sort_by(f32::total_cmp);
        losses
    };
    let epochs = of_epochs(1);
    assert_eq!(epochs.len(), 3);
    let mut images = sorted(&epochs[0]);
    for epoch in &epochs {
        assert_eq!(sorted(epoch), images);
    }
    assert!(epochs[0] != epochs[1] && epochs[1] != epochs[2] && epochs[0] != epochs[2]);
    images.dedup();
    assert_eq!(images.len(), 20, "two images have the same loss");
    // In batches of eight the last has four images, and the whole costs what the images cost one by one, but for what the
    // first epoch moved. An image left out or seen twice would be a twentieth.
    let expected: f32 = images.iter().sum();
    for batches in of_epochs(8) {
        let whole = 8.0 * batches[0] + 8.0 * batches[1] + 4.0 * batches[2];
        assert!((whole - expected).abs() < 0.01 * expected, "{whole}, not {expected}");
    }
}

#[test]
fn random_labels_are_fitted_last_of_the_five_conditions() {
    // Figure 1a. At 50,000 images true labels are also the first; at 1,000, noise images are so far apart that they
    // are fitted sooner than photographs.
    let loss_after_six_epochs = |condition: &str| {
        let events = finish(&mut session(&format!(
            "condition = \"{condition}\"\nepochs = 6\nevaluate-every = 6"
        )));
        summary(&events).train_loss
    };
    let random_labels = loss_after_six_epochs("random-labels");
    for condition in ["true-labels", "shuffled-pixels", "random-pixels", "gaussian"] {
        let found = loss_after_six_epochs(condition);
        assert!(
            found < 0.8 * random_labels,
            "{condition}: {found}, random labels: {random_labels}"
        );
    }
}

#[test]
fn the_recipe_of_a_started_run_is_told_with_its_sizes() {
    let events = pollster::block_on(
        session("images = 100\nbatch-size = 30\nlabel-corruption = 1").advance(),
    )
    .unwrap();
    let [
        Event::Started {
            recipe: told,
            parameters,
            images,
            corrupted_labels,
            test_images,
            steps_per_epoch,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("a run begins with one event, not with {events:?}");
    };
    assert_eq!(
        *told,
        Recipe { images: 100, batch_size: 30, label_corruption: 1.0, ..Recipe::default() }
    );
    assert_eq!((*parameters, *images, *test_images, *steps_per_epoch), (1_209_866, 100, 500, 4));
    // 0.9 of 100, with a deviation of 3.
    assert!((78..=100).contains(corrupted_labels), "{corrupted_labels}");
}
