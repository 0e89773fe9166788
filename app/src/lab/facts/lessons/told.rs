//! What came of the runs of a lesson, in sentences that are written from them: no result is stated that was not measured. They
//! are told of the lesson's own comparison ([`Lesson::own_runs`](super::lesson::Lesson::own_runs)), and of runs that are over.

use super::measure::{epochs, not_fitted, truths};
use crate::charts::ordered_by;
use crate::experiments::{FIT_ACCURACY, chance_band};
use crate::lab::facts::format::{grouped, percent};
use crate::lab::facts::history::History;
use crate::train::Summary;

/// What guessing among ten classes is right in.
const CHANCE: f64 = 0.1;
/// Times to fit that differ by less are alike: another seed moves them as much.
const ALIKE: f64 = 0.15;

/// Lesson 1: one run on random labels.
pub fn noise(runs: &[History]) -> Vec<String> {
    let [run] = runs else { return Vec::new() };
    let Some(end) = &run.summary else { return Vec::new() };
    let train = percent(end.train_accuracy);
    let learned = if end.train_accuracy >= FIT_ACCURACY {
        format!(
            "It gets {train} of its training pictures “right”, though nothing in them says what their labels are."
        )
    } else {
        format!(
            "It gets {train} of its training pictures “right” in {}: so far it has not learned all of these labels.",
            epochs(end)
        )
    };
    vec![learned, format!("Of the pictures it never saw it gets {}.", against_chance(run, end))]
}

/// Lesson 2: more and more random labels.
pub fn more_noise(runs: &[History]) -> Vec<String> {
    let ends = ends(runs);
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return Vec::new() };
    if ends.len() < 3 {
        return Vec::new();
    }
    let right: Vec<f64> = ends.iter().map(|end| end.test_accuracy).collect();
    let fitted = ends.iter().filter(|end| end.train_accuracy >= FIT_ACCURACY).count();
    let is_less = right[0] - right[right.len() - 1] > luck(&runs[0], first, last);
    let always_falls = right.windows(2).all(|pair| pair[1] < pair[0]);
    let slope = match (is_less, always_falls) {
        (true, true) => "the more labels are random, the fewer, step by step.",
        (true, false) => {
            "fewer with random labels than with true ones, but not at every level: so few test pictures leave room for luck."
        }
        (false, _) => {
            "no clear fall here: the difference between the ends is what luck could make."
        }
    };
    let mut told = vec![
        format!(
            "{} of {} networks get {} or more of the labels they are told “right”, the wrong ones among them.",
            fitted,
            ends.len(),
            percent(FIT_ACCURACY)
        ),
        format!("Of new pictures they get {} right: {slope}", listed(&right, percent)),
    ];
    if is_less && fitted == ends.len() {
        told.push(
            "They fit what they are told alike and differ on new pictures: how well a network fits does not tell how well it \
             will do."
                .into(),
        );
    }
    told
}

