//! What is allocated is what the list says.

use super::super::{CpuBatch, CpuCore};
use super::*;
use crate::kernels::SgdStep;
use crate::kernels::plan::{View, Window};
use crate::models::{Initialization, ModelName, Network, NetworkOptions};

/// The numbers that each array of a core has room for, in the order of [`CpuSizes`].
fn capacities(core: &CpuCore) -> Vec<Vec<u64>> {
    let of = |arrays: &[Vec<f32>]| arrays.iter().map(|own| own.capacity() as u64).collect();
    let state = &core.state;
    let state = [&state.parameters, &state.velocities, &state.statistics];
    vec![
        of(&core.activations),
        of(&core.slots),
        state.map(|own| own.capacity() as u64).to_vec(),
        of(std::slice::from_ref(&core.gradients)),
        core.measured.iter().map(|own| own.capacity() as u64).collect(),
        of(&core.masks),
        vec![core.scratch.panels.capacity() as u64],
        of(std::slice::from_ref(&core.scratch.partial_sums)),
    ]
}

#[test]
fn what_every_model_has_after_a_step_and_an_evaluation_is_what_the_list_says() {
    for &model in ModelName::ALL {
        let initialization = Initialization::ALL[0];
        let plan = Network::plan(NetworkOptions {
            model,
            batch_norm: true,
            initialization,
            dropout: 0.5,
            seed: 0,
        });
        // More images in a step than in an evaluation, and the other way round; a smaller step before each, so that
        // arrays must grow by less than what they have.
        for [batch, evaluated] in [[5, 3], [3, 5]] {
            let mut core = CpuCore::new(plan.clone());
            for images in [batch - 1, batch] {
                let values = vec![0.5; images * plan.buffers[0]];
                let masks: Vec<_> =
                    plan.masks.iter().map(|units| vec![1.0; units * images]).collect();
                let sgd = SgdStep { learning_rate: 0.0, momentum: 0.0, weight_decay: 0.0 };
                core.train_step(CpuBatch::Values(&values), &vec![1; images], &masks, sgd);
            }
            core.evaluate(CpuBatch::Values(&vec![0.5; evaluated * plan.buffers[0]]), evaluated);
            let CpuSizes {
                activations,
                slots,
                state,
                gradients,
                measured,
                masks,
                panels,
                partial_sums,
            } = CpuSizes::new(&plan, Arch::new(), batch, evaluated);
            let listed = vec![
                activations,
                slots,
                state.to_vec(),
                vec![gradients],
                measured,
                masks,
                vec![panels],
                vec![partial_sums],
            ];
            assert_eq!(capacities(&core), listed, "{}, batch {batch}", model.key());
            // All of it is told, and what threads take besides.
            let kept: u64 = listed.iter().flatten().sum();
            let told: u64 = array_bytes(&plan, batch, evaluated).iter().sum();
            assert!(told > kept * NUMBER_BYTES, "{}", model.key());
        }
    }
}

#[test]
fn frames_and_panels_are_counted_for_each_thread_that_can_be_at_work() {
    // A convolution of 3x3 on images of 28x28 with 3 channels to 8: a frame has 30 * 30 * 3 numbers and 8 behind it,
    // and 784 windows that each begin at a number of 64 bits. A group is one image.
    let window = Window { size: 3, step: 1, before: 1 };
    let view = |buffer, channels| View { buffer, side: 28, stride: channels, offset: 0, channels };
    let operation = Operation::Convolution { window, weight: 0..216, bias: None, relu: false };
    let (input, output) = (view(0, 3), view(1, 8));
    let node = Node { operation, input, output, input_gradient: InputGradient::None };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let [forward, weight_gradient, _] =
        pool.install(|| passing(&node, Arch::new(), 2, 1).try_into().unwrap());
    // Two images, so two of three threads; a weight's gradient is cut into eight parts whatever the batch.
    let starts = 784 * size_of::<usize>() as u64 / 4;
    assert_eq!(forward, [2708, starts, 2708, starts]);
    assert_eq!(weight_gradient.len(), 9);
    assert!(weight_gradient.chunks(3).all(|own| own[..2] == forward[..2] && own[2] >= 784 * 8));
}
