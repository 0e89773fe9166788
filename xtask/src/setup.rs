//! What must be there before the page can be built or tested. Each part looks first and makes only what is missing.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::toolchain::Toolchain;
use crate::{shell, tools};

/// What the tests need beyond the page.
pub struct Everything {
    pub toolchain: Toolchain,
    pub chromium: PathBuf,
}

/// What building the page needs.
pub fn page() -> Result<Toolchain, Failure> {
    let toolchain = Toolchain::ready()?;
    tools::cargo_tools()?;
    tools::npm_packages()?;
    Ok(toolchain)
}

/// What the tests need: the page's part, a browser, and a Vulkan driver where one can be had.
pub fn everything() -> Result<Everything, Failure> {
    let everything = Everything { toolchain: page()?, chromium: tools::chromium()? };
    vulkan()?;
    Ok(everything)
}

/// The test that lays a GPU run over a CPU run takes Mesa's software driver where there is no GPU.
fn vulkan() -> Result<(), Failure> {
    if cfg!(not(target_os = "linux")) || has_vulkan_driver() {
        return Ok(());
    }
    if shell::has_apt() {
        return shell::apt_install(&["mesa-vulkan-drivers"]);
    }
    println!("There is no Vulkan driver: the test that compares GPU and CPU will be skipped.");
    Ok(())
}

fn has_vulkan_driver() -> bool {
    let chosen = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].into_iter().any(|name| std::env::var_os(name).is_some());
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    chosen || folders.into_iter().any(|folder| holds_json(Path::new(folder)))
}

fn holds_json(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|extension| extension == "json"))
}
