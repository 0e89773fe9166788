//! The layers of the page, file by file: each uses only what stands before it, so there is no circle among them and what
//! stands first knows nothing of the browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

struct Layer {
    folder: &'static str,
    /// In the order in which they may use each other.
    files: &'static [&'static str],
    /// Crates that reach the browser or its screen and are not to be named here.
    never: &'static [&'static str],
}

/// Each layer may use all of those before it.
const LAYERS: &[Layer] = &[
    Layer {
        folder: "facts",
        files: &[
            "format",
            "fit_clock",
            "history",
            "sentences",
            "rate",
            "race",
            "order",
            "sweep",
            "kept_run",
            "drafts",
            "scale",
            "arrangement",
            "lessons/measure",
            "lessons/lesson",
            "lessons/told",
            "lessons/text",
            "link",
            "presets",
        ],
        never: &["leptos", "web_sys", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "idb"],
    },
    Layer {
        folder: "browser",
        files: &[
            "window",
            "clock",
            "address",
            "storage",
            "tabs",
            "speed",
            "store",
            "sizes",
            "canvas",
            "files",
            "engine_worker",
        ],
        never: &["leptos"],
    },
    Layer {
        folder: "state",
        files: &[
            "appearance",
            "messages",
            "library",
            "recorder",
            "shared",
            "lane/mod",
            "lane/keep",
            "lane/drive",
            "lane/receive",
            "settings",
            "comparison/mod",
            "comparison/drive",
            "navigation",
            "prediction",
        ],
        never: &["web_sys", "wasm_bindgen_futures", "idb"],
    },
    Layer {
        folder: "views",
        files: &[
            "live",
            "plot_image",
            "message_list",
            "head",
            "presets",
            "controls/setting_control",
            "controls/dial",
            "controls/settings_panel",
            "controls/class_link",
            "charts/chart_figure",
            "charts/fit_order",
            "charts/sweep",
            "charts/learning",
            "map/paint",
            "map/detail",
            "map/mod",
            "runs/images",
            "runs/filters",
            "runs/run_bar",
            "runs/lane_panel",
            "runs/table",
            "lessons/guess_row",
            "lessons/worksheet",
            "lessons/lesson_view",
            "app",
        ],
        never: &["js_sys", "wasm_bindgen_futures", "idb"],
    },
];

/// The files in the order of their layers, as paths below `lab` without `.rs`.
fn order() -> Vec<String> {
    LAYERS
        .iter()
        .flat_map(|layer| layer.files.iter().map(|file| format!("{}/{file}", layer.folder)))
        .collect()
}

/// The code of every file of the page but for its tests, by its path below `lab` without `.rs`.
fn sources() -> BTreeMap<String, String> {
    fn add(root: &Path, folder: PathBuf, sources: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(root, path, sources);
            } else if path.file_stem().unwrap() != "tests" {
                let own = path.strip_prefix(root).unwrap().with_extension("");
                let parts: Vec<_> = own.iter().map(|part| part.to_str().unwrap()).collect();
                let text = fs::read_to_string(&path).unwrap();
                let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
                sources.insert(parts.join("/"), text[..end].to_owned());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lab");
    let mut sources = BTreeMap::new();
    add(&root, root.clone(), &mut sources);
    sources
}

/// The module that a file is, from `lab` on.
fn module(file: &str) -> Vec<&str> {
    let mut parts: Vec<_> = file.split('/').collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// Names and signs of a source; what is inside of strings and comments is left out.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            let end = |at: &usize| {
                let text = &rest[1..*at];
                (text.len() - text.trim_end_matches('\\').len()).is_multiple_of(2)
            };
            let mut quotes = rest.match_indices('"').map(|(at, _)| at).skip(1);
            quotes.find(end).map_or(rest.len(), |at| at + 1)
        } else if rest.starts_with("'\"'") {
            3
        } else if is_name(first) {
            let length = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
            tokens.push(&rest[..length]);
            length
        } else if rest.starts_with("::") {
            tokens.push("::");
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(&rest[..first.len_utf8()]);
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Every path of a source, those of braces written out: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths<'a>(tokens: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_name(tokens[at]) && (at == 0 || !matches!(tokens[at - 1], "::" | "."));
        at = if begins { path_at(tokens, at, Vec::new(), &mut paths) } else { at + 1 };
    }
    paths
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Adds the path, or paths, that begin at a token, and returns where they end.
fn path_at<'a>(
    tokens: &[&'a str],
    mut at: usize,
    mut path: Vec<&'a str>,
    paths: &mut Vec<Vec<&'a str>>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        if is_name(token) {
            path.push(token);
            at += 1;
        } else if *token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|token| *token != "}") {
                at = match tokens[at] {
                    // The name that it has here.
                    "as" => at + 2,
                    token if is_name(token) || token == "{" => {
                        path_at(tokens, at, path.clone(), paths)
                    }
                    _ => at + 1,
                };
            }
            return at + 1;
        } else {
            break;
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    paths.push(path);
    at
}

