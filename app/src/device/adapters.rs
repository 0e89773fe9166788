//! The graphics adapters of a machine, best first, each with the number it is chosen by. Nothing is opened here.

use cubecl::wgpu::wgpu::{AdapterInfo, Backend, DeviceType};
use cubecl::wgpu::{WgpuBackend, WgpuDevice, WgpuDeviceKind};

/// An adapter, and what the runtime calls it.
#[derive(Clone, Debug)]
pub(super) struct Adapter {
    pub info: AdapterInfo,
    pub device: WgpuDevice,
}

impl Adapter {
    /// Whether it computes on the CPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == DeviceType::Cpu
    }

    /// `Vulkan`, `Metal`, `Dx12`.
    pub fn api(&self) -> String {
        format!("{:?}", self.info.backend)
    }

    /// `gpu:1 (NVIDIA H200 through Vulkan)`.
    fn describe(&self, number: usize) -> String {
        format!("gpu:{number} ({} through {})", self.info.name, self.api())
    }
}

/// The adapters that the runtime can open: real ones first, of those the fastest kind, and otherwise in the order in which
/// the system tells them. The position in this list is the number of `gpu:N`.
pub(super) fn in_order(infos: &[AdapterInfo]) -> Vec<Adapter> {
    let mut adapters: Vec<_> = infos
        .iter()
        .enumerate()
        .filter_map(|(at, info)| {
            let is_alike = |other: &&AdapterInfo| {
                other.backend == info.backend && other.device_type == info.device_type
            };
            let device = named(info, infos[..at].iter().filter(is_alike).count())?;
            Some(Adapter { info: info.clone(), device })
        })
        .collect();
    adapters.sort_by_key(|adapter| match adapter.info.device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    });
    adapters
}

/// The runtime's name of an adapter: it counts those of one kind on one interface.
fn named(info: &AdapterInfo, alike_before: usize) -> Option<WgpuDevice> {
    let interface = match info.backend {
        Backend::Vulkan => WgpuBackend::Vulkan,
        Backend::Metal => WgpuBackend::Metal,
        Backend::Dx12 => WgpuBackend::Dx12,
        Backend::Noop | Backend::Gl | Backend::BrowserWebGpu => return None,
    };
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => WgpuDeviceKind::DiscreteGpu(alike_before),
        DeviceType::IntegratedGpu => WgpuDeviceKind::IntegratedGpu(alike_before),
        DeviceType::VirtualGpu => WgpuDeviceKind::VirtualGpu(alike_before),
        DeviceType::Other => WgpuDeviceKind::Other(alike_before),
        // It has no name for a second one in software.
        DeviceType::Cpu if alike_before > 0 => return None,
        DeviceType::Cpu => WgpuDeviceKind::Cpu,
    };
    Some(WgpuDevice::new(kind).on(interface))
}

/// What there is, for whoever asked for what there is not.
pub(super) fn describe(adapters: &[Adapter]) -> String {
    if adapters.is_empty() {
        return "no GPU at all".into();
    }
    let all: Vec<_> =
        adapters.iter().enumerate().map(|(number, adapter)| adapter.describe(number)).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, device_type: DeviceType, backend: Backend) -> AdapterInfo {
        AdapterInfo { name: name.into(), ..AdapterInfo::new(device_type, backend) }
    }

    #[test]
    fn real_adapters_come_first_and_the_fastest_kind_before_the_others() {
        let adapters = in_order(&[
            info("llvmpipe", DeviceType::Cpu, Backend::Vulkan),
            info("Iris", DeviceType::IntegratedGpu, Backend::Vulkan),
            info("first card", DeviceType::DiscreteGpu, Backend::Vulkan),
            info("second card", DeviceType::DiscreteGpu, Backend::Vulkan),
        ]);
        let names: Vec<_> = adapters.iter().map(|adapter| adapter.info.name.as_str()).collect();
        assert_eq!(names, ["first card", "second card", "Iris", "llvmpipe"]);
        assert!(adapters[3].is_software() && !adapters[2].is_software());
    }

    #[test]
    fn every_adapter_is_opened_as_itself_also_where_two_are_alike() {
        let card = |backend| info("card", DeviceType::DiscreteGpu, backend);
        let adapters = in_order(&[
            card(Backend::Vulkan),
            card(Backend::Vulkan),
            card(Backend::Dx12),
            info("llvmpipe", DeviceType::Cpu, Backend::Vulkan),
        ]);
        let devices: Vec<_> = adapters.iter().map(|adapter| adapter.device.clone()).collect();
        let discrete =
            |number, interface| WgpuDevice::new(WgpuDeviceKind::DiscreteGpu(number)).on(interface);
        assert_eq!(
            devices,
            [
                discrete(0, WgpuBackend::Vulkan),
                discrete(1, WgpuBackend::Vulkan),
                discrete(0, WgpuBackend::Dx12),
                WgpuDevice::new(WgpuDeviceKind::Cpu).on(WgpuBackend::Vulkan),
            ]
        );
    }

    #[test]
    fn what_the_runtime_cannot_open_has_no_number() {
        let adapters = in_order(&[
            info("old", DeviceType::DiscreteGpu, Backend::Gl),
            info("llvmpipe", DeviceType::Cpu, Backend::Vulkan),
            info("another in software", DeviceType::Cpu, Backend::Vulkan),
        ]);
        assert_eq!(describe(&adapters), "gpu:0 (llvmpipe through Vulkan)");
        assert_eq!(describe(&[]), "no GPU at all");
    }
}
