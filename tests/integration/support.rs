//! What the tests share: the bundled pictures, and a run driven to its end.

use rote::data::{DataSet, TIERS, store};
use rote::device;
use rote::kernels::plan::Update;
use rote::models::{Layer, NetworkState};
use rote::train::{Checkpoint, Event, Recipe, Session, Summary};

/// The 2,000 training and 500 test pictures that come with the program.
pub fn bundled() -> DataSet {
    store::load_tier(TIERS[0], std::path::Path::new("unused")).expect("the bundled pictures are whole")
}

/// A recipe from the text of a recipe file.
pub fn recipe(text: &str) -> Recipe {
    Recipe::from_toml(text).expect("the recipe is right")
}

pub fn session(text: &str) -> Session {
    Session::new(&recipe(text), &bundled(), &device::cpu().device).expect("the recipe runs")
}

/// Drives a session until it ends, and returns everything it told.
pub fn finish(session: &mut Session) -> Vec<Event> {
    let mut events = Vec::new();
    while !session.is_finished() {
        events.extend(pollster::block_on(session.advance()).expect("the CPU does not fail"));
    }
    events
}

pub fn summary(events: &[Event]) -> &Summary {
    match events.last() {
        Some(Event::Finished(summary)) => summary,
        other => panic!("a finished run ends with its summary, not with {other:?}"),
    }
}

pub fn losses(events: &[Event]) -> Vec<f32> {
    events.iter().filter_map(|event| if let Event::Step { loss, .. } = event { Some(*loss) } else { None }).collect()
}

pub fn checkpoint(session: &mut Session) -> Checkpoint {
    pollster::block_on(session.checkpoint()).expect("the CPU does not fail").0
}

/// `count` numbers in (-scale, scale) from an integer hash, the same in `reference/models.py`.
pub fn hashed(count: usize, salt: u32, scale: f64) -> Vec<f32> {
    (0..count as u32)
        .map(|index| {
            let mut x = index.wrapping_mul(2_654_435_761).wrapping_add((salt + 1) * 97_531);
            x ^= x >> 16;
            x = x.wrapping_mul(2_246_822_519);
            x ^= x >> 13;
            ((f64::from(x) / 4_294_967_296.0 * 2.0 - 1.0) * scale) as f32
        })
        .collect()
}

/// An update that changes nothing.
pub const REST: Update = Update { learning_rate: 0.0, momentum: 0.0, weight_decay: 0.0 };

/// A network's state before training.
pub fn start(layers: &[Layer], parameters: Vec<Vec<f32>>) -> NetworkState {
    let statistics = layers.iter().flat_map(Layer::normalized_channels);
    NetworkState {
        velocities: parameters.iter().map(|own| vec![0.0; own.len()]).collect(),
        statistics: statistics.flat_map(|count| [vec![0.0; count], vec![1.0; count]]).collect(),
        parameters,
    }
}
