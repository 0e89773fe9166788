//! What does not fit is refused before work, and what is named as the largest that fits does train: with little memory in
//! the terminal, and on GPUs that take small buffers.

use cubecl::wgpu::wgpu::{
    Backends, DeviceDescriptor, Features, Instance, InstanceDescriptor, Limits,
};
use cubecl::wgpu::{RuntimeOptions, WgpuSetup, try_init_device};
use rote::kernels::Device;
use rote::kernels::gpu::GpuDevice;
use rote::train::{Recipe, Session, TrainError};

use crate::devices::{EXPECT_GPU, devices_turn};
use crate::support::{bundled, finish, losses};

/// The setting that a sentence names, and the largest value.
fn named(sentence: &str) -> (String, u64) {
    let key = sentence.split('`').nth(1).unwrap_or_else(|| panic!("{sentence}"));
    let (_, value) = sentence.trim().rsplit_once(' ').unwrap();
    (key.to_owned(), value.parse().unwrap_or_else(|_| panic!("{sentence}")))
}

/// A GPU that takes buffers of so many bytes, which every adapter has the right to be.
fn gpu_with_bindings(bytes: u64) -> Option<Device> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::PRIMARY,
        ..InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY));
    let Some(adapter) = found.into_iter().next() else {
        assert!(std::env::var_os(EXPECT_GPU).is_none(), "{EXPECT_GPU} is set, but there is none");
        eprintln!("not tried: no GPU");
        return None;
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&DeviceDescriptor {
        required_features: adapter.features()
            - Features::all_experimental_mask()
            - Features::MAPPABLE_PRIMARY_BUFFERS,
        required_limits: Limits { max_storage_buffer_binding_size: bytes, ..adapter.limits() },
        ..DeviceDescriptor::default()
    }))
    .unwrap();
    let backend = adapter.get_info().backend;
    let setup = WgpuSetup { instance, adapter, device, queue, backend };
    let runtime = try_init_device(setup, RuntimeOptions::default()).unwrap();
    Some(Device::Gpu(GpuDevice::new(&runtime, true)))
}

#[test]
fn a_gpu_of_small_buffers_names_the_largest_value_and_trains_with_it() {
    let _turn = devices_turn();
    let data = bundled();
    // The setting, the buffer in MiB, the recipe.
    let cases = [
        ("images", 8, "model = \"mlp-1x512\"\nimages = 2000\nbatch-size = 64"),
        ("batch-size", 24, "model = \"cnn-small\"\nimages = 500\nbatch-size = 500"),
        ("batch-size", 32, "model = \"alexnet-small\"\nimages = 400\nbatch-size = 400"),
    ];
    for (key, mebibytes, text) in cases {
        let Some(device) = gpu_with_bindings(mebibytes << 20) else { return };
        let recipe = crate::support::recipe(&format!("{text}\nsteps = 1"));
        let refused = |recipe: &Recipe| match Session::new(recipe, &data, &device) {
            Err(error @ TrainError::DoesNotFit { .. }) => error.to_string(),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("{text} fits in buffers of {mebibytes} MiB"),
        };
        let sentence = refused(&recipe);
        let (setting, largest) = named(&sentence);
        assert_eq!(setting, key, "{sentence}");
        let with = |value: u64| {
            let mut recipe = recipe.clone();
            recipe.set(key, &value.to_string()).unwrap();
            recipe
        };
        refused(&with(largest + 1));
        let mut session = Session::new(&with(largest), &data, &device).unwrap();
        let told = losses(&finish(&mut session));
        assert!(matches!(told[..], [loss] if loss.is_finite()), "{sentence}: {told:?}");
    }
}

#[cfg(target_os = "linux")]
mod terminal {
    use std::process::{Command, Output};

    use super::named;

    /// `rote` where it can take so many bytes more than its threads reserve.
    fn rote_within(megabytes: usize, arguments: &str) -> Output {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let kilobytes = megabytes * 1000 + (threads + 3) * (72 << 10);
        let command = format!("ulimit -v {kilobytes} && exec \"$0\" {arguments}");
        let folder = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &command, env!("CARGO_BIN_EXE_rote")]).current_dir(folder.path());
        shell.output().expect("a shell starts")
    }

    fn stderr(output: &Output) -> String {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    #[test]
    fn what_the_terminal_names_as_the_largest_trains_in_the_memory_there_is() {
        let cases = [
            (600, "--model inception-small --images 300 --batch-size 300"),
            (700, "--model alexnet-small --images 2000 --batch-size 2000"),
        ];
        for (megabytes, arguments) in cases {
            let train = format!("train {arguments} --steps 1 --device cpu --json");
            let refused = rote_within(megabytes, &train);
            let sentence = stderr(&refused);
            assert_eq!(refused.status.code(), Some(2), "{sentence}");
            assert!(sentence.starts_with("rote: `batch-size` "), "{sentence}");
            let (_, largest) = named(&sentence);
            let (model, _) = arguments.rsplit_once(' ').unwrap();
            let trained = rote_within(
                megabytes,
                &format!("train {model} {largest} --steps 1 --device cpu --json"),
            );
            assert!(trained.status.success(), "{sentence}{}", stderr(&trained));
        }
    }

    #[test]
    fn a_grid_names_what_fits_for_as_many_runs_as_are_made_at_a_time() {
        let grid = |batch: u64| {
            format!(
                "run table1 --scale smoke --only inception-small/plain,inception-small/decay --jobs 2 --set images=300 \
                 --set batch-size={batch} --set steps=1 --device cpu --out runs"
            )
        };
        let refused = rote_within(900, &grid(300));
        let sentence = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{sentence}");
        assert!(sentence.contains("inception-small, 2 runs at a time, needs "), "{sentence}");
        let (_, largest) = named(&sentence);
        let made = rote_within(900, &grid(largest));
        assert!(made.status.success(), "{sentence}{}", stderr(&made));
    }

    #[test]
    fn a_grid_whose_runs_do_not_fit_is_refused_before_the_first_of_them() {
        let refused = rote_within(
            500,
            "run table1 --only inception --set images=2000 --set batch-size=2000 --device cpu --out runs",
        );
        let sentence = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{sentence}");
        assert!(sentence.contains("`batch-size` 2000 with `model` inception-small"), "{sentence}");
        assert!(refused.stdout.is_empty(), "{}", String::from_utf8_lossy(&refused.stdout));
    }
}
