//! The training core on a GPU: our own WGSL, launched on the runtime of burn-wgpu, so that a tab and a desktop run the same
//! kernels. A step is a fixed list of launches, recorded once for each number of images; nothing is allocated in it, and
//! nothing is read unless asked for. This folder knows plans and numbers, not models or training.

mod backward;
mod device;
mod forward;
mod kernel;
mod memory;
mod product;
mod program;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::server::Handle;

pub use self::device::GpuDevice;
use self::forward::Pass;
use self::kernel::Kernel;
use self::memory::{EVALUATIONS, HEADER, LOSSES, Memory, unit, upload, write};
use self::program::{Program, Recorder};
use super::plan::{Plan, Update};

/// For how many numbers of images launches are kept.
const BATCH_SIZES: usize = 8;

/// Images that live on the device.
#[derive(Clone)]
pub struct GpuImages {
    handle: Handle,
    count: usize,
}

impl GpuImages {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// The images of a step.
#[derive(Clone, Copy)]
pub enum Batch<'a> {
    /// Rows of images that live on the device.
    Rows {
        /// All of them.
        images: &'a GpuImages,
        /// Which are meant.
        rows: &'a [u32],
    },
    /// Pixels `[count, side, side, channels]`.
    Values(&'a [f32]),
}

/// Where the loss of a step will be: of the last 1,024 steps it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossSlot(usize);

/// Where the logits of an evaluation will be: of the last 64 evaluations they can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogitsSlot {
    slot: usize,
    images: usize,
}

/// A network, its optimizer and their memory on a GPU.
pub struct GpuCore {
    client: Client,
    software: bool,
    plan: Plan,
    max_batch: usize,
    memory: Memory,
    programs: HashMap<usize, Programs>,
    steps: usize,
    evaluations: usize,
}

/// All launches for a number of images.
struct Programs {
    gather: Program,
    train: Program,
    update: Program,
    decayed_update: Program,
    evaluate: Program,
}

impl GpuCore {
    /// A core for batches of at most `max_batch` images. Parameters, velocities and statistics are 0.
    pub fn new(device: &GpuDevice, plan: Plan, max_batch: usize) -> Self {
        let GpuDevice { client, software } = device.clone();
        let memory = Memory::new(&client, &plan, max_batch, software);
        Self {
            client,
            software,
            plan,
            max_batch,
            memory,
            programs: HashMap::new(),
            steps: 0,
            evaluations: 0,
        }
    }

    /// Copies images `[count, side, side, channels]` to the device.
    pub fn upload_images(&self, values: &[f32]) -> GpuImages {
        GpuImages {
            handle: upload(&self.client, values),
            count: values.len() / self.plan.buffers[0],
        }
    }

    /// Sets parameters, velocities and running statistics: flat vectors in the order of the plan.
    pub fn set_state(&mut self, parameters: &[f32], velocities: &[f32], statistics: &[f32]) {
        let memory = &self.memory;
        let all = [
            (&memory.parameters, parameters, self.plan.parameters),
            (&memory.velocities, velocities, self.plan.parameters),
            (&memory.statistics, statistics, self.plan.statistics),
        ];
        for (buffer, values, length) in all {
            assert_eq!(values.len(), length, "a state has the lengths of its plan");
            if !values.is_empty() {
                write(&self.client, buffer, Bytes::from_elems(values.to_vec()));
            }
        }
    }

    /// Parameters, velocities and running statistics: flat vectors in the order of the plan.
    pub async fn state(&self) -> Result<[Vec<f32>; 3], String> {
        let Memory { parameters, velocities, statistics, .. } = &self.memory;
        let mut all = self.read(&[parameters, velocities, statistics]).await?;
        all[0].truncate(self.plan.parameters);
        all[1].truncate(self.plan.parameters);
        all[2].truncate(self.plan.statistics);
        all.try_into().map_err(|_| "the device returned another number of buffers".into())
    }

    /// The gradient of the last step's loss by the parameters, in the order of the plan.
    pub async fn gradients(&self) -> Result<Vec<f32>, String> {
        let mut all = self.read(&[&self.memory.gradients]).await?;
        all[0].truncate(self.plan.parameters);
        Ok(all.remove(0))
    }

    /// One training step: forward, the mean cross-entropy of the softmax, backward, and the optimizer's update. `masks`
    /// are those of [`Plan::masks`], `[images, units]` each; `labels` are one an image.
    pub fn train_step(
        &mut self,
        batch: Batch<'_>,
        labels: &[u8],
        masks: &[Vec<f32>],
        update: Update,
    ) -> LossSlot {
        let slot = LossSlot(self.steps % LOSSES);
        self.steps += 1;
        let images = labels.len();
        let factors = [update.learning_rate, update.momentum, update.weight_decay];
        self.begin(batch, slot.0, factors, labels);
        assert_eq!(masks.len(), self.memory.masks.len(), "a step has the masks of its plan");
        for (buffer, mask) in self.memory.masks.iter().zip(masks) {
            write(&self.client, buffer, Bytes::from_elems(mask.clone()));
        }
        let programs = &self.programs[&images];
        programs.train.run(&self.client, None);
        let optimizer =
            if update.weight_decay == 0.0 { &programs.update } else { &programs.decayed_update };
        optimizer.run(&self.client, None);
        slot
    }

    /// The losses of some steps, with one read.
    pub async fn losses(&self, slots: &[LossSlot]) -> Result<Vec<f32>, String> {
        let all = self.read(&[&self.memory.losses]).await?.remove(0);
        Ok(slots.iter().map(|slot| all[slot.0]).collect())
    }

