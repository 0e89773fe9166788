//! The runs that were made on this page or brought to it: kept in the browser until they are deleted.

use js_sys::Date;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::lab::browser::clock::{at_most, now_utc};
use crate::lab::browser::{storage, store, tabs};
use crate::lab::facts::history::History;
use crate::lab::facts::kept_run::{KeptRun, insert, is_beginning_of, is_same_run};
use crate::lab::state::messages::{Messages, Offer};
use crate::train::{Recipe, Record, from_json, to_json};

/// All kept runs, the latest first. A handle: copies mean the same.
#[derive(Clone, Copy)]
pub struct Library {
    runs: RwSignal<Vec<KeptRun>>,
    messages: Messages,
    /// The run that was deleted last.
    deleted: StoredValue<Option<KeptRun>>,
    /// Runs that are not in the list any more, and in the browser's storage for a moment still.
    leaving: StoredValue<Vec<String>>,
    /// Whether the browser's storage answered when it was asked last.
    answers: StoredValue<bool>,
}

/// What sentences about a file are about.
const IMPORT: &str = "import";
/// What another tab is told when the list is another.
pub const LIST_CHANGED: &str = "list";
/// A storage that has not answered for so long is not waited for.
pub const STORAGE_MS: i32 = 2000;

impl Library {
    /// Nothing kept yet.
    pub fn new(messages: Messages) -> Self {
        Self {
            runs: RwSignal::default(),
            messages,
            deleted: StoredValue::new(None),
            leaving: StoredValue::default(),
            answers: StoredValue::new(true),
        }
    }

    /// Whether the browser's storage answers: one that does not is not waited for again.
    pub fn does_storage_answer(self) -> bool {
        self.answers.get_value()
    }

    /// Notes whether the browser's storage has answered.
    pub fn note_answer(self, answers: bool) {
        self.answers.set_value(answers);
    }

    /// Reads what the browser has stored. A refusal is told when something is to be stored; nothing is lost yet.
    pub async fn read(self) {
        let answer = at_most(STORAGE_MS, store::kept_runs()).await;
        self.note_answer(answer.is_some());
        let Some(stored) = answer else {
            return self.messages.show(
                "The browser's storage does not answer: runs that were kept are not shown, and a reload may lose this one; \
                 close other tabs of this page, or restart the browser.",
            );
        };
        // A run that could not be stored is in this list alone; what else is not stored any more was deleted elsewhere.
        let Ok(stored) = stored else { return };
        let leaving = self.leaving.get_value();
        let stays = stored.into_iter().filter(|(id, _)| !leaving.contains(id));
        let read = stays.filter_map(|(id, json)| {
            // Stored by another version, perhaps: what cannot be read is left where it is.
            let record = from_json(&json).ok()?.into_iter().next()?;
            Some(KeptRun::of(id, record, true))
        });
        let read: Vec<KeptRun> = read.collect();
        self.runs.update(|runs| {
            let overlaid: Vec<_> =
                runs.iter().filter(|run| run.is_overlaid).map(|run| run.id.clone()).collect();
            runs.retain(|run| !run.is_stored && !read.iter().any(|of| of.id == run.id));
            for run in read {
                let is_overlaid = overlaid.contains(&run.id);
                insert(runs, KeptRun { is_overlaid, ..run });
            }
        });
    }

    /// Reads the runs.
    pub fn with<T>(self, read: impl FnOnce(&[KeptRun]) -> T) -> T {
        self.runs.with(|runs| read(runs))
    }

    /// Reads each run that the charts show beside what is trained now, where it stands: a long run is not to be copied several
    /// times a second.
    pub fn of_overlaid<T>(self, read: impl FnMut(&KeptRun) -> T) -> Vec<T> {
        self.with(|runs| runs.iter().filter(|run| run.is_overlaid).map(read).collect())
    }

    /// Reads the latest finished run of a recipe, where it stands.
    pub fn with_finished<T>(
        self,
        recipe: &Recipe,
        read: impl FnOnce(&KeptRun) -> Option<T>,
    ) -> Option<T> {
        self.with(|runs| {
            runs.iter().find(|run| run.is_finished() && run.recipe == *recipe).and_then(read)
        })
    }

