//! What time it is.

use js_sys::Date;

use super::window::window;

/// Milliseconds since the page was opened.
pub fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// The date and time in UTC, as `2026-01-31T12:00:00.000Z`: texts in order of time are in order of the alphabet.
pub fn now_utc() -> String {
    String::from(Date::new_0().to_iso_string())
}
