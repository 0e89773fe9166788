//! A run on the CPU is the same for any number of threads: work is cut by what it is, never by who does it.

use rote::device;
use rote::kernels::SgdStep;
use rote::models::timing::{hashed_images, hashed_parameters};
use rote::models::{ModelName, Network, NetworkState};

const SGD: SgdStep = SgdStep { learning_rate: 0.01, momentum: 0.9, weight_decay: 0.001 };

/// Two training steps, the second from where the first has left off: losses, gradients, all that was learned, and the
/// logits of an evaluation behind them, as bits.
fn two_steps(model: ModelName, batch: usize) -> Vec<Vec<u32>> {
    let layers = model.layers(true);
    let (images, labels) = hashed_images(batch);
    let device = device::cpu().device;
    let mut network =
        Network::from_layers(&layers, [28, 3], 0.3, |_| true, &device, batch).unwrap();
    assert!(network.restore(&NetworkState::at_start(&layers, hashed_parameters(&layers))));
    let losses = [0, 1].map(|step| network.train_step_on(&images, &labels, step, SGD));
    let mut numbers = vec![pollster::block_on(network.losses(&losses)).unwrap()];
    numbers.extend(pollster::block_on(network.gradients()).unwrap());
    let state = pollster::block_on(network.state()).unwrap();
    numbers.extend(state.parameters.into_iter().chain(state.velocities).chain(state.statistics));
    let (uploaded, rows) = (network.images(&images), (0..batch as u32).collect::<Vec<_>>());
    numbers.push(pollster::block_on(network.evaluate(&uploaded, &rows)).unwrap());
    numbers.into_iter().map(|own| own.into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for &model in ModelName::ALL {
        // One image, fewer than the parts a batch is cut into, and no multiple of anything.
        for batch in [1, 7, 33] {
            let [one, three] = [1, 3].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| two_steps(model, batch))
            });
            assert!(one == three, "{}, batch {batch}", model.key());
        }
    }
}
