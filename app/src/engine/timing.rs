//! Timing the engine against other libraries: `benches/peers/rote.mjs` calls it, the page does not.

use std::cell::RefCell;

use crate::device;
use crate::models::ModelName;
use crate::models::timing::Timing;

thread_local! {
    static TIMING: RefCell<Option<Timing>> = const { RefCell::new(None) };
}

/// Makes a model and a batch ready on `webgpu` or `cpu`; returns the device's name.
///
/// # Errors
///
/// One sentence: no such model, no such device.
pub async fn prepare(
    model: &str,
    batch: usize,
    backend: &str,
    software: bool,
) -> Result<String, String> {
    let known = ModelName::ALL.iter().copied().find(|known| known.key() == model);
    let model = known.ok_or_else(|| format!("there is no model {model}"))?;
    let opened = match backend {
        "webgpu" => device::webgpu(software).await.map_err(|error| error.to_string())?,
        _ => device::cpu(),
    };
    let timing = Timing::new(model, batch, batch, &opened.device);
    TIMING.with_borrow_mut(|own| *own = Some(timing));
    Ok(opened.name)
}

/// Trains for some steps; returns `{ milliseconds, losses }` as JSON.
///
/// # Errors
///
/// What the device says if it is lost, or that nothing was prepared.
pub async fn run(steps: usize, read_every: usize) -> Result<String, String> {
    let mut timing = TIMING.with_borrow_mut(Option::take).ok_or("nothing was prepared")?;
    let timed = timing.run(steps, read_every).await;
    TIMING.with_borrow_mut(|own| *own = Some(timing));
    Ok(serde_json::to_string(&timed?).expect("a result holds nothing JSON cannot"))
}
