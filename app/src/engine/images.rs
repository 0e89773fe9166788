//! The images of a run, fetched in parts that are compared with their SHA-256 before they are used.

use std::sync::Arc;
use std::time::Duration;

use web_time::Instant;

use super::messages::Reply;
use super::scope::{fetch_bytes, post};
use crate::data::{DataPart, DataSet, IMAGE_BYTES, LabelledImages, Tier};

/// Fetches the parts of a tier that hold its first `images` training images, one by one, and says how far it is where that
/// takes a while.
///
/// # Errors
///
/// Which file could not be had, why, and what to do.
pub(super) async fn fetch_data(
    tier: Tier,
    images: usize,
    data_url: &str,
) -> Result<DataSet, String> {
    let parts = tier.parts(images);
    let total_bytes = tier.parts_bytes(images) as u64;
    let mut progress = DownloadProgress { told: Instant::now(), total_bytes };
    let mut before = 0;
    let mut sets = parts.map(|parts| {
        let images = parts.iter().map(|part| part.images).sum();
        LabelledImages {
            pixels: Vec::with_capacity(images * IMAGE_BYTES),
            labels: Vec::with_capacity(images),
        }
    });
    for (set, parts) in sets.iter_mut().zip(parts) {
        for part in parts {
            let bytes =
                fetch_part(part, data_url, |here| progress.is_at(before + here as u64)).await?;
            before += bytes.len() as u64;
            let images = LabelledImages::from_records(part.file, &bytes, part.images);
            set.append(images.map_err(|error| error.to_string())?);
        }
    }
    let [train, test] = sets.map(Arc::new);
    Ok(DataSet { train, test })
}

/// A download that is told of a few times a second, and not at all where it is over before.
struct DownloadProgress {
    told: Instant,
    total_bytes: u64,
}

impl DownloadProgress {
    fn is_at(&mut self, loaded_bytes: u64) {
        if self.told.elapsed() > Duration::from_millis(300) {
            self.told = Instant::now();
            post(&Reply::LoadingImages { loaded_bytes, total_bytes: self.total_bytes }, None);
        }
    }
}

/// The bytes of a part, compared with its SHA-256. What is wrong is asked for once more, past all caches: the server may
/// have been mended since they were filled.
async fn fetch_part(
    part: &DataPart,
    data_url: &str,
    mut heard: impl FnMut(usize),
) -> Result<Vec<u8>, String> {
    let (file, mut found) = (part.file, 0);
    for past_caches in [false, true] {
        let url = format!("{data_url}{file}");
        let bytes = fetch_bytes(&url, part.bytes(), past_caches, &mut heard).await;
        let bytes = bytes.map_err(|reason| {
            format!("the file {file} could not be downloaded: {reason}; check the connection and press Train again")
        })?;
        if part.is(&bytes) {
            return Ok(bytes);
        }
        found = bytes.len();
    }
    Err(format!(
        "the server's {file} is not what it should be: {found} bytes came where {} are right, and their SHA-256 is \
         another, also when asked for again; whoever runs this page puts the file there anew, then press Train again",
        part.bytes()
    ))
}
