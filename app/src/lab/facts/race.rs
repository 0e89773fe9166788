//! What is compared: one recipe becomes the recipes of several runs, which differ in one thing.

use crate::data::Condition;
use crate::train::Recipe;

words! {
    /// What runs differ in; everything else, the seed too, they share.
    pub enum Race {
        /// No race: one run.
        Off = "off",
        /// True labels against corrupted ones.
        Labels = "labels",
        /// With batch norm against without.
        BatchNorm = "batch-norm",
        /// Without weight decay against with it.
        WeightDecay = "weight-decay",
        /// The five conditions of Figure 1a.
        Conditions = "conditions",
        /// More and more corrupted labels, as in Figures 1b and 1c.
        Corruption = "corruption",
        /// Random labels with one regularizer after the other, as in Table 4, and true labels with and without weight decay.
        Regularizers = "regularizers",
    }
}

/// The weight decay of a run that is to have some where the recipe has none.
const SOME_WEIGHT_DECAY: f64 = 0.0005;
/// The levels of the corruption sweep.
pub const LEVELS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// The conditions in the order of the legend of Figure 1a.
const CONDITIONS: [(Condition, &str, &str); 5] = [
    (Condition::TrueLabels, "True labels", "true"),
    (Condition::RandomLabels, "Random labels", "random labels"),
    (Condition::ShuffledPixels, "Shuffled pixels", "shuffled"),
    (Condition::RandomPixels, "Random pixels", "random pixels"),
    (Condition::Gaussian, "Gaussian noise", "Gaussian"),
];

/// One run of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct LanePlan {
    /// Its heading.
    pub title: String,
    /// Its name beside its lines in the charts; empty for a single run.
    pub short: String,
    /// Its place among the runs that are compared, and its colour.
    pub place: usize,
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
            Self::Conditions => "five kinds of data (Figure 1a)",
            Self::Corruption => "random labels, 0 to 100 %",
            Self::Regularizers => "regularizers (Tables 1 and 4)",
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
                 model both runs are the same."
            }
            Self::WeightDecay => {
                "Two networks with the same seed; the second decays as set below, or by 0.0005 where that is 0."
            }
            Self::Conditions => {
                "Five networks with the same seed, one after the other, each on another kind of data."
            }
            Self::Corruption => {
                "Five networks with the same seed, one after the other, with 0, 25, 50, 75 and 100 % of the labels random (Figures 1b \
                 and 1c)."
            }
            Self::Regularizers => {
                "Six networks with the same seed: four learn random labels, with nothing against it, with weight decay, with \
                 dropout, with random crops; two learn true labels, without and with weight decay."
            }
        }
    }

    /// Whether the race itself decides about this setting in some run.
    pub fn decides(self, key: &str) -> bool {
        matches!(
            (self, key),
            (Self::Labels | Self::Conditions | Self::Corruption | Self::Regularizers, "condition")
                | (Self::BatchNorm, "batch-norm")
                | (Self::Conditions | Self::Corruption | Self::Regularizers, "label-corruption")
                | (Self::Regularizers, "weight-decay" | "dropout" | "random-crop")
        )
    }

    /// The runs, one or more.
    pub fn plans(self, recipe: &Recipe) -> Vec<LanePlan> {
        let plan = |title: &str, short: &str, change: &dyn Fn(&mut Recipe)| {
            let mut recipe = recipe.clone();
            change(&mut recipe);
            LanePlan { title: title.into(), short: short.into(), place: 0, recipe }
        };
        let decay =
            if recipe.weight_decay == 0.0 { SOME_WEIGHT_DECAY } else { recipe.weight_decay };
        let mut plans = match self {
            Self::Off => vec![plan(&data_title(recipe), "", &|_| ())],
            Self::Labels => {
                let share = recipe.label_corruption;
                let title =
                    if share == 1.0 { "Random labels".into() } else { corruption_title(share) };
                vec![
                    plan("True labels", "true", &|lane| corrupt(lane, 0.0)),
                    plan(&title, "random", &|lane| corrupt(lane, share)),
                ]
            }
            Self::BatchNorm => vec![
                plan("With batch norm", "with", &|lane| lane.batch_norm = true),
                plan("Without batch norm", "without", &|lane| lane.batch_norm = false),
            ],
            Self::WeightDecay => vec![
                plan("No weight decay", "without", &|lane| lane.weight_decay = 0.0),
                plan(&format!("Weight decay {decay}"), "with", &|lane| lane.weight_decay = decay),
            ],
            Self::Conditions => CONDITIONS
                .map(|(condition, title, short)| {
                    plan(title, short, &|lane| {
                        (lane.condition, lane.label_corruption) = (condition, 0.0)
                    })
                })
                .into(),
            Self::Corruption => LEVELS
                .map(|level| {
                    let short = format!("{} %", 100.0 * level);
                    plan(&corruption_title(level), &short, &|lane| corrupt(lane, level))
                })
                .into(),
            Self::Regularizers => {
                let told = |share: f64, change: &dyn Fn(&mut Recipe), title: &str, short: &str| {
                    plan(title, short, &|lane| {
                        corrupt(lane, share);
                        (lane.weight_decay, lane.dropout, lane.random_crop, lane.augmentation) =
                            (0.0, 0.0, false, false);
                        change(lane);
                    })
                };
                let decayed = |lane: &mut Recipe| lane.weight_decay = decay;
                vec![
                    told(1.0, &|_| (), "Random labels, nothing against it", "nothing"),
                    told(1.0, &decayed, "Random labels, weight decay", "decay"),
                    told(1.0, &|lane| lane.dropout = 0.5, "Random labels, dropout", "dropout"),
                    told(
                        1.0,
                        &|lane| lane.random_crop = true,
                        "Random labels, random crops",
                        "crops",
                    ),
                    told(0.0, &|_| (), "True labels, nothing against it", "true"),
                    told(0.0, &decayed, "True labels, weight decay", "true, decay"),
                ]
            }
        };
        plans.iter_mut().enumerate().for_each(|(place, plan)| plan.place = place);
        plans
    }
}

