//! Ctrl-C: noted at first, so that work can be saved; obeyed at once the second time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::CliError;

/// A flag that Ctrl-C sets. Can be called once a process.
pub(super) fn watch() -> Result<Arc<AtomicBool>, CliError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        // The second Ctrl-C does not wait for the step under way.
        if noted.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
    })
    .map_err(|error| CliError::Failed(format!("Ctrl-C could not be caught: {error}")))?;
    Ok(interrupted)
}
