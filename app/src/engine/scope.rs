//! The worker's global scope: posting, fetching, yielding, and what it knows about WebGPU.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DedicatedWorkerGlobalScope, MessageChannel, ReadableStreamDefaultReader, RequestCache,
    RequestInit, Response,
};

use super::messages::Reply;

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Sends a reply to the page; `bytes` is handed over, not copied twice.
pub(super) fn post(reply: &Reply, bytes: Option<&[u8]>) {
    let json = serde_json::to_string(reply).expect("a reply holds nothing JSON cannot");
    let message = Object::new();
    let transferred = Array::new();
    let set = |key: &str, value: &JsValue| Reflect::set(&message, &key.into(), value).is_ok();
    set("json", &json.into());
    if let Some(bytes) = bytes {
        let bytes = Uint8Array::from(bytes);
        set("bytes", &bytes);
        transferred.push(&bytes.buffer());
    }
    // It can only fail when the page is gone.
    let _ = scope().post_message_with_transfer(&message, &transferred);
}

/// Comes back in a later task of the event loop, so that messages of the page are seen in between. A channel, because
/// timers are held back to four milliseconds, and in hidden tabs to a second.
pub(super) async fn next_task() {
    let Ok(channel) = MessageChannel::new() else { return };
    let arrived = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        // Posting to one's own open port does not fail.
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    let _ = JsFuture::from(arrived).await;
    channel.port1().close();
}

/// The bytes of a file of the site that should be `expected` long; more of a longer one are not awaited. `heard` is told
/// how many are here.
///
/// # Errors
///
/// What the browser or the server said.
pub(super) async fn fetch_bytes(
    url: &str,
    expected: usize,
    past_caches: bool,
    heard: &mut impl FnMut(usize),
) -> Result<Vec<u8>, String> {
    let described = |error: JsValue| js_message(&error);
    let asked = RequestInit::new();
    if past_caches {
        asked.set_cache(RequestCache::Reload);
    }
    let response = JsFuture::from(scope().fetch_with_str_and_init(url, &asked)).await;
    let response: Response = response.map_err(described)?.unchecked_into();
    if !response.ok() {
        return Err(format!(
            "the server answered {} {}",
            response.status(),
            response.status_text()
        ));
    }
    let Some(body) = response.body() else { return Ok(Vec::new()) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut bytes = Vec::with_capacity(expected);
    while bytes.len() <= expected {
        let read = JsFuture::from(reader.read()).await.map_err(described)?;
        // At the end there is no value.
        let Ok(chunk) = get(&read, "value").dyn_into::<Uint8Array>() else { break };
        let before = bytes.len();
        bytes.resize(before + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[before..]);
        heard(bytes.len());
    }
    let _ = reader.cancel();
    Ok(bytes)
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn js_message(error: &JsValue) -> String {
    let message =
        Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}

/// What this browser offers as WebGPU.
pub(super) enum AdapterChoice {
    /// Nothing that can be used, and why.
    None(String),
    /// An adapter that computes on the CPU.
    Software(String),
    /// A GPU.
    Hardware,
}

/// An adapter that has not been found for so long is not waited for.
const ADAPTER_MS: i32 = 5000;

/// A promise of a text after so many milliseconds.
fn after(milliseconds: i32) -> Promise {
    Promise::new(&mut |done, _| {
        let timer = Reflect::get(&scope(), &"setTimeout".into());
        if let Some(timer) = timer.ok().and_then(|timer| timer.dyn_into::<Function>().ok()) {
            // Without timers the adapter is waited for.
            let _ = timer.call3(&scope(), &done, &milliseconds.into(), &"late".into());
        }
    })
}

/// Looks at the default adapter without taking it.
pub(super) async fn adapter() -> AdapterChoice {
    let gpu = get(&get(&scope(), "navigator"), "gpu");
    let Ok(request) = get(&gpu, "requestAdapter").dyn_into::<Function>() else {
        let is_secure = get(&scope(), "isSecureContext").is_truthy();
        return AdapterChoice::None(if is_secure {
            "this browser has no WebGPU".into()
        } else {
            "browsers have WebGPU, and keep a page for use without a network, only over https or at localhost, and \
             this page came over plain http"
                .into()
        });
    };
    let Ok(promise) = request.call0(&gpu).map(JsCast::unchecked_into::<Promise>) else {
        return AdapterChoice::None("this browser refuses WebGPU here".into());
    };
    // Some drivers never answer; the page is not to wait for them.
    let answer = Promise::race(&Array::of2(&promise, &after(ADAPTER_MS)));
    let adapter = match JsFuture::from(answer).await {
        Ok(late) if late.is_string() => {
            return AdapterChoice::None("this browser's WebGPU does not answer".into());
        }
        Ok(adapter) if adapter.is_object() => adapter,
        Ok(_) => return AdapterChoice::None("this browser has WebGPU but found no adapter".into()),
        Err(error) => return AdapterChoice::None(js_message(&error)),
    };
    let info = get(&adapter, "info");
    let text = |key: &str| get(&info, key).as_string().unwrap_or_default();
    let is_fallback = get(&info, "isFallbackAdapter").is_truthy()
        || get(&adapter, "isFallbackAdapter").is_truthy();
    if is_fallback || text("architecture") == "swiftshader" {
        let name = text("architecture");
        return AdapterChoice::Software(if name.is_empty() {
            "a software adapter".into()
        } else {
            name
        });
    }
    AdapterChoice::Hardware
}