/// Lesson 3: true labels, random labels, and three ways to destroy the pixels.
pub fn pixels(runs: &[History]) -> Vec<String> {
    const NAMES: [&str; 5] =
        ["true labels", "random labels", "shuffled pixels", "random pixels", "pure noise"];
    let ends = ends(runs);
    if ends.len() != NAMES.len() {
        return Vec::new();
    }
    let steps: Vec<Option<u64>> = runs.iter().map(History::steps_to_fit).collect();
    let order = ordered_by(steps.len(), |at| steps[at].map_or(i64::MAX, |steps| steps as i64));
    let fitted: Vec<usize> = order.into_iter().filter(|at| steps[*at].is_some()).collect();
    let mut told = Vec::new();
    if fitted.len() > 1 {
        let one =
            |at: &usize| format!("{} ({} steps)", NAMES[*at], grouped(steps[*at].unwrap_or(0)));
        let all: Vec<String> = fitted.iter().map(one).collect();
        told.push(format!("From the soonest to the latest: {}.", all.join(", ")));
    }
    for (at, end) in ends.iter().enumerate().filter(|(at, _)| steps[*at].is_none()) {
        told.push(format!("With {}: {}.", NAMES[at], not_fitted(end)));
    }
    let (Some(&soonest), Some(&latest)) = (fitted.first(), fitted.last()) else { return told };
    if fitted.len() == NAMES.len() && steps[soonest] != steps[latest] {
        // All that came in the same epoch came at once.
        let with = |other: usize| -> Vec<String> {
            let alike = (0..NAMES.len()).filter(|at| steps[*at] == steps[other]);
            alike.map(|at| NAMES[at].into()).collect()
        };
        let (firsts, lasts) = (with(soonest), with(latest));
        told.push(if firsts == ["true labels"] && lasts == ["random labels"] {
            "As in the paper, true labels come first and random labels last.".into()
        } else {
            format!(
                "In the paper true labels come first and random labels last; here it is {} first and {} last.",
                and(&firsts),
                and(&lasts)
            )
        });
    }
    if let (Some(own), Some(truth)) = (steps[2], steps[0]) {
        let times = own as f64 / truth as f64;
        let is_mlp = ends[2].recipe.model.key().starts_with("mlp");
        let meaning = match () {
            () if !is_mlp => {
                "This network looks at neighbouring pixels, and the shuffle tears them apart."
            }
            () if (times - 1.0).abs() <= ALIKE => {
                "To this network, which knows nothing of neighbouring pixels, it is the same task with its inputs renamed."
            }
            () => {
                "This network knows nothing of neighbouring pixels, so the task is the same; only its first weights meet other \
                 pixels."
            }
        };
        let long = match times {
            0.95..1.05 => "about as long as none".into(),
            _ => format!("{times:.1} times as long as none"),
        };
        told.push(format!("One shuffle for all pictures took {long}. {meaning}"));
    }
    told
}

/// Lesson 4: random labels with nothing, weight decay, dropout, crops against it; true labels without and with weight decay.
pub fn regularizers(runs: &[History]) -> Vec<String> {
    const NAMES: [&str; 4] = ["nothing against it", "weight decay", "dropout", "random crops"];
    let ends = ends(runs);
    let [_, _, _, _, truth, decayed] = ends[..] else { return Vec::new() };
    let is_learned = |at: usize| is_learned(&runs[at], ends[at]);
    let part = |learned: bool| -> Vec<String> {
        let some = NAMES.iter().enumerate().filter(|(at, _)| is_learned(*at) == learned);
        let words = |(at, name): (usize, &&str)| {
            format!("{name} ({} after {})", percent(ends[at].train_accuracy), epochs(ends[at]))
        };
        some.map(words).collect()
    };
    let (learned, held) = (part(true), part(false));
    let mut told = Vec::new();
    if !learned.is_empty() {
        told.push(format!("It learned the random labels by heart with {}.", and(&learned)));
    }
    if !held.is_empty() {
        told.push(format!(
            "It did not with {}; whether longer training would do it, these runs do not say.",
            and(&held)
        ));
    }
    let (plain, decay) = (truth.test_accuracy, decayed.test_accuracy);
    let difference = if (plain - decay).abs() <= luck(&runs[4], truth, decayed) {
        "with so few test pictures the two cannot be told apart"
    } else if decay > plain {
        "here weight decay helps"
    } else {
        "here weight decay does not help"
    };
    told.push(format!(
        "Told true labels, it gets {} of new pictures right without weight decay and {} with it: {difference}.",
        percent(plain),
        percent(decay)
    ));
    if is_learned(0) && plain - CHANCE > chance_band(test_images(&runs[4])) {
        told.push(
            "So without any regularizer one network learns noise by heart and the same network, told true labels, does better \
             than guessing on new pictures. Whatever makes the difference, it is no regularizer."
                .into(),
        );
    }
    told
}

