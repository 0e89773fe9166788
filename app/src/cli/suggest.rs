//! A flag that does not exist, answered with the setting that was meant: clap goes by the letters alone, and takes `--wd`
//! for `--weight-decay-on`.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::train::{SETTINGS, Setting};

/// Puts the setting that was meant into clap's error, where a flag of `rote train` is unknown.
pub(super) fn settings(error: &mut clap::Error, is_train: bool) {
    if error.kind() != ErrorKind::UnknownArgument || !is_train {
        return;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.trim_start_matches("--").to_owned()),
        _ => None,
    };
    let nearest = text(ContextKind::InvalidArg).and_then(|flag| Setting::nearest(&flag));
    // What is like a flag that is no setting stays clap's.
    let is_setting = |flag: String| SETTINGS.iter().any(|setting| setting.key == flag);
    if let Some(setting) =
        nearest.filter(|_| text(ContextKind::SuggestedArg).is_none_or(is_setting))
    {
        let flag = format!("--{}", setting.key);
        error.insert(ContextKind::SuggestedArg, ContextValue::String(flag));
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::command;

    fn told(line: &str) -> String {
        let mut error = command().try_get_matches_from(line.split_whitespace()).unwrap_err();
        super::settings(&mut error, true);
        error.to_string()
    }

    #[test]
    fn an_abbreviated_setting_is_answered_with_its_flag() {
        for (flag, meant) in [
            ("--wd", "'--weight-decay'"),
            ("--lr", "'--learning-rate'"),
            ("--learning-rat", "'--learning-rate'"),
            ("--devise", "'--device'"),
        ] {
            let told = told(&format!("rote train {flag} 1"));
            assert!(told.contains(meant) && told.contains("similar"), "{flag}: {told}");
        }
        assert!(!told("rote train --quantum 1").contains("similar"));
    }
}
