//! The runs that were made on this page or brought to it: kept in the browser until they are deleted.

mod table;

use js_sys::Date;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::history::History;
use super::messages::Messages;
use super::store;
use crate::train::{Origin, Recipe, Record, from_json, to_json};

pub use table::RunsTable;

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
    fn of(id: String, record: Record, is_stored: bool) -> Self {
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

/// All kept runs, the latest first. A handle: copies mean the same.
#[derive(Clone, Copy)]
pub struct Library {
    runs: RwSignal<Vec<KeptRun>>,
    messages: Messages,
}

impl Library {
    /// Nothing kept yet.
    pub fn new(messages: Messages) -> Self {
        Self { runs: RwSignal::default(), messages }
    }

    /// Reads what the browser has stored. A refusal is told when something is to be stored; nothing is lost yet.
    pub async fn read(self) {
        let stored = store::kept_runs().await.unwrap_or_default();
        let read = stored.into_iter().filter_map(|(id, json)| {
            // Stored by another version, perhaps: what cannot be read is left where it is.
            let record = from_json(&json).ok()?.into_iter().next()?;
            Some(KeptRun::of(id, record, true))
        });
        let read: Vec<KeptRun> = read.collect();
        self.runs.update(|runs| read.into_iter().for_each(|run| insert(runs, run)));
    }

    /// Reads the runs.
    pub fn with<T>(self, read: impl FnOnce(&[KeptRun]) -> T) -> T {
        self.runs.with(|runs| read(runs))
    }

    /// The runs that the charts show beside what is trained now.
    pub fn overlaid(self) -> Vec<KeptRun> {
        self.with(|runs| runs.iter().filter(|run| run.is_overlaid).cloned().collect())
    }

    /// The latest finished run of a recipe.
    pub fn finished(self, recipe: &Recipe) -> Option<KeptRun> {
        self.with(|runs| {
            runs.iter().find(|run| run.is_finished() && run.recipe == *recipe).cloned()
        })
    }

    /// Keeps a run that has at least one epoch behind it.
    pub fn keep(self, name: &str, recipe: &Recipe, history: &History) {
        if history.epochs.is_empty() {
            return;
        }
        // Said at its start. This page computes nothing itself and knows neither the data nor where a run was before.
        let origin = history.origin().cloned().unwrap_or_default();
        let record = Record {
            name: name.into(),
            folder: String::new(),
            recipe: recipe.clone(),
            origin,
            date: String::from(Date::new_0().to_iso_string()),
            events: history.events(),
        };
        self.add(vec![record]);
    }

    /// Adds the runs of a file.
    ///
    /// # Errors
    /// One sentence, where the text is no such file.
    pub fn import(self, text: &str) -> Result<usize, String> {
        let records = from_json(text)?;
        let count = records.len();
        self.add(records);
        Ok(count)
    }

    /// Forgets a run.
    pub fn delete(self, id: &str) {
        self.runs.update(|runs| runs.retain(|run| run.id != id));
        let id = id.to_owned();
        spawn_local(async move {
            // What was never stored need not be deleted.
            let _ = store::delete_kept(&id).await;
        });
    }

    /// Calls a run something else.
    pub fn rename(self, id: &str, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.change(id, |run| run.name = name.into());
        }
    }

    /// Lays a run over the charts, or takes it away.
    pub fn overlay(self, id: &str, is_overlaid: bool) {
        self.runs.update(|runs| {
            runs.iter_mut().filter(|run| run.id == id).for_each(|run| run.is_overlaid = is_overlaid)
        });
    }

    fn change(self, id: &str, change: impl FnOnce(&mut KeptRun)) {
        let changed = self.runs.try_update(|runs| {
            let run = runs.iter_mut().find(|run| run.id == id)?;
            change(run);
            Some(run.clone())
        });
        if let Some(run) = changed.flatten() {
            self.store(&run);
        }
    }

    fn add(self, records: Vec<Record>) {
        let now = Date::now();
        for (at, record) in records.into_iter().enumerate() {
            // Time, then chance: two pages may keep a run in the same millisecond.
            let id = format!("{now}-{at}-{}", (js_sys::Math::random() * 1e9) as u32);
            let run = KeptRun::of(id, record, false);
            self.store(&run);
            self.runs.update(|runs| insert(runs, run));
        }
    }

    fn store(self, run: &KeptRun) {
        let (id, json) = (run.id.clone(), to_json(&[run.record()]));
        spawn_local(async move {
            let stored = store::keep(&id, &json).await;
            self.runs.update(|runs| {
                runs.iter_mut()
                    .filter(|run| run.id == id)
                    .for_each(|run| run.is_stored = stored.is_ok());
            });
            if let Err(reason) = stored {
                self.messages.show(format!(
                    "The browser does not keep this run ({reason}): it is in the list until the page is closed; export it, \
                     or allow storage for this page or leave its private window."
                ));
            }
        });
    }
}

/// Puts a run where it belongs: the latest come first.
fn insert(runs: &mut Vec<KeptRun>, run: KeptRun) {
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