/// The other files that each file names. To name what a `mod.rs` re-exports is to use that `mod.rs`.
fn imports(sources: &BTreeMap<String, String>) -> BTreeMap<&str, Vec<&str>> {
    let files: BTreeMap<Vec<&str>, &str> =
        sources.keys().map(|file| (module(file), file.as_str())).collect();
    let mut imports: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (file, source) in sources {
        let used = imports.entry(file).or_default();
        for path in paths(&tokens(source)) {
            let Some(path) = absolute(&path, &module(file), &files) else { continue };
            // The longest beginning that is a file; the rest are names in it.
            let named = (0..=path.len()).rev().find_map(|length| files.get(&path[..length]));
            if let Some(named) = named.filter(|named| *named != file)
                && !used.contains(named)
            {
                used.push(named);
            }
        }
    }
    imports
}

/// A path from `lab` on, where it is one into `lab`.
fn absolute<'a>(
    path: &[&'a str],
    own: &[&'a str],
    files: &BTreeMap<Vec<&str>, &str>,
) -> Option<Vec<&'a str>> {
    let climbs = path.iter().take_while(|part| **part == "super").count();
    Some(match path {
        ["crate" | "rote", "lab", rest @ ..] => rest.to_vec(),
        ["self", rest @ ..] if !rest.is_empty() => [own, rest].concat(),
        ["super", ..] => {
            let above = own.len().checked_sub(climbs)?;
            [&own[..above], &path[climbs..]].concat()
        }
        // A module inside of this one, which is named without more ado.
        [first, _, ..] => {
            let inside = [own, &[*first]].concat();
            files.contains_key(&inside).then(|| [own, path].concat())?
        }
        _ => return None,
    })
}

/// Files that use each other in a circle, the first of them again at its end; none where there is no circle.
fn circle<'a>(imports: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Vec<&'a str>> {
    fn walk<'a>(
        file: &'a str,
        imports: &BTreeMap<&'a str, Vec<&'a str>>,
        way: &mut Vec<&'a str>,
        done: &mut Vec<&'a str>,
    ) -> Option<Vec<&'a str>> {
        if done.contains(&file) {
            return None;
        }
        if let Some(start) = way.iter().position(|before| *before == file) {
            return Some(way[start..].iter().copied().chain([file]).collect());
        }
        way.push(file);
        let mut used = imports.get(file).into_iter().flatten();
        let found = used.find_map(|used| walk(used, imports, way, done));
        way.pop();
        done.push(file);
        found
    }
    let mut done = Vec::new();
    imports.keys().find_map(|file| walk(file, imports, &mut Vec::new(), &mut done))
}

/// The imports that `order` does not allow: of a file that stands later, or of one that stands nowhere.
fn against(order: &[String], imports: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let place = |file: &str| order.iter().position(|known| known == file);
    let mut wrong = Vec::new();
    for (file, used) in imports {
        for named in used {
            let is_allowed = place(named).is_some_and(|named| {
                // Whoever stands nowhere is the page as a whole, or a folder; checked elsewhere.
                place(file).is_none_or(|file| named < file)
            });
            if !is_allowed {
                wrong.push(format!("{file} uses {named}"));
            }
        }
    }
    wrong
}

