//! What the tests share: the bundled images, and a run driven to its end.

use rote::data::{DataSet, store};
use rote::device;
use rote::kernels::SgdStep;
use rote::train::{Checkpoint, Event, Recipe, Session, Summary};

/// The 2,000 training and 500 test images that come with the program.
pub fn bundled() -> DataSet {
    store::embedded().expect("the bundled images are whole")
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
    events
        .iter()
        .filter_map(|event| if let Event::Step { loss, .. } = event { Some(*loss) } else { None })
        .collect()
}

pub fn checkpoint(session: &mut Session) -> Checkpoint {
    pollster::block_on(session.checkpoint()).expect("the CPU does not fail").0
}

/// An update that changes nothing.
pub const REST: SgdStep = SgdStep { learning_rate: 0.0, momentum: 0.0, weight_decay: 0.0 };
