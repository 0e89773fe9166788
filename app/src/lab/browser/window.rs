//! The window and its document.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Window};

/// The window; the page runs in no worker.
pub fn window() -> Window {
    web_sys::window().expect("the page has a window")
}

/// Its document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// Goes back to the top of the page.
pub fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Opens the browser's dialogue for printing.
pub fn print() {
    // A browser that prints nothing has nothing to say.
    let _ = window().print();
}

/// Whether a media query holds now.
pub fn matches(media_query: &str) -> bool {
    window().match_media(media_query).ok().flatten().is_some_and(|query| query.matches())
}

/// Calls back, as long as the page lives, when the window has another size or the colour scheme is another.
pub fn on_other_look(changed: impl FnMut() + 'static) {
    let listener = Closure::<dyn FnMut()>::new(changed);
    let function = listener.as_ref().unchecked_ref();
    // Where it cannot be listened to, the look stays as it was drawn.
    let _ = window().add_event_listener_with_callback("resize", function);
    if let Ok(Some(scheme)) = window().match_media("(prefers-color-scheme: dark)") {
        let _ = scheme.add_event_listener_with_callback("change", function);
    }
    listener.forget();
}

/// Calls back, as long as the page lives, when it is hidden, reloaded or left: the last chance to keep something.
pub fn on_leaving(leaving: impl FnMut() + 'static) {
    let listener = Closure::<dyn FnMut()>::new(leaving).into_js_value();
    let function = listener.unchecked_ref();
    // Where it cannot be listened to, what was kept last has to do.
    let _ = document().add_event_listener_with_callback("visibilitychange", function);
    for event in ["beforeunload", "pagehide"] {
        let _ = window().add_event_listener_with_callback(event, function);
    }
}
