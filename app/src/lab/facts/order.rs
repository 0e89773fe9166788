//! Which runs of a comparison were fitted first, beside the paper, in sentences that are written from the runs.

use crate::data::{CIFAR10_TRAIN_IMAGES, Condition};
use crate::lab::facts::fit_clock::FitClock;
use crate::lab::facts::format::{epochs_words, grouped};
use crate::lab::facts::history::History;
use crate::lab::facts::race::LanePlan;
use crate::train::Recipe;

/// How far a run is on the clock of its comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FitState {
    /// Not fitted, and not over.
    #[default]
    Open,
    /// Fitted after so many steps.
    Fitted(u64),
    /// Over after so many epochs without that.
    Never(u64),
}

impl FitState {
    /// That of a run as far as it went.
    pub fn of(history: &History) -> Self {
        match (history.steps_to_fit(), &history.summary) {
            (Some(step), _) => Self::Fitted(step),
            (None, Some(end)) => Self::Never(end.epochs),
            (None, None) => Self::Open,
        }
    }
}

/// When each run of `plans` was fitted, and whether the paper's order came out: true labels before everything else. Empty
/// where no run is over or fitted.
pub fn fit_sentences(plans: &[LanePlan], states: &[FitState]) -> String {
    let each = plans.iter().zip(states).filter_map(|(plan, state)| match state {
        FitState::Open => None,
        FitState::Fitted(step) => Some(format!("{}: after {} steps.", plan.title, grouped(*step))),
        FitState::Never(epochs) => {
            Some(format!("{}: not within {}.", plan.title, epochs_words(*epochs)))
        }
    });
    let each: Vec<_> = each.collect();
    let Some(first) = plans.first().filter(|_| !each.is_empty()) else { return String::new() };
    let meaning = format!("Fitted means that {}.", FitClock::of(&first.recipe).words());
    let order = order(plans, states).unwrap_or_default();
    format!("{meaning} {} {order}", each.join(" ")).trim_end().to_owned()
}

/// Where the first run has true labels and others do not: which came first.
fn order(plans: &[LanePlan], states: &[FitState]) -> Option<String> {
    let first = plans.first()?;
    // What was never fitted is later than all that was.
    let (first_step, but_never) = match states.first()? {
        FitState::Open => return None,
        FitState::Fitted(step) => (*step, ""),
        FitState::Never(_) => (u64::MAX, ", which were not fitted at all"),
    };
    let others: Vec<_> =
        plans.iter().zip(states).filter(|(plan, _)| !has_true_labels(&plan.recipe)).collect();
    if !has_true_labels(&first.recipe) || others.is_empty() {
        return None;
    }
    let is_sooner =
        |state: &FitState| matches!(state, FitState::Fitted(step) if *step < first_step);
    let sooner: Vec<&LanePlan> =
        others.iter().filter(|(_, state)| is_sooner(state)).map(|(plan, _)| *plan).collect();
    if !sooner.is_empty() {
        let titles: Vec<_> = sooner.iter().map(|plan| plan.title.as_str()).collect();
        let titles = titles.join(", ");
        return Some(format!("Sooner than true labels{but_never}: {titles}. {}", why(&sooner)));
    }
    let is_later = |state: &FitState| match state {
        FitState::Fitted(step) => *step > first_step,
        FitState::Never(_) => first_step < u64::MAX,
        FitState::Open => false,
    };
    match others[..] {
        [(plan, FitState::Fitted(step))] => {
            let times = *step as f64 / first_step as f64;
            Some(match times {
                1.0 => format!("{} took as long as true labels.", plan.title),
                ..1.05 => "True labels came first, as in the paper.".into(),
                _ => format!(
                    "{} took {times:.1} times as long as true labels, which the paper finds too.",
                    plan.title
                ),
            })
        }
        _ => others
            .iter()
            .all(|(_, state)| is_later(state))
            .then(|| "True labels came first, as in the paper.".into()),
    }
}

/// Why runs without true labels came before the one with them.
fn why(sooner: &[&LanePlan]) -> String {
    let recipe = &sooner[0].recipe;
    if matches!(FitClock::of(recipe), FitClock::Accuracy(_)) {
        return "This clock waits for the last few pictures, and a stubborn one decides. By the mean loss of all of them \
                (Stop at train loss: 0.1) the order can be another."
            .into();
    }
    let images = grouped(recipe.images);
    if recipe.images >= CIFAR10_TRAIN_IMAGES as u64 {
        return "The paper finds the reverse.".into();
    }
    let noise = |plan: &&&LanePlan| {
        !matches!(plan.recipe.condition, Condition::TrueLabels | Condition::RandomLabels)
    };
    let reason = if sooner.iter().any(|plan| noise(&plan)) {
        "pictures of noise lie far apart, so each is soon told from all others, while photographs of different things can \
         look alike"
    } else {
        "there are few pictures of a kind, so there is little that they share and that true labels could teach; then \
         chance decides which comes first"
    };
    format!(
        "With only {images} pictures that can be: {reason}. What pictures of a kind share is learned once for all of them, \
         so the more there are, the more true labels gain: in the paper, with 50,000, they come first."
    )
}