/// Lesson 5: half of the labels drawn by lot.
pub fn lies_or_truth(runs: &[History]) -> Vec<String> {
    let [run] = runs else { return Vec::new() };
    let (Some(_), Some(corrupted), Some((best_step, best)), Some((first_step, first))) =
        (&run.summary, run.corrupted(), peak(run), truths(run).next())
    else {
        return Vec::new();
    };
    let count = corrupted.count;
    let last = truths(run).last().map_or(first, |(_, share)| share);
    let against = if best - CHANCE > chance_band(count) {
        "more than luck would, which is one in ten"
    } else {
        "which luck could do as well, with one in ten"
    };
    let way = if best_step > first_step {
        format!(
            "It rose from {} at step {} to there, and ended at {}.",
            percent(first),
            grouped(first_step),
            percent(last)
        )
    } else {
        format!("It was at its best when first measured, and ended at {}.", percent(last))
    };
    vec![
        format!(
            "Of {} wrongly labelled pictures it named {} truly at step {}: {against}.",
            grouped(count),
            percent(best),
            grouped(best_step)
        ),
        way,
        format!(
            "In the end it says the lie it was told of {} of them.",
            percent(corrupted.memorized as f64 / count as f64)
        ),
    ]
}

/// Where the truth about wrongly labelled images was told most: `(step, share)`.
pub fn peak(run: &History) -> Option<(u64, f64)> {
    truths(run).reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// Lesson 6: the same network, once told the truth and once random labels.
pub fn explanation(runs: &[History]) -> Vec<String> {
    let ends = ends(runs);
    let [truth, lies] = ends[..] else { return Vec::new() };
    let mut told = vec![format!(
        "Told the truth it gets {} of its training pictures right, told random labels {}. Of new pictures it then gets {}, and {}.",
        percent(truth.train_accuracy),
        percent(lies.train_accuracy),
        against_chance(&runs[0], truth),
        against_chance(&runs[1], lies),
    )];
    let are_learned = is_learned(&runs[0], truth) && is_learned(&runs[1], lies);
    let (better, luck) = (truth.test_accuracy - lies.test_accuracy, luck(&runs[0], truth, lies));
    told.push(match () {
        () if !are_learned => {
            "Not both of them have learned their training pictures, so the two cannot be compared as the paper does."
        }
        () if better > luck => {
            "Both fit, and on new pictures one is better than the other by more than luck could make. What is the same in both, \
             such as the number of weights or the way of training, cannot be the whole of the difference."
        }
        () if better >= -luck => {
            "Both fit, but on new pictures they differ by no more than luck could make: this run shows no difference to explain."
        }
        () => {
            "Both fit, but on new pictures the one that was told random labels is the better one, by more than luck could make: \
             the paper finds the reverse."
        }
    }
    .into());
    told
}

/// The ends of runs; none where one is not over.
fn ends(runs: &[History]) -> Vec<&Summary> {
    runs.iter().map(|run| run.summary.as_ref()).collect::<Option<_>>().unwrap_or_default()
}

/// Whether a network got its training images right, or as far as the rule that stopped it asks for.
fn is_learned(run: &History, end: &Summary) -> bool {
    end.train_accuracy >= FIT_ACCURACY || run.steps_to_fit().is_some()
}

fn test_images(run: &History) -> u64 {
    run.facts.as_ref().map_or(500, |facts| facts.test_images)
}

/// Two accuracies on the test images that differ by no more may be luck: twice the standard error of their difference.
fn luck(run: &History, one: &Summary, other: &Summary) -> f64 {
    let spread = |end: &Summary| end.test_accuracy * (1.0 - end.test_accuracy);
    2.0 * ((spread(one) + spread(other)) / test_images(run).max(1) as f64).sqrt()
}

/// An accuracy on new images, and how it stands to guessing.
fn against_chance(run: &History, end: &Summary) -> String {
    let beyond = end.test_accuracy - CHANCE;
    let against = match () {
        () if beyond.abs() <= chance_band(test_images(run)) => {
            "as by guessing, which is right one time in ten"
        }
        () if beyond > 0.0 => "more than by guessing",
        () => "less than by guessing",
    };
    format!("{} right ({against})", percent(end.test_accuracy))
}

fn listed(values: &[f64], words: fn(f64) -> String) -> String {
    and(&values.iter().map(|value| words(*value)).collect::<Vec<_>>())
}

fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
