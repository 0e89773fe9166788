//! Reading an event: the fields of all events side by side, and from them the event that they name. Serde's own way of reading
//! a tag within keeps every value in a tree until the tag is known, and weighs the page ten kilobytes more.

use serde::Deserialize;

use super::{Accuracy, CorruptedCounts, EpochMetrics, Event, StopReason, Summary, first_format};
use crate::number::Given;
use crate::train::{Origin, Recipe};

/// What any event may say. Fields of other events are ignored, as unknown ones are.
#[derive(Deserialize)]
pub(super) struct EventFields {
    event: String,
    format: Option<u32>,
    recipe: Option<Recipe>,
    #[serde(default)]
    origin: Origin,
    parameters: Option<u64>,
    images: Option<u64>,
    #[serde(alias = "changed_labels")]
    corrupted_labels: Option<u64>,
    test_images: Option<u64>,
    steps_per_epoch: Option<u64>,
    last_step: Option<u64>,
    step: Option<u64>,
    epoch: Option<u64>,
    #[serde(default)]
    loss: Given,
    #[serde(default)]
    learning_rate: Given,
    #[serde(default)]
    train_loss: Given,
    accuracy: Option<Accuracy>,
    #[serde(default)]
    train_accuracy: Given,
    #[serde(default)]
    test_accuracy: Given,
    corrupted: Option<CorruptedCounts>,
    steps: Option<u64>,
    epochs: Option<u64>,
    #[serde(default)]
    seconds: Given,
    #[serde(default)]
    images_per_second: Given,
    stopped_by: Option<StopReason>,
    message: Option<String>,
}

/// What an event must have.
fn needed<T>(name: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("missing field `{name}`"))
}

impl TryFrom<EventFields> for Event {
    type Error = String;

    fn try_from(fields: EventFields) -> Result<Self, String> {
        macro_rules! need {
            ($field:ident) => {
                needed(stringify!($field), fields.$field.into())?
            };
        }
        Ok(match fields.event.as_str() {
            "started" => Self::Started {
                format: fields.format.unwrap_or_else(first_format),
                recipe: need!(recipe),
                parameters: need!(parameters),
                images: need!(images),
                corrupted_labels: need!(corrupted_labels),
                test_images: need!(test_images),
                steps_per_epoch: need!(steps_per_epoch),
                last_step: need!(last_step),
                step: need!(step),
                origin: fields.origin,
            },
            "step" => {
                let loss: f64 = need!(loss);
                Self::Step {
                    step: need!(step),
                    epoch: need!(epoch),
                    loss: loss as f32,
                    learning_rate: need!(learning_rate),
                }
            }
            "epoch" => {
                let train_loss: f64 = need!(train_loss);
                Self::Epoch(EpochMetrics {
                    epoch: need!(epoch),
                    step: need!(step),
                    learning_rate: need!(learning_rate),
                    train_loss: train_loss as f32,
                    accuracy: fields.accuracy,
                    seconds: need!(seconds),
                    images_per_second: need!(images_per_second),
                })
            }
            "warning" => Self::Warning { message: need!(message) },
            "finished" => {
                let train_loss: f64 = need!(train_loss);
                Self::Finished(Summary {
                    recipe: need!(recipe),
                    train_accuracy: need!(train_accuracy),
                    test_accuracy: need!(test_accuracy),
                    train_loss: train_loss as f32,
                    corrupted: fields.corrupted,
                    steps: need!(steps),
                    epochs: need!(epochs),
                    seconds: need!(seconds),
                    stopped_by: need!(stopped_by),
                })
            }
            other => return Err(format!("there is no event `{other}`")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Event, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn every_event_is_read_back_as_it_was_written() {
        let recipe = Recipe { seed: 7, ..Recipe::default() }.resolved();
        let accuracy = Accuracy {
            train_accuracy: 0.5,
            test_accuracy: 0.25,
            test_loss: 2.5,
            corrupted: Some(CorruptedCounts { count: 3, memorized: 2, still_clean: 1 }),
        };
        let events = [
            Event::Started {
                format: 1,
                recipe: recipe.clone(),
                origin: Origin::default(),
                parameters: 9,
                images: 10,
                corrupted_labels: 3,
                test_images: 5,
                steps_per_epoch: 2,
                last_step: 8,
                step: 4,
            },
            Event::Step { step: 5, epoch: 2, loss: 0.1, learning_rate: 0.01 },
            Event::Epoch(EpochMetrics {
                epoch: 3,
                step: 6,
                learning_rate: 0.02,
                train_loss: f32::INFINITY,
                accuracy: Some(accuracy),
                seconds: 1.5,
                images_per_second: 100.0,
            }),
            Event::Warning { message: "Once.".into() },
            Event::Finished(Summary {
                recipe,
                train_accuracy: 1.0,
                test_accuracy: 0.125,
                train_loss: 0.3,
                corrupted: None,
                steps: 8,
                epochs: 4,
                seconds: 2.5,
                stopped_by: StopReason::TrainLoss,
            }),
        ];
        for event in events {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(read(&json).unwrap(), event, "{json}");
        }
    }

    #[test]
    fn what_an_event_lacks_is_named_and_what_it_need_not_have_is_passed_over() {
        let lacks = read(r#"{"event": "step", "step": 1, "epoch": 0, "loss": 2.5}"#).unwrap_err();
        assert!(lacks.contains("missing field `learning_rate`"), "{lacks}");
        let unknown = read(r#"{"event": "paused"}"#).unwrap_err();
        assert!(unknown.contains("there is no event `paused`"), "{unknown}");
        let nothing = read(r#"{"step": 1}"#).unwrap_err();
        assert!(nothing.contains("missing field `event`"), "{nothing}");
        // As it was written before what is not finite had names; and something of a later version.
        let old = r#"{"event": "step", "step": 1, "epoch": 0, "loss": null, "learning_rate": 1, "later": [1]}"#;
        assert!(matches!(read(old).unwrap(), Event::Step { loss, .. } if loss.is_nan()));
    }
}
