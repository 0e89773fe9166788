//! A run of one's own: a recipe, a session, and what it tells. `cargo run --release --example train`
use rote::data::store;
use rote::device;
use rote::train::{Event, Recipe, Session};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The text of a recipe file; `rote train --help` lists the settings.
    let recipe = Recipe::from_toml(
        "condition = \"random-labels\"\nimages = 500\nbatch-size = 50\nstop-at-train-accuracy = 1",
    )?;
    // 2,000 images for training and 500 for the test come with the program.
    let data = store::embedded()?;
    let mut session = Session::new(&recipe, &data, &device::cpu().device)?;
    while !session.is_finished() {
        // One bounded piece of work: a step of training, or the measuring of a hundred images.
        for event in pollster::block_on(session.advance())? {
            if let Event::Epoch(epoch) = event
                && let Some(accuracy) = epoch.accuracy
            {
                let (train, test) =
                    (100.0 * accuracy.train_accuracy, 100.0 * accuracy.test_accuracy);
                println!(
                    "epoch {:>3}: {train:5.1} % in training, {test:4.1} % in the test",
                    epoch.epoch
                );
            }
        }
    }
    Ok(())
}
