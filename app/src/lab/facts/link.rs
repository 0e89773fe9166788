//! The URL: `?race=labels&label-corruption=0.5&images=500&engine=cpu` is the whole state of the controls, and
//! `?view=lesson-1&images=1000` a lesson with all that differs from the lesson's own settings.

use crate::engine::messages::EngineChoice;
use crate::lab::facts::lessons::text::LESSONS;
use crate::lab::facts::race::Race;
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
}

impl Screen {
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

/// What is decided before a link says anything, and whether it named a race; `base` is a query of race and settings.
fn of_base(base: &str) -> (Recipe, Race) {
    let (mut recipe, mut race) = (Recipe::default(), Race::Off);
    for (key, value) in base.split('&').filter_map(|pair| pair.split_once('=')) {
        match Race::KEYS.iter().position(|word| key == "race" && *word == value) {
            Some(at) => race = Race::ALL[at],
            // The tests read every one of them.
            None => _ = recipe.set(key, value),
        }
    }
    (recipe, race)
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
    let (mut recipe, own_race) = of_base(base(view, race.is_some()));
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
    let own = of_base(base(choices.view, true));
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

/// What a link within the page leads to: what it says, but for what the reader may not change, and computed where it was.
pub fn within(mut choices: Choices, now: &Choices) -> Choices {
    let fixes = |key: &str| now.limits.fixes(key);
    for setting in SETTINGS.iter().filter(|setting| fixes(setting.key)) {
        // It is the value of a recipe, so it can be one of another.
        _ = setting.set(&mut choices.recipe, &setting.get(&now.recipe));
    }
    // A lesson asks about the runs of its own comparison, and about no others.
    if fixes("race") && !matches!(choices.view, Screen::Lesson(_)) {
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
mod tests {
    use super::*;
    use crate::train::{Setting, SettingKind};
    use proptest::prelude::*;

    /// What a link without settings decides, for a view.
    fn of_view(view: Screen) -> Choices {
        let (recipe, race) = (Recipe::default(), Race::Off);
        Choices { recipe, race, engine: EngineChoice::Auto, view, limits: Limits::default() }
    }

    fn assert_reads_back(choices: &Choices) {
        let link = write(choices);
        assert_eq!(read(&link), (choices.clone(), vec![]), "{link}");
        assert_eq!(read(&format!("?{link}")).0, *choices, "{link}");
    }

    /// The ends of what a setting can be, or all of it.
    fn values(setting: &Setting) -> Vec<String> {
        let mut values = match setting.kind {
            SettingKind::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            SettingKind::Switch => vec!["true".into(), "false".into()],
            SettingKind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
            SettingKind::Number { min, max, .. } => vec![min.to_string(), max.to_string()],
        };
        values.extend(setting.kind.none().map(str::to_owned));
        values
    }

    #[test]
    fn a_link_to_the_laboratory_or_the_runs_reads_back_as_what_was_written() {
        for view in [Screen::Lab, Screen::Runs] {
            for setting in SETTINGS {
                for value in values(setting) {
                    let mut choices = of_view(view);
                    setting.set(&mut choices.recipe, &value).unwrap();
                    choices.recipe.batch_size =
                        choices.recipe.batch_size.min(choices.recipe.images);
                    assert_reads_back(&choices);
                }
            }
            for race in Race::ALL {
                assert_reads_back(&Choices { race: *race, ..of_view(view) });
            }
            for (engine, _) in ENGINES {
                assert_reads_back(&Choices { engine, ..of_view(view) });
            }
            let limits = Limits {
                hidden: PARTS.map(str::to_owned).into(),
                fixed: vec!["seed".into(), "race".into(), "engine".into()],
            };
            assert_reads_back(&Choices { limits, ..of_view(view) });
        }
    }

    /// A value of a setting, anywhere in its range.
    fn value(kind: SettingKind) -> BoxedStrategy<String> {
        let words = |words: Vec<String>| proptest::sample::select(words).boxed();
        let own = match kind {
            SettingKind::Choice(choices) => {
                words(choices.iter().map(|&word| word.into()).collect())
            }
            SettingKind::Switch => words(vec!["true".into(), "false".into()]),
            SettingKind::Integer { min, max, .. } => {
                prop_oneof![Just(min), Just(max), min..=max].prop_map(|n| n.to_string()).boxed()
            }
            SettingKind::Number { min, max, .. } => {
                prop_oneof![Just(min), Just(max), min..=max].prop_map(|n| n.to_string()).boxed()
            }
        };
        match kind.none() {
            Some(word) => prop_oneof![own, Just(word.to_owned())].boxed(),
            None => own,
        }
    }

    /// A part of some words, in their order.
    fn some_of(words: Vec<&'static str>) -> impl Strategy<Value = Vec<String>> {
        let most = words.len();
        proptest::sample::subsequence(words, 0..=most)
            .prop_map(|words| words.into_iter().map(str::to_owned).collect())
    }

    /// Anything that the page can be: a view's own settings with some of them changed, back to the page's default too.
    fn any_choices() -> impl Strategy<Value = Choices> {
        let views: Vec<_> = views().collect();
        let changes: Vec<_> = SETTINGS
            .iter()
            .map(|setting| {
                let default = setting.get(&Recipe::default());
                prop_oneof![
                    3 => Just(None),
                    1 => Just(Some(default)),
                    1 => value(setting.kind).prop_map(Some),
                ]
            })
            .collect();
        let engines: Vec<_> = ENGINES.iter().map(|(engine, _)| *engine).collect();
        let choices = (
            proptest::sample::select(views),
            changes,
            proptest::option::of(proptest::sample::select(Race::ALL.to_vec())),
            proptest::sample::select(engines),
            some_of(PARTS.into()),
            some_of(fixable().collect()),
        );
        choices.prop_map(|(view, changes, race, engine, hidden, fixed)| {
            let (mut recipe, own_race) = of_base(base(view, false));
            for (setting, value) in SETTINGS.iter().zip(changes) {
                if let Some(value) = value {
                    setting.set(&mut recipe, &value).unwrap();
                }
            }
            recipe.batch_size = recipe.batch_size.min(recipe.images);
            let limits = Limits { hidden, fixed };
            Choices { recipe, race: race.unwrap_or(own_race), engine, view, limits }
        })
    }

    proptest! {
        #[test]
        fn every_link_reads_back_as_what_was_written(choices in any_choices()) {
            let link = write(&choices);
            prop_assert_eq!(read(&link), (choices, vec![]), "{}", link);
        }

        #[test]
        fn a_link_within_the_page_keeps_limits_and_engine_and_changes_nothing_that_is_fixed(
            now in any_choices(),
            to in any_choices(),
        ) {
            let led = within(to.clone(), &now);
            prop_assert_eq!(&led.limits, &now.limits);
            prop_assert_eq!((led.engine, led.view), (now.engine, to.view));
            prop_assert!(led.recipe.check().is_ok());
            let both = |key: &str| now.limits.fixes(key) && key != "batch-size";
            for setting in SETTINGS.iter().filter(|setting| both(setting.key)) {
                prop_assert_eq!(setting.get(&led.recipe), setting.get(&now.recipe));
            }
        }
    }

    #[test]
    fn a_setting_of_a_lesson_that_is_put_to_the_pages_default_is_in_its_link() {
        let (own, _) = read("view=lesson-1");
        assert_eq!(own.recipe.images, 500);
        let changed =
            Choices { recipe: Recipe { images: 1000, ..own.recipe.clone() }, ..own.clone() };
        assert_eq!(write(&own), "view=lesson-1");
        assert_eq!(write(&changed), "images=1000&view=lesson-1");
        assert_eq!(read("view=lesson-1&images=1000").0.recipe.images, 1000);
    }

    #[test]
    fn a_lesson_opened_from_the_start_page_has_the_lessons_settings() {
        let start = read("").0;
        for view in views().filter(|view| matches!(view, Screen::Lesson(_))) {
            let lesson = to_view(view, &start);
            assert_eq!(lesson, read(&format!("view={}", view.word())).0);
            assert_eq!(read(&write(&lesson)).0, lesson);
        }
        let runs = to_view(Screen::Runs, &start);
        assert_eq!(runs, Choices { view: Screen::Runs, ..start });
    }

    #[test]
    fn a_teachers_limits_outlive_a_lesson_and_a_ready_made_link() {
        let now = read("race=off&seed=9&images=200&batch-size=100&fix=seed,images,race&hide=map").0;
        let lesson = to_view(Screen::Lesson(2), &now);
        assert_eq!((lesson.recipe.seed, lesson.recipe.images), (9, 200));
        assert_eq!(lesson.race, Race::Corruption, "a lesson without its comparison asks nothing");
        assert_eq!(lesson.limits, now.limits);
        let preset = within(read("race=conditions&images=500&epochs=60").0, &now);
        assert_eq!((preset.recipe.images, preset.recipe.epochs), (200, 60));
        assert_eq!((preset.race, &preset.limits), (Race::Off, &now.limits));
        assert_eq!(read(&write(&preset)).0, preset);
    }

    #[test]
    fn a_batch_that_nobody_named_follows_the_images() {
        let (choices, sentences) = read("race=off&images=100");
        assert_eq!((choices.recipe.images, choices.recipe.batch_size), (100, 100));
        assert_eq!(sentences, Vec::<String>::new());
        let (_, sentences) = read("race=off&images=100&batch-size=200");
        assert!(sentences[0].contains("batch-size"), "{sentences:?}");
    }

    #[test]
    fn a_lesson_brings_its_settings_and_what_the_link_says_comes_on_top() {
        let (own, _) = read("view=lesson-1");
        assert_eq!((own.recipe.images, own.race), (500, Race::Off));
        assert_eq!(own.recipe.condition.key(), "random-labels");
        let (more, _) = read("view=lesson-1&images=2000&race=labels");
        assert_eq!((more.recipe.images, more.race), (2000, Race::Labels));
        assert_eq!(more.recipe.condition.key(), "random-labels");
        assert_eq!(read("view=lesson-2").0.race, Race::Corruption);
    }

    #[test]
    fn a_link_without_anything_is_the_race_of_true_and_random_labels() {
        for query in ["", "?"] {
            let (choices, sentences) = read(query);
            assert_eq!((choices, sentences), read(START));
        }
        assert_eq!(read(START).0.race, Race::Labels);
        for query in ["fix=seed", "images=500", "hide=map&engine=cpu"] {
            assert_eq!(read(query).0.race, Race::Labels, "{query}");
            assert_eq!(read(query).0.recipe.label_corruption, 1.0, "{query}");
        }
    }

    #[test]
    fn what_a_link_has_wrong_is_said_and_the_rest_is_taken() {
        let (choices, sentences) =
            read("race=everything&images=500&seed=many&view=lesson-99&hide=map,moon&engine=cpu");
        assert_eq!(choices.recipe.images, 500);
        assert_eq!(choices.engine, EngineChoice::Cpu);
        assert_eq!((choices.race, choices.view), (Race::Labels, Screen::Lab));
        assert_eq!(choices.limits.hidden, ["map"]);
        for word in ["everything", "many", "lesson-99", "moon"] {
            let naming = sentences.iter().filter(|sentence| sentence.contains(word)).count();
            assert_eq!(naming, 1, "{word} in {sentences:#?}");
        }
        assert_eq!(sentences.len(), 4);
    }

    #[test]
    fn what_a_url_escapes_is_read_as_it_was() {
        assert_eq!(decoded("random%2Dlabels"), "random-labels");
        assert_eq!(decoded("a+b%20c%2b"), "a b c+");
        assert_eq!(decoded("%C3%A9t%c3%a9"), "été");
        // Damaged: no digits, too few, a letter that is not one, bytes that are no text.
        for text in ["50%", "%2", "%zz", "%é", "%E9", "%%41"] {
            assert_eq!(decoded(text), text);
        }
        assert_eq!(read("im%61ges=500&race=labels").0.recipe.images, 500);
    }
}