    /// Computes the logits of `images` images: batch norm by the running statistics, no dropout.
    pub fn evaluate(&mut self, batch: Batch<'_>, images: usize) -> LogitsSlot {
        let slot = self.evaluations % EVALUATIONS;
        self.evaluations += 1;
        self.begin(batch, slot, [0.0; 3], &vec![0; images]);
        self.programs[&images].evaluate.run(&self.client, None);
        LogitsSlot { slot, images }
    }

    /// The logits `[images, classes]` of some evaluations, with one read.
    pub async fn logits(&self, slots: &[LogitsSlot]) -> Result<Vec<Vec<f32>>, String> {
        let all = self.read(&[&self.memory.kept]).await?.remove(0);
        let classes = self.plan.logits.channels;
        let own = |slot: &LogitsSlot| {
            let start = slot.slot * self.max_batch * classes;
            all[start..start + slot.images * classes].to_vec()
        };
        Ok(slots.iter().map(own).collect())
    }

    /// Hands queued work to the device without waiting for it.
    pub fn flush(&self) -> Result<(), String> {
        self.client.flush().map_err(|error| sentence(&error.to_string()))
    }

    /// Puts the images into buffer 0 and what else changes with every step onto the device, in as few writes as possible:
    /// each is a submission.
    fn begin(&mut self, batch: Batch<'_>, slot: usize, factors: [f32; 3], labels: &[u8]) {
        let images = labels.len();
        assert!(
            (1..=self.max_batch).contains(&images),
            "{images} images in a batch of at most {}",
            self.max_batch
        );
        self.record(images);
        let slot = u32::try_from(slot).expect("rings are short");
        let mut words = vec![slot];
        words.extend(factors.map(f32::to_bits));
        words.extend(labels.iter().map(|&label| u32::from(label)));
        words.resize(HEADER + self.max_batch, 0);
        match batch {
            Batch::Rows { images: all, rows } => {
                assert_eq!(rows.len(), images, "a row for each label");
                words.extend_from_slice(rows);
                write(&self.client, &self.memory.step, Bytes::from_elems(words));
                self.programs[&images].gather.run(&self.client, Some(&all.handle));
            }
            Batch::Values(values) => {
                assert_eq!(values.len(), images * self.plan.buffers[0], "an image for each label");
                write(&self.client, &self.memory.step, Bytes::from_elems(words));
                write(&self.client, &self.memory.buffers[0], Bytes::from_elems(values.to_vec()));
            }
        }
    }

    /// Records the launches for a number of images unless that has been done.
    fn record(&mut self, images: usize) {
        if self.programs.contains_key(&images) {
            return;
        }
        if self.programs.len() >= BATCH_SIZES {
            self.programs.clear();
        }
        let recorded = |record: &dyn Fn(&mut Pass<'_>)| {
            let recorder = Recorder::default();
            let mut pass = Pass {
                plan: &self.plan,
                memory: &self.memory,
                recorder,
                images,
                software: self.software,
            };
            record(&mut pass);
            pass.recorder.finish(&self.client)
        };
        let programs = Programs {
            gather: recorded(&|pass| self.gather(pass)),
            train: recorded(&|pass| {
                pass.forward(true);
                pass.loss();
                pass.backward();
            }),
            update: recorded(&|pass| pass.update(false)),
            decayed_update: recorded(&|pass| pass.update(true)),
            evaluate: recorded(&|pass| {
                pass.forward(false);
                self.keep(pass);
            }),
        };
        self.programs.insert(images, programs);
    }

    fn gather(&self, pass: &mut Pass<'_>) {
        let size = self.plan.buffers[0];
        let unit = unit(&[size]);
        let kernel = Kernel::new("gather").with("W4", unit == 4);
        let words = [size / unit, HEADER + self.max_batch].map(Into::into);
        let buffers = [&self.memory.step, &self.memory.buffers[0]];
        pass.recorder.elements(kernel, pass.images * size / unit, words, &buffers);
    }

    fn keep(&self, pass: &mut Pass<'_>) {
        let logits = self.plan.logits;
        let words =
            [logits.channels, logits.stride, logits.offset, self.max_batch * logits.channels]
                .map(Into::into);
        let buffers = [&self.memory.step, &self.memory.buffers[logits.buffer], &self.memory.kept];
        pass.recorder.elements(Kernel::new("keep"), pass.images * logits.channels, words, &buffers);
    }

    async fn read(&self, buffers: &[&Handle]) -> Result<Vec<Vec<f32>>, String> {
        let handles = buffers.iter().map(|&buffer| buffer.clone()).collect();
        let all =
            self.client.read_async(handles).await.map_err(|error| sentence(&error.to_string()))?;
        let numbers = |bytes: &Bytes| {
            bytes
                .chunks_exact(4)
                .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
                .collect()
        };
        Ok(all.iter().map(numbers).collect())
    }
}

/// What the runtime said as one sentence: its report has a line for each cause, and some that say nothing.
fn sentence(report: &str) -> String {
    let is_empty = |line: &&str| {
        let noise = ["Caused by:", "Asked at:", "No backtrace available", "skipped ", "("];
        !line.is_empty() && !noise.iter().any(|noise| line.starts_with(noise))
    };
    report.lines().map(str::trim).filter(is_empty).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod sentences {
    #[test]
    fn a_report_of_the_runtime_becomes_one_sentence() {
        let report = "Several failures at once\nCaused by:\n  An IO error happened\nCaused by:\n  \
                      can't allocate buffer of size: 190668800\nNo backtrace available\nAsked at:\n\
                      No backtrace available";
        let expected = "Several failures at once: An IO error happened: can't allocate buffer of size: 190668800";
        assert_eq!(super::sentence(report), expected);
    }
}
