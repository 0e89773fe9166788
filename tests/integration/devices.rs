//! One recipe and seed on every device of this machine: the same losses, up to rounding.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rote::device::{self, DeviceChoice, OpenDevice};
use rote::train::Session;

use crate::support::{bundled, finish, losses, recipe};

/// Set where a GPU, real or emulated, must be found; without it these tests say that they saw none.
pub const EXPECT_GPU: &str = "ROTE_EXPECT_GPU";

fn gpu() -> Option<OpenDevice> {
    match device::open(DeviceChoice::Gpu) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os(EXPECT_GPU).is_some() => {
            panic!("{EXPECT_GPU} is set, but {error}")
        }
        Err(error) => {
            eprintln!("not compared: {error}");
            None
        }
    }
}

/// Tests take turns on the GPU, which is one for the process.
pub fn devices_turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The CPU, and the GPU where there is one.
pub fn every_device() -> Vec<OpenDevice> {
    std::iter::once(device::cpu()).chain(gpu()).collect()
}

#[test]
fn cpu_and_gpu_have_the_same_losses_for_twenty_steps() {
    let _turn = devices_turn();
    let Some(gpu) = gpu() else { return };
    // At its own learning rate the CNN amplifies the last bit of a rounding to a percent within twenty steps, on any two
    // devices; at a small one the losses show whether both compute the same.
    for (model, settings) in
        [("mlp-1x512", ""), ("mlp-3x512", ""), ("cnn-small", "learning-rate = 0.001")]
    {
        let text =
            format!("model = \"{model}\"\nimages = 640\nbatch-size = 32\nsteps = 20\n{settings}");
        let losses_on = |device: &OpenDevice| {
            losses(&finish(&mut Session::new(&recipe(&text), &bundled(), &device.device).unwrap()))
        };
        let (on_cpu, on_gpu) = (losses_on(&device::cpu()), losses_on(&gpu));
        assert_eq!((on_cpu.len(), on_gpu.len()), (20, 20));
        for (step, (cpu, gpu_loss)) in on_cpu.iter().zip(&on_gpu).enumerate() {
            let difference = (cpu - gpu_loss).abs() / cpu.abs();
            assert!(
                difference < 1e-3,
                "{model} on {}, step {step}: {cpu} and {gpu_loss}",
                gpu.name
            );
        }
    }
}

#[test]
fn the_cpu_is_always_listed() {
    assert_eq!(device::list().first().map(|listing| listing.device.as_str()), Some("cpu"));
}

#[test]
fn every_gpu_that_is_listed_opens_by_its_number_as_what_it_is_listed_as() {
    let _turn = devices_turn();
    let listed = device::list();
    for (number, listing) in listed[1..].iter().enumerate() {
        assert_eq!(listing.device, format!("gpu:{number}"));
        let opened = device::open(DeviceChoice::GpuNumber(number)).unwrap();
        assert!(opened.name.contains(&listing.name), "{} is {listing:?}", opened.name);
        assert_eq!(opened.name.contains("software"), listing.is_software);
    }
    let Err(error) = device::open(DeviceChoice::GpuNumber(listed.len())) else {
        panic!("there is no such GPU")
    };
    let error = error.to_string();
    for listing in &listed[1..] {
        assert!(error.contains(&format!("{} ({}", listing.device, listing.name)), "{error}");
    }
    assert!(listed.len() > 1 || error.contains("no GPU at all"), "{error}");
}
