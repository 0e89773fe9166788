//! Reads the sources of the crate as far as the rules of architecture need it: code without comments and strings, the
//! modules of `std` that it names, and the types that it declares.

use std::fs;
use std::path::{Path, PathBuf};

pub fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

pub fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut files: Vec<_> = entries.flat_map(|entry| rust_files(&entry.unwrap().path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The code of a text without its comments and without what is in its strings, and what is in its strings; lines stay
/// where they are in both.
fn split(text: &str) -> (String, String) {
    let (mut code, mut strings) = (String::new(), String::new());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let mut is_string = true;
        // How much of what comes is a comment or a string.
        let length = if rest.starts_with("//") {
            is_string = false;
            rest.find('\n').unwrap_or(rest.len())
        } else if next == '"' {
            string_length(rest)
        } else if let Some(hashes) = raw_string(rest) {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            start + rest[start..].find(&end).expect("a raw string ends") + end.len()
        } else if rest.starts_with("'\"'") {
            3
        } else {
            code.push(next);
            if next == '\n' {
                strings.push(next);
            }
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.extend(rest[..length].chars().filter(|letter| *letter == '\n'));
        let of_string = |letter: &char| is_string || *letter == '\n';
        strings.extend(rest[..length].chars().filter(of_string));
        rest = &rest[length..];
    }
    (code, strings)
}

/// The length of the string that a text begins with, with both quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

/// The number of `#` of the raw string that a text begins with.
fn raw_string(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('r')?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

/// The text of a file before its unit tests, which may use anything; none of a file of tests.
fn text(file: &Path) -> String {
    let is_of_tests = file.ends_with("tests.rs") || file.iter().any(|part| part == "tests");
    if is_of_tests {
        return String::new();
    }
    let mut text = fs::read_to_string(file).unwrap();
    // Not at `#[cfg(test)] mod tests;`, whose tests are in a file of their own.
    text.truncate(text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len()));
    text
}

/// The code of a file, without comments and strings.
pub fn code(file: &Path) -> String {
    split(&text(file)).0
}

/// What is in the strings of a file.
pub fn strings(file: &Path) -> String {
    split(&text(file)).1
}

/// Where a word stands by itself, or begins a path.
pub fn finds<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':')
    })
}

pub fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The identifier that a text begins with.
pub fn identifier(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The modules of `std` that a code names, as `std::fs`, with the place: by a path, or within the braces of one.
pub fn modules_of_std(code: &str) -> Vec<(usize, String)> {
    let mut modules = Vec::new();
    for at in finds(code, "std::") {
        let rest = &code[at + "std::".len()..];
        let mut name = |from: &str| {
            let name = identifier(from.trim_start());
            if !name.is_empty() {
                modules.push((at, format!("std::{name}")));
            }
        };
        let Some(inside) = rest.strip_prefix('{') else {
            name(rest);
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (place, letter) in inside.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    name(&inside[start..place]);
                    start = place + 1;
                    if letter == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    modules
}

/// The type that a line declares. Types in functions and of traits are indented; those that `words!` makes are too, but
/// public.
pub fn declared_type(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    let is_public = rest.starts_with("pub");
    if line.starts_with(' ') && !is_public {
        return None;
    }
    if let Some(after) = rest.strip_prefix("pub") {
        // `pub`, `pub(crate)`, `pub(in a::path)`.
        let within = after.strip_prefix('(').and_then(|path| path.split_once(')'));
        rest = within.map_or(after, |(_, after)| after).trim_start();
    }
    let (keyword, after) = rest.split_once(' ')?;
    let name = identifier(after.trim_start());
    (["struct", "enum", "trait", "type"].contains(&keyword) && !name.is_empty()).then_some(name)
}

#[test]
fn comments_and_strings_are_no_code() {
    let text = "a; // std::fs\nlet b = \"// not \\\" std::fs\"; c(r#\"std::\"fs\"#, '\"', std::io)";
    let (code, strings) = split(text);
    assert_eq!(code, "a; \nlet b = ; c(, , std::io)");
    assert_eq!(strings, "\n\"// not \\\" std::fs\"r#\"std::\"fs\"#'\"'");
}

#[test]
fn modules_of_std_are_seen_in_paths_and_in_braces() {
    let names = |code: &str| {
        let all = modules_of_std(code).into_iter().map(|(_, name)| name);
        all.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("use std::fs::File; my_std::io; std::env::args()"), "std::fs std::env");
    assert_eq!(
        names("use std::{\n    fs, io::{self, Read},\n    process::Command,\n};\nstd::thread"),
        "std::fs std::io std::process std::thread"
    );
}

#[test]
fn types_are_seen_whatever_they_are_visible_to() {
    for line in ["struct A {", "pub struct A;", "pub(crate) enum A {", "    pub enum A {"] {
        assert_eq!(declared_type(line), Some("A"), "{line}");
    }
    assert_eq!(declared_type("pub(in crate::models) struct A<T> {"), Some("A"));
    assert_eq!(declared_type("pub(in crate::data::store) type A = fn();"), Some("A"));
    for line in ["    struct A {", "    type A = f32;", "pub fn type_of()", "let struct_a = 1;"] {
        assert_eq!(declared_type(line), None, "{line}");
    }
}
