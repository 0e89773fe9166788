//! The URL: `?race=labels&label-corruption=0.5&images=500&engine=cpu` is the whole state of the controls, and
//! `?view=lesson-1&images=1000` a lesson with all that differs from the lesson's own settings.

use crate::engine::messages::EngineChoice;
use crate::lab::facts::lessons::lesson::ASKED_ABOUT;
use crate::lab::facts::lessons::text::LESSONS;
use crate::lab::facts::race::{Race, of_query};
use crate::train::{Recipe, SETTINGS, SettingError};

/// Everything a link decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The shared recipe.
    pub recipe: Recipe,
    /// What is compared.
    pub race: Race,
    /// Where it is computed.
    pub engine: EngineChoice,
    /// What the reader looks at.
    pub view: Screen,
    /// What the reader may not change or does not see.
    pub limits: Limits,
}

/// What the reader looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Controls, charts, images.
    #[default]
    Lab,
    /// A lesson, from 1.
    Lesson(usize),
    /// The list of runs.
    Runs,
}

impl Screen {
    /// Its word in the URL.
    pub fn word(self) -> String {
        match self {
            Self::Lab => "lab".into(),
            Self::Lesson(number) => format!("lesson-{number}"),
            Self::Runs => "runs".into(),
        }
    }

    /// Its name in the page's head.
    pub fn name(self) -> String {
        match self {
            Self::Lab => "Laboratory".into(),
            Self::Lesson(number) => format!("{number} {}", LESSONS[number - 1].short),
            Self::Runs => "Runs".into(),
        }
    }

    /// Its title in the browser's tab and history.
    pub fn title(self) -> String {
        match self {
            Self::Lab => "Rote: can a network memorize noise?".into(),
            Self::Lesson(number) => {
                format!("Lesson {number}: {} Rote", LESSONS[number - 1].title)
            }
            Self::Runs => "Runs. Rote".into(),
        }
    }
}

/// Every view, in the order of the page's head.
pub fn views() -> impl Iterator<Item = Screen> {
    let lessons = (1..=LESSONS.len()).map(Screen::Lesson);
    std::iter::once(Screen::Lab).chain(lessons).chain(std::iter::once(Screen::Runs))
}

/// A teacher's link takes parts of the page away and fixes settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Parts that are not shown, of [`PARTS`].
    pub hidden: Vec<String>,
    /// Settings that cannot be changed, by their keys; `race` and `engine` too.
    pub fixed: Vec<String>,
}

/// What a link can fix: every setting, the comparison and the engine.
pub fn fixable() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.key).chain(["race", "engine"])
}

/// The parts of the page that a link can hide.
pub const PARTS: [&str; 9] =
    ["lessons", "presets", "dial", "settings", "charts", "map", "filters", "pictures", "runs"];

impl Limits {
    /// Whether a part is to be seen.
    pub fn shows(&self, part: &str) -> bool {
        !self.hidden.iter().any(|hidden| hidden == part)
    }

    /// Whether a setting cannot be changed.
    pub fn fixes(&self, key: &str) -> bool {
        self.fixed.iter().any(|fixed| fixed == key)
    }
}

/// The page without a query: true against random labels until both are fitted.
pub const START: &str = "race=labels&label-corruption=1&stop-at-train-loss=0.1";

/// The engines with their words, in the order of the control.
pub const ENGINES: [(EngineChoice, &str); 3] =
    [(EngineChoice::Auto, "auto"), (EngineChoice::Webgpu, "webgpu"), (EngineChoice::Cpu, "cpu")];

/// What a link says on top of: a lesson's own settings, or the page's as it opens. In the laboratory a link that names a
/// race says everything, because it was written from all controls.
fn base(view: Screen, names_race: bool) -> &'static str {
    match view {
        Screen::Lesson(number) => LESSONS[number - 1].query,
        Screen::Lab | Screen::Runs if names_race => "",
        Screen::Lab | Screen::Runs => START,
    }
}

