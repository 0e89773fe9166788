//! The invariants of `docs/ARCHITECTURE.md`: what each folder never knows. A folder that names a forbidden word in its
//! code (comments may) has begun to know too much.

use std::fs;
use std::path::{Path, PathBuf};

/// Folder or file under `app/src`, and the words its code must not contain.
const NEVER: &[(&str, &[&str])] = &[
    ("words.rs", &["burn", "std::fs", "web_sys", "leptos"]),
    ("data", &["burn::", "web_sys", "leptos", "crate::models", "crate::train", "crate::device"]),
    (
        "kernels",
        &[
            "crate::data",
            "crate::models",
            "crate::train",
            "crate::device",
            "std::fs",
            "web_sys",
            "burn::",
        ],
    ),
    (
        "models",
        &[
            "crate::train",
            "crate::device",
            "std::fs",
            "web_sys",
            "wgpu",
            "cubecl",
            "LabelledPictures",
        ],
    ),
    (
        "train",
        &[
            "std::fs",
            "std::io",
            "println",
            "web_sys",
            "js_sys",
            "leptos",
            "clap",
            "indicatif",
            "plotters",
            "flex",
            "wgpu",
        ],
    ),
    (
        "experiments",
        &[
            "Session",
            "Checkpoint",
            "crate::cli",
            "crate::report",
            "crate::device",
            "plotters",
            "std::fs",
            "burn",
        ],
    ),
    ("report", &["burn", "crate::train", "crate::models", "crate::device", "std::fs"]),
    ("device", &["crate::train", "crate::models", "crate::data", "crate::cli", "crate::engine"]),
    // `eprintln` panics where standard error is closed or full; `tell!` does not.
    ("cli", &["eprint", "burn::", "Tensor", "flex", "wgpu", "web_sys"]),
    ("engine", &["document()", "leptos", "plotters", "flex()", "wgpu_options"]),
    ("lab", &["burn", "Tensor", "crate::device", "flex", "wgpu", "crate::cli"]),
];

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut files: Vec<_> = entries.flat_map(|entry| rust_files(&entry.unwrap().path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The code before the unit tests, which may use anything, without comments.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    // Not at `#[cfg(test)] mod tests;`, whose tests are in a file of their own.
    let all: Vec<_> = text.lines().collect();
    let is_test_module = |at: usize| {
        all[at] == "#[cfg(test)]" && all.get(at + 1).is_some_and(|next| next.ends_with('{'))
    };
    let lines = all.iter().enumerate().take_while(|(at, _)| !is_test_module(*at));
    lines
        .map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn no_folder_knows_what_it_must_not() {
    for (folder, words) in NEVER {
        let files = rust_files(&source_root().join(folder));
        assert!(
            !files.is_empty(),
            "{folder} is gone: take it out of this test and of the architecture page"
        );
        for file in files {
            if file.ends_with("tests.rs") {
                continue;
            }
            for (line, text) in code(&file) {
                for word in *words {
                    assert!(
                        !text.contains(word),
                        "{}:{line}: {folder} must not know `{word}`",
                        file.display()
                    );
                }
            }
        }
    }
}

#[test]
fn only_the_device_folder_names_a_backend() {
    for file in rust_files(&source_root()) {
        let may = ["device", "kernels/gpu"];
        if may.iter().any(|own| file.starts_with(source_root().join(own))) {
            continue;
        }
        for (line, text) in code(&file) {
            for word in [
                "Device::flex",
                "Device::wgpu",
                "burn::tensor::wgpu",
                "burn_wgpu",
                "burn_flex",
                "cubecl",
            ] {
                assert!(
                    !text.contains(word),
                    "{}:{line} names a backend: `{word}`",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn nothing_reads_the_device_synchronously_where_a_browser_would_panic() {
    for folder in ["kernels", "models", "train", "engine"] {
        for file in rust_files(&source_root().join(folder)) {
            for (line, text) in code(&file) {
                for word in [".into_data()", ".to_data()", ".into_scalar()", ".sync()", ".read_one"]
                {
                    assert!(
                        !text.contains(word),
                        "{}:{line}: `{word}` panics in a browser",
                        file.display()
                    );
                }
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
