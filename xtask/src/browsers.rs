//! The browsers that the tests drive: where their programs are, or how they are installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::shell;

/// A browser with what drives it.
pub struct Browser {
    pub name: &'static str,
    programs: &'static [Program],
    /// The distribution's packages that bring all programs.
    packages: &'static [&'static str],
    /// What to do where those cannot be installed.
    fix: &'static str,
}

/// A program: the variable that names it, here and for the tests, and where it is looked for.
struct Program {
    variable: &'static str,
    /// Its names on PATH.
    names: &'static [&'static str],
    /// Its usual places outside PATH.
    usual: &'static [&'static str],
}

/// A program's variable and its path, as the tests are told it.
pub type Found = (&'static str, PathBuf);

/// The browser of all browser tests.
pub const CHROMIUM: Browser = Browser {
    name: "Chromium",
    programs: &[Program {
        variable: "CHROMIUM",
        names: &[
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
            "chrome.exe",
        ],
        usual: &[
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        ],
    }],
    packages: &["chromium"],
    fix: "install Chromium or Chrome, or set CHROMIUM to its path",
};

/// The browsers of the smoke walk, where they can be had.
pub const OTHERS: [Browser; 2] = [
    Browser {
        name: "Firefox",
        programs: &[Program {
            variable: "FIREFOX",
            names: &["firefox-esr", "firefox", "firefox.exe"],
            usual: &[
                "/Applications/Firefox.app/Contents/MacOS/firefox",
                r"C:\Program Files\Mozilla Firefox\firefox.exe",
            ],
        }],
        packages: &["firefox-esr"],
        fix: "install Firefox, or set FIREFOX to its path",
    },
    Browser {
        name: "WebKit",
        programs: &[
            Program { variable: "WEBKIT_DRIVER", names: &["WebKitWebDriver"], usual: &[] },
            Program { variable: "XVFB", names: &["Xvfb"], usual: &[] },
        ],
        packages: &["webkit2gtk-driver", "xvfb"],
        fix: "on Linux, install WebKitGTK's WebKitWebDriver and Xvfb, or set WEBKIT_DRIVER and XVFB to their paths",
    },
];

impl Browser {
    /// Its programs; where one is missing, all are installed with the distribution's packages.
    pub fn ready(&self) -> Result<Vec<Found>, Failure> {
        self.ready_by(shell::apt_install)
    }

    /// The same for a browser that one can do without.
    pub fn ready_unasked(&self) -> Result<Vec<Found>, Failure> {
        self.ready_by(shell::apt_install_optional)
    }

    fn ready_by(
        &self,
        install: impl Fn(&[&str]) -> Result<(), Failure>,
    ) -> Result<Vec<Found>, Failure> {
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        if !shell::has_apt() {
            return Err(Failure::setup(format!("there is no {}", self.name), self.fix));
        }
        install(self.packages)?;
        let missing = || Failure::setup(format!("apt-get brought no {}", self.name), self.fix);
        self.find()?.ok_or_else(missing)
    }

    /// All programs, or none if one is missing.
    fn find(&self) -> Result<Option<Vec<Found>>, Failure> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut found = Vec::new();
        for program in self.programs {
            let chosen = std::env::var_os(program.variable);
            match program.find(chosen.as_deref(), &folders)? {
                Some(path) => found.push((program.variable, path)),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }
}

impl Program {
    /// The one that was chosen, else one in `folders`, which are written as in PATH, or in its usual place.
    fn find(&self, chosen: Option<&OsStr>, folders: &OsStr) -> Result<Option<PathBuf>, Failure> {
        if let Some(chosen) = chosen {
            if Path::new(chosen).is_file() {
                return Ok(Some(chosen.into()));
            }
            let what =
                format!("{} is {}, which is no file", self.variable, Path::new(chosen).display());
            return Err(Failure::setup(what, "correct it"));
        }
        let on_path = std::env::split_paths(folders)
            .flat_map(|folder| self.names.iter().map(move |name| folder.join(name)));
        let usual = self.usual.iter().map(PathBuf::from);
        Ok(on_path.chain(usual).find(|path| path.is_file()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with an empty file of each name, which goes with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[&str]) -> Self {
            let folder = std::env::temp_dir().join(format!("rote-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            for file in files {
                std::fs::write(folder.join(file), "").unwrap();
            }
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    const PROGRAM: Program =
        Program { variable: "PROGRAM", names: &["program-esr", "program"], usual: &[] };

    #[test]
    fn a_program_is_found_under_any_of_its_names_in_any_folder() {
        let (empty, full) =
            (Folder::with("no-browser", &[]), Folder::with("browser", &["program"]));
        let folders = std::env::join_paths([&empty.0, &full.0]).unwrap();
        assert_eq!(PROGRAM.find(None, &folders).unwrap(), Some(full.0.join("program")));
        assert_eq!(PROGRAM.find(None, empty.0.as_os_str()).unwrap(), None);
    }

    #[test]
    fn what_a_variable_names_is_taken_before_anything_else_and_must_be_there() {
        let folder = Folder::with("chosen-browser", &["program", "mine"]);
        let (mine, none) = (folder.0.join("mine"), folder.0.join("none"));
        let find = |chosen: &Path| PROGRAM.find(Some(chosen.as_os_str()), folder.0.as_os_str());
        assert_eq!(find(&mine).unwrap(), Some(mine));
        let failure = find(&none).unwrap_err().to_string();
        assert!(failure.starts_with("PROGRAM is "), "{failure}");
        assert!(failure.ends_with("which is no file; correct it"), "{failure}");
    }

    #[test]
    fn no_two_programs_are_named_by_one_variable() {
        let browsers = std::iter::once(&CHROMIUM).chain(&OTHERS);
        let mut variables: Vec<&str> =
            browsers.flat_map(|browser| browser.programs).map(|program| program.variable).collect();
        variables.sort_unstable();
        assert!(variables.windows(2).all(|two| two[0] != two[1]), "{variables:?}");
    }
}
