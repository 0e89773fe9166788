//! The runs that were made on this page or brought to it: kept in the browser until they are deleted.

use js_sys::Date;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::lab::browser::clock::now_utc;
use crate::lab::browser::store;
use crate::lab::facts::history::History;
use crate::lab::facts::kept_run::{KeptRun, insert};
use crate::lab::state::messages::Messages;
use crate::train::{Recipe, Record, from_json, to_json};

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
            date: now_utc(),
            events: history.events(),
        };
        self.add(vec![record]);
    }

    /// Adds the runs of a file, or says why not.
    pub fn import(self, file: Result<String, String>) {
        match file.and_then(|text| from_json(&text)) {
            Ok(records) => self.add(records),
            Err(reason) => self.messages.show(format!("Nothing was imported: {reason}")),
        }
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
