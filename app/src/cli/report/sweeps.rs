//! A chart of each sweep: accuracies against one setting with all others equal.

use super::recipes::RecipeSeeds;
use crate::charts::{Axis, Line, Plot, Point, ReferenceLine, Span, Stroke};
use crate::cli::grid::file_name;
use crate::experiments::{Outcome, Scale, mean};
use crate::train::{SETTINGS, Setting, SettingKind};

/// A sweep's chart.
pub(super) struct Sweep {
    /// Part of its file's name.
    pub(super) name: String,
    /// Above it.
    pub(super) title: String,
    /// Below it.
    pub(super) caption: String,
    pub(super) plot: Plot,
}

/// Values of a setting from which its runs are a sweep.
const VALUES: usize = 3;
/// Between the least and the largest value above zero, from which an axis is in powers of ten.
const POWERS_FROM: f64 = 20.0;

/// Every sweep of a number among the recipes. One of the paper's rows alone is not: that is a figure of the paper.
pub(super) fn all(recipes: &[RecipeSeeds]) -> Vec<Sweep> {
    let is_number = |setting: &&Setting| {
        setting.key != "seed"
            && matches!(setting.kind, SettingKind::Integer { .. } | SettingKind::Number { .. })
    };
    SETTINGS.iter().filter(is_number).flat_map(|setting| of_setting(setting, recipes)).collect()
}

/// One point of a sweep: the value of its setting, and the runs.
type At<'a> = (f64, &'a RecipeSeeds<'a>);

fn of_setting(setting: &'static Setting, recipes: &[RecipeSeeds]) -> Vec<Sweep> {
    let mut families: Vec<(Vec<String>, Vec<At>)> = Vec::new();
    for seeds in recipes {
        let resolved = seeds.recipe.resolved();
        // Where it is left open there is no number.
        let Ok(value) = setting.get(&resolved).parse::<f64>() else { continue };
        let others = SETTINGS.iter().filter(|other| ![setting.key, "seed"].contains(&other.key));
        let others: Vec<String> = others.map(|other| other.get(&resolved)).collect();
        match families.iter_mut().find(|(known, _)| *known == others) {
            Some((_, family)) => family.push((value, seeds)),
            None => families.push((others, vec![(value, seeds)])),
        }
    }
    let is_sweep = |family: &Vec<At>| {
        family.len() >= VALUES && family.iter().any(|(_, seeds)| !seeds.called.is_row())
    };
    let families = families.into_iter().map(|(_, family)| family).filter(is_sweep);
    families.filter_map(|family| sweep(setting, family)).collect()
}

fn sweep(setting: &'static Setting, mut family: Vec<At>) -> Option<Sweep> {
    family.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (diverged, family): (Vec<At>, Vec<At>) =
        family.into_iter().partition(|(_, seeds)| seeds.has_diverged());
    if family.len() < 2 {
        // One value is no line; the table has it.
        return None;
    }
    let base = base(setting, &family)?;
    let across = Across::of(&family);
    // Zero is no power of ten: it becomes the dotted line.
    let (zero, drawn): (Vec<At>, Vec<At>) =
        family.iter().copied().partition(|(value, _)| across.is_power && *value <= 0.0);
    let test = line("test", 0, &across, &drawn, |run| run.summary.test_accuracy);
    let train = line("train", 1, &across, &drawn, |run| run.summary.train_accuracy);
    let least = test.points.iter().chain(&train.points).map(|point| point.1);
    let least = least.fold(1.0, f64::min);
    let reference = zero.first().map(|(_, seeds)| {
        let value = average(seeds, |run| run.summary.test_accuracy);
        let name = format!("test at 0: {:.1} %", 100.0 * value);
        ReferenceLine { value, name, is_left: true }
    });
    let lowest = reference.as_ref().map_or(least, |reference| reference.value.min(least));
    let caption = caption(&family, &diverged);
    let mut lines = vec![test, train];
    lines.extend(rings(&across, &drawn));
    Some(Sweep {
        name: format!("sweep-{}-by-{}", file_name(&base), setting.key),
        title: format!("{base} by {}", setting.key),
        caption,
        plot: Plot {
            x: across.axis(setting.key, &drawn)?,
            y: Axis {
                start: (10.0 * lowest - 0.5).floor().max(0.0) / 10.0,
                end: 1.0,
                number: |share| format!("{:.0} %", 100.0 * share),
                name: "accuracy",
            },
            reference,
            lines,
        },
    })
}

