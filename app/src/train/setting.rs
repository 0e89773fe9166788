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
    pub kind: SettingKind,
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
pub enum SettingKind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number in a range, or the word that stands for none.
    Integer {
        /// The least allowed value.
        min: u64,
        /// The largest allowed value.
        max: u64,
        /// The word for leaving it open (`unlimited`, `never`), where that is allowed.
        none: Option<&'static str>,
    },
    /// A number in a range, or the word that stands for none.
    Number {
        /// The least allowed value.
        min: f64,
        /// The largest allowed value.
        max: f64,
        /// The word for leaving it open (`auto`, `never`), where that is allowed.
        none: Option<&'static str>,
    },
}

impl SettingKind {
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

    /// What was meant by a number that is written in another way: `0,5` and `50%` for 0.5, `2,000` for 2000.
    pub fn meant(&self, text: &str) -> Option<String> {
        let meant = match self {
            Self::Choice(_) | Self::Switch => return None,
            Self::Integer { .. } => text.replace([',', '_', '\'', ' '], ""),
            Self::Number { .. } => match text.strip_suffix('%') {
                // Through thousandths, so that 7 % is 0.07 and not 0.07 and a last digit.
                Some(percent) => {
                    let percent: f64 = percent.trim().replace(',', ".").parse().ok()?;
                    ((percent * 1000.0).round() / 100_000.0).to_string()
                }
                None => text.replace(',', "."),
            },
        };
        (meant != text && self.contains(&meant)).then_some(meant)
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

    /// Whether this text is one of its values.
    pub fn allows(&self, text: &str) -> bool {
        self.kind.contains(text)
    }

    /// The setting whose key was probably meant: by its initials (`wd`), as a part of it (`decay`) or with a letter or two
    /// mistaken.
    pub fn nearest(key: &str) -> Option<&'static Self> {
        let initials = |candidate: &str| -> String {
            candidate.split('-').filter_map(|word| word.chars().next()).collect()
        };
        if let Some(meant) = SETTINGS.iter().find(|setting| initials(setting.key) == key) {
            // A single letter is no abbreviation.
            return (key.len() > 1).then_some(meant);
        }
        let nearest = SETTINGS.iter().min_by_key(|setting| distance(key, setting.key))?;
        if distance(key, nearest.key) <= (key.len() / 4).max(1) {
            return Some(nearest);
        }
        let containing =
            SETTINGS.iter().filter(|setting| key.len() > 2 && setting.key.contains(key));
        containing.min_by_key(|setting| setting.key.len())
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
            allowed: match self.kind.meant(text) {
                Some(meant) => format!("{}; write {meant}", self.kind.allowed()),
                None => self.kind.allowed(),
            },
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
    match Setting::nearest(key) {
        Some(nearest) => format!("did you mean `{}`?", nearest.key),
        None => {
            let keys: Vec<_> = SETTINGS.iter().map(|setting| setting.key).collect();
            format!("the settings are {}", keys.join(", "))
        }
    }
}

/// How many letters are missing, superfluous or mistaken (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, another) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *another);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistaken_key_is_answered_with_the_one_that_was_meant() {
        for (key, meant) in [
            ("wd", "weight-decay"),
            ("lr", "learning-rate"),
            ("bs", "batch-size"),
            ("decay", "weight-decay"),
            ("corruption", "label-corruption"),
            ("label-coruption", "label-corruption"),
            ("learning-rat", "learning-rate"),
            ("weight-decay-o", "weight-decay-on"),
            ("epoch", "epochs"),
        ] {
            assert_eq!(Setting::nearest(key).map(|setting| setting.key), Some(meant), "{key}");
        }
        for key in ["", "x", "optimizer", "w"] {
            assert!(Setting::nearest(key).is_none(), "{key}");
        }
    }

    #[test]
    fn a_number_written_in_another_way_is_refused_with_the_one_that_was_meant() {
        let told = |key: &str, text: &str| {
            let refused = Setting::find(key).unwrap().set(&mut Recipe::default(), text);
            refused.unwrap_err().to_string()
        };
        let half = "but it must be a number between 0 and 1; write 0.5";
        assert_eq!(told("label-corruption", "0,5"), format!("`label-corruption` is 0,5, {half}"));
        assert_eq!(told("label-corruption", "50%"), format!("`label-corruption` is 50%, {half}"));
        assert!(told("weight-decay", "7 %").ends_with("write 0.07"));
        assert!(told("images", "2,000").ends_with("write 2000"));
        for (key, text) in
            [("label-corruption", "1,5"), ("label-corruption", "half"), ("model", "a,b")]
        {
            assert!(!told(key, text).contains("write"), "{text}");
        }
    }
}
