//! The training core on a GPU: our own WGSL, launched on the runtime of burn-wgpu, so that a tab and a desktop run the
//! same kernels. A step is a fixed list of launches, recorded once for each number of images; nothing is allocated in
//! it, and nothing is read unless asked for. This folder knows plans and numbers, not models or training.

mod backward;
mod device;
mod forward;
mod kernel;
mod memory;
mod product;
mod program;
mod sizes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::server::Handle;

pub use self::device::GpuDevice;
use self::forward::{Pass, unit};
use self::kernel::Kernel;
use self::memory::{Memory, write};
use self::program::{LaunchRecorder, Program};
use self::sizes::{HEADER, LOSSES, padded};
pub use self::sizes::{MAX_BUFFER_BYTES, binding_bytes};
use super::plan::{Plan, View};
use super::sgd::SgdStep;

/// For how many numbers of images launches are kept.
const BATCH_SIZES: usize = 8;

/// Bytes of images that are made and sent at a time: large beside what a transfer costs, small beside any set of
/// images.
const PIECE_BYTES: usize = 4 << 20;

/// Images that live on the device, `[count, side, side, channels]`.
#[derive(Clone)]
pub struct GpuImages {
    handle: Handle,
    count: usize,
}

/// The images of a step.
#[derive(Clone, Copy)]
pub enum GpuBatch<'a> {
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

/// A network, its optimizer and their memory on a GPU.
pub struct GpuCore {
    client: Client,
    software: bool,
    plan: Plan,
    max_batch: usize,
    memory: Memory,
    programs: HashMap<usize, Programs>,
    steps: usize,
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
    ///
    /// # Panics
    ///
    /// If the plan is not one that can be carried out: see [`Plan::check`].
    pub fn new(device: &GpuDevice, plan: Plan, max_batch: usize) -> Self {
        plan.check();
        let GpuDevice { client, software } = device.clone();
        let memory = Memory::new(&client, &plan, max_batch, software);
        Self { client, software, plan, max_batch, memory, programs: HashMap::new(), steps: 0 }
    }

    /// Puts `count` images on the device. `write(first, piece)` fills `piece`, `[k, side, side, channels]`, with the
    /// images from number `first` on, in their order, so that never more than a piece of them is in memory.
    pub fn upload_images(
        &self,
        count: usize,
        mut write: impl FnMut(usize, &mut [f32]),
    ) -> GpuImages {
        let size = self.plan.buffers[0];
        let bytes = 4 * padded(count as u64 * size as u64);
        assert!(
            bytes <= MAX_BUFFER_BYTES,
            "{count} images of {size} numbers in one buffer of a GPU"
        );
        let handle = self.client.empty(bytes as usize);
        let images_a_piece = (PIECE_BYTES / (4 * size)).max(1);
        for first in (0..count).step_by(images_a_piece) {
            let images = images_a_piece.min(count - first);
            let mut piece = vec![0.0; images * size];
            write(first, &mut piece);
            let start = (4 * first * size) as u64;
            let behind = bytes - start - (4 * piece.len()) as u64;
            let own = handle.clone().offset_start(start).offset_end(behind);
            self.client.write(&own, Bytes::from_elems(piece));
            // Until it is handed over, the runtime keeps a copy of every piece. That the device is lost, which is all
            // that can go wrong, is what the next read says too.
            let _ = self.client.flush();
        }
        GpuImages { handle, count }
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
        batch: GpuBatch<'_>,
        labels: &[u8],
        masks: &[Vec<f32>],
        sgd: SgdStep,
    ) -> LossSlot {
        let slot = LossSlot(self.steps % LOSSES);
        self.steps += 1;
        let images = labels.len();
        let factors = [sgd.learning_rate, sgd.momentum, sgd.weight_decay];
        self.plan.check_masks(masks, images);
        self.begin(batch, slot.0, factors, labels);
        for (buffer, mask) in self.memory.masks.iter().zip(masks) {
            write(&self.client, buffer, Bytes::from_elems(mask.clone()));
        }
        let programs = &self.programs[&images];
        programs.train.run(&self.client, None);
        let optimizer =
            if sgd.weight_decay == 0.0 { &programs.update } else { &programs.decayed_update };
        optimizer.run(&self.client, None);
        slot
    }

    /// The losses of some steps, with one read.
    pub async fn losses(&self, slots: &[LossSlot]) -> Result<Vec<f32>, String> {
        let all = self.read(&[&self.memory.losses]).await?.remove(0);
        Ok(slots.iter().map(|slot| all[slot.0]).collect())
    }

    /// The logits `[images, classes]` of `images` images: batch norm by the running statistics, no dropout.
    ///
    /// # Errors
    ///
    /// What the device says if it is lost.
    pub async fn evaluate(
        &mut self,
        batch: GpuBatch<'_>,
        images: usize,
    ) -> Result<Vec<f32>, String> {
        self.begin(batch, 0, [0.0; 3], &vec![0; images]);
        self.programs[&images].evaluate.run(&self.client, None);
        let View { buffer, stride, offset, channels, .. } = self.plan.logits;
        let logits = &self.memory.buffers[buffer];
        // A smaller batch than the largest leaves the rest of the buffer as it was.
        let behind = logits.size_in_used() - 4 * (images * stride) as u64;
        let all = self.read(&[&logits.clone().offset_end(behind)]).await?.remove(0);
        let own = |image: &[f32]| image[offset..offset + channels].to_vec();
        Ok(all.chunks_exact(stride).flat_map(own).collect())
    }

    /// Puts the images into buffer 0 and what else changes with every step onto the device, in as few writes as
    /// possible: each is a submission.
    fn begin(&mut self, batch: GpuBatch<'_>, slot: usize, factors: [f32; 3], labels: &[u8]) {
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
            GpuBatch::Rows { images: all, rows } => {
                assert_eq!(rows.len(), images, "a row for each label");
                // A kernel would read another image instead, without a word.
                assert!(
                    rows.iter().all(|&row| (row as usize) < all.count),
                    "a row of {} images that is none of them",
                    all.count
                );
                words.extend_from_slice(rows);
                write(&self.client, &self.memory.step, Bytes::from_elems(words));
                self.programs[&images].gather.run(&self.client, Some(&all.handle));
            }
            GpuBatch::Values(values) => {
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
            let recorder = LaunchRecorder::default();
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
            evaluate: recorded(&|pass| pass.forward(false)),
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
