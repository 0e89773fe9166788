//! Values in views that follow what they are read off.

use std::sync::Arc;

use leptos::prelude::*;

/// A value that follows what it is read off. Views of one type share their code, where closures would each bring their own:
/// it makes the page lighter.
pub fn live<T: Send + Sync + 'static>(read: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    shared(Arc::new(read))
}

fn shared<T: Send + Sync + 'static>(read: Arc<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
    Signal::derive(move || read())
}