/// The settings and the comparison that a query stands for: `race=labels&images=500`. It is one of the program's own.
pub fn of_query(query: &str) -> (Recipe, Race) {
    let (mut recipe, mut race) = (Recipe::default(), Race::Off);
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match Race::KEYS.iter().position(|word| key == "race" && *word == value) {
            Some(at) => race = Race::ALL[at],
            // The tests read every one of them.
            None => _ = recipe.set(key, value),
        }
    }
    (recipe, race)
}

/// Replaces a share of the labels. All of them is the paper's own "random labels".
fn corrupt(recipe: &mut Recipe, share: f64) {
    let all = share == 1.0;
    recipe.condition = if all { Condition::RandomLabels } else { Condition::TrueLabels };
    recipe.label_corruption = if all { 0.0 } else { share };
}

fn corruption_title(share: f64) -> String {
    format!("{} % random labels", (share * 1000.0).round() / 10.0)
}

fn data_title(recipe: &Recipe) -> String {
    let is_it = |(condition, ..): &&(Condition, &str, &str)| *condition == recipe.condition;
    match recipe.condition {
        Condition::TrueLabels if recipe.label_corruption > 0.0 => {
            corruption_title(recipe.label_corruption)
        }
        _ => CONDITIONS.iter().find(is_it).map_or("Run", |(_, title, _)| title).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::SETTINGS;

    #[test]
    fn runs_of_a_comparison_differ_in_what_it_is_about_and_in_nothing_else() {
        let recipe = Recipe { label_corruption: 0.5, seed: 7, dropout: 0.25, ..Recipe::default() };
        for race in Race::ALL {
            let plans = race.plans(&recipe);
            let places: Vec<_> = plans.iter().map(|plan| plan.place).collect();
            assert_eq!(places, (0..plans.len()).collect::<Vec<_>>());
            for setting in SETTINGS {
                let values: Vec<_> = plans.iter().map(|plan| setting.get(&plan.recipe)).collect();
                let is_alike = values.iter().all(|value| *value == values[0]);
                // How many labels of the second run are random, or how much its weights decay, the reader says.
                let is_said = matches!(
                    (race, setting.key),
                    (Race::Labels, "label-corruption") | (Race::WeightDecay, "weight-decay")
                );
                assert!(
                    is_alike || is_said || race.decides(setting.key),
                    "{race:?}: {}",
                    setting.key
                );
            }
        }
    }
}
