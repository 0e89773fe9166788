//! Where tensors live. The only module that names a backend: the CPU (burn's flex), or a GPU through wgpu (WebGPU in a
//! browser; Vulkan, Metal or DX12 natively). GPUs run the same WGSL everywhere.

use crate::kernels::Device;
use burn::tensor::wgpu::WgpuInitError;
use burn::tensor::wgpu::wgpu::{AdapterInfo, DeviceType};

#[cfg(feature = "native")]
mod native;
#[cfg(feature = "native")]
pub use native::{DeviceChoice, DeviceListing, list, open};

/// A device that is ready.
pub struct OpenDevice {
    /// For tensors.
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
#[cfg(feature = "engine")]
pub async fn webgpu() -> Result<OpenDevice, DeviceError> {
    Err(DeviceError::NoGpu { reason: String::new() })
}

fn no_gpu(error: WgpuInitError) -> DeviceError {
    DeviceError::NoGpu { reason: error.to_string() }
}

fn gpu_name(api: &str, info: &AdapterInfo) -> String {
    let kind = if info.device_type == DeviceType::Cpu { "software " } else { "" };
    let name = if info.name.is_empty() { "adapter" } else { &info.name };
    format!("GPU: {kind}{name} ({api})")
}
