//! What a race compares: one recipe becomes the recipes of its lanes.

use crate::data::Condition;
use crate::train::Recipe;

words! {
    /// What two lanes differ in; everything else, the seed too, they share.
    pub enum Race {
        /// No race: one run.
        Off = "off",
        /// True labels against corrupted ones.
        Labels = "labels",
        /// With batch norm against without.
        BatchNorm = "batch-norm",
        /// Without weight decay against with it.
        WeightDecay = "weight-decay",
    }
}

/// The weight decay of the second lane where the recipe has none.
const SOME_WEIGHT_DECAY: f64 = 0.0005;

/// One run of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct LanePlan {
    /// Its heading.
    pub title: String,
    /// Its name beside its lines in the charts; empty for a single run.
    pub short: String,
    /// What is run.
    pub recipe: Recipe,
}

impl Race {
    /// How the control names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "nothing: a single run",
            Self::Labels => "true labels and random labels",
            Self::BatchNorm => "batch norm on and off",
            Self::WeightDecay => "no weight decay and some",
        }
    }

    /// One sentence under the control.
    pub fn help(self) -> &'static str {
        match self {
            Self::Off => "One network learns the data as set below.",
            Self::Labels => {
                "Two networks with the same seed: one is told the truth, the other what the dial above says."
            }
            Self::BatchNorm => {
                "Two networks with the same seed. Only cnn-small and inception-small have batch norm; with another \
                 model both lanes are the same."
            }
            Self::WeightDecay => {
                "Two networks with the same seed; the second decays as set below, or by 0.0005 where that is 0."
            }
        }
    }

    /// Whether the race itself decides about this setting in some lane.
    pub fn decides(self, key: &str) -> bool {
        matches!((self, key), (Self::Labels, "condition") | (Self::BatchNorm, "batch-norm"))
    }

    /// The runs, one or two.
    pub fn lanes(self, recipe: &Recipe) -> Vec<LanePlan> {
        let plan = |title: String, short: &str, change: &dyn Fn(&mut Recipe)| {
            let mut recipe = recipe.clone();
            change(&mut recipe);
            LanePlan { title, short: short.into(), recipe }
        };
        match self {
            Self::Off => vec![LanePlan { title: data_title(recipe), short: String::new(), recipe: recipe.clone() }],
            Self::Labels => {
                let share = recipe.label_corruption;
                let title = if share == 1.0 { "Random labels".into() } else { corruption_title(share) };
                vec![
                    plan("True labels".into(), "true", &|lane| {
                        lane.condition = Condition::TrueLabels;
                        lane.label_corruption = 0.0;
                    }),
                    plan(title, "random", &|lane| {
                        // A dial turned to the end is the paper's own "random labels".
                        let all = share == 1.0;
                        lane.condition = if all { Condition::RandomLabels } else { Condition::TrueLabels };
                        lane.label_corruption = if all { 0.0 } else { share };
                    }),
                ]
            }
            Self::BatchNorm => vec![
                plan("With batch norm".into(), "with", &|lane| lane.batch_norm = true),
                plan("Without batch norm".into(), "without", &|lane| lane.batch_norm = false),
            ],
            Self::WeightDecay => {
                let decay = if recipe.weight_decay == 0.0 { SOME_WEIGHT_DECAY } else { recipe.weight_decay };
                vec![
                    plan("No weight decay".into(), "without", &|lane| lane.weight_decay = 0.0),
                    plan(format!("Weight decay {decay}"), "with", &|lane| lane.weight_decay = decay),
                ]
            }
        }
    }
}

fn corruption_title(share: f64) -> String {
    format!("{} % random labels", (share * 1000.0).round() / 10.0)
}

fn data_title(recipe: &Recipe) -> String {
    let words = match recipe.condition {
        Condition::TrueLabels if recipe.label_corruption > 0.0 => return corruption_title(recipe.label_corruption),
        Condition::TrueLabels => "True labels",
        Condition::RandomLabels => "Random labels",
        Condition::ShuffledPixels => "Shuffled pixels",
        Condition::RandomPixels => "Random pixels",
        Condition::Gaussian => "Gaussian noise",
    };
    words.into()
}