fn has_true_labels(recipe: &Recipe) -> bool {
    recipe.condition == Condition::TrueLabels && recipe.label_corruption == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::facts::link;

    fn told(query: &str, states: &[FitState]) -> String {
        let (choices, _) = link::read(query);
        fit_sentences(&choices.race.plans(&choices.recipe), states)
    }
    use FitState::{Fitted, Never, Open};

    #[test]
    fn the_race_of_the_start_page_is_told_with_its_clock_its_steps_and_the_papers_order() {
        assert_eq!(told(link::START, &[Open, Open]), "");
        let meaning = "Fitted means that the mean training loss of an epoch is at most 0.1.";
        assert_eq!(
            told(link::START, &[Fitted(136), Open]),
            format!("{meaning} True labels: after 136 steps.")
        );
        assert_eq!(
            told(link::START, &[Fitted(136), Fitted(1192)]),
            format!(
                "{meaning} True labels: after 136 steps. Random labels: after 1,192 steps. Random labels took 8.8 times as \
                 long as true labels, which the paper finds too."
            )
        );
    }

    #[test]
    fn what_came_before_true_labels_is_named_with_the_number_of_images_and_a_reason() {
        let told = told(
            "race=conditions&images=500&stop-at-train-loss=0.1",
            &[Fitted(80), Fitted(100), Fitted(70), Never(100), Fitted(40)],
        );
        for part in [
            "Random pixels: not within 100 epochs.",
            "Sooner than true labels: Shuffled pixels, Gaussian noise.",
            "With only 500 pictures that can be: pictures of noise lie far apart",
            "in the paper, with 50,000, they come first",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn true_labels_come_first_only_once_no_other_run_can_still_be_sooner() {
        let query = "race=corruption&images=500&stop-at-train-loss=0.1";
        let first = "True labels came first, as in the paper.";
        let states = [Fitted(80), Fitted(88), Fitted(92), Fitted(100), Never(100)];
        assert!(told(query, &states).ends_with(first));
        for open in [Open, Fitted(80)] {
            let told = told(query, &[Fitted(80), Fitted(88), Fitted(92), open, Fitted(120)]);
            assert!(!told.contains("first") && !told.contains("Sooner"), "{told}");
        }
    }

    #[test]
    fn true_labels_that_were_never_fitted_are_later_than_all_that_was() {
        let told = |states: &[FitState]| told("race=labels&label-corruption=1&images=200", states);
        let reverse = told(&[Never(1), Fitted(80)]);
        for part in [
            "True labels: not within 1 epoch. ",
            "Sooner than true labels, which were not fitted at all: Random labels. With only 200",
        ] {
            assert!(reverse.contains(part), "{part}: {reverse}");
        }
        for open in [Never(60), Open] {
            let told = told(&[Never(60), open]);
            assert!(!told.contains("ooner") && !told.contains("first"), "{told}");
        }
    }

    #[test]
    fn a_multiple_is_told_only_where_it_is_one() {
        let told = |step| told(link::START, &[Fitted(1000), Fitted(step)]);
        assert!(told(1000).ends_with("Random labels took as long as true labels."));
        assert!(told(1040).ends_with("1,040 steps. True labels came first, as in the paper."));
        assert!(
            told(1060)
                .ends_with("took 1.1 times as long as true labels, which the paper finds too.")
        );
    }

    #[test]
    fn an_old_link_that_stops_at_an_accuracy_is_measured_by_it_and_says_that_one_image_decides() {
        let query = "race=labels&label-corruption=1&stop-at-train-accuracy=1";
        let told = told(query, &[Fitted(152), Fitted(80)]);
        assert!(told.starts_with("Fitted means that 100 % of the training pictures"), "{told}");
        assert!(told.contains("a stubborn one decides") && told.contains("train loss: 0.1"));
    }

    #[test]
    fn runs_that_all_have_true_labels_or_none_are_not_laid_beside_the_paper() {
        for query in ["race=weight-decay", "race=regularizers", "race=off&condition=random-labels"]
        {
            let (choices, _) = link::read(query);
            let plans = choices.race.plans(&choices.recipe);
            let states: Vec<_> = (1..=plans.len() as u64).rev().map(Fitted).collect();
            let told = fit_sentences(&plans, &states);
            assert!(!told.contains("paper") && told.contains("steps."), "{told}");
        }
    }
}
