//! What time it is, and how long something takes.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use js_sys::{Date, Promise};
use wasm_bindgen_futures::JsFuture;

use super::window::window;

/// Milliseconds since the page was opened.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// The date and time in UTC, as `2026-01-31T12:00:00.000Z`: texts in order of time are in order of the alphabet.
pub fn now_utc() -> String {
    String::from(Date::new_0().to_iso_string())
}

/// What `work` comes to, or none where it takes longer: then it is given up.
pub async fn at_most<T>(ms: i32, work: impl Future<Output = T>) -> Option<T> {
    let timer = Promise::new(&mut |done, _| {
        // A browser without timers does not get this far.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms);
    });
    let (mut work, mut timer) = (pin!(work), pin!(JsFuture::from(timer)));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => timer.as_mut().poll(context).map(|_| None),
    })
    .await
}
