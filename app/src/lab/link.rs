//! The URL: `?race=labels&label-corruption=0.5&images=500&engine=cpu` is the whole state of the controls.

use crate::engine::messages::EngineChoice;
use crate::lab::race::Race;
use crate::train::{Recipe, SettingError};

/// Everything a link decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The shared recipe.
    pub recipe: Recipe,
    /// What is compared.
    pub race: Race,
    /// Where it is computed.
    pub engine: EngineChoice,
}

/// The page without a query: true against random labels until both are fitted.
pub const START: &str = "race=labels&label-corruption=1&stop-at-train-accuracy=1";

/// The engines with their words, in the order of the control.
pub const ENGINES: [(EngineChoice, &str); 3] =
    [(EngineChoice::Auto, "auto"), (EngineChoice::Webgpu, "webgpu"), (EngineChoice::Cpu, "cpu")];

/// Reads the part of a URL after `?`. What cannot be used is skipped, each with its sentence. A link that names no
/// race means a single run, as the same settings do on the command line.
pub fn read(query: &str) -> (Choices, Vec<String>) {
    let query = query.trim_start_matches('?');
    let query = if query.is_empty() { START } else { query };
    let (mut race, mut engine) = (Race::Off, EngineChoice::Auto);
    let mut errors = Vec::new();
    let mut settings = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decoded(key), decoded(value));
        let words = match key.as_str() {
            "race" => Race::KEYS.to_vec(),
            "engine" => ENGINES.map(|(_, word)| word).to_vec(),
            _ => {
                settings.push((key, value));
                continue;
            }
        };
        match words.iter().position(|word| *word == value) {
            Some(index) if key == "race" => race = Race::ALL[index],
            Some(index) => engine = ENGINES[index].0,
            None => errors.push(SettingError::OutOfRange {
                key: if key == "race" { "race" } else { "engine" },
                value,
                allowed: format!("one of {}", words.join(", ")),
            }),
        }
    }
    let (recipe, refused) = Recipe::from_pairs(settings.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    errors.extend(refused);
    let sentences = errors.iter().map(|error| format!("In the link, {error}. The rest was taken.")).collect();
    (Choices { recipe, race, engine }, sentences)
}

/// Writes what [`read`] reads back.
pub fn write(choices: &Choices) -> String {
    let mut query = format!("race={}", choices.race.key());
    let settings = choices.recipe.to_query();
    if !settings.is_empty() {
        query = format!("{query}&{settings}");
    }
    if choices.engine != EngineChoice::Auto {
        query = format!("{query}&engine={}", engine_word(choices.engine));
    }
    query
}

/// The word of an engine in the URL.
pub fn engine_word(engine: EngineChoice) -> &'static str {
    ENGINES.iter().find(|(choice, _)| *choice == engine).map_or("auto", |(_, word)| word)
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    js_sys::decode_uri_component(&spaced).map_or(spaced, String::from)
}
