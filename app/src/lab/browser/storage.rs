//! Small texts that the browser keeps.

use super::window::window;

/// What the browser keeps of small texts; none where it refuses.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
