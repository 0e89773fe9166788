//! How a slider's position becomes a value: evenly, or by powers of ten where the range spans many.

use crate::lab::facts::format::two_digits;
use crate::train::{Setting, SettingKind};

/// Positions of a slider: from 0 to this.
pub const POSITIONS: f64 = 1000.0;

/// The mapping of one slider.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliderScale {
    min: f64,
    max: f64,
    whole: bool,
    spacing: Spacing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    Even,
    Powers,
    /// The leftmost position is 0; from the next on, powers of ten from this value.
    ZeroThenPowers(f64),
}

impl SliderScale {
    /// The slider of a setting, where one makes sense; `most_images` is what there is to train on.
    pub fn of(setting: &Setting, most_images: u64) -> Option<Self> {
        match setting.kind {
            SettingKind::Choice(_) | SettingKind::Switch => None,
            SettingKind::Integer { min, max, .. } => {
                let max = match setting.key {
                    "images" | "batch-size" => most_images.max(min + 1),
                    // No one slides to a billion.
                    _ if max <= 1_000_000_000 => max.min(100_000),
                    // A seed is a name, not a quantity.
                    _ => return None,
                };
                let min = if setting.key == "images" { min.max(100).min(max - 1) } else { min };
                Some(Self {
                    min: min as f64,
                    max: max as f64,
                    whole: true,
                    spacing: Spacing::Powers,
                })
            }
            SettingKind::Number { min, max, .. } => {
                let spacing = match setting.key {
                    "weight-decay" => Spacing::ZeroThenPowers(1e-6),
                    _ if min > 0.0 && max / min > 1000.0 => Spacing::Powers,
                    _ => Spacing::Even,
                };
                Some(Self { min, max, whole: false, spacing })
            }
        }
    }

    /// The text of the value at `position`.
    pub fn text_at(&self, position: f64) -> String {
        let share = (position / POSITIONS).clamp(0.0, 1.0);
        let powers = |min: f64, share: f64| min * (self.max / min).powf(share);
        let value = match self.spacing {
            Spacing::Even => self.min + share * (self.max - self.min),
            Spacing::Powers => powers(self.min, share),
            Spacing::ZeroThenPowers(_) if share == 0.0 => 0.0,
            Spacing::ZeroThenPowers(least) => powers(least, share),
        };
        // The ends are meant exactly, rounding must not leave the range.
        let value = if share == 1.0 { return number_text(self.max) } else { value };
        match (self.whole, self.spacing) {
            (true, _) if value < 100.0 => format!("{:.0}", value.round()),
            (false, Spacing::Even) => {
                number_text(((value * 100.0).round() / 100.0).clamp(self.min, self.max))
            }
            _ => two_digits(value),
        }
    }

    /// The position of a value.
    pub fn position_of(&self, value: f64) -> f64 {
        let value = value.clamp(self.min, self.max);
        let powers = |min: f64| (value.max(min) / min).ln() / (self.max / min).ln();
        let share = match self.spacing {
            Spacing::Even => (value - self.min) / (self.max - self.min),
            Spacing::Powers => powers(self.min),
            Spacing::ZeroThenPowers(_) if value == 0.0 => 0.0,
            Spacing::ZeroThenPowers(least) => powers(least),
        };
        (share * POSITIONS).round()
    }
}

fn number_text(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::SETTINGS;

    #[test]
    fn a_slider_says_only_what_its_setting_can_be() {
        let mut sliders = 0;
        for setting in SETTINGS {
            let Some(scale) = SliderScale::of(setting, 2000) else { continue };
            sliders += 1;
            for position in 0..=POSITIONS as u32 {
                let text = scale.text_at(f64::from(position));
                assert!(setting.allows(&text), "{} at {position}: {text}", setting.key);
            }
        }
        assert!(sliders > 5, "{sliders} sliders");
    }

    #[test]
    fn a_slider_stands_where_the_value_is_that_it_gave() {
        for setting in SETTINGS {
            let Some(scale) = SliderScale::of(setting, 2000) else { continue };
            for position in [0.0, POSITIONS] {
                let value: f64 = scale.text_at(position).parse().unwrap();
                assert_eq!(scale.position_of(value), position, "{}: {value}", setting.key);
            }
        }
    }
}
