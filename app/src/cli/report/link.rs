//! Links from the document to the runs.

use std::path::{Component, Path, PathBuf};

/// `path` as a link from a document in the folder `from`.
pub(super) fn link(path: &Path, from: &Path) -> String {
    // The places they really have: `..` behind a link to a folder leads elsewhere.
    let whole = |path: &Path| {
        path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.into())
    };
    between(&whole(path), &whole(from))
}

/// The way from one whole path to another, with `/` on every system.
fn between(path: &Path, from: &Path) -> String {
    let (path, from) = (plain(path), plain(from));
    let shared = path.iter().zip(&from).take_while(|(one, other)| one == other).count();
    if shared == 0 {
        // Nothing in common: another drive of Windows.
        return escaped(
            &path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"),
        );
    }
    let up = std::iter::repeat_n("..".into(), from.len() - shared);
    let down = path[shared..].iter().map(|part| part.to_string_lossy());
    escaped(&up.chain(down).collect::<Vec<_>>().join("/"))
}

/// The parts of a path, without `.` and `..`.
fn plain(path: &Path) -> Vec<std::ffi::OsString> {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole.components().map(|part| part.as_os_str().to_owned()).collect()
}

/// What would end a link in Markdown.
fn escaped(link: &str) -> String {
    link.replace(' ', "%20").replace('(', "%28").replace(')', "%29")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_document_to_the_run_wherever_both_are() {
        let check = |path: &str, from: &str, expected: &str| {
            assert_eq!(between(Path::new(path), Path::new(from)), expected);
        };
        check("/home/r/results/desk/a", "/home/r/docs", "../results/desk/a");
        check("/home/r/results/desk/a", "/home/r", "results/desk/a");
        check("/home/r/results/desk/a", "/home/x", "../r/results/desk/a");
        check("/home/r/results/desk/a", "/home/r/../x", "../r/results/desk/a");
        check("/home/r/results/desk/a", "/tmp/docs", "../../home/r/results/desk/a");
        check("/home/r/my results (1)/a", "/home/r/docs", "../my%20results%20%281%29/a");
    }

    #[test]
    fn a_link_from_outside_leads_to_a_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["work/results/desk/a", "work/docs", "x"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let out = folder.path().join("work/../x");
        let link = link(&folder.path().join("work/results/desk/a"), &out);
        assert_eq!(link, "../work/results/desk/a");
        assert!(out.join(link).is_dir());
    }
}
