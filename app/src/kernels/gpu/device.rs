//! The GPU as our kernels see it.

use cubecl::client::Client;
use cubecl::wgpu::WgpuDevice;

/// A GPU whose runtime has been started.
#[derive(Clone)]
pub struct GpuDevice {
    pub(super) client: Client,
    pub(super) software: bool,
}

impl GpuDevice {
    /// The GPU of a device that burn or cubecl has initialized. `software` says that the adapter is a CPU: matrix
    /// products are then made in another way. Adapters of browsers do not say it of themselves; ask
    /// `isFallbackAdapter`.
    pub fn new(device: &WgpuDevice, software: bool) -> Self {
        Self { client: cubecl::Device::from(device.clone()).client(), software }
    }

    /// Whether the adapter computes on a CPU.
    pub fn software(&self) -> bool {
        self.software
    }

    /// The most bytes that one buffer can have and a kernel can be given at once.
    pub fn binding_bytes(&self) -> u64 {
        self.client.properties().memory.max_page_size
    }
}
