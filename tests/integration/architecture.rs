//! The invariants of `docs/ARCHITECTURE.md`: what each folder may import, and with that what it never knows. A folder
//! that needs more has begun to know too much, or the page must say why.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use source::{
    code, declared_type, finds, identifier, line_of, modules_of_std, rust_files, source_root,
    strings,
};

/// What the code of a folder may name: folders of the crate, and crates or modules of `std` that reach outside (files,
/// terminal, processes, browser, devices). Folders stand in the order of the data: one may use only what stands before
/// it.
struct May {
    folder: &'static str,
    folders: &'static [&'static str],
    outside: &'static [&'static str],
}

const fn may(
    folder: &'static str,
    folders: &'static [&'static str],
    outside: &'static [&'static str],
) -> May {
    May { folder, folders, outside }
}

const RULES: &[May] = &[
    may("words.rs", &[], &[]),
    may("number.rs", &[], &["serde"]),
    // What the system says of memory.
    may("memory.rs", &[], &["std::fs", "std::thread"]),
    may("data", &["words"], &["libm", "rand_chacha", "sha2", "thiserror"]),
    // Files and downloads of data, native only.
    may(
        "data/store",
        &["words", "data"],
        &[
            "directories",
            "flate2",
            "png",
            "serde",
            "serde_json",
            "sha2",
            "std::fs",
            "std::io",
            "std::process",
            "std::thread",
            "tar",
            "ureq",
        ],
    ),
    may("kernels", &["memory"], &[]),
    // How many threads rayon will start: it says so only once they run.
    may("kernels/cpu", &[], &["pulp", "rayon", "std::thread"]),
    may("kernels/gpu", &["kernels"], &["cubecl"]),
    may("models", &["words", "number", "data", "kernels"], &["serde", "thiserror", "web_time"]),
    may(
        "train",
        &["words", "number", "data", "kernels", "models"],
        &["serde", "serde_json", "sha2", "thiserror", "toml", "web_time"],
    ),
    may("experiments", &["words", "data", "models", "train"], &[]),
    may("charts", &[], &["flate2", "plotters", "plotters_backend", "png", "std::io", "ttf_parser"]),
    may("device", &["kernels"], &["cubecl", "pollster", "serde", "thiserror", "std::thread"]),
    may(
        "cli",
        &["number", "data", "kernels", "models", "train", "experiments", "charts", "device"],
        &[
            "clap",
            "flate2",
            "indicatif",
            "jiff",
            "pollster",
            "serde",
            "serde_json",
            "sha2",
            "signal_hook",
            "std::env",
            "std::fs",
            "std::io",
            "std::process",
            "std::thread",
            "tempfile",
            "thiserror",
        ],
    ),
    may(
        "engine",
        &["data", "kernels", "models", "train", "device"],
        &[
            "console_error_panic_hook",
            "js_sys",
            "serde",
            "serde_json",
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "web_sys",
            "web_time",
        ],
    ),
    may(
        "lab",
        &["words", "data", "train", "experiments", "charts", "engine"],
        &[
            "idb",
            "js_sys",
            "leptos",
            "plotters",
            "serde",
            "serde_json",
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "web_sys",
        ],
    ),
    may(
        "bin",
        &["cli", "engine", "lab"],
        &["console_error_panic_hook", "std::env", "std::process", "wasm_bindgen"],
    ),
];

/// Modules of `std` that reach outside of a computation.
const EFFECTS: [&str; 6] =
    ["std::env", "std::fs", "std::io", "std::net", "std::process", "std::thread"];

/// What no list of imports shows: words that must not stand in the code of a folder.
const NEVER: &[(&str, &[&str])] = &[
    ("data/store", &["println!", "eprintln!"]),
    ("models", &["LabelledImages"]),
    ("train", &["println!", "eprintln!", "web_sys"]),
    ("experiments", &["Session", "Checkpoint"]),
    // `eprintln` panics where standard error is closed or full; `tell!` does not.
    ("cli", &["eprint"]),
    ("engine", &["document()"]),
    // Of the worker, the page knows the messages only.
    ("lab", &["engine::images", "engine::run", "engine::scope", "engine::worker"]),
];

/// The narrowest rule that a file falls under.
fn rule_of(file: &Path) -> &'static May {
    let own = file.strip_prefix(source_root()).unwrap();
    RULES
        .iter()
        .filter(|rule| own.starts_with(rule.folder))
        .max_by_key(|rule| rule.folder.len())
        .unwrap_or_else(|| panic!("{}: no rule says what it may import", file.display()))
}

/// The crates that the crate depends on, as they stand in code.
fn dependencies() -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
    // Those of every platform, and those that some platforms alone have.
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let names = platforms
        .into_iter()
        .flat_map(|platforms| platforms.values().filter_map(toml::Value::as_table))
        .chain([&manifest])
        .flat_map(|table| [table.get("dependencies"), table.get("dev-dependencies")])
        .flatten()
        .filter_map(toml::Value::as_table)
        .flat_map(|crates| crates.keys().map(|name| name.replace('-', "_")));
    let names: Vec<_> = names.collect();
    assert!(names.iter().any(|name| name == "cubecl") && names.len() > 20, "{names:?}");
    names
}

