//! `cargo xtask dist`: what Trunk leaves in `dist/` becomes a folder for any static host. Programs lose their debug names,
//! large sets of images are cut into parts, page and engine get one version, and the service worker a list of files.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::page::{self, files_in};
use crate::{paths, script, setup, wasm};

/// The largest file that static hosts take.
const LARGEST_FILE_BYTES: u64 = 25_000_000;
/// The bytes of an image and its label.
const RECORD_BYTES: usize = 3073;
/// Where the sets of images are cut: each size that the page offers is whole parts, and `data/cifar10.rs` names the same.
const CUTS: [(&str, &[usize]); 2] = [
    ("train", &[0, 2_000, 10_000, 18_000, 26_000, 34_000, 42_000, 50_000]),
    ("test", &[0, 500, 2_000, 10_000]),
];
/// The sets that are cut, by their training images, with how many images stand in their two files.
const LARGE_SETS: [(&str, [usize; 2]); 2] =
    [("10000", [10_000, 2_000]), ("50000", [50_000, 10_000])];

/// Builds the page and says what to do with it.
pub fn run() -> Result<(), Failure> {
    page::build(setup::page()?)?;
    let dist = paths::dist();
    check(&dist)?;
    let files = files_in(&dist)?;
    println!(
        "{} is the whole page ({} files, none above 25 MB): put it on any static host, as a site or as a folder of one. \
         README.md says how.",
        dist.display(),
        files.len()
    );
    Ok(())
}

/// Makes of what Trunk left what is served. No wasm-opt: after Brotli, it takes 1 kB of 259 from the page and adds
/// 100 kB to the engine, in 4.5 minutes.
pub fn finish(dist: &Path) -> Result<(), Failure> {
    for path in
        files_in(dist)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "js"))
    {
        write(&path, script::light(&String::from_utf8_lossy(&read(&path)?)))?;
    }
    for path in
        files_in(dist)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "wasm"))
    {
        let slim = wasm::without_names(&read(&path)?).ok_or_else(|| no_module(&path))?;
        write(&path, slim)?;
    }
    let sizes = cut_data(&dist.join("data"))?;
    // A list, because asking for files that are not there would put errors on the browser's console.
    let list = format!("{{ \"training_images\": [{}] }}\n", sizes.join(", "));
    write(&dist.join("data").join("index.json"), list)?;
    take_out_start(&dist.join("index.html"))?;
    let version = version(dist)?;
    write_version(dist, &version)?;
    list_files(dist, &version)?;
    check(dist)
}

/// Cuts the largest set that is there into parts. Which sizes can be had, by their training images.
fn cut_data(data: &Path) -> Result<Vec<&'static str>, Failure> {
    let of = |images: &str, kind: &str| data.join(format!("cifar10-{images}-{kind}.bin"));
    let is_there = |(name, _): &(&str, _)| CUTS.iter().all(|(kind, _)| of(name, kind).is_file());
    let largest = LARGE_SETS.iter().rposition(is_there);
    if let Some((name, counts)) = largest.map(|at| LARGE_SETS[at]) {
        for ((kind, cuts), images) in CUTS.into_iter().zip(counts) {
            let path = of(name, kind);
            let bytes = read(&path)?;
            if bytes.len() != images * RECORD_BYTES {
                return Err(cut_off(&path, bytes.len(), images * RECORD_BYTES));
            }
            // The first part is what comes with the page.
            for ends in cuts[1..].windows(2).filter(|ends| ends[1] <= images) {
                let part = &bytes[ends[0] * RECORD_BYTES..ends[1] * RECORD_BYTES];
                write(&data.join(part_name(kind, ends)), part)?;
            }
        }
    }
    for path in files_in(data)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if LARGE_SETS.iter().any(|(set, _)| name.starts_with(&format!("cifar10-{set}"))) {
            std::fs::remove_file(&path).map_err(Failure::file("remove", &path))?;
        }
    }
    let large = largest.map_or(&LARGE_SETS[..0], |largest| &LARGE_SETS[..=largest]);
    Ok(std::iter::once("2000").chain(large.iter().map(|(name, _)| *name)).collect())
}

fn part_name(kind: &str, ends: &[usize]) -> String {
    format!("cifar10-{kind}-{}-{}.bin", ends[0], ends[1])
}

/// Whether a file, by its name for the page, is a part of the larger sets: no part of a version, and kept when asked for.
fn is_part(name: &str) -> bool {
    ["data/cifar10-train-", "data/cifar10-test-"].iter().any(|start| name.starts_with(start))
}

/// Takes out the script with which Trunk starts the page, in favour of `start.js`: a server may forbid scripts within pages.
fn take_out_start(path: &Path) -> Result<(), Failure> {
    let html = read_text(path)?;
    let html = without_module_script(&html).filter(|html| !html.contains("<script>"));
    let html = html.ok_or_else(|| {
        Failure::setup(
            "Trunk's index.html does not have one script of its own, as it had in version 0.21",
            "compare what Trunk wrote with `take_out_start` in xtask/src/dist.rs",
        )
    })?;
    write(path, html)
}

