//! What a network needs and what a device can hold, in bytes. They are compared before anything is allocated: an
//! allocation that fails ends a process, and in a browser without a word.
//!
//! Two things are limited: one array (what a GPU's kernel can be given as one binding; in WebAssembly what one vector
//! can hold), and all arrays in the memory of this process together. How much memory a GPU has of its own, WebGPU does
//! not say.

use super::core::Device;
use super::plan::Plan;
use super::{cpu, gpu};
use crate::memory;

/// Of an `f32`.
pub const NUMBER_BYTES: u64 = 4;
/// While a checkpoint is made (`train/checkpoint.rs`), beside what a core itself has: parameters and velocities as they
/// are read from it, in the order of the layers, and as bytes. It is counted here because these are as many numbers as
/// the core's own, and a run that ends when it is saved has lost everything.
const CHECKPOINT_COPIES: u64 = 6;

/// Where a network's arrays are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayPlace {
    /// In the memory of this process.
    Cpu,
    /// On a GPU; where it is emulated in software by this process, in its memory too.
    Gpu {
        /// Whether it computes on the CPU.
        software: bool,
    },
}

/// What a device can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLimits {
    /// Where arrays are.
    pub place: ArrayPlace,
    /// Bytes of one array.
    pub array_bytes: u64,
    /// Bytes that are free in the memory of this process, where that is known.
    pub memory_bytes: Option<u64>,
}

/// What is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Bytes of the largest array on the device.
    pub array_bytes: u64,
    /// Bytes of everything in the memory of this process.
    pub memory_bytes: u64,
}

/// What does not fit: `needed` bytes where there are `allowed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// One array is too large.
    Array {
        /// Its bytes.
        needed: u64,
        /// What one can have.
        allowed: u64,
    },
    /// Everything together is too large.
    Memory {
        /// Bytes in all.
        needed: u64,
        /// Bytes that are free.
        allowed: u64,
    },
}

impl Device {
    /// What it can hold now, where `runs` runs are made at a time.
    pub fn limits(&self, runs: u64) -> DeviceLimits {
        let (place, array_bytes) = match self {
            // A vector's bytes are counted in an `isize`: in WebAssembly that is 2 GiB.
            Self::Cpu => (ArrayPlace::Cpu, isize::MAX as u64),
            Self::Gpu(device) => (
                ArrayPlace::Gpu { software: device.software() },
                device.binding_bytes().min(gpu::MAX_BUFFER_BYTES),
            ),
        };
        DeviceLimits { place, array_bytes, memory_bytes: memory::free_bytes(runs) }
    }
}

impl DeviceLimits {
    /// What does not fit of `needs`.
    pub fn excess(&self, needs: Needs) -> Option<Excess> {
        if needs.array_bytes > self.array_bytes {
            let (needed, allowed) = (needs.array_bytes, self.array_bytes);
            return Some(Excess::Array { needed, allowed });
        }
        let (needed, allowed) = (needs.memory_bytes, self.memory_bytes?);
        (needed > allowed).then_some(Excess::Memory { needed, allowed })
    }

    /// The same with a little less memory: of a machine's, what is free changes from one moment to the next, and what
    /// is advised now must still fit then. A tab has its own.
    #[must_use]
    pub fn steady(self) -> Self {
        if cfg!(target_family = "wasm") {
            return self;
        }
        Self { memory_bytes: self.memory_bytes.map(|bytes| bytes - bytes / 32), ..self }
    }

    /// The same with the memory that the system gives when it is asked for `needs`, where that is less.
    #[must_use]
    pub fn asked_for(self, needs: Needs) -> Self {
        match memory::obtainable_bytes(needs.memory_bytes) {
            given if given < needs.memory_bytes => Self { memory_bytes: Some(given), ..self },
            _ => self,
        }
    }

    /// What a network needs that is trained on `batch` images at a time and evaluated on `evaluated`.
    pub fn needs_of_network(&self, plan: &Plan, batch: usize, evaluated: usize) -> Needs {
        let masks: u64 = plan.masks.iter().map(|&units| units as u64 * batch as u64).sum();
        let learned = (plan.parameters + plan.statistics) as u64;
        // Masks are drawn for a step, and on their way to a GPU they are copied.
        let (arrays, mask_copies) = match self.place {
            ArrayPlace::Cpu => (cpu::array_bytes(plan, batch, evaluated), 1),
            ArrayPlace::Gpu { software } => {
                (gpu::binding_bytes(plan, batch.max(evaluated), software), 2)
            }
        };
        let beside = (masks * mask_copies + learned * CHECKPOINT_COPIES) * NUMBER_BYTES;
        let in_memory: u64 = if self.is_memory() { arrays.iter().sum() } else { 0 };
        Needs {
            array_bytes: arrays.into_iter().max().unwrap_or(0),
            memory_bytes: in_memory + beside,
        }
    }

    /// Whether arrays of the device take memory of this process: a GPU has its own, unless it is emulated. A browser
    /// emulates one in another process.
    pub fn is_memory(&self) -> bool {
        match self.place {
            ArrayPlace::Cpu => true,
            ArrayPlace::Gpu { software } => software && cfg!(not(target_family = "wasm")),
        }
    }
}
