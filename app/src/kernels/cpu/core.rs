//! A network on the CPU: its buffers, what it has learned, and a step. What each operation of the plan is carried out
//! by stands in `forward.rs` and `backward.rs`.
//!
//! Buffers are `[batch, pixels, stride]`, kept between steps and as large as the largest batch so far.

use pulp::Arch;

use super::super::TrainState;
use super::super::plan::Plan;
use super::super::sgd::SgdStep;
use super::convolution::Scratch;
use super::norm::Measured;
use super::{sgd, sizes};

/// Images to compute with.
#[derive(Clone, Copy)]
pub enum CpuBatch<'a> {
    /// These rows of a set of images, `[images, values]`.
    Rows(&'a [f32], &'a [u32]),
    /// These values, `[batch, values]`.
    Values(&'a [f32]),
}

/// Buffers, parameters and optimizer of a network on the CPU.
pub struct CpuCore {
    pub(super) plan: Plan,
    pub(super) arch: Arch,
    /// Everything learned.
    pub state: TrainState,
    /// Of each parameter, in the last training step.
    pub gradients: Vec<f32>,
    /// The numbers of each buffer of the plan.
    pub(super) activations: Vec<Vec<f32>>,
    /// The numbers of each gradient slot of the plan.
    pub(super) slots: Vec<Vec<f32>>,
    /// Of each node, empty unless it is batch norm.
    pub(super) measured: Vec<Measured>,
    /// Of the last training step, one for each dropout layer.
    pub(super) masks: Vec<Vec<f32>>,
    pub(super) scratch: Scratch,
}

/// Which statistics batch norm takes, and whether dropout drops.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    Training,
    Evaluation,
}

impl CpuCore {
    /// A core at rest: all its parts are 0.
    ///
    /// # Panics
    ///
    /// If the plan is not one that can be carried out: see [`Plan::check`].
    pub fn new(plan: Plan) -> Self {
        plan.check();
        let zeros = |length| vec![0.0; length];
        Self {
            arch: Arch::new(),
            state: TrainState {
                parameters: zeros(plan.parameters),
                velocities: zeros(plan.parameters),
                statistics: zeros(plan.statistics),
            },
            gradients: zeros(plan.parameters),
            activations: vec![Vec::new(); plan.buffers.len()],
            slots: vec![Vec::new(); plan.slots.len()],
            measured: plan.nodes.iter().map(|_| Measured::default()).collect(),
            masks: vec![Vec::new(); plan.masks.len()],
            scratch: Scratch::default(),
            plan,
        }
    }

    /// One training step on labelled images; returns the mean cross-entropy before it, in nats. `masks` are the plan's.
    pub fn train_step(
        &mut self,
        batch: CpuBatch<'_>,
        labels: &[u8],
        masks: &[Vec<f32>],
        sgd: SgdStep,
    ) -> f32 {
        let loss = self.differentiate(batch, labels, masks);
        let TrainState { parameters, velocities, .. } = &mut self.state;
        sgd::step(self.arch, sgd, &self.plan.decayed, &self.gradients, velocities, parameters);
        loss
    }

    /// The forward and backward pass of a training step: returns the loss and leaves the gradients in `gradients`.
    pub fn differentiate(&mut self, batch: CpuBatch<'_>, labels: &[u8], masks: &[Vec<f32>]) -> f32 {
        self.plan.check_masks(masks, labels.len());
        for (own, mask) in self.masks.iter_mut().zip(masks) {
            own.clear();
            own.reserve_exact(mask.len());
            own.extend_from_slice(mask);
        }
        self.forward(batch, labels.len(), Mode::Training);
        self.backward(labels)
    }

    /// Logits `[count, classes]` by the running statistics, without dropout.
    pub fn evaluate(&mut self, batch: CpuBatch<'_>, count: usize) -> Vec<f32> {
        self.forward(batch, count, Mode::Evaluation);
        let logits = self.region(self.plan.logits);
        (0..count).flat_map(|image| logits.pixel(image)).copied().collect()
    }
}

/// Makes room for a batch.
pub(super) fn grow(buffer: &mut Vec<f32>, values: usize, batch: usize) {
    let length = sizes::of_batch(values, batch) as usize;
    if buffer.len() < length {
        resize(buffer, length);
    }
}

/// Makes a vector as long as asked, with zeros behind what is there, and no longer: one that grows by itself takes up
/// to twice as much.
pub(super) fn resize(buffer: &mut Vec<f32>, length: usize) {
    buffer.reserve_exact(length.saturating_sub(buffer.len()));
    buffer.resize(length, 0.0);
}
