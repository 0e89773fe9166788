//! One face for the cores of all devices. Nothing reads a device synchronously: it panics in a browser.

use std::sync::Arc;

use super::cpu::{self, CpuCore};
use super::gpu::{self, GpuCore, GpuDevice, GpuImages, LossSlot};
use super::plan::Plan;
use super::sgd::SgdStep;

/// Where a network is carried out.
#[derive(Clone)]
pub enum Device {
    /// The CPU.
    Cpu,
    /// A GPU.
    Gpu(GpuDevice),
}

/// Images that live on a device, `[images, values]`, channels last. A clone shares them.
#[derive(Clone)]
pub enum Images {
    /// In memory.
    Cpu(Arc<Vec<f32>>),
    /// In a GPU's memory.
    Gpu(GpuImages),
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
#[derive(Clone, Copy)]
pub enum Loss {
    /// Mean cross-entropy of the batch, in nats.
    Known(f32),
    /// On a GPU, for the next thousand steps.
    Slot(LossSlot),
}

/// Everything a core learns, flat, as its plan has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainState {
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
    /// On a GPU.
    Gpu(Box<GpuCore>),
}

impl Core {
    /// A core at rest, for batches of at most `batch` images: all its parts are 0.
    pub fn new(device: &Device, plan: Plan, batch: usize) -> Self {
        match device {
            Device::Cpu => Self::Cpu(Box::new(CpuCore::new(plan))),
            Device::Gpu(device) => Self::Gpu(Box::new(GpuCore::new(device, plan, batch))),
        }
    }

    /// Puts `count` images of `values` numbers where the core can reach them. `write(first, piece)` fills `piece`,
    /// `[k, side, side, channels]`, with the images from number `first` on; pieces come in their order, so no second
    /// copy of all images is ever in memory.
    pub fn images(
        &self,
        count: usize,
        values: usize,
        mut write: impl FnMut(usize, &mut [f32]),
    ) -> Images {
        match self {
            Self::Cpu(_) => {
                let mut all = vec![0.0; count * values];
                write(0, &mut all);
                Images::Cpu(all.into())
            }
            Self::Gpu(core) => Images::Gpu(core.upload_images(count, write)),
        }
    }

    /// Replaces everything learned.
    pub fn set_state(&mut self, state: TrainState) {
        match self {
            Self::Cpu(core) => core.state = state,
            Self::Gpu(core) => {
                core.set_state(&state.parameters, &state.velocities, &state.statistics)
            }
        }
    }

    /// Reads everything learned.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn state(&self) -> Result<TrainState, String> {
        match self {
            Self::Cpu(core) => Ok(core.state.clone()),
            Self::Gpu(core) => {
                let [parameters, velocities, statistics] = core.state().await?;
                Ok(TrainState { parameters, velocities, statistics })
            }
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
            Self::Gpu(core) => core.gradients().await,
        }
    }

    /// One training step on labelled images. `masks` are those of the plan's dropout layers.
    pub fn train_step(
        &mut self,
        batch: Batch<'_>,
        labels: &[u8],
        masks: &[Vec<f32>],
        sgd: SgdStep,
    ) -> Loss {
        match self {
            Self::Cpu(core) => Loss::Known(core.train_step(on_cpu(batch), labels, masks, sgd)),
            Self::Gpu(core) => Loss::Slot(core.train_step(on_gpu(batch), labels, masks, sgd)),
        }
    }

    /// Reads the losses of some of the last thousand steps in one go.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn losses(&self, losses: &[Loss]) -> Result<Vec<f32>, String> {
        let slots: Vec<_> = losses
            .iter()
            .filter_map(|loss| if let Loss::Slot(slot) = loss { Some(*slot) } else { None })
            .collect();
        let mut read = match self {
            Self::Gpu(core) if !slots.is_empty() => core.losses(&slots).await?,
            Self::Cpu(_) | Self::Gpu(_) => Vec::new(),
        }
        .into_iter();
        Ok(losses
            .iter()
            .filter_map(|loss| if let Loss::Known(loss) = loss { Some(*loss) } else { read.next() })
            .collect())
    }

    /// Logits, `[count, classes]`, by the running statistics and without dropout.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn evaluate(&mut self, batch: Batch<'_>, count: usize) -> Result<Vec<f32>, String> {
        match self {
            Self::Cpu(core) => Ok(core.evaluate(on_cpu(batch), count)),
            Self::Gpu(core) => core.evaluate(on_gpu(batch), count).await,
        }
    }
}

/// What a core says to images that were given to another: a network is asked for its own only.
const OTHER_DEVICE: &str = "a network's images live on its device";

fn on_cpu(batch: Batch<'_>) -> cpu::CpuBatch<'_> {
    match batch {
        Batch::Rows(Images::Cpu(images), rows) => cpu::CpuBatch::Rows(images, rows),
        Batch::Rows(Images::Gpu(_), _) => unreachable!("{OTHER_DEVICE}"),
        Batch::Values(values) => cpu::CpuBatch::Values(values),
    }
}

fn on_gpu(batch: Batch<'_>) -> gpu::GpuBatch<'_> {
    match batch {
        Batch::Rows(Images::Gpu(images), rows) => gpu::GpuBatch::Rows { images, rows },
        Batch::Rows(Images::Cpu(_), _) => unreachable!("{OTHER_DEVICE}"),
        Batch::Values(values) => gpu::GpuBatch::Values(values),
    }
}
