//! Building the page into `dist/`: cargo compiles both programs, Trunk makes the page of them, and the names
//! that only a debugger reads are dropped. What has not changed is not made again.

use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, UNIX_EPOCH};

use crate::failure::Failure;
use crate::toolchain::{Toolchain, WASM};
use crate::{paths, shell, wasm};

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
    finish(&paths::dist())?;
    std::fs::write(&stamp_path, stamp).map_err(Failure::file("write", &stamp_path))?;
    println!("dist/ is made ({}).", shell::duration(start.elapsed()));
    Ok(())
}

/// Drops names from both wasm files. No wasm-opt: after Brotli, it takes 1 kB of 259 from the page and adds
/// 100 kB to the engine, in 4.5 minutes.
fn finish(dist: &Path) -> Result<(), Failure> {
    for path in
        files_in(dist)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "wasm"))
    {
        let bytes = std::fs::read(&path).map_err(Failure::file("read", &path))?;
        let slim = wasm::without_names(&bytes).ok_or_else(|| {
            Failure::setup(
                format!("{} is no WebAssembly module", path.display()),
                "delete dist/ and build again",
            )
        })?;
        std::fs::write(&path, slim).map_err(Failure::file("write", &path))?;
    }
    list_data(&dist.join("data"))?;
    list_files(dist)
}

/// Writes into `service.js` the files it keeps and a version that changes with them. Of the data only those every visit
/// uses: larger sets are kept when they are asked for.
fn list_files(dist: &Path) -> Result<(), Failure> {
    let service = dist.join("service.js");
    let is_large = |path: &Path| {
        ["data/cifar10-10000", "data/cifar10-50000"]
            .iter()
            .any(|data| of_page(dist, path).starts_with(data))
    };
    let mut paths = files_in(dist)?;
    paths.retain(|path| *path != service && !is_large(path));
    paths.sort();
    let mut hasher = std::hash::DefaultHasher::new();
    for path in &paths {
        (of_page(dist, path), std::fs::read(path).map_err(Failure::file("read", path))?)
            .hash(&mut hasher);
    }
    // The page itself is asked for by the name of its folder.
    let files = paths
        .iter()
        .map(|path| of_page(dist, path))
        .map(|file| if file == "index.html" { "./".into() } else { file });
    let files: Vec<String> = files.map(|file| format!("{file:?}")).collect();
    let text = std::fs::read_to_string(&service).map_err(Failure::file("read", &service))?;
    let text = text.replacen(
        "const VERSION = \"\"",
        &format!("const VERSION = \"{:016x}\"", hasher.finish()),
        1,
    );
    let text =
        text.replacen("const FILES = []", &format!("const FILES = [{}]", files.join(", ")), 1);
    std::fs::write(&service, text).map_err(Failure::file("write", &service))
}

/// The name of a file for the page.
fn of_page(dist: &Path, path: &Path) -> String {
    path.strip_prefix(dist).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// Says in `index.json` which sizes of the data are there, so that the page offers as many images. A list, because
/// asking for files that are not there would put errors on the browser's console.
fn list_data(data: &Path) -> Result<(), Failure> {
    let is_whole = |images: &&str| {
        ["train", "test"]
            .iter()
            .all(|part| data.join(format!("cifar10-{images}-{part}.bin")).is_file())
    };
    let sizes: Vec<&str> =
        ["2000", "10000", "50000"].iter().filter(|images| is_whole(images)).copied().collect();
    let path = data.join("index.json");
    std::fs::write(&path, format!("{{ \"training_images\": [{}] }}\n", sizes.join(", ")))
        .map_err(Failure::file("write", &path))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn service(folder: &Path, page: &str) -> String {
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let source = paths::root().join("public").join("service.js");
        std::fs::copy(source, folder.join("service.js")).unwrap();
        std::fs::write(folder.join("index.html"), page).unwrap();
        for name in ["cifar10-2000-train.bin", "cifar10-50000-train.bin"] {
            std::fs::write(data.join(name), name).unwrap();
        }
        list_files(folder).unwrap();
        std::fs::read_to_string(folder.join("service.js")).unwrap()
    }

    #[test]
    fn what_is_kept_for_the_next_visit_is_listed_under_a_version_that_follows_the_contents() {
        let folder = std::env::temp_dir().join(format!("rote-service-{}", std::process::id()));
        let [first, same, other] = ["one", "one", "two"].map(|page| service(&folder, page));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(
            first.contains(r#"const FILES = ["data/cifar10-2000-train.bin", "./"];"#),
            "{first}"
        );
        assert!(!first.contains(r#"const VERSION = "";"#), "{first}");
        assert_eq!(first, same);
        assert_ne!(first, other);
    }
}
