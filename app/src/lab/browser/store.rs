//! The browser's own storage: runs on the way, so that a reload loses nothing, and the runs of the list.

use idb::{
    Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Transaction, TransactionMode,
    TransactionResult,
};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::address::path;
use super::clock::now_utc;

const DATABASE: &str = "rote";
/// By page and recipe: a checkpoint with what was said so far.
const RUNS: &str = "runs";
/// By the same: when each was stored and how far it is, because the runs themselves take megabytes to read.
const DATES: &str = "dates";
/// By the kept run's id.
const KEPT: &str = "kept";
/// Runs on the way that are kept for a page; a checkpoint takes some ten megabytes.
const MAX_RUNS: usize = 6;

/// A stored run.
pub struct SavedRun {
    /// Its recipe, as the text of a recipe file.
    pub recipe: String,
    /// Steps done when the checkpoint was taken.
    pub step: u64,
    /// Its events as JSON; what is shown of a run is read off them.
    pub events: String,
    /// The checkpoint.
    pub bytes: Uint8Array,
    /// What became of its images.
    pub memory: Option<Uint8Array>,
}

/// What is stored of a run.
pub enum Stored {
    /// Nothing.
    Nothing,
    /// So much.
    Run(SavedRun),
    /// Something that was no run. It was forgotten: its note would refuse the run that begins again until it is further.
    Garbled,
}

/// Under what the run of a recipe is stored for this copy of the page.
pub fn key_of(recipe: &str) -> String {
    format!("{} {recipe}", path())
}

/// Stores a run, unless the one of this recipe that another tab stored is further: it is the same run. The oldest runs of
/// this page give way. The error is the browser's reason.
pub async fn save(run: &SavedRun) -> Result<(), String> {
    let value = Object::new();
    let fields: [(&str, JsValue); 5] = [
        ("recipe", run.recipe.as_str().into()),
        ("step", (run.step as f64).into()),
        ("events", run.events.as_str().into()),
        ("bytes", run.bytes.clone().into()),
        ("memory", run.memory.clone().map_or(JsValue::UNDEFINED, JsValue::from)),
    ];
    for (key, field) in fields {
        // Setting a property of a fresh object does not fail.
        let _ = Reflect::set(&value, &key.into(), &field);
    }
    put_run(&key_of(&run.recipe), run.step, &value).await.map_err(said)
}

async fn put_run(key: &str, step: u64, value: &JsValue) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[RUNS, DATES], TransactionMode::ReadWrite)?;
    let (runs, dates) = (transaction.object_store(RUNS)?, transaction.object_store(DATES)?);
    let mut stored = texts(&dates).await?;
    let is_further = stored
        .iter()
        .find(|(of, _)| of == key)
        .and_then(|(_, note)| note.split(' ').nth(1)?.parse::<u64>().ok())
        .is_some_and(|stored| stored > step);
    if !is_further {
        runs.put(value, Some(&key.into()))?.await?;
        dates.put(&format!("{} {step}", now_utc()).into(), Some(&key.into()))?.await?;
        let own = format!("{} ", path());
        stored.retain(|(of, _)| of != key && of.starts_with(&own));
        while stored.len() >= MAX_RUNS {
            let oldest = (0..stored.len()).min_by(|&a, &b| stored[a].1.cmp(&stored[b].1));
            let (oldest, _) = stored.swap_remove(oldest.unwrap_or_default());
            for store in [&runs, &dates] {
                store.delete(JsValue::from(oldest.as_str()))?.await?;
            }
        }
    }
    committed(transaction).await?;
    database.close();
    Ok(())
}

/// What is stored of the run of a recipe.
pub async fn load(recipe: &str) -> Result<Stored, String> {
    let Some(value) = get(RUNS, &key_of(recipe)).await.map_err(said)? else {
        return Ok(Stored::Nothing);
    };
    match read(&value) {
        Some(run) => Ok(Stored::Run(run)),
        None => forget(recipe).await.map(|()| Stored::Garbled),
    }
}

/// Forgets the run of a recipe.
pub async fn forget(recipe: &str) -> Result<(), String> {
    delete(&[RUNS, DATES], &key_of(recipe)).await.map_err(said)
}

fn read(value: &JsValue) -> Option<SavedRun> {
    let field = |key: &str| Reflect::get(value, &key.into()).ok();
    Some(SavedRun {
        recipe: field("recipe")?.as_string()?,
        step: field("step")?.as_f64()? as u64,
        events: field("events")?.as_string()?,
        bytes: field("bytes")?.dyn_into().ok()?,
        memory: field("memory").and_then(|memory| memory.dyn_into().ok()),
    })
}

/// Keeps a run of the list, as JSON.
pub async fn keep(id: &str, json: &str) -> Result<(), String> {
    put(KEPT, id, &json.into()).await.map_err(said)
}

/// The kept runs with their ids.
pub async fn kept_runs() -> Result<Vec<(String, String)>, String> {
    all(KEPT).await.map_err(said)
}

/// Forgets a kept run.
pub async fn delete_kept(id: &str) -> Result<(), String> {
    delete(&[KEPT], id).await.map_err(said)
}

fn said(error: Error) -> String {
    match error {
        // Nothing else here is without a code of the browser's.
        Error::DomExceptionNotFound => {
            "it took the change back, as when its room is used up".into()
        }
        error => error.to_string(),
    }
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(3))?;
    request.on_upgrade_needed(|event| {
        // An upgrade that fails makes the request fail, and that is reported.
        if let Ok(database) = event.database() {
            // Before, it held one run a lane, whatever the page and the recipe.
            let _ = database.delete_object_store(RUNS);
            for store in [RUNS, DATES, KEPT] {
                // The list of runs may be there already.
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        }
    });
    request.await
}

/// A change is stored when its transaction is complete, and not before: a full disk takes it back at the end.
async fn committed(transaction: Transaction) -> Result<(), Error> {
    match transaction.commit()?.await? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(Error::DomExceptionNotFound),
    }
}

async fn put(store: &str, key: &str, value: &JsValue) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
    transaction.object_store(store)?.put(value, Some(&key.into()))?.await?;
    committed(transaction).await?;
    database.close();
    Ok(())
}

async fn get(store: &str, key: &str) -> Result<Option<JsValue>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadOnly)?;
    let value = transaction.object_store(store)?.get(JsValue::from(key))?.await?;
    database.close();
    Ok(value)
}

async fn all(store: &str) -> Result<Vec<(String, String)>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadOnly)?;
    let both = texts(&transaction.object_store(store)?).await?;
    database.close();
    Ok(both)
}

/// The keys and values of a store, where both are text.
async fn texts(store: &idb::ObjectStore) -> Result<Vec<(String, String)>, Error> {
    let keys = store.get_all_keys(None, None)?.await?;
    let values = store.get_all(None, None)?.await?;
    let both = keys.into_iter().zip(values);
    Ok(both.filter_map(|(key, value)| Some((key.as_string()?, value.as_string()?))).collect())
}

async fn delete(stores: &[&str], key: &str) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(stores, TransactionMode::ReadWrite)?;
    for store in stores {
        transaction.object_store(store)?.delete(JsValue::from(key))?.await?;
    }
    committed(transaction).await?;
    database.close();
    Ok(())
}
