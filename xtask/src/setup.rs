//! What must be there before the page can be built or tested. Each part looks first and makes only what is missing.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::toolchain::Toolchain;
use crate::{shell, tools};

/// What the tests need beyond the page.
pub struct Everything {
    pub toolchain: Toolchain,
    pub chromium: PathBuf,
    /// Whether the test that compares GPU and CPU has a driver, and may not be skipped.
    pub has_vulkan: bool,
}

/// What building the page needs.
pub fn page() -> Result<Toolchain, Failure> {
    let toolchain = Toolchain::ready()?;
    tools::cargo_tools()?;
    Ok(toolchain)
}

/// What the tests need: the page's part, a browser, and a Vulkan driver where one can be had.
pub fn everything() -> Result<Everything, Failure> {
    let toolchain = page()?;
    tools::npm_packages()?;
    Ok(Everything { toolchain, chromium: tools::chromium()?, has_vulkan: vulkan()? })
}

/// The test that lays a GPU run over a CPU run takes Mesa's software driver where there is no GPU.
fn vulkan() -> Result<bool, Failure> {
    if cfg!(target_os = "linux") && !has_vulkan_driver() && shell::has_apt() {
        shell::apt_install(&["mesa-vulkan-drivers"])?;
    }
    let found = cfg!(target_os = "linux") && has_vulkan_driver();
    if !found {
        println!("There is no Vulkan driver: the test that compares GPU and CPU may be skipped.");
    }
    Ok(found)
}

fn has_vulkan_driver() -> bool {
    let chosen = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some());
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    chosen || folders.into_iter().any(|folder| holds_json(Path::new(folder)))
}

fn holds_json(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| path.extension().is_some_and(|extension| extension == "json"))
}
