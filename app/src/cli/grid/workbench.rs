//! What the runs of a grid compute on. A device that is lost takes the run with it that it was lost under; the next one
//! finds another.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::CliError;
use crate::device::{self, DeviceChoice, OpenDevice};
use crate::train::{InputCache, TrainError};

/// A device, and the images that lie on it.
pub(super) struct Bench {
    pub(super) opened: OpenDevice,
    /// Whitened images, which most runs of a grid have in common.
    pub(super) inputs: InputCache,
}

impl Bench {
    fn new(opened: OpenDevice) -> Arc<Self> {
        Arc::new(Self { opened, inputs: InputCache::default() })
    }
}

/// Where the next run finds its device.
pub(super) struct Workbench {
    choice: DeviceChoice,
    bench: Mutex<Arc<Bench>>,
}

impl Workbench {
    /// Opens the device.
    pub(super) fn open(choice: DeviceChoice) -> Result<Self, CliError> {
        Ok(Self { choice, bench: Mutex::new(Bench::new(device::open(choice)?)) })
    }

    /// The device as it is now.
    pub(super) fn bench(&self) -> Arc<Bench> {
        Arc::clone(&self.bench.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the device that a run failed on, if the device may be what failed. Where there is no other, the next run
    /// says so itself.
    pub(super) fn after_failure(&self, on: &Arc<Bench>, error: &CliError) {
        let is_of_device = matches!(error, CliError::Train(TrainError::Device { .. }));
        if !is_of_device && !matches!(error, CliError::Fault { .. }) {
            return;
        }
        let mut bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        // Of several runs that fell with one device, the first brings the next.
        if Arc::ptr_eq(&bench, on)
            && let Ok(opened) = device::reopen(self.choice)
        {
            *bench = Bench::new(opened);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_device_is_replaced_once_and_nothing_else_is() {
        let workbench = Workbench::open(DeviceChoice::Cpu).unwrap();
        let first = workbench.bench();
        workbench.after_failure(&first, &CliError::Failed("no room".into()));
        assert!(Arc::ptr_eq(&first, &workbench.bench()));
        let lost = CliError::Train(TrainError::Device { step: 1, reason: "lost".into() });
        workbench.after_failure(&first, &lost);
        let second = workbench.bench();
        assert!(!Arc::ptr_eq(&first, &second));
        workbench.after_failure(&first, &lost);
        assert!(Arc::ptr_eq(&second, &workbench.bench()));
        workbench.after_failure(&second, &CliError::Fault { text: "index out of bounds".into() });
        assert!(!Arc::ptr_eq(&second, &workbench.bench()));
    }
}
