//! Building the page into `dist/`: cargo compiles both programs, Trunk makes the page of them, `dist.rs` finishes it. What
//! has not changed is not made again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, UNIX_EPOCH};

use crate::failure::Failure;
use crate::toolchain::{Toolchain, WASM};
use crate::{dist, paths, shell};

/// One of the two programs of the page, as `index.html` names it for Trunk.
pub struct Program {
    name: &'static str,
    profile: &'static str,
    features: &'static str,
}

/// The page itself.
pub const LAB: Program = Program { name: "lab", profile: "page", features: "lab" };
/// Its worker.
pub const ENGINE: Program = Program { name: "engine", profile: "web", features: "web" };

const PROGRAMS: [Program; 2] = [LAB, ENGINE];

impl Program {
    /// For cargo: what is compiled, and how. The same for build and lints, which then share procedural macros.
    pub fn options(&self) -> [&'static str; 9] {
        let Self { profile, features, .. } = self;
        [
            "--package",
            "rote",
            "--target",
            WASM,
            "--profile",
            profile,
            "--no-default-features",
            "--features",
            features,
        ]
    }

    fn compiled(&self) -> PathBuf {
        paths::web_target().join(WASM).join(self.profile).join(format!("{}.wasm", self.name))
    }
}

/// Builds `dist/` where it is not up to date.
pub fn build(toolchain: Toolchain) -> Result<(), Failure> {
    let start = Instant::now();
    println!("Compiling the page and its worker (10 minutes on two cores the first time).");
    // Before Trunk, which would do it too, so that a person sees it go on, and that it is known whether anything changed.
    for program in &PROGRAMS {
        let mut cargo = toolchain.cargo();
        cargo.arg("build").args(program.options()).args(["--bin", program.name]);
        shell::run(&mut cargo, "mend what the compiler reports above")?;
    }

    let stamp_path = paths::web_target().join("page.stamp");
    let inputs = inputs()?;
    let stamp = stamp(&inputs);
    let is_current = std::fs::read_to_string(&stamp_path).is_ok_and(|last| last == stamp);
    if is_current && paths::dist().join("index.html").is_file() {
        println!("dist/ is up to date.");
        return Ok(());
    }
    println!("Making dist/ with Trunk (under a minute).");
    let mut trunk = Command::new(paths::tools().join("bin").join("trunk"));
    toolchain.environment(trunk.arg("build"));
    // Trunk reads this variable as `true` or `false`; most programs set it to 1.
    trunk.env_remove("NO_COLOR");
    shell::output(&mut trunk, "mend what Trunk reports above")?;
    dist::finish(&paths::dist())?;
    std::fs::write(&stamp_path, stamp).map_err(Failure::file("write", &stamp_path))?;
    println!("dist/ is made ({}).", shell::duration(start.elapsed()));
    Ok(())
}

/// Everything that `dist/` is made of: the compiled programs, the files beside them, and this program.
fn inputs() -> Result<Vec<PathBuf>, Failure> {
    let root = paths::root();
    let mut inputs = files_in(&root.join("public"))?;
    inputs.extend(PROGRAMS.iter().map(Program::compiled));
    inputs.extend([root.join("index.html"), root.join("Trunk.toml"), root.join("Cargo.lock")]);
    inputs.extend(std::env::current_exe());
    inputs.sort();
    Ok(inputs)
}

/// Changes whenever one of the files does.
fn stamp(inputs: &[PathBuf]) -> String {
    let mut stamp = String::new();
    for path in inputs {
        let (size, nanoseconds) = path.metadata().map_or((0, 0), |metadata| {
            let modified =
                metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            (metadata.len(), modified.map_or(0, |time| time.as_nanos()))
        });
        stamp += &format!("{} {size} {nanoseconds}\n", path.display());
    }
    stamp
}

/// All files under a folder.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Failure::file("read", &folder))?.flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}
