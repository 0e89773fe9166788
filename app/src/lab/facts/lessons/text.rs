//! What the chapters say, for someone in the first year. No formula, and no result: what came of the runs is told by `told`,
//! from the runs.

use super::lesson::{Guess, Lesson};
use super::measure::Measure;
use super::told;
use crate::lab::facts::format::grouped;

/// A link whose runs end where their training set is fitted: the one clock for all that is compared.
macro_rules! until_fitted {
    ($query:literal) => {
        concat!($query, "&stop-at-train-loss=0.1")
    };
}

/// The chapters in their order.
pub static LESSONS: [Lesson; 6] = [
    Lesson {
        title: "Can it learn noise?",
        short: "Noise",
        question: "Give every picture a label drawn by lot. Can a network learn that?",
        lead: "We take {images} photographs and throw away their labels. Each gets a new one, drawn blindly: this frog is a \
               truck, that ship is a cat (and one in ten is called what it is, by luck). Nothing in a picture says what its \
               label is. Then we train a network on them until its training loss is small, or gives up.",
        query: until_fitted!("race=off&condition=random-labels&images=500"),
        guesses: &[
            Guess {
                label: "Training pictures it gets “right” in the end",
                place: 0,
                measure: Measure::TrainAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
            Guess {
                label: "Pictures it never saw that it gets right",
                place: 0,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
        ],
        told: told::noise,
        why: "A network with a million adjustable weights has room for any labels of a few hundred pictures. Room alone does \
              not mean that training finds the way there, from weights drawn at random and in small steps; whether it does \
              had to be tried. What is learned in this way can only be learned by heart: there is nothing in it to \
              understand.",
        paper: "The paper does this with all 50,000 pictures of CIFAR-10 (Table 1).",
        next: |_| {
            (
                "Give it more to remember: the same with 2,000 pictures. Does it still manage?"
                    .into(),
                until_fitted!("race=off&condition=random-labels&images=2000").into(),
            )
        },
    },
    Lesson {
        title: "How much noise?",
        short: "How much?",
        question: "What if only some of the labels are wrong?",
        lead: "Five networks learn the same {images} photographs. The first is told the truth about all of them. For the \
               others a part of the labels is drawn by lot: a quarter, half, three quarters, all. Each trains until its \
               training loss is small, wrong labels included. Then we ask about pictures it never saw.",
        query: until_fitted!("race=corruption&images=500"),
        guesses: &[
            Guess {
                label: "New pictures right, all labels true",
                place: 0,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/plain")),
            },
            Guess {
                label: "… a quarter random",
                place: 1,
                measure: Measure::TestAccuracy,
                row: None,
            },
            Guess { label: "… half random", place: 2, measure: Measure::TestAccuracy, row: None },
            Guess {
                label: "… three quarters random",
                place: 3,
                measure: Measure::TestAccuracy,
                row: None,
            },
            Guess {
                label: "… all random",
                place: 4,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
        ],
        told: told::more_noise,
        why: "The authors of the paper read it so: a network takes up what is still true in the labels, and fits the rest by \
              brute force at the same time.",
        paper: "In the paper's Figure 1c the test errors of three networks rise with the share of random labels; its Table 1 has \
                the two ends, with 50,000 pictures.",
        next: |_| {
            (
                "Watch one of them closely: half the labels random, and the map of what it memorizes.".into(),
                until_fitted!("race=off&label-corruption=0.5&images=500").into(),
            )
        },
    },
    Lesson {
        title: "Do the pixels matter?",
        short: "Pixels",
        question: "Now leave the labels and destroy the pictures. Which data take longest to learn?",
        lead: "Five networks again. One gets photographs with true labels, one photographs with random labels. The other \
               three keep true labels and lose their pixels: for the third, those of all pictures are shuffled in the same \
               way; for the fourth, each picture is shuffled in its own way; for the fifth, each is replaced by noise that \
               keeps the label of its picture. How long does each take until its training loss is small, compared with the \
               first?",
        query: until_fitted!("race=conditions&images=500&epochs=60"),
        guesses: &[
            Guess { label: "Random labels", place: 1, measure: Measure::TimeToFit, row: None },
            Guess {
                label: "Pixels shuffled, all alike",
                place: 2,
                measure: Measure::TimeToFit,
                row: None,
            },
            Guess {
                label: "Pixels shuffled, each its own way",
                place: 3,
                measure: Measure::TimeToFit,
                row: None,
            },
            Guess { label: "Pure noise", place: 4, measure: Measure::TimeToFit, row: None },
        ],
        told: told::pixels,
        why: "What is alike is hard to tell apart. Photographs resemble each other, and two similar frogs with two different \
              labels pull the weights in opposite directions. No noise resembles another, so each can be given its label \
              without disturbing the rest; but nothing that is learned of one helps with the next, as it does with \
              photographs and true labels.",
        paper: "In the paper's Figure 1a, with 50,000 pictures and its Inception, every kind of data is fitted: true labels \
                first, random labels last, shuffled pixels and noise in between.",
        next: |_| {
            (
                "A small convolutional network looks at neighbouring pixels. Does shuffling hurt it more?".into(),
                until_fitted!("race=conditions&images=200&model=cnn-small&epochs=40").into(),
            )
        },
    },
    Lesson {
        title: "Do regularizers stop it?",
        short: "Regularizers",
        question: "Engineers use regularizers against learning by heart. Do they prevent it?",
        lead: "Random labels once more, four times: with nothing against it, with weight decay (large weights cost \
               something), with dropout (half of the hidden units are switched off at random in each step), with random \
               crops (each picture is cut out a little differently every time). How many training pictures does each get \
               “right”? Then true labels, without and with weight decay: how many new pictures?",
        query: until_fitted!("race=regularizers&images=500&epochs=100&weight-decay=0.00004"),
        guesses: &[
            Guess {
                label: "Nothing against it",
                place: 0,
                measure: Measure::TrainAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
            Guess {
                label: "Weight decay",
                place: 1,
                measure: Measure::TrainAccuracy,
                row: Some(("table4", "mlp-1x512/random-labels+decay")),
            },
            Guess { label: "Dropout", place: 2, measure: Measure::TrainAccuracy, row: None },
            Guess { label: "Random crops", place: 3, measure: Measure::TrainAccuracy, row: None },
            Guess {
                label: "True labels, new pictures right, no decay",
                place: 4,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/plain")),
            },
            Guess {
                label: "… with weight decay",
                place: 5,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/decay")),
            },
        ],
        told: told::regularizers,
        why: "If a regularizer were the reason why a network does well on new pictures, two things would hold: with it, \
              random labels could not be learned by heart, and without it, true labels would teach nothing that holds. The \
              paper finds neither: regularizers can help, but they are neither necessary nor enough.",
        paper: "In the paper's Table 4, networks with weight decay, crops or turned pictures come to 99 % or more of the random \
                labels in five rows of six; AlexNet with weight decay does not learn them. Its crops are for the Inception and \
                dropout is not among its regularizers, so these two have no number here.",
        next: |_| {
            (
                "Turn the weight decay up until it does prevent it. What happens to true labels then?".into(),
                "race=weight-decay&condition=random-labels&weight-decay=0.05&images=500&epochs=100".into(),
            )
        },
    },
    Lesson {
        title: "What does it learn first?",
        short: "What first?",
        question: "Half of the labels are drawn by lot. Does it believe the lies or the truth first?",
        lead: "The network is told {images} labels, half of them drawn by lot; as one in ten of those comes out true by luck, about 45 % \
               are wrong. Look only at the pictures with a wrong label. Nobody tells the network the truth about them. How \
               many of them does it name truly, against what it is told, at its best moment? And how many in the end?",
        query: until_fitted!(
            "race=off&label-corruption=0.5&images=1000&batch-size=250&learning-rate=0.003&learning-rate-decay=1&epochs=200"
        ),
        guesses: &[
            Guess {
                label: "Wrongly labelled pictures named truly, at its best moment",
                place: 0,
                measure: Measure::MostTruth,
                row: None,
            },
            Guess { label: "… in the end", place: 0, measure: Measure::LastTruth, row: None },
        ],
        told: told::lies_or_truth,
        why: "What many pictures share pulls the weights the same way again and again; a lie pulls alone. If that is what \
              happens, a network names more of these pictures truly for a while than luck would, which is one in ten, before \
              it learns the lies one by one.",
        paper: "The paper does not measure this. Others did a few months later: Arpit et al., “A closer look at \
                memorization in deep networks” (2017).",
        next: |runs| {
            let peak = runs.first().and_then(told::peak).map(|(step, _)| step);
            (
                match peak {
                    Some(step) => format!(
                        "Stop at the best moment: the same run, with Steps at most set to {}, where the dashed curve has its peak. \
                         Compare the test accuracy with that of the whole run.",
                        grouped(step)
                    ),
                    None => "Stop at the best moment: the same run, with Steps at most set to the step at which the dashed curve \
                             has its peak. Compare the test accuracy with that of the whole run."
                        .into(),
                },
                format!("{}&steps={}", LESSONS[4].query, peak.unwrap_or(20)),
            )
        },
    },
    Lesson {
        title: "So what explains generalization?",
        short: "What explains it?",
        question: "The same network, the same pictures, the same training: once with true labels, once with random ones. What differs?",
        lead: "Everything that people count when they say how powerful a network is stays the same here: the number of \
               weights, the layers, the way it is trained, the regularizers. Only the labels differ. Predict both accuracies \
               for both.",
        query: until_fitted!("race=labels&label-corruption=1&images=1000"),
        guesses: &[
            Guess {
                label: "Told the truth: training pictures right",
                place: 0,
                measure: Measure::TrainAccuracy,
                row: Some(("table1", "mlp-1x512/plain")),
            },
            Guess {
                label: "Told lies: training pictures “right”",
                place: 1,
                measure: Measure::TrainAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
            Guess {
                label: "Told the truth: new pictures right",
                place: 0,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/plain")),
            },
            Guess {
                label: "Told lies: new pictures right",
                place: 1,
                measure: Measure::TestAccuracy,
                row: Some(("table1", "mlp-1x512/random-labels")),
            },
        ],
        told: told::explanation,
        why: "Theory has long measured how powerful a network is by what it could fit. By that measure a network that can fit \
              random labels promises nothing about new pictures, whatever labels it is given. What measure would tell the one \
              run from the other is the question that the paper leaves open.",
        paper: "This is the paper's argument in one comparison (Table 1, the MLP with one hidden layer and 50,000 pictures).",
        next: |_| {
            (
                "Make the network larger than it needs to be and try again: three hidden layers."
                    .into(),
                until_fitted!("race=labels&label-corruption=1&images=1000&model=mlp-3x512").into(),
            )
        },
    },
];
