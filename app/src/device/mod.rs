//! Opening devices: the CPU, or a GPU through burn's runtime cubecl and wgpu (WebGPU in a browser; Vulkan, Metal or DX12 natively). GPUs run
//! the same WGSL everywhere.

use cubecl::wgpu::WgpuInitError;
use cubecl::wgpu::wgpu::{AdapterInfo, DeviceType};
#[cfg(feature = "engine")]
use cubecl::wgpu::{RuntimeOptions, WebGpu, WgpuDevice, try_init_setup_async};

use crate::kernels::Device;
#[cfg(feature = "engine")]
use crate::kernels::gpu::GpuDevice;

#[cfg(feature = "native")]
mod adapters;
#[cfg(feature = "native")]
mod native;
#[cfg(feature = "native")]
pub use native::{DeviceChoice, DeviceListing, list, open, reopen};

/// A device that is ready.
pub struct OpenDevice {
    /// What kernels run on.
    pub device: Device,
    /// What it is, for people: `CPU (2 threads)`, `GPU: NVIDIA H200 (Vulkan)`.
    pub name: String,
    /// Why it is not the device one might expect; one sentence.
    pub note: Option<String>,
}

/// Why a device could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no GPU that can be used.
    #[error("no usable GPU: {reason}; train on the CPU{}", if cfg!(feature = "native") {" with --device cpu"} else {""})]
    NoGpu {
        /// What the graphics system said.
        reason: String,
    },
    /// `gpu:N` names none of the GPUs.
    #[error(
        "there is no gpu:{number} here, but {there_is}; `rote devices` lists what can be chosen"
    )]
    NoSuchGpu {
        /// N.
        number: usize,
        /// The GPUs that can be named.
        there_is: String,
    },
}

/// The CPU.
pub fn cpu() -> OpenDevice {
    let name = if cfg!(target_family = "wasm") {
        "CPU (WebAssembly SIMD)".into()
    } else {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        format!("CPU ({threads} threads)")
    };
    OpenDevice { device: Device::Cpu, name, note: None }
}

/// The browser's WebGPU, also where it is a software adapter: whether that is wanted is for the caller to know.
/// `software` is whether the adapter computes on the CPU, which browsers do not tell the program itself.
#[cfg(feature = "engine")]
pub async fn webgpu(software: bool) -> Result<OpenDevice, DeviceError> {
    let device = WgpuDevice::default();
    let setup =
        try_init_setup_async::<WebGpu>(&device, RuntimeOptions::default()).await.map_err(no_gpu)?;
    let name = gpu_name("WebGPU", &setup.adapter.get_info());
    Ok(OpenDevice { device: Device::Gpu(GpuDevice::new(&device, software)), name, note: None })
}

fn no_gpu(error: WgpuInitError) -> DeviceError {
    DeviceError::NoGpu { reason: error.to_string() }
}

fn gpu_name(api: &str, info: &AdapterInfo) -> String {
    let kind = if info.device_type == DeviceType::Cpu { "software " } else { "" };
    let name = if info.name.is_empty() { "adapter" } else { &info.name };
    format!("GPU: {kind}{name} ({api})")
}