/// Reads the part of a URL after `?`. What cannot be used is skipped, each with its sentence. A link that names no race
/// means that of the page as it opens, or of its lesson.
pub fn read(query: &str) -> (Choices, Vec<String>) {
    let query = query.trim_start_matches('?');
    let (mut race, mut engine, mut view) = (None, EngineChoice::Auto, Screen::Lab);
    let mut limits = Limits::default();
    let mut errors = Vec::new();
    let mut settings = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decoded(key), decoded(value));
        let mut choose = |key: &'static str, value: &str, words: Vec<String>| {
            let place = words.iter().position(|word| *word == value);
            if place.is_none() {
                let allowed = format!("one of {}", words.join(", "));
                errors.push(SettingError::OutOfRange { key, value: value.into(), allowed });
            }
            place
        };
        let owned =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        match key.as_str() {
            "race" => race = choose("race", &value, owned(Race::KEYS)).map(|at| Race::ALL[at]),
            "engine" => {
                let words = ENGINES.map(|(_, word)| word);
                engine = choose("engine", &value, owned(&words)).map_or(engine, |at| ENGINES[at].0);
            }
            "view" => {
                let words = views().map(Screen::word).collect();
                view = choose("view", &value, words).and_then(|at| views().nth(at)).unwrap_or(view);
            }
            "hide" => {
                let known = value.split(',').filter_map(|word| choose("hide", word, owned(&PARTS)));
                limits.hidden = known.map(|at| PARTS[at].to_owned()).collect();
            }
            "fix" => {
                let keys: Vec<&str> = fixable().collect();
                let known = value.split(',').filter_map(|word| choose("fix", word, owned(&keys)));
                limits.fixed = known.map(|at| keys[at].to_owned()).collect();
            }
            _ => settings.push((key, value)),
        }
    }
    let (mut recipe, own_race) = of_query(base(view, race.is_some()));
    let mut names_batch = false;
    for (key, value) in &settings {
        match recipe.set(key, value) {
            Ok(()) => names_batch |= key == "batch-size",
            Err(error) => errors.push(error),
        }
    }
    if let Err(error) = recipe.check() {
        // A batch that nobody named follows the images.
        if names_batch {
            errors.push(error);
        }
        recipe.batch_size = recipe.images;
    }
    let sentences =
        errors.iter().map(|error| format!("In the link, {error}. The rest was taken.")).collect();
    (Choices { recipe, race: race.unwrap_or(own_race), engine, view, limits }, sentences)
}

/// Writes what [`read`] reads back. A lesson's link holds what differs from the lesson.
pub fn write(choices: &Choices) -> String {
    let own = of_query(base(choices.view, true));
    let mut pairs = Vec::new();
    if !matches!(choices.view, Screen::Lesson(_)) || choices.race != own.1 {
        pairs.push(format!("race={}", choices.race.key()));
    }
    // What `auto` stands for in the lesson is asked of the network that is chosen.
    let before = Recipe { model: choices.recipe.model, ..own.0.clone() }.resolved();
    let now = choices.recipe.resolved();
    for setting in SETTINGS {
        let differs = match setting.key {
            "model" => now.model != own.0.model,
            _ => setting.get(&now) != setting.get(&before),
        };
        if differs {
            pairs.push(format!("{}={}", setting.key, setting.get(&now)));
        }
    }
    if choices.engine != EngineChoice::Auto {
        pairs.push(format!("engine={}", engine_word(choices.engine)));
    }
    if choices.view != Screen::Lab {
        pairs.push(format!("view={}", choices.view.word()));
    }
    for (key, words) in [("hide", &choices.limits.hidden), ("fix", &choices.limits.fixed)] {
        if !words.is_empty() {
            pairs.push(format!("{key}={}", words.join(",")));
        }
    }
    pairs.join("&")
}

/// What a link within the page leads to: what it says, but for what the reader may not change, and computed where it was. A
/// lesson keeps what it asks about: its comparison and its data.
pub fn within(mut choices: Choices, now: &Choices) -> Choices {
    let is_lesson = matches!(choices.view, Screen::Lesson(_));
    let is_asked = |key: &str| is_lesson && (key == "race" || ASKED_ABOUT.contains(&key));
    let fixes = |key: &str| now.limits.fixes(key) && !is_asked(key);
    for setting in SETTINGS.iter().filter(|setting| fixes(setting.key)) {
        // It is the value of a recipe, so it can be one of another.
        _ = setting.set(&mut choices.recipe, &setting.get(&now.recipe));
    }
    if fixes("race") {
        choices.race = now.race;
    }
    let recipe = &mut choices.recipe;
    if recipe.check().is_err() {
        if fixes("batch-size") && !fixes("images") {
            recipe.images = recipe.batch_size;
        } else {
            recipe.batch_size = recipe.images;
        }
    }
    Choices { engine: now.engine, limits: now.limits.clone(), ..choices }
}

/// What a part of the page's head leads to: a lesson with its own settings, anything else with those of now.
pub fn to_view(view: Screen, now: &Choices) -> Choices {
    match view {
        Screen::Lesson(_) if now.view != view => {
            within(read(&format!("view={}", view.word())).0, now)
        }
        _ => Choices { view, ..now.clone() },
    }
}

/// The word of an engine in the URL.
pub fn engine_word(engine: EngineChoice) -> &'static str {
    ENGINES.iter().find(|(choice, _)| *choice == engine).map_or("auto", |(_, word)| word)
}

/// Text as it was before it stood in a URL; as it stands where it is damaged.
fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    unescaped(&spaced).unwrap_or(spaced)
}

/// With each `%` and its two hexadecimal digits as the byte that they name; none where they name none, or no text.
fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
