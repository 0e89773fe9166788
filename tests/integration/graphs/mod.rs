//! Random small networks: branches two deep, every layer at every place, odd sizes. Their loss, every gradient and the
//! logits on every device against plain tensor code in double precision.

mod generator;
mod passes;

use std::collections::BTreeSet;

use rote::device::OpenDevice;
use rote::kernels::Device;
use rote::kernels::plan::{Operation, Plan, View};
use rote::models::timing::hashed;
use rote::models::{Layer, Network, NetworkState, ParameterSpec, build_plan};

use generator::{Generator, Graph};

use crate::devices::{devices_turn, every_device};
use crate::plain::{self, Differentiated, LabelledBatch};
use crate::support::REST;

/// Of a tensor's norm: how far single precision may be off.
const TOLERANCE: f64 = 3e-4;
/// Of the norm of all gradients: what a gradient that is 0 but for rounding may be, such as that of a bias before batch
/// norm.
const FLOOR: f64 = 1e-5;
const LOSS_TOLERANCE: f64 = 2e-5;
const DROPOUT: f64 = 0.4;
const CLASSES: usize = 5;

impl Graph {
    fn plan(&self) -> Plan {
        build_plan(&self.layers, [self.side, self.channels], true, |_| false)
            .unwrap_or_else(|error| panic!("{error}\n{self:#?}"))
    }

    fn specs(&self) -> Vec<ParameterSpec> {
        self.layers.iter().flat_map(Layer::parameters).collect()
    }

    /// Parameters and images of unit size, drawn for the `attempt`-th time.
    fn values(&self, attempt: u32) -> (Vec<Vec<f32>>, Vec<f32>) {
        let scale = |spec: &ParameterSpec| match spec.shape.len() {
            1 => 0.3,
            _ => (3.0 / spec.fans().0 as f64).sqrt(),
        };
        let salt = 10_000 * attempt;
        let specs = self.specs();
        let parameters = specs.iter().zip(salt..);
        let images = self.batch * self.channels * self.side * self.side;
        (
            parameters.map(|(spec, salt)| hashed(spec.len(), salt, scale(spec))).collect(),
            hashed(images, salt + 9000, 3f64.sqrt()),
        )
    }

    fn labels(&self) -> Vec<u8> {
        (0..self.batch).map(|at| (at * 7 % CLASSES) as u8).collect()
    }

    fn differentiate(&self, parameters: &[Vec<f64>], batch: &LabelledBatch) -> Differentiated {
        plain::differentiate(&self.layers, parameters, batch)
    }

    /// Values, and what plain tensor code makes of them. Where a step of a few roundings to either side changes the
    /// gradients, an activation is as good as at the bend of a ReLU, or two are the max of one window: other values are
    /// drawn then, because no two devices would agree.
    fn expected(&self, masks: &[Vec<f32>]) -> (Vec<Vec<f32>>, Vec<f32>, Differentiated) {
        const STEP: f64 = 3e-6;
        for attempt in 0..200 {
            let (parameters, images) = self.values(attempt);
            let wide = |values: &Vec<f32>| values.iter().map(|&value| f64::from(value)).collect();
            let own: Vec<Vec<f64>> = parameters.iter().map(wide).collect();
            let batch = |by: f64| LabelledBatch {
                images: moved(&wide(&images), by, 77),
                shape: [self.batch, self.channels, self.side, self.side],
                labels: self.labels(),
                masks: masks.iter().map(wide).collect(),
            };
            let expected = self.differentiate(&own, &batch(0.0));
            let is_stable = [STEP, -STEP].into_iter().all(|by| {
                let parameters: Vec<_> =
                    own.iter().zip(0..).map(|(values, salt)| moved(values, by, salt)).collect();
                let nearby = self.differentiate(&parameters, &batch(by));
                difference(&nearby.gradients, &expected.gradients, TOLERANCE / 3.0).is_none()
            });
            if is_stable {
                return (parameters, images, expected);
            }
        }
        panic!("no values are stable\n{self:#?}")
    }

    /// Hashed running statistics: means around 0, variances around 1.
    fn statistics(&self) -> Vec<Vec<f32>> {
        let channels = self.layers.iter().flat_map(Layer::normalized_channels);
        let pair = |(count, salt): (usize, u32)| {
            let variances = hashed(count, salt + 1, 0.5).iter().map(|value| 1.0 + value).collect();
            [hashed(count, salt, 0.5), variances]
        };
        channels.zip((20_000..).step_by(2)).flat_map(pair).collect()
    }

