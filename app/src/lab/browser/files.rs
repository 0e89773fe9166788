//! Files that the page gives and takes.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement,
    HtmlInputElement, Url,
};

use super::canvas::context;
use super::window::{document, window};

/// Offers text as a file to be saved.
pub fn offer(name: &str, kind: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts: Array = std::iter::once(JsValue::from(text)).collect();
    let url = Blob::new_with_str_sequence_and_options(&parts, &options)
        .and_then(|blob| Url::create_object_url_with_blob(&blob));
    if let Ok(url) = url {
        click_link(name, &url);
        // The click has begun the download already.
        let _ = Url::revoke_object_url(&url);
    }
}

/// Offers an SVG image as a PNG file of twice its size.
pub async fn offer_image(name: String, svg: String, width: u32, height: u32) {
    // A browser that cannot draw its own SVG has nothing to save; nothing is lost.
    let Ok(image) = HtmlImageElement::new() else { return };
    image.set_src(&format!("data:image/svg+xml,{}", js_sys::encode_uri_component(&svg)));
    if JsFuture::from(image.decode()).await.is_err() {
        return;
    }
    let canvas = document()
        .create_element("canvas")
        .ok()
        .and_then(|canvas| canvas.dyn_into::<HtmlCanvasElement>().ok());
    let Some(canvas) = canvas else { return };
    canvas.set_width(2 * width);
    canvas.set_height(2 * height);
    let drawn = context(&canvas).map(|context| {
        context.draw_image_with_html_image_element_and_dw_and_dh(
            &image,
            0.0,
            0.0,
            f64::from(2 * width),
            f64::from(2 * height),
        )
    });
    if let (Some(Ok(())), Ok(url)) = (drawn, canvas.to_data_url()) {
        click_link(&name, &url);
    }
}

/// The text of the file that was chosen in an input, which is emptied, so that the same can be chosen again.
pub async fn chosen(input: HtmlInputElement) -> Option<Result<String, String>> {
    let file = input.files()?.get(0)?;
    let text = JsFuture::from(file.text()).await;
    input.set_value("");
    Some(
        text.map(|text| text.as_string().unwrap_or_default())
            .map_err(|_| format!("{} could not be read", file.name())),
    )
}

fn click_link(name: &str, url: &str) {
    let link = document()
        .create_element("a")
        .ok()
        .and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}

/// Puts text where it can be pasted from; says whether the browser did so.
pub async fn copy(text: String) -> bool {
    let field = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).ok();
    let copied = field(&window(), "navigator").and_then(|navigator| {
        let clipboard = field(&navigator, "clipboard")?;
        let write: Function = field(&clipboard, "writeText")?.dyn_into().ok()?;
        write.call1(&clipboard, &text.into()).ok()?.dyn_into::<Promise>().ok()
    });
    match copied {
        Some(copied) => JsFuture::from(copied).await.is_ok(),
        None => false,
    }
}