fn without_module_script(html: &str) -> Option<String> {
    let start = html.find("<script type=module>").or(html.find("<script type=\"module\">"))?;
    let end = start + html[start..].find("</script>")? + "</script>".len();
    Some(format!("{}{}", &html[..start], &html[end..]))
}

/// Changes with the contents of every file that is part of a version.
fn version(dist: &Path) -> Result<String, Failure> {
    let mut hasher = std::hash::DefaultHasher::new();
    for (name, path) in files_of_page(dist)?.iter().filter(|(name, _)| !is_part(name)) {
        (name, read(path)?).hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Writes the version where page, worker and engine say it. `start.js` gets it into its name, so that no cache gives an
/// older one to the page; the worker's files keep theirs and are asked for with the version behind.
fn write_version(dist: &Path, version: &str) -> Result<(), Failure> {
    let start = format!("start-{version}.js");
    let page = dist.join("index.html");
    replace(&page, "<html ", &format!("<html data-version={version} "))?;
    replace(&page, "start.js", &start)?;
    let (from, to) = (dist.join("start.js"), dist.join(start));
    std::fs::rename(&from, to).map_err(Failure::file("rename", &from))?;
    replace(&dist.join("worker.js"), "const VERSION = \"\"", &constant("VERSION", version))?;
    let glue = dist.join("engine.js");
    write(&glue, format!("{}\nexport const version = {version:?};\n", read_text(&glue)?))?;
    let engine = dist.join("engine_bg.wasm");
    write(&engine, wasm::with_section(&read(&engine)?, "version", version.as_bytes()))
}

fn constant(name: &str, text: &str) -> String {
    format!("const {name} = {text:?}")
}

/// Writes into `service.js` the version, and the SHA-256 of each file that it keeps.
fn list_files(dist: &Path, version: &str) -> Result<(), Failure> {
    let mut lists = [BTreeMap::new(), BTreeMap::new()];
    for (name, path) in files_of_page(dist)? {
        let sum: String =
            Sha256::digest(read(&path)?).iter().map(|byte| format!("{byte:02x}")).collect();
        // The page itself is asked for by the name of its folder.
        let known_as = if name == "index.html" { "./".into() } else { name.clone() };
        lists[usize::from(is_part(&name))].insert(known_as, sum);
    }
    let service = dist.join("service.js");
    replace(&service, "const VERSION = \"\"", &constant("VERSION", version))?;
    for (name, list) in ["FILES", "PARTS"].iter().zip(lists) {
        replace(&service, &format!("const {name} = {{}}"), &format!("const {name} = {list:?}"))?;
    }
    Ok(())
}

/// Whether `dist` can stand on a static host, as a site or as a folder of one.
fn check(dist: &Path) -> Result<(), Failure> {
    for (name, path) in files_of_page(dist)? {
        let bytes = std::fs::metadata(&path).map_err(Failure::file("read", &path))?.len();
        if bytes > LARGEST_FILE_BYTES {
            return Err(Failure::setup(
                format!("dist/{name} has {bytes} bytes, and static hosts take 25 MB a file"),
                "cut it in xtask/src/dist.rs",
            ));
        }
    }
    let html = read_text(&dist.join("index.html"))?;
    for reference in references(&html) {
        if !reference.starts_with("https:") && !dist.join(reference).is_file() {
            return Err(Failure::setup(
                format!(
                    "index.html names {reference}, which is no file of dist/: in a folder of a site it would lead astray"
                ),
                "name files from the page's own folder on",
            ));
        }
    }
    Ok(())
}

/// What a page links to.
fn references(html: &str) -> impl Iterator<Item = &str> {
    ["href=", "src="].into_iter().flat_map(move |name| {
        html.split(name).skip(1).filter_map(|rest| {
            let end = |c: char| matches!(c, '"' | '\'' | '>') || c.is_whitespace();
            rest.trim_start_matches(['"', '\'']).split(end).next()
        })
    })
}

/// All files but the service worker with their names for the page, in order.
fn files_of_page(dist: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let name =
        |path: &Path| path.strip_prefix(dist).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let files = files_in(dist)?.into_iter().map(|path| (name(&path), path));
    Ok(files.filter(|(name, _)| name != "service.js").collect())
}

fn cut_off(path: &Path, found: usize, right: usize) -> Failure {
    Failure::setup(
        format!("{} has {found} bytes, where {right} are right", path.display()),
        "make it anew with `cargo xtask data`, or remove it from public/data/",
    )
}

fn no_module(path: &Path) -> Failure {
    Failure::setup(
        format!("{} is no WebAssembly module", path.display()),
        "delete dist/ and build again",
    )
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(Failure::file("read", path))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(Failure::file("read", path))
}

fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), Failure> {
    std::fs::write(path, contents).map_err(Failure::file("write", path))
}

/// Replaces the first `from` in a file that must have one.
fn replace(path: &Path, from: &str, to: &str) -> Result<(), Failure> {
    let text = read_text(path)?;
    if !text.contains(from) {
        return Err(Failure::setup(
            format!("{} does not hold `{from}`, into which the build writes", path.display()),
            "restore it, delete dist/ and build again",
        ));
    }
    write(path, text.replacen(from, to, 1))
}

#[cfg(test)]
mod tests;