#[test]
fn every_file_of_the_page_has_a_place_in_a_layer() {
    let (sources, order) = (sources(), order());
    let imports = imports(&sources);
    for file in &order {
        assert!(
            sources.contains_key(file),
            "app/src/lab/{file}.rs is not there: take it off its layer"
        );
        assert_eq!(order.iter().filter(|other| *other == file).count(), 1, "{file} stands twice");
    }
    for file in sources.keys().filter(|file| !order.contains(file)) {
        assert!(
            file.ends_with("mod"),
            "app/src/lab/{file}.rs: say in which layer it stands, after what"
        );
        // What is in no layer may name the modules in it, and the page's entry point, and no more.
        let used = &imports[file.as_str()];
        let allowed: &[&str] = if file == "mod" { &["views/app"] } else { &[] };
        assert_eq!(used, allowed, "app/src/lab/{file}.rs stands in no layer");
    }
}

#[test]
fn a_file_of_the_page_uses_only_what_stands_before_it() {
    let sources = sources();
    let imports = imports(&sources);
    // That imports are found at all.
    assert!(imports["facts/link"].contains(&"facts/race"), "{imports:#?}");
    assert!(imports["views/map/mod"].contains(&"views/map/paint"));
    assert!(imports["state/lane/drive"].contains(&"state/lane/mod"));
    let wrong = against(&order(), &imports);
    assert!(wrong.is_empty(), "against the layers of app/src/lab: {wrong:#?}");
}

#[test]
fn no_files_of_the_page_use_each_other_in_a_circle() {
    let sources = sources();
    assert_eq!(circle(&imports(&sources)), None);
}

#[test]
fn a_layer_of_the_page_names_only_the_crates_that_it_is_for() {
    let sources = sources();
    for layer in LAYERS {
        for (file, source) in &sources {
            if module(file).first() != Some(&layer.folder) {
                continue;
            }
            let paths = paths(&tokens(source));
            let named = paths.iter().find(|path| layer.never.contains(&path[0]));
            assert_eq!(
                named, None,
                "app/src/lab/{file}.rs: {} must not know this crate; let the layer do it that is for it",
                layer.folder
            );
        }
    }
}

/// A page is put together in one place. Whatever else needs all three handles has begun to be the whole page again.
#[test]
fn only_the_whole_page_holds_settings_comparison_and_navigation_together() {
    let handles = ["state/settings", "state/comparison/mod", "state/navigation"];
    let sources = sources();
    let imports = imports(&sources);
    let all = imports.iter().filter(|(_, used)| handles.iter().all(|handle| used.contains(handle)));
    assert_eq!(all.map(|(file, _)| *file).collect::<Vec<_>>(), ["views/app"]);
}

#[test]
fn an_import_against_the_order_and_a_circle_are_found() {
    let source = |text: &str| text.to_owned();
    let sources = BTreeMap::from([
        ("mod".to_owned(), source("pub use b::two::C;")),
        ("a/one".to_owned(), source("use crate::lab::b::{two::{self, D}, three as c};")),
        ("a/four".to_owned(), source("// use super::one::A;\nlet b = \"\\\"super::one::A\";")),
        ("b/mod".to_owned(), source("mod two; mod three;\nuse three::E;\npub use two::C;")),
        ("b/two".to_owned(), source("fn c() -> super::super::a::one::A { d::<u8>() }")),
        ("b/three".to_owned(), source("use super::C;")),
    ]);
    let imports = imports(&sources);
    assert_eq!(imports["a/one"], ["b/two", "b/three"]);
    assert!(imports["a/four"].is_empty(), "comments and strings are no code");
    assert_eq!(imports["b/mod"], ["b/three", "b/two"]);
    assert_eq!(imports["b/two"], ["a/one"]);
    assert_eq!(imports["b/three"], ["b/mod"], "what a module re-exports is taken from it");
    let order = ["a/four", "a/one", "b/two", "b/three", "b/mod"].map(str::to_owned);
    let wrong = against(&order, &imports);
    assert_eq!(wrong, ["a/one uses b/two", "a/one uses b/three", "b/three uses b/mod"]);
    assert!(circle(&imports).is_some_and(|files| files.first() == files.last()));
    let open = BTreeMap::from([("a", vec!["b", "c"]), ("b", vec!["c"]), ("c", vec![])]);
    assert_eq!(circle(&open), None);
}
