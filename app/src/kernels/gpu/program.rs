//! A fixed sequence of launches: recorded once for a number of images, run every step.

use cubecl::client::Client;
use cubecl::prelude::CubeCount;
use cubecl::server::{Handle, KernelArguments};

use super::kernel::Kernel;

/// Bytes from one launch's parameters to the next: what a binding's offset must be a multiple of everywhere.
const ALIGNMENT: usize = 256;
/// Invocations of a workgroup in kernels that have one invocation an element.
const LANES: usize = 64;
/// Workgroups in each dimension that WebGPU guarantees.
pub(super) const MAX_GROUPS: usize = 65_535;
/// Workgroups along x where there are more than one row of them.
const ACROSS: usize = 32_768;

/// Launches being recorded.
#[derive(Default)]
pub(super) struct LaunchRecorder {
    launches: Vec<(Kernel, [u32; 3], Vec<Handle>)>,
    parameters: Vec<u8>,
}

/// What a kernel is told: its first binding.
pub(super) enum Word {
    Whole(u32),
    Real(f32),
}

impl From<usize> for Word {
    fn from(value: usize) -> Self {
        Self::Whole(
            u32::try_from(value)
                .expect("no buffer has as many as 2^30 numbers (`MAX_BUFFER_BYTES`)"),
        )
    }
}

impl From<i32> for Word {
    fn from(value: i32) -> Self {
        Self::Whole(value.cast_unsigned())
    }
}

impl From<f32> for Word {
    fn from(value: f32) -> Self {
        Self::Real(value)
    }
}

impl LaunchRecorder {
    /// Adds a launch of `groups` workgroups. The parameters become binding 0, the buffers the bindings after it.
    pub(super) fn launch(
        &mut self,
        kernel: Kernel,
        groups: [usize; 3],
        words: impl IntoIterator<Item = Word>,
        buffers: &[&Handle],
    ) {
        let start = self.parameters.len();
        for word in words {
            self.parameters.extend_from_slice(&match word {
                Word::Whole(value) => value.to_le_bytes(),
                Word::Real(value) => value.to_le_bytes(),
            });
        }
        debug_assert!(self.parameters.len() - start <= ALIGNMENT);
        self.parameters.resize(start + ALIGNMENT, 0);
        // A launch of more is dropped by the driver, and what it should have written stays as it was.
        assert!(
            groups.iter().all(|count| (1..=MAX_GROUPS).contains(count)),
            "{kernel:?} in {groups:?} workgroups, of which each dimension may have {MAX_GROUPS}"
        );
        let groups = groups.map(|count| count as u32);
        self.launches.push((
            kernel,
            groups,
            buffers.iter().map(|&handle| handle.clone()).collect(),
        ));
    }

    /// Adds a launch of one invocation an element; `count` goes before the other words.
    pub(super) fn elements(
        &mut self,
        kernel: Kernel,
        count: usize,
        words: impl IntoIterator<Item = Word>,
        buffers: &[&Handle],
    ) {
        let groups = flat_groups(count.div_ceil(LANES));
        self.launch(kernel, groups, std::iter::once(count.into()).chain(words), buffers);
    }

    /// The launches, ready to run.
    pub(super) fn finish(self, client: &Client) -> Program {
        if self.launches.is_empty() {
            return Program { launches: Vec::new() };
        }
        let all = client.create_from_slice(&self.parameters);
        let total = self.launches.len();
        let launches =
            self.launches.into_iter().enumerate().map(|(number, (kernel, groups, buffers))| {
                let start = number * ALIGNMENT;
                let behind = (total - 1 - number) * ALIGNMENT;
                let own = all.clone().offset_start(start as u64).offset_end(behind as u64);
                Launch { kernel, groups, buffers: std::iter::once(own).chain(buffers).collect() }
            });
        Program { launches: launches.collect() }
    }
}

/// Workgroups in x and y for at least `count` in all. The last row may have workgroups too many, at most 2^21
/// invocations behind the last element: every kernel returns from an invocation that has no element. With at most 2^30
/// elements the number of an invocation fits 32 bits.
pub(super) fn flat_groups(count: usize) -> [usize; 3] {
    [count.min(ACROSS), count.div_ceil(ACROSS), 1]
}

struct Launch {
    kernel: Kernel,
    groups: [u32; 3],
    buffers: Vec<Handle>,
}

/// Launches ready to run.
pub(super) struct Program {
    launches: Vec<Launch>,
}

impl Program {
    /// Queues all launches in their order. A buffer that is not known when they are recorded becomes the last binding.
    pub(super) fn run(&self, client: &Client, last: Option<&Handle>) {
        for launch in &self.launches {
            let [x, y, z] = launch.groups;
            let arguments = launch
                .buffers
                .iter()
                .chain(last)
                .fold(KernelArguments::new(), |arguments, buffer| {
                    arguments.with_buffer(buffer.clone().binding())
                });
            client.launch(Box::new(launch.kernel.clone()), CubeCount::Static(x, y, z), arguments);
        }
    }
}
