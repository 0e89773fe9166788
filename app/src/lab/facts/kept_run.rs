//! A run of the list: what was run, what it was made by, what it said.

use crate::lab::facts::history::History;
use crate::train::{Origin, Recipe, Record};

/// A kept run.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    /// Under which it is stored.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What was run.
    pub recipe: Recipe,
    /// What it was made by.
    pub origin: Origin,
    /// When it was kept, in UTC.
    pub date: String,
    /// What it said.
    pub history: History,
    /// Whether the charts show it beside what is trained now.
    pub is_overlaid: bool,
    /// Whether the browser has it as it is here.
    pub is_stored: bool,
}

impl KeptRun {
    /// A record of a file or of the browser's storage.
    pub fn of(id: String, record: Record, is_stored: bool) -> Self {
        let mut history = History::default();
        record.events.into_iter().for_each(|event| history.push(event));
        let Record { name, recipe, origin, date, .. } = record;
        Self { id, name, recipe, origin, date, history, is_overlaid: false, is_stored }
    }

    /// As it is written to a file.
    pub fn record(&self) -> Record {
        let Self { name, recipe, origin, date, history, .. } = self.clone();
        Record { name, folder: String::new(), recipe, origin, date, events: history.events() }
    }

    /// Whether it came to an end of its own.
    pub fn is_finished(&self) -> bool {
        self.history.summary.is_some()
    }
}

/// Whether two runs of the list are one, however it is called by now. Its numbers are not asked: the page reads the last
/// digit of some otherwise than it was written.
pub fn is_same_run(one: &KeptRun, other: &KeptRun) -> bool {
    one.date == other.date
        && one.recipe == other.recipe
        && one.history.epochs.len() == other.history.epochs.len()
        && one.is_finished() == other.is_finished()
}

/// Whether a run of the list is a beginning of one of this recipe that is as far by now.
pub fn is_beginning_of(run: &KeptRun, recipe: &Recipe, history: &History) -> bool {
    let losses = |history: &History| -> Vec<u32> {
        history.epochs.iter().map(|epoch| epoch.train_loss.to_bits()).collect()
    };
    !run.is_finished()
        && run.recipe == *recipe
        && losses(history).starts_with(&losses(&run.history))
}

/// Puts a run where it belongs: the latest come first.
pub fn insert(runs: &mut Vec<KeptRun>, run: KeptRun) {
    let place = runs.partition_point(|other| other.date > run.date);
    runs.insert(place, run);
}

/// The differences of a recipe from the default, but for its seed, which the list shows beside them.
pub fn differences(recipe: &Recipe) -> String {
    let changed: Vec<_> = recipe
        .to_query()
        .split('&')
        .filter(|pair| !pair.starts_with("seed="))
        .map(|pair| pair.replace('=', " "))
        .collect();
    let text = changed.join(", ");
    if text.is_empty() { "as it comes".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{EpochMetrics, Event};

    fn kept(name: &str, date: &str) -> KeptRun {
        let record = Record {
            name: name.into(),
            folder: String::new(),
            recipe: Recipe::default(),
            origin: Origin::default(),
            date: date.into(),
            events: vec![],
        };
        KeptRun::of(name.into(), record, true)
    }

    #[test]
    fn the_latest_run_comes_first_whenever_it_is_put_there() {
        let mut runs = vec![];
        for (name, date) in [("b", "2026-02-01"), ("c", "2026-03-01"), ("a", "2026-01-01")] {
            insert(&mut runs, kept(name, date));
        }
        let names: Vec<_> = runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }

    #[test]
    fn a_run_of_the_list_is_written_as_it_was_read() {
        let run = kept("a", "2026-01-01");
        assert_eq!(KeptRun::of("a".into(), run.record(), true), run);
        assert!(!run.is_finished());
    }

    #[test]
    fn a_run_stays_the_same_under_another_name_and_is_told_from_one_of_another_time_or_seed() {
        let run = kept("a", "2026-01-01");
        assert!(is_same_run(&run, &kept("b", "2026-01-01")));
        assert!(!is_same_run(&run, &kept("a", "2026-01-02")));
        let other = Recipe { seed: 7, ..Recipe::default() };
        assert!(!is_same_run(&run, &KeptRun { recipe: other, ..run.clone() }));
    }

    /// A run of so many steps, four an epoch, on the way.
    fn on_the_way(steps: u64) -> History {
        let mut history = History::default();
        history.push(Event::Started {
            format: 1,
            recipe: Recipe::default(),
            origin: Origin::default(),
            parameters: 1,
            images: 40,
            corrupted_labels: 0,
            test_images: 500,
            steps_per_epoch: 4,
            last_step: 100_000,
            step: 0,
        });
        for step in 1..=steps {
            let (epoch, loss) = ((step - 1) / 4, 1.0 / step as f32);
            history.push(Event::Step { step, epoch, loss, learning_rate: 0.01 });
            if step.is_multiple_of(4) {
                history.push(Event::Epoch(EpochMetrics {
                    epoch: step / 4,
                    step,
                    learning_rate: 0.01,
                    train_loss: loss,
                    accuracy: None,
                    seconds: 1.0,
                    images_per_second: 1.0,
                }));
            }
        }
        history
    }

    #[test]
    fn a_run_on_the_way_is_stored_with_its_steps_and_a_long_one_with_a_part_of_them_and_the_last() {
        let replayed = |history: &History| {
            let text = serde_json::to_string(&history.events_with_steps()).unwrap();
            let events: Vec<Event> = serde_json::from_str(&text).unwrap();
            let mut replayed = History::default();
            let count = events.len();
            events.into_iter().for_each(|event| replayed.push(event));
            (replayed, count)
        };
        let short = on_the_way(10);
        assert_eq!(replayed(&short), (short.clone(), 13), "the start, ten steps, two epochs");
        let long = on_the_way(20_001);
        let (again, count) = replayed(&long);
        assert_eq!((again.step, again.loss(), again.epochs.len()), (20_001, long.loss(), 5000));
        assert!(count < 10_000, "{count} events of 20,001 steps");
    }

    #[test]
    fn a_run_takes_the_place_of_its_own_beginning_and_of_no_other_run() {
        let mut begun = kept("a", "2026-01-01");
        begun.history = on_the_way(8);
        assert!(is_beginning_of(&begun, &begun.recipe, &on_the_way(12)));
        assert!(!is_beginning_of(&begun, &begun.recipe, &on_the_way(4)));
        let other = Recipe { seed: 7, ..Recipe::default() };
        assert!(!is_beginning_of(&begun, &other, &on_the_way(12)));
    }

    #[test]
    fn a_recipe_is_told_by_what_differs_but_not_by_its_seed() {
        let recipe = Recipe { images: 500, seed: 7, ..Recipe::default() };
        assert_eq!(differences(&recipe), "images 500");
        assert_eq!(differences(&Recipe { seed: 7, ..Recipe::default() }), "as it comes");
    }
}
