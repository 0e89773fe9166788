//! What a setting is: its key, its allowed values, how it is read from text and written as text.

use super::recipe::{Recipe, SETTINGS};

/// One setting of a [`Recipe`]; the same key names it on the command line, in files and in URLs.
pub struct Setting {
    /// `label-corruption`: the flag is `--label-corruption`.
    pub key: &'static str,
    /// The name beside the page's control.
    pub label: &'static str,
    /// One sentence on what it does, as written at the field.
    pub help: &'static str,
    /// The part of the form it stands in.
    pub group: Group,
    /// Its allowed values.
    pub kind: Kind,
    pub(super) read: fn(&Recipe) -> String,
    pub(super) write: fn(&mut Recipe, &str) -> Option<()>,
}

/// The parts of the form, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Model,
    Data,
    Optimization,
    Stop,
    Start,
}

/// The allowed values of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number in a range, or the word that stands for none.
    Integer {
        /// The least allowed value.
        min: u64,
        /// The greatest allowed value.
        max: u64,
        /// The word for leaving it open (`unlimited`, `never`), where that is allowed.
        none: Option<&'static str>,
    },
    /// A number in a range, or the word that stands for none.
    Number {
        /// The least allowed value.
        min: f64,
        /// The greatest allowed value.
        max: f64,
        /// The word for leaving it open (`auto`, `never`), where that is allowed.
        none: Option<&'static str>,
    },
}

impl Kind {
    pub(super) const fn integer(min: u64, max: u64) -> Self {
        Self::Integer { min, max, none: None }
    }
    pub(super) const fn optional_integer(none: &'static str, min: u64, max: u64) -> Self {
        Self::Integer { min, max, none: Some(none) }
    }
    pub(super) const fn number(min: f64, max: f64) -> Self {
        Self::Number { min, max, none: None }
    }
    pub(super) const fn optional_number(none: &'static str, min: f64, max: f64) -> Self {
        Self::Number { min, max, none: Some(none) }
    }

    /// The word that stands for none, where there is one.
    pub fn none(&self) -> Option<&'static str> {
        match self {
            Self::Integer { none, .. } | Self::Number { none, .. } => *none,
            Self::Choice(_) | Self::Switch => None,
        }
    }

    /// The allowed values in words, to follow "it must be".
    pub fn allowed(&self) -> String {
        let range = match self {
            Self::Choice(words) => return format!("one of {}", words.join(", ")),
            Self::Switch => return "true or false".into(),
            Self::Integer { min, max, .. } => format!("a whole number between {min} and {max}"),
            Self::Number { min, max, .. } => format!("a number between {min} and {max}"),
        };
        self.none().map_or_else(|| range.clone(), |none| format!("{none} or {range}"))
    }

    fn contains(&self, text: &str) -> bool {
        if self.none() == Some(text) {
            return true;
        }
        match self {
            Self::Choice(words) => words.contains(&text),
            Self::Switch => text == "true" || text == "false",
            Self::Integer { min, max, .. } => {
                text.parse().is_ok_and(|value: u64| (*min..=*max).contains(&value))
            }
            Self::Number { min, max, .. } => {
                text.parse().is_ok_and(|value: f64| (*min..=*max).contains(&value))
            }
        }
    }
}

impl Setting {
    /// The setting with this key.
    pub fn find(key: &str) -> Result<&'static Self, SettingError> {
        SETTINGS
            .iter()
            .find(|setting| setting.key == key)
            .ok_or_else(|| SettingError::Unknown { key: key.into() })
    }

    /// Its value in `recipe`, as text that [`Setting::set`] reads back.
    pub fn get(&self, recipe: &Recipe) -> String {
        let text = (self.read)(recipe);
        if text.is_empty() { self.kind.none().unwrap_or_default().into() } else { text }
    }

    /// Sets it in `recipe` from text; on an error `recipe` is as it was.
    pub fn set(&self, recipe: &mut Recipe, text: &str) -> Result<(), SettingError> {
        let refused = || SettingError::OutOfRange {
            key: self.key,
            value: text.into(),
            allowed: self.kind.allowed(),
        };
        if !self.kind.contains(text) {
            return Err(refused());
        }
        let text = if self.kind.none() == Some(text) { "" } else { text };
        (self.write)(recipe, text).ok_or_else(refused)
    }
}

/// Why settings could not be taken. The sentence is the same on the command line, in a file and in the page.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// No setting has this key.
    #[error("there is no setting `{key}`; {}", suggestion(key))]
    Unknown {
        /// The key as given.
        key: String,
    },
    /// The value is not allowed.
    #[error("`{key}` is {}, but it must be {allowed}", shown(value))]
    OutOfRange {
        /// The setting.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
    /// The text is no recipe file at all.
    #[error("not a recipe file (one `setting = value` a line): {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
}

fn shown(value: &str) -> String {
    if value.is_empty() { "empty".into() } else { value.chars().take(60).collect() }
}

fn suggestion(key: &str) -> String {
    let distance = |candidate: &str| {
        let shared = key.chars().zip(candidate.chars()).take_while(|(a, b)| a == b).count();
        key.len().abs_diff(candidate.len()) + 2 * key.len().saturating_sub(shared)
    };
    let keys = SETTINGS.iter().map(|setting| setting.key);
    match keys.clone().min_by_key(|candidate| distance(candidate)) {
        Some(nearest) if nearest.starts_with(key.get(..3).unwrap_or("\0")) => {
            format!("did you mean `{nearest}`?")
        }
        _ => format!("the settings are {}", keys.collect::<Vec<_>>().join(", ")),
    }
}