#[test]
fn a_folder_imports_only_what_its_rule_lists() {
    let dependencies = dependencies();
    let mut used: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in rust_files(&source_root()) {
        if file.ends_with("src/lib.rs") {
            continue;
        }
        let rule = rule_of(&file);
        let own = identifier(rule.folder);
        let code = code(&file);
        let mut refuse = |at: usize, name: &str, is_allowed: bool| {
            let line = line_of(&code, at);
            assert!(
                is_allowed,
                "{}:{line}: {} must not know `{name}`; let someone later in the flow of the data do it, or argue the rule",
                file.display(),
                rule.folder,
            );
            used.entry(rule.folder).or_default().push(name.to_owned());
        };
        // A macro of `words.rs` needs no path.
        for at in finds(&code, "words!") {
            refuse(at, "words", own == "words" || rule.folders.contains(&"words"));
        }
        // In strings too: serde is told its functions there.
        let strings = strings(&file);
        for (root, code) in [("crate::", &code), ("rote::", &code), ("crate::", &strings)] {
            for at in finds(code, root) {
                let name = identifier(&code[at + root.len()..]);
                assert!(
                    !name.is_empty(),
                    "{}: name folders one by one, not in braces",
                    file.display()
                );
                refuse(at, name, name == own || rule.folders.contains(&name));
            }
        }
        for name in &dependencies {
            for at in finds(&code, &format!("{name}::")) {
                refuse(at, name, rule.outside.contains(&name.as_str()));
            }
        }
        for (at, name) in modules_of_std(&code) {
            if EFFECTS.contains(&name.as_str()) {
                refuse(at, &name, rule.outside.contains(&name.as_str()));
            }
        }
    }
    let mut unused = Vec::new();
    for rule in RULES {
        let used = used.entry(rule.folder).or_default();
        let names = rule.folders.iter().chain(rule.outside);
        let own = names.filter(|name| !used.iter().any(|used| used == *name));
        unused.extend(own.map(|name| format!("{} does not use `{name}`", rule.folder)));
    }
    assert!(unused.is_empty(), "take off its rule what a folder does not use: {unused:#?}");
}

#[test]
fn no_module_climbs_out_of_its_folder_by_super() {
    for file in rust_files(&source_root()) {
        let own = file.strip_prefix(source_root()).unwrap();
        let is_mod = own.ends_with("mod.rs");
        // `a/b.rs` is the module `a::b`: from there, two times `super` is the crate.
        let depth = own.iter().count() - usize::from(is_mod);
        let climb = "super::".repeat(depth);
        let code = code(&file);
        if depth > 0 && own.iter().count() > 1 {
            let found = finds(&code, &climb).next();
            assert_eq!(
                found.map(|at| line_of(&code, at)),
                None,
                "{}: write `crate::` where another folder is meant",
                file.display()
            );
        }
    }
}

#[test]
fn folders_use_only_what_stands_before_them() {
    for (at, rule) in RULES.iter().enumerate() {
        for name in rule.folders {
            let is_before = RULES[..at].iter().any(|before| identifier(before.folder) == *name);
            assert!(is_before, "{} may not use {name}, which comes after it", rule.folder);
        }
    }
    for (folder, _) in NEVER {
        assert!(source_root().join(folder).exists(), "{folder} is gone: take it off the list");
    }
}

#[test]
fn no_folder_says_a_word_that_it_must_not() {
    for (folder, words) in NEVER {
        for file in rust_files(&source_root().join(folder)) {
            let code = code(&file);
            for word in *words {
                let found = code.find(word).map(|at| line_of(&code, at));
                assert_eq!(found, None, "{}: {folder} must not know `{word}`", file.display());
            }
        }
    }
}

#[test]
fn no_two_types_have_one_name() {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files(&source_root()) {
        let code = code(&file);
        for (number, line) in code.lines().enumerate() {
            let Some(name) = declared_type(line) else { continue };
            let place = format!("{}:{}", file.display(), number + 1);
            declared.entry(name.to_owned()).or_default().push(place);
        }
    }
    // Of a file, of a macro, and visible in a part of the crate only.
    for name in ["Session", "ModelName", "Placed"] {
        assert!(declared.contains_key(name), "{name}");
    }
    let twice: Vec<_> = declared.iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(twice.is_empty(), "one name for two types: {twice:#?}");
}

#[test]
fn nothing_reads_the_device_synchronously_where_a_browser_would_panic() {
    for folder in ["kernels", "models", "train", "engine"] {
        for file in rust_files(&source_root().join(folder)) {
            let code = code(&file);
            for word in [
                ".into_data()",
                ".to_data()",
                ".into_scalar()",
                ".sync()",
                ".read_one",
                ".read_sync(",
            ] {
                let found = code.find(word).map(|at| line_of(&code, at));
                assert_eq!(found, None, "{}: `{word}` panics in a browser", file.display());
            }
        }
    }
}

#[test]
fn every_folder_of_the_crate_stands_on_the_architecture_page() {
    let page = fs::read_to_string(source_root().join("../../docs/ARCHITECTURE.md")).unwrap();
    for entry in fs::read_dir(source_root()).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() && entry.file_name() != "bin" {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(
                page.contains(&format!("`{name}`")),
                "docs/ARCHITECTURE.md does not mention `{name}`"
            );
        }
    }
}
