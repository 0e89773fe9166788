//! What a link says is read back as it was written, and what a teacher has fixed stays so.

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
                choices.recipe.batch_size = choices.recipe.batch_size.min(choices.recipe.images);
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
        SettingKind::Choice(choices) => words(choices.iter().map(|&word| word.into()).collect()),
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
        let (mut recipe, own_race) = of_query(base(view, false));
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
        let is_asked =
            |key: &str| matches!(to.view, Screen::Lesson(_)) && ASKED_ABOUT.contains(&key);
        for setting in SETTINGS.iter().filter(|setting| is_asked(setting.key)) {
            prop_assert_eq!(setting.get(&led.recipe), setting.get(&to.recipe));
        }
        let both = |key: &str| now.limits.fixes(key) && key != "batch-size" && !is_asked(key);
        for setting in SETTINGS.iter().filter(|setting| both(setting.key)) {
            prop_assert_eq!(setting.get(&led.recipe), setting.get(&now.recipe));
        }
    }
}

#[test]
fn a_setting_of_a_lesson_that_is_put_to_the_pages_default_is_in_its_link() {
    let (own, _) = read("view=lesson-1");
    assert_eq!(own.recipe.images, 500);
    let changed = Choices { recipe: Recipe { images: 1000, ..own.recipe.clone() }, ..own.clone() };
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
fn a_lesson_asks_about_its_own_data_whatever_is_fixed() {
    let now = read(
        "race=off&label-corruption=0.25&corrupt-test-labels=true&seed=9\
         &fix=condition,label-corruption,corrupt-test-labels,seed",
    )
    .0;
    for view in views().filter(|view| matches!(view, Screen::Lesson(_))) {
        let (own, led) = (read(&format!("view={}", view.word())).0, to_view(view, &now));
        assert_eq!(led.recipe, Recipe { seed: 9, ..own.recipe }, "{view:?}");
        assert_eq!((led.race, &led.limits), (own.race, &now.limits));
        assert_eq!(read(&write(&led)).0, led, "{view:?}");
    }
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
