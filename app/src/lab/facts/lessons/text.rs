//! What the chapters say, for someone in the first year. No formula.

use super::lesson::{Guess, Lesson};
use super::measure::Measure;

/// The chapters in their order.
pub static LESSONS: [Lesson; 6] = [
    Lesson {
        title: "Can it learn noise?",
        short: "Noise",
        question: "Give every picture a label drawn by lot. Can a network learn that?",
        lead: "We take 500 photographs and throw away their labels. Each gets a new one, drawn blindly: this frog is a \
               truck, that ship is a cat. Nothing in a picture says what its label is. Then we train a network on them \
               until it makes no more mistakes, or gives up.",
        query: "race=off&condition=random-labels&images=500&stop-at-train-loss=0.1",
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
        why: "The network has over a million adjustable weights and only 500 pictures to remember, so it can store every \
              one of them together with its label. There was nothing to understand, and so it knows nothing about pictures \
              it has not seen: with ten classes, guessing is right one time in ten.",
        paper: "The paper does this with all 50,000 pictures of CIFAR-10 (Table 1).",
        next: (
            "Give it more to remember: the same with 2,000 pictures. Does it still manage?",
            "race=off&condition=random-labels&images=2000&stop-at-train-loss=0.1",
        ),
    },
    Lesson {
        title: "How much noise?",
        short: "How much?",
        question: "What if only some of the labels are wrong?",
        lead: "Five networks learn the same 500 photographs. The first is told the truth about all of them. For the \
               others a part of the labels is drawn by lot: a quarter, half, three quarters, all. Each trains until it \
               gets all its training labels “right”, the wrong ones too. Then we ask about pictures it never saw.",
        query: "race=corruption&images=500&stop-at-train-loss=0.1",
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
        why: "The more lies it is told, the worse it does on new pictures, but there is no cliff: it uses what is true in \
              the labels and learns the rest by heart. All five fit their training labels perfectly, so how well a network \
              fits says nothing about how well it will do.",
        paper: "The paper's Figure 1c draws the same slope for three networks; its table has the two ends, with 50,000 \
                pictures.",
        next: (
            "Watch one of them closely: half the labels random, and the map of what it memorizes.",
            "race=off&label-corruption=0.5&images=1000&stop-at-train-loss=0.1",
        ),
    },
    Lesson {
        title: "Do the pixels matter?",
        short: "Pixels",
        question: "Now leave the labels and destroy the pictures. Which data take longest to learn?",
        lead: "Five networks again. One gets photographs with true labels, one photographs with random labels. For the \
               third, the pixels of all pictures are shuffled in the same way; for the fourth, each picture is shuffled in \
               its own way; the fifth gets pure noise. How long does each take until its training loss is small, compared \
               with the first?",
        query: "race=conditions&images=500&stop-at-train-loss=0.1",
        guesses: &[
            Guess {
                label: "True labels take this long",
                place: 0,
                measure: Measure::TimeToFit,
                row: None,
            },
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
        why: "Pictures of noise lie far apart from each other, so it is easy to tell each from all others and hang any \
              label on it. Photographs resemble each other: to give two similar frogs different labels, the network has to \
              work against what they have in common, and that takes longest.",
        paper: "The paper's Figure 1a shows it for its Inception: every kind of data is fitted, and random pixels and \
                noise sooner than random labels.",
        next: (
            "A small convolutional network looks at neighbouring pixels. Does shuffling hurt it more?",
            "race=conditions&images=200&model=cnn-small&epochs=40",
        ),
    },
    Lesson {
        title: "Do regularizers stop it?",
        short: "Regularizers",
        question: "Engineers use regularizers against learning by heart. Do they prevent it?",
        lead: "Random labels once more, four times: with nothing against it, with weight decay (large weights cost \
               something), with dropout (half of the hidden units are switched off at random in each step), with random \
               crops (each picture is cut out a little differently every time). How many training pictures does each get \
               “right”?",
        query: "race=regularizers&images=500&epochs=100",
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
        ],
        why: "Regularizers make learning by heart slower, and some make it harder, but a network with room to spare still \
              does it. So they cannot be the reason why the same network, told the truth, learns something that holds for \
              new pictures: they are a help, not the explanation.",
        paper: "The paper's Table 4 has weight decay, crops and more on random labels: nearly all still fit perfectly. Its \
                crops are for the Inception, so they have no number here.",
        next: (
            "Turn the weight decay up until it does prevent it. What happens to true labels then?",
            "race=weight-decay&condition=random-labels&weight-decay=0.05&images=500&epochs=100",
        ),
    },
    Lesson {
        title: "What does it learn first?",
        short: "What first?",
        question: "Half of the labels are lies. Does it believe the lies or the truth first?",
        lead: "The network is told 1,000 labels, half of them drawn by lot. Look only at the pictures with a wrong label. \
               Nobody tells the network the truth about them. And yet: how many of them does it name truly, against what it \
               is told, at its best moment? And how many in the end?",
        query: "race=off&label-corruption=0.5&images=1000&stop-at-train-loss=0.1",
        guesses: &[
            Guess {
                label: "Wrongly labelled pictures named truly, at its best moment",
                place: 0,
                measure: Measure::MostTruth,
                row: None,
            },
            Guess { label: "… in the end", place: 0, measure: Measure::LastTruth, row: None },
        ],
        why: "What many pictures share is learned first, because every picture of a kind pulls the weights the same way; \
              a lie pulls only once. So for a while the network names more of these pictures truly than luck would, which is \
              one in ten: it knows better than it was taught. Then it learns the lies one by one.",
        paper: "The paper does not measure this. Others did a few months later: Arpit et al., “A closer look at \
                memorization in deep networks” (2017).",
        next: (
            "Stop early, at the best moment: set Epochs at most to where the dashed curve peaks, and compare the test accuracy.",
            "race=off&label-corruption=0.5&images=2000&epochs=5",
        ),
    },
    Lesson {
        title: "So what explains generalization?",
        short: "What explains it?",
        question: "The same network, the same pictures, the same training: once with the truth, once with lies. What differs?",
        lead: "Everything that people count when they say how powerful a network is stays the same here: the number of \
               weights, the layers, the way it is trained, the regularizers. Only the labels differ. Predict both accuracies \
               for both.",
        query: "race=labels&label-corruption=1&images=1000&stop-at-train-loss=0.1",
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
        why: "A network that can learn any labels by heart is, in the usual theory, too powerful to be trusted with new \
              pictures; and yet it can be. So the explanation is not in the network's size alone: it must have to do with \
              how training and data meet, and that question is still open.",
        paper: "This is the paper's argument in one picture (Table 1, the MLP with one hidden layer and 50,000 pictures).",
        next: (
            "Make the network larger than it needs to be and try again: three hidden layers.",
            "race=labels&label-corruption=1&images=1000&model=mlp-3x512&stop-at-train-loss=0.1",
        ),
    },
];
