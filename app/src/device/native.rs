//! Choosing a device on a desktop.

use std::sync::{Mutex, PoisonError};

use burn_wgpu::graphics::AutoGraphicsApi;
use burn_wgpu::wgpu::{AdapterInfo, Backends, DeviceType, Instance, InstanceDescriptor};
use burn_wgpu::{RuntimeOptions, WgpuDevice, try_init_setup};

use super::{DeviceError, OpenDevice, cpu, gpu_name, no_gpu};
use crate::kernels::Device;
use crate::kernels::gpu::GpuDevice;

words! {
    /// `--device`.
    pub enum DeviceChoice {
        /// A GPU if there is a real one, else the CPU.
        Auto = "auto",
        /// A GPU, also one that is emulated in software.
        Gpu = "gpu",
        /// The CPU.
        Cpu = "cpu",
    }
}

/// One device that can be chosen.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DeviceListing {
    /// What to give to `--device`.
    pub device: &'static str,
    /// Its name.
    pub name: String,
    /// `Vulkan`, `Metal`, `Dx12`, or nothing for the CPU.
    pub api: Option<String>,
    /// Whether it is a GPU emulated on the CPU.
    pub is_software: bool,
}

/// The devices of this machine, the CPU first.
pub fn list() -> Vec<DeviceListing> {
    let processor =
        DeviceListing { device: "cpu", name: cpu().name, api: None, is_software: false };
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::PRIMARY,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let adapters = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY));
    let gpus = adapters.iter().map(|adapter| {
        let info = adapter.get_info();
        DeviceListing {
            device: "gpu",
            name: info.name.clone(),
            api: Some(format!("{:?}", info.backend)),
            is_software: info.device_type == DeviceType::Cpu,
        }
    });
    std::iter::once(processor).chain(gpus).collect()
}

/// Opens the chosen device.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu => gpu(),
        DeviceChoice::Auto
            if list().iter().any(|device| device.device == "gpu" && !device.is_software) =>
        {
            gpu().or_else(|error| {
                Ok(OpenDevice { note: Some(format!("{error}; the CPU computes instead")), ..cpu() })
            })
        }
        DeviceChoice::Auto => Ok(OpenDevice {
            note: Some("no GPU that is not emulated was found, so the CPU computes".into()),
            ..cpu()
        }),
    }
}

/// The GPU, which the runtime starts once a process.
fn gpu() -> Result<OpenDevice, DeviceError> {
    static OPENED: Mutex<Option<(GpuDevice, AdapterInfo)>> = Mutex::new(None);
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let (device, info) = match opened.take() {
        Some(known) => known,
        None => {
            let device = WgpuDevice::default();
            let setup = try_init_setup::<AutoGraphicsApi>(&device, RuntimeOptions::default())
                .map_err(no_gpu)?;
            let info = setup.adapter.get_info();
            (GpuDevice::new(&device, info.device_type == DeviceType::Cpu), info)
        }
    };
    *opened = Some((device.clone(), info.clone()));
    let note = (info.device_type == DeviceType::Cpu)
        .then(|| "this GPU is emulated in software and slower than --device cpu".to_owned());
    let name = gpu_name(&format!("{:?}", info.backend), &info);
    Ok(OpenDevice { device: Device::Gpu(device), name, note })
}
