//! What folders of runs are called.

use sha2::{Digest, Sha256};

use crate::train::Recipe;

/// Longest part of a name that says what a run is called: paths end at 260 letters on some systems.
const MAX_LETTERS: usize = 96;

/// The folder of a run: what it is called, a sum of all its settings, and its seed.
pub(super) fn folder_name(called: &str, recipe: &Recipe) -> String {
    let settings = Sha256::digest(Recipe { seed: 0, ..recipe.clone() }.to_full_toml());
    let short: String = settings.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{short}-seed{}", file_name(called), recipe.seed)
}

/// What something is called, as a part of a file's name on any system.
pub(in crate::cli) fn file_name(called: &str) -> String {
    let safe = |letter: char| match letter {
        '/' | ' ' => '.',
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '+' | '=' => letter,
        _ => '_',
    };
    called.chars().map(safe).take(MAX_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_stands_in_the_folders_name() {
        let name = folder_name("mlp-1x512/plain weight-decay=0.001", &Recipe::default());
        assert!(name.starts_with("mlp-1x512.plain.weight-decay=0.001-"), "{name}");
        assert!(name.ends_with("-seed1"), "{name}");
    }

    #[test]
    fn a_folder_is_called_what_it_was_before_settings_came_that_it_does_not_use() {
        assert_eq!(folder_name("row", &Recipe::default()), "row-7d2785d3-seed1");
        let stopped = Recipe { stop_at_train_loss: Some(0.1), ..Recipe::default() };
        assert_ne!(folder_name("row", &stopped), folder_name("row", &Recipe::default()));
    }

    #[test]
    fn a_name_is_safe_and_not_too_long_on_any_system() {
        assert_eq!(file_name("a\\b:c*d\u{e9} e"), "a_b_c_d_.e");
        let long = "weight-decay=0.001 ".repeat(100);
        assert!(folder_name(&long, &Recipe::default()).len() < 130);
    }

    #[test]
    fn a_name_follows_from_every_setting_and_not_from_how_it_was_written() {
        let auto = Recipe::default();
        let written = Recipe { learning_rate: Some(auto.initial_learning_rate()), ..auto.clone() };
        assert_eq!(folder_name("row", &auto), folder_name("row", &written));
        for changed in [
            Recipe { momentum: 0.5, ..auto.clone() },
            Recipe { learning_rate: Some(0.02), ..auto.clone() },
            Recipe { seed: 2, ..auto.clone() },
        ] {
            assert_ne!(folder_name("row", &auto), folder_name("row", &changed));
        }
    }
}
