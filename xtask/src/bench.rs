//! `cargo xtask bench`: what one training step costs, read off the events of `rote train`. The first epoch of ten steps
//! warms up (kernels are compiled, buffers made) and is left out; the two after it are timed.

use serde_json::Value;

use crate::data::rote;
use crate::failure::Failure;
use crate::shell;

const MODELS: [&str; 5] = ["mlp-1x512", "mlp-3x512", "cnn-small", "alexnet-small", "inception-small"];
const BATCH: u64 = 128;
const STEPS_PER_EPOCH: u64 = 10;
const EPOCHS: u64 = 3;

/// What a step costs.
#[derive(Debug, PartialEq)]
struct Speed {
    step_ms: f64,
    images_per_second: f64,
}

/// Times every model on every device and prints a table.
pub fn run() -> Result<(), Failure> {
    let devices = devices(&shell::output(rote().args(["devices", "--json"]), "mend what is reported above")?);
    println!("Training steps of {BATCH} images, mean of {} steps after a warm-up.", (EPOCHS - 1) * STEPS_PER_EPOCH);
    println!("{:<18}{:<8}{:>12}{:>12}", "model", "device", "ms/step", "images/s");
    for device in devices {
        for model in MODELS {
            let events = train(model, &device)?;
            let speed = speed(&events).ok_or_else(|| {
                Failure::setup(
                    format!("`rote train --events jsonl` gave no epochs for {model} on {device}"),
                    "run it by hand",
                )
            })?;
            println!("{model:<18}{device:<8}{:>12.1}{:>12.0}", speed.step_ms, speed.images_per_second);
        }
    }
    Ok(())
}

fn train(model: &str, device: &str) -> Result<String, Failure> {
    let (images, steps) = ((BATCH * STEPS_PER_EPOCH).to_string(), (EPOCHS * STEPS_PER_EPOCH).to_string());
    let settings = [("--model", model), ("--device", device), ("--images", &images), ("--steps", &steps)];
    let mut command = rote();
    command.args(["train", "--events", "jsonl", "--evaluate-every", "1000000", "--batch-size"]).arg(BATCH.to_string());
    command.args(settings.iter().flat_map(|(flag, value)| [flag, value]));
    shell::output(&mut command, "mend what is reported above")
}

/// The devices worth timing: all but GPUs that are emulated on the CPU.
fn devices(listing: &str) -> Vec<String> {
    let listing: Value = serde_json::from_str(listing).unwrap_or_default();
    let real = listing.as_array().into_iter().flatten().filter(|device| device["is_software"] != true);
    let mut names: Vec<String> = real.filter_map(|device| Some(device["device"].as_str()?.to_owned())).collect();
    names.dedup();
    names
}

/// The speed between the first and the last epoch event.
fn speed(events: &str) -> Option<Speed> {
    let events = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let epochs: Vec<Value> = events.filter(|event| event["event"] == "epoch").collect();
    let (first, last) = (epochs.first()?, epochs.last()?);
    let steps = last["step"].as_u64()?.checked_sub(first["step"].as_u64()?).filter(|steps| *steps > 0)?;
    let seconds = last["seconds"].as_f64()? - first["seconds"].as_f64()?;
    let images_per_second = (steps * BATCH) as f64 / seconds;
    Some(Speed { step_ms: 1000.0 * seconds / steps as f64, images_per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_epoch_is_left_out_of_the_speed() {
        let events = r#"{"event":"started","step":0}
{"event":"epoch","step":10,"seconds":5.0}
{"event":"step","step":11}
{"event":"epoch","step":20,"seconds":5.5}
{"event":"epoch","step":30,"seconds":6.0}"#;
        // 20 steps of 128 images in one second.
        assert_eq!(speed(events), Some(Speed { step_ms: 50.0, images_per_second: 2560.0 }));
    }

    #[test]
    fn one_epoch_alone_has_no_speed() {
        assert_eq!(speed(r#"{"event":"epoch","step":10,"seconds":5.0}"#), None);
        assert_eq!(speed("no json"), None);
    }

    #[test]
    fn an_emulated_gpu_is_not_timed() {
        let listing = r#"[{"device":"cpu","is_software":false},{"device":"gpu","is_software":true}]"#;
        assert_eq!(devices(listing), ["cpu"]);
        let listing = r#"[{"device":"cpu","is_software":false},{"device":"gpu","is_software":false},
            {"device":"gpu","is_software":false}]"#;
        assert_eq!(devices(listing), ["cpu", "gpu"]);
    }
}
