//! What a core has on the device: allocated once, never grown.

use cubecl::bytes::Bytes;
use cubecl::client::Client;
use cubecl::server::Handle;

use super::sizes::{LOSSES, MAX_BUFFER_BYTES, Sizes, padded};
use crate::kernels::plan::Plan;

/// The buffers of a plan for a number of images. How long each is stands in [`Sizes`].
pub(super) struct Memory {
    /// What nodes read and write.
    pub(super) buffers: Vec<Handle>,
    /// Gradients of them.
    pub(super) slots: Vec<Handle>,
    /// Flat, as is what follows.
    pub(super) parameters: Handle,
    pub(super) velocities: Handle,
    pub(super) gradients: Handle,
    /// 1 where weight decay acts.
    pub(super) decayed: Handle,
    pub(super) statistics: Handle,
    /// What a node remembers for its backward pass: `[4, channels]` of batch norm, the taps max-pooling took, the
    /// scales of local response normalization.
    pub(super) remembered: Vec<Option<Handle>>,
    /// Dropout masks.
    pub(super) masks: Vec<Handle>,
    /// What changes with every step: a header, labels, rows of images.
    pub(super) step: Handle,
    /// A ring of losses.
    pub(super) losses: Handle,
    /// Splits of sums.
    pub(super) scratch: Handle,
    /// Weights with rows and columns swapped.
    pub(super) transposed: Handle,
}

impl Memory {
    pub(super) fn new(client: &Client, plan: &Plan, images: usize, software: bool) -> Self {
        // The last line of defence: whoever opens a core asks for `binding_bytes` first and says it in words for
        // people.
        let bytes = |count: u64| {
            let bytes = 4 * padded(count);
            assert!(
                bytes <= MAX_BUFFER_BYTES,
                "a buffer of {bytes} bytes on a GPU; take a smaller batch"
            );
            usize::try_from(bytes).expect("`MAX_BUFFER_BYTES` can be counted everywhere")
        };
        let empty = |count: u64| client.empty(bytes(count));
        let zeros = |count: u64| upload(client, &vec![0.0; bytes(count) / 4]);
        // All of the list, by name: a size that is added to it is a buffer here, or this does not compile.
        let Sizes {
            buffers,
            slots,
            parameters,
            velocities,
            gradients,
            decayed,
            statistics,
            remembered,
            masks,
            step,
            losses,
            scratch,
            transposed,
        } = Sizes::new(plan, images, software);
        let mut decays = vec![0.0; bytes(decayed) / 4];
        plan.decayed.iter().for_each(|range| decays[range.clone()].fill(1.0));
        debug_assert_eq!(losses, LOSSES as u64);
        Self {
            buffers: buffers.into_iter().map(empty).collect(),
            slots: slots.into_iter().map(empty).collect(),
            parameters: zeros(parameters),
            velocities: zeros(velocities),
            gradients: zeros(gradients),
            decayed: upload(client, &decays),
            statistics: zeros(statistics),
            remembered: remembered.into_iter().map(|size| size.map(empty)).collect(),
            masks: masks.into_iter().map(empty).collect(),
            step: empty(step),
            losses: zeros(losses),
            scratch: empty(scratch),
            transposed: empty(transposed),
        }
    }

    /// Every buffer, for the test that holds the list of sizes against what is allocated.
    #[cfg(test)]
    pub(super) fn handles(&self) -> Vec<&Handle> {
        let Self { buffers, slots, remembered, masks, .. } = self;
        let Self { parameters, velocities, gradients, decayed, statistics, .. } = self;
        let Self { step, losses, scratch, transposed, .. } = self;
        let single = [
            parameters, velocities, gradients, decayed, statistics, step, losses, scratch,
            transposed,
        ];
        let many = buffers.iter().chain(slots).chain(remembered.iter().flatten()).chain(masks);
        many.chain(single).collect()
    }
}

/// A new buffer with these values.
pub(super) fn upload(client: &Client, values: &[f32]) -> Handle {
    client.create(Bytes::from_elems(values.to_vec()))
}

/// Overwrites the beginning of a buffer.
pub(super) fn write(client: &Client, buffer: &Handle, values: Bytes) {
    let behind = buffer.size_in_used() - values.len() as u64;
    client.write(&buffer.clone().offset_end(behind), values);
}