    /// Compares the logits of a device, by running statistics, with those of plain tensor code.
    fn check_logits(
        &self,
        device: &Device,
        parameters: &[Vec<f32>],
        images: &[f32],
    ) -> Result<(), String> {
        let mut network = self.network(device);
        let start = NetworkState::at_start(&self.layers, parameters.to_vec());
        assert!(network.restore(&NetworkState { statistics: self.statistics(), ..start }));
        let rows: Vec<u32> = (0..self.batch as u32).collect();
        let on_device = network.images(images);
        let found = pollster::block_on(network.evaluate(&on_device, &rows)).unwrap();
        let wide = |values: &Vec<f32>| values.iter().map(|&value| f64::from(value)).collect();
        let expected = plain::evaluate(
            &self.layers,
            &parameters.iter().map(wide).collect::<Vec<_>>(),
            &self.statistics().iter().map(wide).collect::<Vec<_>>(),
            &LabelledBatch {
                images: wide(&images.to_vec()),
                shape: [self.batch, self.channels, self.side, self.side],
                labels: Vec::new(),
                masks: Vec::new(),
            },
        );
        match difference(&[wide(&found)], std::slice::from_ref(&expected), LOSS_TOLERANCE) {
            None if found.len() == expected.len() => Ok(()),
            _ => Err(format!("the logits are {found:?}, but {expected:?} were expected")),
        }
    }

    /// Compares a training step on a device with plain tensor code.
    fn check(
        &self,
        device: &Device,
        (parameters, images, expected): &(Vec<Vec<f32>>, Vec<f32>, Differentiated),
    ) -> Result<(), String> {
        let mut network = self.network(device);
        let start = NetworkState::at_start(&self.layers, parameters.clone());
        assert!(network.restore(&start));
        // What a step leaves behind must not be seen by the next.
        network.train_step_on(&vec![f32::NAN; images.len()], &self.labels(), 0, REST);
        assert!(network.restore(&start));
        let loss = network.train_step_on(images, &self.labels(), 0, REST);
        let loss = f64::from(pollster::block_on(network.losses(&[loss])).unwrap()[0]);
        let gradients = pollster::block_on(network.gradients()).unwrap();
        if (loss - expected.loss).abs() > LOSS_TOLERANCE * expected.loss || loss.is_nan() {
            return Err(format!("the loss is {loss}, but {} was expected", expected.loss));
        }
        let wide = |values: &Vec<f32>| values.iter().map(|&value| f64::from(value)).collect();
        let gradients: Vec<Vec<f64>> = gradients.iter().map(wide).collect();
        match difference(&gradients, &expected.gradients, TOLERANCE) {
            None => Ok(()),
            Some((number, share)) => Err(format!(
                "the gradient of {} is off by {share} of its norm: {:?}, but {:?} was expected",
                self.specs()[number].name,
                gradients[number],
                expected.gradients[number]
            )),
        }
    }

    fn network(&self, device: &Device) -> Network {
        let image = [self.side, self.channels];
        Network::from_layers(&self.layers, image, DROPOUT, |_| false, device, self.batch)
            .unwrap_or_else(|error| panic!("{error}\n{self:#?}"))
    }
}

/// Each value moved by at most `by`, as a hash says.
fn moved(values: &[f64], by: f64, salt: u32) -> Vec<f64> {
    let directions = hashed(values.len(), 5000 + salt, 1.0);
    values
        .iter()
        .zip(directions)
        .map(|(value, direction)| value + by * f64::from(direction))
        .collect()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// The first gradient that is off by more than a share of its norm, and by how much. Not a number is off.
fn difference(found: &[Vec<f64>], expected: &[Vec<f64>], tolerance: f64) -> Option<(usize, f64)> {
    let floor = FLOOR * norm(expected.iter().flatten().copied());
    found.iter().zip(expected).enumerate().find_map(|(number, (found, expected))| {
        let own = norm(expected.iter().copied());
        let off = norm(found.iter().zip(expected).map(|(found, expected)| found - expected));
        let is_close = off <= tolerance * own + floor;
        (!is_close).then(|| (number, off / own))
    })
}

/// Compares random graphs on some devices with plain tensor code; every kind of operation must be among them.
fn compare(devices: &[OpenDevice], seeds: std::ops::Range<u64>) {
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for seed in seeds.clone() {
        let graph = Generator::graph(seed);
        note(&graph.plan(), &mut seen);
        seen.insert(format!("branches {} deep", depth(&graph.layers)));
        seen.insert(format!("batches of {}", graph.batch));
        let masks = graph.network(&Device::Cpu).masks(graph.batch, 0);
        let expected = graph.expected(&masks);
        for device in devices {
            let logits = graph.check_logits(&device.device, &expected.0, &expected.1);
            if let Err(failure) = graph.check(&device.device, &expected).and(logits) {
                failures.push(format!("graph {seed} on {}: {failure}\n{graph:#?}", device.name));
            }
        }
    }
    if let Some(shortest) = failures.iter().min_by_key(|failure| failure.len()) {
        panic!(
            "{} failures in {} graphs; the shortest:\n{shortest}",
            failures.len(),
            seeds.count()
        );
    }
    let wanted = every_kind();
    let missing: Vec<_> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}");
}

