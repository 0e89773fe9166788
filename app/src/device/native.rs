//! Choosing a device on a desktop.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, OnceLock, PoisonError};

use cubecl::wgpu::wgpu::{Backends, DeviceDescriptor, Features, Instance, InstanceDescriptor};
use cubecl::wgpu::{
    AutoGraphicsApi, RuntimeOptions, WgpuDevice, WgpuSetup, try_init_device, try_init_setup,
};

use super::adapters::{self, Adapter};
use super::{DeviceError, OpenDevice, cpu, gpu_name, no_gpu};
use crate::kernels::Device;
use crate::kernels::gpu::GpuDevice;

/// `--device`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// `auto`: the best GPU if it is a real one, else the CPU.
    Auto,
    /// `gpu`: the best GPU, also one that is emulated in software.
    Gpu,
    /// `gpu:N`: the GPU of that number in [`list`].
    GpuNumber(usize),
    /// `cpu`: the CPU.
    Cpu,
}

impl DeviceChoice {
    /// What can be written, for people.
    pub const ALLOWED: &str = "auto, gpu, gpu:N, cpu";
}

impl FromStr for DeviceChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            _ => {
                let number = text.strip_prefix("gpu:").and_then(|number| number.parse().ok());
                number.map(Self::GpuNumber).ok_or(())
            }
        }
    }
}

/// One device that can be chosen.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DeviceListing {
    /// What to give to `--device`: `cpu`, `gpu:0`, `gpu:1`, …
    pub device: String,
    /// Its name.
    pub name: String,
    /// `Vulkan`, `Metal`, `Dx12`, or nothing for the CPU.
    pub api: Option<String>,
    /// Where it is plugged in (`0000:01:00.0`), if that is known; two cards of one name differ in it.
    pub bus: Option<String>,
    /// Whether it is a GPU emulated on the CPU.
    pub is_software: bool,
}

/// The devices of this machine, the CPU first, then the GPUs, the best one first.
pub fn list() -> Vec<DeviceListing> {
    let processor = DeviceListing {
        device: "cpu".into(),
        name: cpu().name,
        api: None,
        bus: None,
        is_software: false,
    };
    let gpus = adapters().iter().enumerate().map(|(number, adapter)| DeviceListing {
        device: format!("gpu:{number}"),
        name: adapter.info.name.clone(),
        api: Some(adapter.api()),
        bus: Some(adapter.info.device_pci_bus_id.clone())
            .filter(|bus| !bus.is_empty() && !adapter.is_software()),
        is_software: adapter.is_software(),
    });
    std::iter::once(processor).chain(gpus).collect()
}

/// The adapters, asked for once a process, so that a number stays what it was.
fn adapters() -> &'static [Adapter] {
    static ASKED: OnceLock<Vec<Adapter>> = OnceLock::new();
    ASKED.get_or_init(|| {
        let instance = Instance::new(InstanceDescriptor {
            backends: Backends::PRIMARY,
            ..InstanceDescriptor::new_without_display_handle()
        });
        let found = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY));
        let infos: Vec<_> = found.iter().map(|adapter| adapter.get_info()).collect();
        adapters::in_order(&infos)
    })
}

/// Opens the chosen device.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    choose(choice, false)
}

/// Opens the chosen device anew, after the one that was open was lost: what happened on that one stays there.
pub fn reopen(choice: DeviceChoice) -> Result<OpenDevice, DeviceError> {
    choose(choice, true)
}

fn choose(choice: DeviceChoice, anew: bool) -> Result<OpenDevice, DeviceError> {
    let instead = |note| Ok(OpenDevice { note: Some(note), ..cpu() });
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Gpu if adapters().is_empty() => {
            Err(DeviceError::NoGpu { reason: "no graphics driver lists one".into() })
        }
        DeviceChoice::Gpu => gpu(0, anew),
        DeviceChoice::GpuNumber(number) => gpu(number, anew),
        DeviceChoice::Auto if adapters().iter().any(|adapter| !adapter.is_software()) => {
            gpu(0, anew).or_else(|error| instead(format!("{error}; the CPU computes instead")))
        }
        DeviceChoice::Auto => instead("no real GPU was found; the CPU computes".into()),
    }
}

/// The GPU of that number, which the runtime starts once a process, or once more where it was lost.
fn gpu(number: usize, anew: bool) -> Result<OpenDevice, DeviceError> {
    static OPENED: Mutex<BTreeMap<usize, (GpuDevice, WgpuSetup)>> = Mutex::new(BTreeMap::new());
    let all = adapters();
    let adapter = all
        .get(number)
        .ok_or_else(|| DeviceError::NoSuchGpu { number, there_is: adapters::describe(all) })?;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let device = match opened.get(&number) {
        Some((known, _)) if !anew => known.clone(),
        known => {
            let (runtime, setup) = match known {
                Some((_, lost)) => once_more(lost)?,
                None => {
                    let options = RuntimeOptions::default();
                    let setup = try_init_setup::<AutoGraphicsApi>(&adapter.device, options);
                    (adapter.device.clone(), setup.map_err(no_gpu)?)
                }
            };
            let device = GpuDevice::new(&runtime, adapter.is_software());
            opened.insert(number, (device.clone(), setup));
            device
        }
    };
    let note = adapter
        .is_software()
        .then(|| "this GPU is emulated in software and slower than --device cpu".to_owned());
    let name = gpu_name(&adapter.api(), &adapter.info);
    Ok(OpenDevice { device: Device::Gpu(device), name, note })
}

/// Another device of the same adapter, under a runtime of its own.
fn once_more(lost: &WgpuSetup) -> Result<(WgpuDevice, WgpuSetup), DeviceError> {
    let request = DeviceDescriptor {
        required_features: lost.device.features() - Features::all_experimental_mask(),
        required_limits: lost.device.limits(),
        ..DeviceDescriptor::default()
    };
    let (device, queue) = pollster::block_on(lost.adapter.request_device(&request))
        .map_err(|error| DeviceError::NoGpu { reason: error.to_string() })?;
    let setup = WgpuSetup { device, queue, ..lost.clone() };
    let runtime = try_init_device(setup.clone(), RuntimeOptions::default()).map_err(no_gpu)?;
    Ok((runtime, setup))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_chosen_by_a_word_or_a_number() {
        let choice = |text: &str| text.parse::<DeviceChoice>().ok();
        assert_eq!(choice("auto"), Some(DeviceChoice::Auto));
        assert_eq!(choice("cpu"), Some(DeviceChoice::Cpu));
        assert_eq!(choice("gpu"), Some(DeviceChoice::Gpu));
        assert_eq!(choice("gpu:12"), Some(DeviceChoice::GpuNumber(12)));
        for wrong in ["", "gpu:", "gpu:-1", "gpu:one", "gpu1", "GPU", "cpu:0"] {
            assert_eq!(choice(wrong), None, "{wrong}");
        }
    }
}
