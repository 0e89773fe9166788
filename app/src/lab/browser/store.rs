//! The browser's own storage: the run of each lane, so that a reload loses nothing, and the runs of the list.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

const DATABASE: &str = "rote";
/// By the lane's name.
const RUNS: &str = "runs";
/// By the kept run's id.
const KEPT: &str = "kept";

/// A stored run.
pub struct SavedRun {
    /// Its recipe, as the text of a recipe file.
    pub recipe: String,
    /// Steps done when the checkpoint was taken.
    pub step: u64,
    /// Its events, as objects; what is shown of a run is read off them.
    pub events: Array,
    /// The checkpoint.
    pub bytes: Uint8Array,
    /// What became of its images; none where an older page stored it.
    pub memory: Option<Uint8Array>,
}

/// Stores the run of `lane`, in place of the one before. The error is the browser's reason.
pub async fn save(lane: &str, run: &SavedRun) -> Result<(), String> {
    let value = Object::new();
    let fields: [(&str, JsValue); 5] = [
        ("recipe", run.recipe.as_str().into()),
        ("step", (run.step as f64).into()),
        ("events", run.events.clone().into()),
        ("bytes", run.bytes.clone().into()),
        ("memory", run.memory.clone().map_or(JsValue::UNDEFINED, JsValue::from)),
    ];
    for (key, field) in fields {
        // Setting a property of a fresh object does not fail.
        let _ = Reflect::set(&value, &key.into(), &field);
    }
    put(RUNS, lane, &value).await.map_err(|error| error.to_string())
}

/// The stored run of `lane`, if it is one of `recipe`.
pub async fn load(lane: &str, recipe: &str) -> Result<Option<SavedRun>, String> {
    let value = get(RUNS, lane).await.map_err(|error| error.to_string())?;
    Ok(value.and_then(|value| read(&value)).filter(|run| run.recipe == recipe))
}

/// Forgets the run of `lane`.
pub async fn forget(lane: &str) -> Result<(), String> {
    delete(RUNS, lane).await.map_err(|error| error.to_string())
}

fn read(value: &JsValue) -> Option<SavedRun> {
    let field = |key: &str| Reflect::get(value, &key.into()).ok();
    Some(SavedRun {
        recipe: field("recipe")?.as_string()?,
        step: field("step")?.as_f64()? as u64,
        events: field("events")?.dyn_into().ok()?,
        bytes: field("bytes")?.dyn_into().ok()?,
        memory: field("memory").and_then(|memory| memory.dyn_into().ok()),
    })
}

/// Keeps a run of the list, as JSON.
pub async fn keep(id: &str, json: &str) -> Result<(), String> {
    put(KEPT, id, &json.into()).await.map_err(|error| error.to_string())
}

/// The kept runs with their ids.
pub async fn kept_runs() -> Result<Vec<(String, String)>, String> {
    all(KEPT).await.map_err(|error| error.to_string())
}

/// Forgets a kept run.
pub async fn delete_kept(id: &str) -> Result<(), String> {
    delete(KEPT, id).await.map_err(|error| error.to_string())
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(2))?;
    request.on_upgrade_needed(|event| {
        // An upgrade that fails makes the request fail, and that is reported.
        if let Ok(database) = event.database() {
            for store in [RUNS, KEPT] {
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        }
    });
    request.await
}

async fn put(store: &str, key: &str, value: &JsValue) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
    transaction.object_store(store)?.put(value, Some(&key.into()))?.await?;
    transaction.commit()?.await?;
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

/// The keys and values of a store, where both are text.
async fn all(store: &str) -> Result<Vec<(String, String)>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadOnly)?;
    let open = transaction.object_store(store)?;
    let keys = open.get_all_keys(None, None)?.await?;
    let values = open.get_all(None, None)?.await?;
    database.close();
    let both = keys.into_iter().zip(values);
    Ok(both.filter_map(|(key, value)| Some((key.as_string()?, value.as_string()?))).collect())
}

async fn delete(store: &str, key: &str) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
    transaction.object_store(store)?.delete(JsValue::from(key))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}
