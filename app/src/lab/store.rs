//! The browser's own storage: one run a lane, so that a reload loses nothing.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

const DATABASE: &str = "rote";
const RUNS: &str = "runs";

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
}

/// Stores the run of `lane`, in place of the one before. The error is the browser's reason.
pub async fn save(lane: &str, run: &SavedRun) -> Result<(), String> {
    let value = Object::new();
    let fields: [(&str, JsValue); 4] = [
        ("recipe", run.recipe.as_str().into()),
        ("step", (run.step as f64).into()),
        ("events", run.events.clone().into()),
        ("bytes", run.bytes.clone().into()),
    ];
    for (key, field) in fields {
        // Setting a property of a fresh object does not fail.
        let _ = Reflect::set(&value, &key.into(), &field);
    }
    put(lane, &value).await.map_err(|error| error.to_string())
}

/// The stored run of `lane`, if it is one of `recipe`.
pub async fn load(lane: &str, recipe: &str) -> Result<Option<SavedRun>, String> {
    let value = get(lane).await.map_err(|error| error.to_string())?;
    Ok(value.and_then(|value| read(&value)).filter(|run| run.recipe == recipe))
}

/// Forgets the run of `lane`.
pub async fn forget(lane: &str) -> Result<(), String> {
    delete(lane).await.map_err(|error| error.to_string())
}

fn read(value: &JsValue) -> Option<SavedRun> {
    let field = |key: &str| Reflect::get(value, &key.into()).ok();
    Some(SavedRun {
        recipe: field("recipe")?.as_string()?,
        step: field("step")?.as_f64()? as u64,
        events: field("events")?.dyn_into().ok()?,
        bytes: field("bytes")?.dyn_into().ok()?,
    })
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        // An upgrade that fails makes the request fail, and that is reported.
        if let Ok(database) = event.database() {
            let _ = database.create_object_store(RUNS, ObjectStoreParams::new());
        }
    });
    request.await
}

async fn put(lane: &str, value: &JsValue) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[RUNS], TransactionMode::ReadWrite)?;
    transaction.object_store(RUNS)?.put(value, Some(&lane.into()))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

async fn get(lane: &str) -> Result<Option<JsValue>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[RUNS], TransactionMode::ReadOnly)?;
    let value = transaction.object_store(RUNS)?.get(JsValue::from(lane))?.await?;
    database.close();
    Ok(value)
}

async fn delete(lane: &str) -> Result<(), Error> {
    let database = open().await?;
    let transaction = database.transaction(&[RUNS], TransactionMode::ReadWrite)?;
    transaction.object_store(RUNS)?.delete(JsValue::from(lane))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}