/// What the runs have in common: the row of most of them, and what else was changed.
fn base(setting: &Setting, family: &[At]) -> Option<String> {
    let of_row = |row: &str| family.iter().filter(|(_, seeds)| seeds.called.row == row).count();
    let (_, seeds) = family.iter().max_by_key(|(_, seeds)| of_row(&seeds.called.row))?;
    let mut called = seeds.called.clone();
    called.changed.retain(|(key, _)| *key != setting.key);
    Some(called.to_string())
}

fn caption(family: &[At], diverged: &[At]) -> String {
    let counts = family.iter().map(|(_, seeds)| seeds.runs.len());
    let seeds = match (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0)) {
        (_, 1) => "One seed.".to_owned(),
        (least, most) if least == most => {
            format!("Means over {most} seeds; bands reach from the lowest of them to the highest.")
        }
        (least, most) => {
            format!(
                "Means over {least} to {most} seeds; bands reach from the lowest of them to the highest."
            )
        }
    };
    let at: Vec<_> = diverged.iter().map(|(value, _)| value.to_string()).collect();
    match &at[..] {
        [] => seeds,
        at => format!("{seeds} Diverged, and left out: {}.", at.join(", ")),
    }
}

fn average(seeds: &RecipeSeeds, what: impl Fn(&Outcome) -> f64) -> f64 {
    mean(&seeds.runs.iter().map(|run| what(run)).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

fn line(
    name: &str,
    color: usize,
    across: &Across,
    family: &[At],
    what: impl Fn(&Outcome) -> f64 + Copy,
) -> Line {
    let points: Vec<Point> =
        family.iter().map(|(value, seeds)| (across.place(*value), average(seeds, what))).collect();
    let span = |(value, seeds): &At| -> Span {
        let each = seeds.runs.iter().map(|run| what(run));
        let (low, high) = (each.clone().fold(1.0, f64::min), each.fold(0.0, f64::max));
        (across.place(*value), low, high)
    };
    let has_seeds = family.iter().any(|(_, seeds)| seeds.runs.len() > 1);
    let band = if has_seeds { family.iter().map(span).collect() } else { Vec::new() };
    Line { name: name.into(), color, stroke: Stroke::Marked, points, band, ..Line::default() }
}

/// The paper's test accuracies where a row of its own size is among the runs.
fn rings(across: &Across, family: &[At]) -> Option<Line> {
    let published = family.iter().filter_map(|(value, seeds)| {
        let is_the_papers = seeds.called.is_row() && seeds.scale == Scale::Paper;
        let number = seeds.called.published.test.filter(|_| is_the_papers)?;
        Some((across.place(*value), number.percent / 100.0))
    });
    let points: Vec<Point> = published.collect();
    (!points.is_empty()).then(|| Line { stroke: Stroke::Rings, points, ..Line::default() })
}

/// Where values stand across.
struct Across {
    is_power: bool,
}

impl Across {
    fn of(family: &[At]) -> Self {
        let above_zero = family.iter().map(|(value, _)| *value).filter(|value| *value > 0.0);
        let (least, most) =
            (above_zero.clone().fold(f64::INFINITY, f64::min), above_zero.fold(0.0, f64::max));
        Self { is_power: most / least >= POWERS_FROM }
    }

    fn place(&self, value: f64) -> f64 {
        if self.is_power { value.log10() } else { value }
    }

    /// An axis with a little room at both ends; none of no values.
    fn axis(&self, name: &'static str, family: &[At]) -> Option<Axis> {
        let places = family.iter().map(|(value, _)| self.place(*value));
        let (start, end) = (places.clone().reduce(f64::min)?, places.reduce(f64::max)?);
        let room = 0.03 * (end - start);
        let number: fn(f64) -> String =
            if self.is_power { |power| tidy(10f64.powf(power)) } else { tidy };
        Some(Axis { start: start - room, end: end + room, number, name })
    }
}

/// A number with two or three digits that count.
fn tidy(value: f64) -> String {
    if value == 0.0 || value.abs() >= 100.0 {
        return format!("{value:.0}");
    }
    let digits = (1.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::load::Runs;
    use super::super::load::tests::finished;
    use super::super::recipes::{Naming, recipes};
    use super::*;
    use crate::experiments::Names;
    use crate::train::Recipe;

    /// The sweeps among runs of `mlp-1x512/plain` at a desk with changes `key=value`, a seed and a test accuracy.
    fn sweeps(of: &[(&str, u64, f64)]) -> Vec<Sweep> {
        let names = Names::at(Scale::Desk);
        let row = names.rows().iter().find(|row| row.name == "mlp-1x512/plain").unwrap();
        let mut runs = Runs::default();
        for (at, (changes, seed, test)) in of.iter().enumerate() {
            let mut recipe = Recipe { seed: *seed, ..row.recipe.clone() };
            for (key, value) in changes.split(' ').filter_map(|change| change.split_once('=')) {
                recipe.set(key, value).unwrap();
            }
            let (about, outcome) = finished(&recipe, *test);
            runs.add(Path::new(&at.to_string()), about, outcome);
        }
        all(&recipes(&runs, &Naming::of(None)))
    }

    #[test]
    fn three_values_of_a_setting_are_a_chart_with_the_row_itself_and_two_are_none() {
        let found = sweeps(&[
            ("momentum=0.8", 1, 0.3),
            ("momentum=0.8", 2, 0.4),
            ("momentum=0.5", 1, 0.2),
            ("", 1, 0.5),
        ]);
        assert_eq!(found.len(), 1);
        let sweep = &found[0];
        assert_eq!(sweep.title, "mlp-1x512/plain by momentum");
        assert_eq!(sweep.name, "sweep-mlp-1x512.plain-by-momentum");
        let test = &sweep.plot.lines[0];
        assert_eq!(test.points, [(0.5, 0.2), (0.8, 0.35), (0.9, 0.5)]);
        assert_eq!(test.band[1], (0.8, 0.3, 0.4));
        assert!(sweep.caption.contains("1 to 2 seeds"), "{}", sweep.caption);
        assert!(sweeps(&[("momentum=0.8", 1, 0.3), ("", 1, 0.5)]).is_empty());
    }

    #[test]
    fn another_setting_that_differs_too_makes_another_sweep() {
        let found = sweeps(&[
            ("momentum=0.8 images=1000", 1, 0.3),
            ("momentum=0.7 images=1000", 1, 0.3),
            ("momentum=0.5 images=1000", 1, 0.2),
            ("momentum=0.5", 1, 0.2),
            ("", 1, 0.5),
        ]);
        let titles: Vec<_> = found.iter().map(|sweep| sweep.title.as_str()).collect();
        assert_eq!(titles, ["mlp-1x512/plain images=1000 by momentum"]);
    }

    #[test]
    fn the_papers_own_rows_are_its_figures_and_no_sweep() {
        let levels: Vec<(String, u64, f64)> = (0..10)
            .map(|tenth| (format!("label-corruption={}", f64::from(tenth) / 10.0), 1, 0.5))
            .collect();
        let of: Vec<_> =
            levels.iter().map(|(change, seed, test)| (change.as_str(), *seed, *test)).collect();
        assert!(sweeps(&of).is_empty());
    }

    #[test]
    fn values_over_several_powers_of_ten_are_drawn_by_their_powers_and_zero_as_a_line() {
        let found = sweeps(&[
            ("", 1, 0.35),
            ("weight-decay=0.0001", 1, 0.36),
            ("weight-decay=0.001", 1, 0.37),
            ("weight-decay=0.01", 1, 0.30),
        ]);
        let plot = &found[0].plot;
        let places: Vec<_> = plot.lines[0].points.iter().map(|point| point.0.round()).collect();
        assert_eq!(places, [-4.0, -3.0, -2.0]);
        assert_eq!((plot.x.number)(-3.0), "0.001");
        assert_eq!(plot.reference.as_ref().unwrap().name, "test at 0: 35.0 %");
    }

    #[test]
    fn numbers_on_the_axis_have_as_many_digits_as_count() {
        let found = [0.0, 0.00004, 0.05, 0.5, 1.5, 64.0, 50_000.0].map(tidy);
        assert_eq!(found, ["0", "0.00004", "0.05", "0.5", "1.5", "64", "50000"]);
    }
}