/// What a plan does: each operation, how it writes the gradient of its input, whether it writes to a slice that does
/// not begin with its buffer, and whether all that it reads and all that it writes stands in fours: a GPU then has
/// other kernels.
fn note(plan: &Plan, seen: &mut BTreeSet<String>) {
    for node in &plan.nodes {
        let kind = kind(&node.operation);
        seen.insert(format!("{kind} {:?}", node.input_gradient));
        let in_fours = |view: View| {
            [view.channels, view.stride, view.offset].iter().all(|number| number.is_multiple_of(4))
        };
        let widths = [node.input, node.output].map(|view| if in_fours(view) { 4 } else { 1 });
        seen.insert(format!("{kind} from {} to {}", widths[0], widths[1]));
        if node.output.offset > 0 {
            seen.insert(format!("{kind} behind an offset"));
        }
    }
}

fn kind(operation: &Operation) -> String {
    let (name, relu) = match operation {
        Operation::Convolution { relu, .. } => ("convolution", *relu),
        Operation::Dense { relu, .. } => ("dense", *relu),
        Operation::BatchNorm { relu, .. } => ("batch norm", *relu),
        Operation::MaxPool(_) => ("max-pool", false),
        Operation::LocalResponseNorm => ("lrn", false),
        Operation::MeanPool => ("mean pool", false),
        Operation::Copy { relu } => ("copy", *relu),
        Operation::Dropout { .. } => ("dropout", false),
    };
    if relu { format!("{name} with ReLU") } else { name.into() }
}

/// How deep branches stand in branches.
fn depth(layers: &[Layer]) -> usize {
    let inner = |layer: &Layer| match layer {
        Layer::Branches(branches) => {
            1 + branches.iter().map(|branch| depth(branch)).max().unwrap_or(0)
        }
        _ => 0,
    };
    layers.iter().map(inner).max().unwrap_or(0)
}

fn every_kind() -> BTreeSet<String> {
    let depths = (0..=2).map(|depth| format!("branches {depth} deep"));
    let mut kinds: BTreeSet<_> = depths.collect();
    kinds.extend((1..=5).map(|batch| format!("batches of {batch}")));
    for name in [
        "convolution",
        "convolution with ReLU",
        "dense",
        "dense with ReLU",
        "batch norm",
        "batch norm with ReLU",
        "max-pool",
        "lrn",
        "mean pool",
        "copy",
        "copy with ReLU",
        "dropout",
    ] {
        kinds.extend([format!("{name} Set"), format!("{name} Add")]);
        // Products have kernels for each side; of the others one number more or less on either is enough.
        kinds.extend([format!("{name} from 4 to 4"), format!("{name} from 1 to 1")]);
        if name.starts_with("convolution") || name.starts_with("dense") {
            kinds.extend([format!("{name} from 4 to 1"), format!("{name} from 1 to 4")]);
        }
        // A dense layer writes a buffer of its own, and a copy brings it into the slice.
        if !name.starts_with("dense") {
            kinds.insert(format!("{name} behind an offset"));
        }
    }
    kinds
}

#[test]
fn random_graphs_have_the_gradients_of_plain_tensor_code_on_the_cpu() {
    compare(&[rote::device::cpu()], 0..400);
}

#[test]
fn random_graphs_have_the_gradients_of_plain_tensor_code_on_a_gpu() {
    let _turn = devices_turn();
    compare(&every_device()[1..], 400..600);
}