    /// Keeps a run that has at least one epoch behind it, in place of its own beginning where that is in the list.
    pub fn keep(self, name: &str, recipe: &Recipe, history: &History) {
        if history.epochs.is_empty() {
            return;
        }
        let before = self.runs.with_untracked(|runs| {
            runs.iter().find(|run| is_beginning_of(run, recipe, history)).cloned()
        });
        if let Some(before) = &before {
            let is_further =
                history.summary.is_some() || history.epochs.len() > before.history.epochs.len();
            if !is_further {
                return;
            }
            self.forget(&before.id);
        }
        let name = before.as_ref().map_or(name, |before| &before.name);
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
            Ok(records) => {
                self.messages.settle(IMPORT);
                let all = records.len();
                let added = self.add(records);
                if added < all {
                    self.messages.show_about(
                        IMPORT,
                        format!(
                            "{} of {all} runs of the file are in the list already",
                            all - added
                        ),
                    );
                }
            }
            Err(reason) => {
                self.messages.show_about(IMPORT, format!("Nothing was imported: {reason}"))
            }
        }
    }

    /// Forgets a run; the last one can be taken back.
    pub fn delete(self, id: &str) {
        let Some(run) =
            self.runs.with_untracked(|runs| runs.iter().find(|run| run.id == id).cloned())
        else {
            return;
        };
        self.messages.take_back(Offer::Undo);
        self.messages.show_with(Offer::Undo, format!("“{}” was deleted", run.name));
        self.deleted.set_value(Some(run));
        self.forget(id);
    }

    fn forget(self, id: &str) {
        self.runs.update(|runs| runs.retain(|run| run.id != id));
        let id = id.to_owned();
        self.leaving.update_value(|leaving| leaving.push(id.clone()));
        spawn_local(async move {
            // What was never stored need not be deleted.
            let _ = store::delete_kept(&id).await;
            self.leaving.update_value(|leaving| leaving.retain(|other| *other != id));
            tabs::tell(LIST_CHANGED);
        });
    }

    /// Takes the run back that was deleted last.
    pub fn undo(self) {
        self.messages.take_back(Offer::Undo);
        if let Some(run) = self.deleted.try_update_value(Option::take).flatten() {
            self.leaving.update_value(|leaving| leaving.retain(|id| *id != run.id));
            self.store(&run);
            // Until it is stored again it is in this list alone.
            self.runs.update(|runs| insert(runs, KeptRun { is_stored: false, ..run }));
        }
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

    /// Adds what is not there yet; returns how many that were.
    fn add(self, records: Vec<Record>) -> usize {
        let now = Date::now();
        let mut added = 0;
        for (at, record) in records.into_iter().enumerate() {
            // Time, then chance: two pages may keep a run in the same millisecond.
            let id = format!("{now}-{at}-{}", (js_sys::Math::random() * 1e9) as u32);
            let run = KeptRun::of(id, record, false);
            if self.runs.with_untracked(|runs| runs.iter().any(|other| is_same_run(other, &run))) {
                continue;
            }
            added += 1;
            self.store(&run);
            self.runs.update(|runs| insert(runs, run));
        }
        added
    }

    fn store(self, run: &KeptRun) {
        let (id, json) = (run.id.clone(), to_json(&[run.record()]));
        spawn_local(async move {
            let stored = store::keep(&id, &json).await;
            self.note_answer(true);
            self.runs.update(|runs| {
                runs.iter_mut()
                    .filter(|run| run.id == id)
                    .for_each(|run| run.is_stored = stored.is_ok());
            });
            if stored.is_ok() {
                storage::ask_to_persist();
                tabs::tell(LIST_CHANGED);
            }
            if let Err(reason) = stored {
                self.messages.show(format!(
                    "The browser does not keep this run ({reason}): it is in the list until the page is closed; export it, \
                     or allow storage for this page or leave its private window."
                ));
            }
        });
    }
}
