//! One face for the cores of all devices. Nothing reads a device synchronously: it panics in a browser.

use super::cpu::{self, CpuCore};
use super::plan::{Plan, Update};

/// Where a network is carried out.
#[derive(Clone)]
pub enum Device {
    /// The CPU.
    Cpu,
}

/// Images that live on a device, `[images, values]`, channels last.
pub enum Images {
    /// In memory.
    Cpu(Vec<f32>),
}

/// Images to compute with.
#[derive(Clone, Copy)]
pub enum Batch<'a> {
    /// These rows of a set of images.
    Rows(&'a Images, &'a [u32]),
    /// These values, `[batch, values]`.
    Values(&'a [f32]),
}

/// The loss of a training step, perhaps still on its device.
pub enum Loss {
    /// Mean cross-entropy of the batch, in nats.
    Known(f32),
}

/// Everything a core learns, flat, as its plan has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// `[plan.parameters]`.
    pub parameters: Vec<f32>,
    /// `[plan.parameters]`.
    pub velocities: Vec<f32>,
    /// `[plan.statistics]`.
    pub statistics: Vec<f32>,
}

/// A network carried out on a device.
pub enum Core {
    /// On the CPU.
    Cpu(Box<CpuCore>),
}

impl Core {
    /// A core at rest: all its parts are 0.
    pub fn new(device: &Device, plan: Plan) -> Self {
        match device {
            Device::Cpu => Self::Cpu(Box::new(CpuCore::new(plan))),
        }
    }

    /// Puts images where the core can reach them.
    pub fn images(&self, values: Vec<f32>) -> Images {
        match self {
            Self::Cpu(_) => Images::Cpu(values),
        }
    }

    /// Replaces everything learned.
    pub fn set_parts(&mut self, parts: Parts) {
        match self {
            Self::Cpu(core) => core.parts = parts,
        }
    }

    /// Reads everything learned.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn parts(&self) -> Result<Parts, String> {
        match self {
            Self::Cpu(core) => Ok(core.parts.clone()),
        }
    }

    /// Reads the gradients of the last training step.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn gradients(&self) -> Result<Vec<f32>, String> {
        match self {
            Self::Cpu(core) => Ok(core.gradients.clone()),
        }
    }

    /// One training step on labelled images. `masks` are those of the plan's dropout layers.
    pub fn train_step(&mut self, batch: Batch<'_>, labels: &[u8], masks: &[Vec<f32>], update: Update) -> Loss {
        match self {
            Self::Cpu(core) => Loss::Known(core.train_step(on_cpu(batch), labels, masks, update)),
        }
    }

    /// Reads the losses of some steps in one go.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn losses(&self, losses: &[Loss]) -> Result<Vec<f32>, String> {
        match self {
            Self::Cpu(_) => Ok(losses.iter().map(|Loss::Known(loss)| *loss).collect()),
        }
    }

    /// Logits, `[count, classes]`, by the running statistics and without dropout.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn evaluate(&mut self, batch: Batch<'_>, count: usize) -> Result<Vec<f32>, String> {
        match self {
            Self::Cpu(core) => Ok(core.evaluate(on_cpu(batch), count).to_vec()),
        }
    }
}

fn on_cpu(batch: Batch<'_>) -> cpu::Batch<'_> {
    match batch {
        Batch::Rows(Images::Cpu(images), rows) => cpu::Batch::Rows(images, rows),
        Batch::Values(values) => cpu::Batch::Values(values),
    }
}
