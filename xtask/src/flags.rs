//! What the compiler is told beyond `Cargo.toml` when it builds the page.

use std::path::{Path, PathBuf};

use crate::paths;

/// Read when xtask is compiled, so that there is one place for the target's flags.
const CONFIG: &str = include_str!("../../.cargo/config.toml");

/// The value of `CARGO_ENCODED_RUSTFLAGS`, which replaces the flags of every configuration file: the target's own flags, a
/// sysroot where one is to be used, and the names of this machine's folders cut off. It may hold spaces, which a path may
/// have and `RUSTFLAGS` may not. With `--target`, cargo keeps it from build scripts and procedural macros.
pub fn encoded(sysroot: Option<&Path>) -> String {
    let mut flags = of_target(CONFIG);
    flags.extend(sysroot.map(|folder| format!("--sysroot={}", folder.display())));
    flags.extend(without_folders());
    join(&flags)
}

/// Flags as `CARGO_ENCODED_RUSTFLAGS` separates them.
pub fn join(flags: &[String]) -> String {
    flags.join("\u{1f}")
}

/// A panic names the file it comes from. Without these flags that name begins with the home folder, the page carries it a
/// hundred times, and weighs more for one person than for another.
pub fn without_folders() -> Vec<String> {
    let registry = paths::cargo_home().join("registry").join("src");
    // A folder a registry; their names depend on how the registry is reached. Xtask's own dependencies lie there too, so
    // they are there whenever this runs.
    let entries = std::fs::read_dir(&registry).into_iter().flatten().flatten();
    let mut registries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    registries.sort();
    let folders = [paths::root(), paths::web_target(), paths::cargo_home(), registry];
    // The last that fits is taken.
    let folders = folders.into_iter().chain(registries);
    folders.map(|folder| format!("--remap-path-prefix={}=", folder.display())).collect()
}

/// `rustflags` of the one target of a configuration file. An array of plain strings is the same in TOML and in JSON.
fn of_target(config: &str) -> Vec<String> {
    let line = config.lines().find_map(|line| line.strip_prefix("rustflags = "));
    line.and_then(|array| serde_json::from_str(array).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_the_configuration_file_are_kept() {
        let flags = encoded(None);
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        assert_eq!(flags[..4], ["-C", "target-feature=+simd128", "--cfg", "erase_components"]);
        assert!(!flags.iter().any(|flag| flag.starts_with("--sysroot")), "{flags:?}");
    }

    #[test]
    fn a_folder_with_a_space_in_its_name_stays_one_flag() {
        let flags = encoded(Some(Path::new("/home/A Student/tools/sysroot")));
        assert!(
            flags.split('\u{1f}').any(|flag| flag == "--sysroot=/home/A Student/tools/sysroot")
        );
    }

    #[test]
    fn neither_the_checkout_nor_the_home_of_cargo_is_left_in_a_path() {
        let flags = without_folders();
        for folder in [paths::root(), paths::cargo_home(), paths::web_target()] {
            let flag = format!("--remap-path-prefix={}=", folder.display());
            assert!(flags.contains(&flag), "{flag} is not among {flags:?}");
        }
        // Its folder comes after those it lies in, because the last that fits is taken.
        let home = format!("--remap-path-prefix={}=", paths::cargo_home().display());
        let position = |flag: &String| flags.iter().position(|other| other == flag);
        let below = |flag: &&String| flag.starts_with(home.trim_end_matches('=')) && **flag != home;
        assert!(flags.iter().filter(below).all(|flag| position(flag) > position(&home)));
    }
}
