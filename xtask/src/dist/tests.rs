//! A small page as Trunk leaves it, and what is made of it.

use super::*;

const HTML: &str = "<!doctype html><html lang=en><link href=./style-1a.css rel=stylesheet>\
     <script defer src=start.js></script><script type=module>import init from './lab-1a.js'; await init();</script>\
     <link crossorigin href=./lab-1a.js rel=modulepreload><a href=https://arxiv.org/abs/1611.03530>paper</a>";
const WASM: &[u8] = b"\0asm\x01\0\0\0";

/// A folder of its own with what Trunk makes, removed in the end.
struct Dist(PathBuf);

impl Dist {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rote-dist-{name}-{}", std::process::id()));
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let dist = Self(folder);
        for (file, contents) in [
            ("index.html", HTML.as_bytes()),
            ("style-1a.css", b"p {}"),
            ("lab-1a.js", b"export default () => {};"),
            ("lab-1a_bg.wasm", WASM),
            ("engine.js", b"export default () => {};"),
            ("engine_bg.wasm", WASM),
            ("data/cifar10-2000-train.bin", b"2000 images"),
        ] {
            std::fs::write(dist.0.join(file), contents).unwrap();
        }
        for file in ["service.js", "worker.js", "start.js"] {
            let source = paths::root().join("public").join(file);
            std::fs::copy(source, dist.0.join(file)).unwrap();
        }
        dist
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn has(&self, file: &str) -> bool {
        self.0.join(file).is_file()
    }

    /// Puts a set of images there, each of which holds the two lowest bytes of its number.
    fn add_set(&self, name: &str, kind: &str, images: usize) {
        let records = (0..images).flat_map(|image| {
            let mut record = vec![0; RECORD_BYTES];
            [record[0], record[1]] = [image as u8, (image >> 8) as u8];
            record
        });
        let path = self.0.join("data").join(format!("cifar10-{name}-{kind}.bin"));
        std::fs::write(path, records.collect::<Vec<u8>>()).unwrap();
    }
}

