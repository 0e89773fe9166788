//! Building the page into `dist/`: cargo compiles both programs, Trunk makes the page of them, and the names
//! that only a debugger reads are dropped. What has not changed is not made again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, UNIX_EPOCH};

use crate::failure::Failure;
use crate::toolchain::{Toolchain, WASM};
use crate::{paths, shell, tools, wasm};

/// How page and worker are compiled; the features follow.
pub const CARGO_OPTIONS: [&str; 7] =
    ["--package", "rote", "--profile", "web", "--target", WASM, "--no-default-features"];

/// The two programs and their features, as in `index.html`.
const PROGRAMS: [[&str; 4]; 2] = [["--bin", "lab", "--features", "lab"], ["--bin", "engine", "--features", "web"]];

/// Builds `dist/` where it is not up to date.
pub fn build(toolchain: Toolchain) -> Result<(), Failure> {
    let start = Instant::now();
    println!("Compiling the page and its worker (15 minutes on two cores the first time).");
    // Before Trunk, which would do it too, so that a person sees it go on, and that it is known whether anything changed.
    for program in PROGRAMS {
        let mut cargo = toolchain.cargo();
        cargo.arg("build").args(CARGO_OPTIONS).args(program);
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
    finish(&paths::dist())?;
    std::fs::write(&stamp_path, stamp).map_err(Failure::file("write", &stamp_path))?;
    println!("dist/ is made ({}).", shell::duration(start.elapsed()));
    Ok(())
}

/// Drops names from both wasm files, and lets wasm-opt go over the page's.
fn finish(dist: &Path) -> Result<(), Failure> {
    for path in files_in(dist)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "wasm")) {
        let bytes = std::fs::read(&path).map_err(Failure::file("read", &path))?;
        let slim = wasm::without_names(&bytes).ok_or_else(|| {
            Failure::setup(format!("{} is no WebAssembly module", path.display()), "delete dist/ and build again")
        })?;
        std::fs::write(&path, slim).map_err(Failure::file("write", &path))?;
        // Not over the engine: that takes 4.5 minutes, and its 1.73 MB after Brotli become 1.83 MB.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lab")) {
            let mut wasm_opt = tools::wasm_opt();
            wasm_opt.args(["-Oz", "--all-features"]).arg(&path).arg("--output").arg(&path);
            shell::output(&mut wasm_opt, "delete tests/browser/node_modules and run the same command again")?;
        }
    }
    Ok(())
}

/// Everything that `dist/` is made of: the compiled programs, the files beside them, and this program.
fn inputs() -> Result<Vec<PathBuf>, Failure> {
    let root = paths::root();
    let compiled = paths::web_target().join(WASM).join("web");
    let mut inputs = files_in(&root.join("public"))?;
    inputs.extend([compiled.join("lab.wasm"), compiled.join("engine.wasm")]);
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
            let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
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
