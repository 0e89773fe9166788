//! Which revision of the sources the page is of. Its runs say it, as those of the command line do.

use std::path::Path;
use std::process::Command;

use crate::shell;

/// What `app/build.rs` reads. Where the caller has set it, as for sources without their history, that is taken.
pub const VARIABLE: &str = "ROTE_REVISION";

/// What the programs of the page are compiled from. A commit of anything else changes no number of a run, and must not
/// compile them anew, which takes minutes.
const SOURCES: [&str; 4] = ["app", "Cargo.toml", "Cargo.lock", ".cargo"];

/// The last commit that touched the sources of the page, with a `+` behind it where they were changed since; empty where
/// this is no checkout.
pub fn of_page(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        shell::answer(command.args(arguments).arg("--").args(SOURCES).current_dir(root))
    };
    // As many digits as in `app/build.rs`: by itself, git takes as many as the repository needs, which differs.
    let commit = git(&["log", "-1", "--abbrev=12", "--format=%h"]).unwrap_or_default();
    match git(&["status", "--porcelain"]) {
        Some(changes) if !commit.is_empty() && !changes.is_empty() => commit + "+",
        _ => commit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(root: &Path, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(root);
        shell::answer(&mut command).unwrap_or_else(|| panic!("git {arguments:?}"))
    }

    /// Commits a file and returns the commit.
    fn commit(root: &Path, file: &str) -> String {
        std::fs::write(root.join(file), file).unwrap();
        git(root, &["add", "."]);
        git(root, &["commit", "--quiet", "--message", file]);
        git(root, &["rev-parse", "--short=12", "HEAD"])
    }

    #[test]
    fn the_revision_is_the_last_commit_of_the_sources_and_says_where_they_were_changed_since() {
        let root = std::env::temp_dir().join(format!("rote-revision-{}", std::process::id()));
        std::fs::create_dir_all(root.join("app")).unwrap();
        let without_history = of_page(&root);
        git(&root, &["init", "--quiet"]);
        let before_any_commit = of_page(&root);
        let first = commit(&root, "app/lib.rs");
        let of_sources = of_page(&root);
        let second = commit(&root, "README.md");
        std::fs::write(root.join("README.md"), "not yet committed").unwrap();
        let of_document = of_page(&root);
        std::fs::write(root.join("app/new.rs"), "").unwrap();
        let changed = of_page(&root);
        let again = of_page(&root);
        let third = commit(&root, "Cargo.lock");
        let of_dependencies = of_page(&root);
        std::fs::remove_dir_all(&root).unwrap();

        assert_eq!([without_history, before_any_commit], ["", ""]);
        assert_eq!(of_sources, first);
        assert_ne!(first, second);
        assert_eq!(of_document, first);
        assert_eq!([&changed, &again], [&format!("{first}+"); 2]);
        assert_eq!(of_dependencies, third);
    }
}