impl Drop for Dist {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What stands between quotes behind `const VERSION = `.
fn version_in(script: &str) -> &str {
    let (_, rest) = script.split_once("const VERSION = \"").unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn page_worker_engine_and_service_worker_carry_one_version_that_follows_the_contents() {
    let versions = ["p {}", "p {}", "b {}"].map(|style| {
        let dist = Dist::new("version");
        std::fs::write(dist.0.join("style-1a.css"), style).unwrap();
        finish(&dist.0).unwrap();
        let version = version_in(&dist.text("service.js")).to_owned();
        assert_eq!(version.len(), 16);
        assert_eq!(version_in(&dist.text("worker.js")), version);
        assert!(
            dist.text("index.html").contains(&format!("<html data-version={version} lang=en>"))
        );
        assert!(
            dist.text("index.html").contains(&format!("<script defer src=start-{version}.js>"))
        );
        assert!(dist.has(&format!("start-{version}.js")) && !dist.has("start.js"));
        assert!(
            dist.text("engine.js").ends_with(&format!("export const version = \"{version}\";\n"))
        );
        let engine = std::fs::read(dist.0.join("engine_bg.wasm")).unwrap();
        assert!(engine.ends_with(format!("\x07version{version}").as_bytes()), "{engine:?}");
        version
    });
    assert_eq!(versions[0], versions[1]);
    assert_ne!(versions[0], versions[2]);
}

#[test]
fn what_is_kept_for_the_next_visit_is_listed_with_the_sums_of_what_is_served() {
    let dist = Dist::new("list");
    finish(&dist.0).unwrap();
    let service = dist.text("service.js");
    let line = service.lines().find(|line| line.starts_with("const FILES")).unwrap();
    let list = line.trim_start_matches("const FILES = ").trim_end_matches(';');
    let list: BTreeMap<String, String> = serde_json::from_str(list).unwrap();
    for (name, sum) in &list {
        let file = if name == "./" { "index.html" } else { name };
        let found = Sha256::digest(std::fs::read(dist.0.join(file)).unwrap());
        assert_eq!(
            *sum,
            found.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "{name}"
        );
    }
    assert!(
        list.contains_key("data/cifar10-2000-train.bin") && list.contains_key("data/index.json")
    );
    assert!(!list.contains_key("service.js") && !list.contains_key("index.html"));
    assert_eq!(list.len(), files_in(&dist.0).unwrap().len() - 1);
}

#[test]
fn no_script_stands_within_the_page() {
    let dist = Dist::new("script");
    finish(&dist.0).unwrap();
    let html = dist.text("index.html");
    assert!(!html.contains("import init") && !html.contains("type=module>"), "{html}");
    assert!(html.contains("rel=modulepreload") && html.contains("style-1a.css"), "{html}");
    assert_eq!(without_module_script("<p>no script"), None);
}

#[test]
fn a_large_set_is_cut_into_parts_of_at_most_25_megabytes() {
    let dist = Dist::new("parts");
    dist.add_set("10000", "train", 10_000);
    dist.add_set("10000", "test", 2_000);
    finish(&dist.0).unwrap();
    let part = std::fs::read(dist.0.join("data/cifar10-train-2000-10000.bin")).unwrap();
    assert_eq!(part.len(), 8_000 * RECORD_BYTES);
    // The first image behind the 2,000 that come with the page, and the last.
    let last = part.len() - RECORD_BYTES;
    assert_eq!([part[0], part[1]], [(2_000 & 255) as u8, (2_000 >> 8) as u8]);
    assert_eq!([part[last], part[last + 1]], [(9_999 & 255) as u8, (9_999 >> 8) as u8]);
    assert!(dist.has("data/cifar10-test-500-2000.bin"));
    assert!(
        !dist.has("data/cifar10-test-2000-10000.bin") && !dist.has("data/cifar10-10000-train.bin")
    );
    assert_eq!(dist.text("data/index.json"), "{ \"training_images\": [2000, 10000] }\n");
    let service = dist.text("service.js");
    let parts = service.lines().find(|line| line.starts_with("const PARTS")).unwrap();
    assert!(parts.contains("\"data/cifar10-train-2000-10000.bin\": \""), "{parts}");
    assert!(!parts.contains("2000-train"), "{parts}");
}

#[test]
fn a_set_that_lacks_a_file_is_not_offered() {
    let dist = Dist::new("half");
    dist.add_set("50000", "test", 10_000);
    finish(&dist.0).unwrap();
    assert_eq!(dist.text("data/index.json"), "{ \"training_images\": [2000] }\n");
    assert!(!dist.has("data/cifar10-50000-test.bin"));
}

#[test]
fn a_set_that_was_cut_off_is_refused() {
    let dist = Dist::new("cut-off");
    dist.add_set("10000", "train", 10_000);
    dist.add_set("10000", "test", 1_999);
    let error = finish(&dist.0).unwrap_err().to_string();
    assert!(
        error.contains("cifar10-10000-test.bin has 6142927 bytes, where 6146000 are right; make")
    );
}

#[test]
fn the_parts_are_those_that_the_engine_asks_for() {
    let source = paths::root().join("app").join("src").join("data").join("cifar10.rs");
    let source = std::fs::read_to_string(source).unwrap();
    for (kind, cuts) in CUTS {
        assert!(source.contains(&format!("\"cifar10-2000-{kind}.bin\"")));
        for ends in cuts[1..].windows(2) {
            let name = part_name(kind, ends);
            assert!(source.contains(&format!("{name:?}")), "{name}");
            assert!((ends[1] - ends[0]) * RECORD_BYTES <= LARGEST_FILE_BYTES as usize);
        }
    }
}

#[test]
fn a_page_that_names_files_from_the_root_of_its_site_is_refused() {
    let dist = Dist::new("root");
    finish(&dist.0).unwrap();
    let html = dist.text("index.html");
    assert!(references(&html).any(|reference| reference == "./lab-1a.js"));
    for reference in ["/style-1a.css", "../style-1a.css", "style-2b.css"] {
        write(&dist.0.join("index.html"), html.replace("./style-1a.css", reference)).unwrap();
        let error = check(&dist.0).unwrap_err().to_string();
        assert!(
            error.contains(&format!("index.html names {reference}, which is no file")),
            "{error}"
        );
    }
}

#[test]
fn a_file_above_what_hosts_take_is_refused() {
    let dist = Dist::new("large");
    finish(&dist.0).unwrap();
    let file = std::fs::File::create(dist.0.join("data/large.bin")).unwrap();
    file.set_len(LARGEST_FILE_BYTES + 1).unwrap();
    assert!(check(&dist.0).unwrap_err().to_string().contains("data/large.bin has 25000001 bytes"));
}
