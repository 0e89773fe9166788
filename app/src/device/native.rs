//! Choosing a device on a desktop.

use burn::tensor::wgpu::wgpu::{Backends, DeviceType, Instance, InstanceDescriptor};

use super::{DeviceError, OpenDevice, cpu, gpu_name, no_gpu};

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
    let processor = DeviceListing { device: "cpu", name: cpu().name, api: None, is_software: false };
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

/// Opens the chosen device. May be called once a process for a GPU.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu => gpu(),
        DeviceChoice::Auto if list().iter().any(|device| device.device == "gpu" && !device.is_software) => {
            gpu().or_else(|error| Ok(OpenDevice { note: Some(format!("{error}; the CPU computes instead")), ..cpu() }))
        }
        DeviceChoice::Auto => {
            Ok(OpenDevice { note: Some("no GPU that is not emulated was found, so the CPU computes".into()), ..cpu() })
        }
    }
}

fn gpu() -> Result<OpenDevice, DeviceError> {
    Err(DeviceError::NoGpu { reason: String::new() })
}
