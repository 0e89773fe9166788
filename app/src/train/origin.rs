//! What besides its recipe decides a run's numbers: how this program computes, and the data.

use serde::{Deserialize, Serialize};

use super::{Recipe, TrainError};

/// The number of the last change after which this recipe comes to other numbers, even in the last digit only: runs of one
/// recipe with one number are the same run. A change that other recipes do not feel leaves theirs as it is.
///
/// 1: the first. 2: batch norm subtracts a shift before it squares, on the CPU as on GPUs.
pub fn numerics(recipe: &Recipe) -> u32 {
    let layers = recipe.model.layers(recipe.batch_norm);
    let is_normalized = layers.iter().any(|layer| !layer.normalized_channels().is_empty());
    if is_normalized { 2 } else { 1 }
}

/// The format of everything that is written for other programs: events, summaries, exports. `docs/formats.md` describes
/// it; raised when a reader of the one before would misread it.
pub const FORMAT: u32 = 1;

/// What a run was made by. The default is what is known of a run that does not say: nothing but its first numerics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// [`numerics`] of the run in the program that made it. Runs written before there was such a number are of the first.
    #[serde(default = "first_numerics")]
    pub numerics: u32,
    /// Rote's version; like the revision and the device, of a run that was gone on with elsewhere all of them, in order.
    #[serde(default)]
    pub version: String,
    /// The revision of its sources, with a `+` behind it where they were changed since; empty where it is not known.
    #[serde(default)]
    pub revision: String,
    /// SHA-256 of the images and labels the run was given; empty where it is not known.
    #[serde(default)]
    pub data_sha256: String,
    /// The device's name.
    #[serde(default)]
    pub device: String,
}

fn first_numerics() -> u32 {
    1
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            numerics: first_numerics(),
            version: String::new(),
            revision: String::new(),
            data_sha256: String::new(),
            device: String::new(),
        }
    }
}

impl Origin {
    /// A run of a recipe by this program, before it is known what it computes on.
    pub fn here(recipe: &Recipe) -> Self {
        Self {
            numerics: numerics(recipe),
            version: env!("CARGO_PKG_VERSION").into(),
            revision: option_env!("ROTE_REVISION").unwrap_or_default().into(),
            ..Self::default()
        }
    }

    /// A run of `recipe` and this origin that goes on here, on `device`, with the data of this SHA-256.
    ///
    /// # Errors
    /// If what comes would not be what the same program would have come to.
    pub fn continued_on(
        &self,
        recipe: &Recipe,
        device: &str,
        data_sha256: &str,
    ) -> Result<Self, TrainError> {
        let here = Self::here(recipe);
        if self.numerics != here.numerics {
            let (theirs, version) = (self.numerics, self.version.clone());
            return Err(TrainError::OtherNumerics { theirs, ours: here.numerics, version });
        }
        let is_known = !self.data_sha256.is_empty() && !data_sha256.is_empty();
        if is_known && self.data_sha256 != data_sha256 {
            let (theirs, ours) = (self.data_sha256.clone(), data_sha256.to_owned());
            return Err(TrainError::OtherData { theirs, ours });
        }
        let data_sha256 =
            if data_sha256.is_empty() { self.data_sha256.clone() } else { data_sha256.to_owned() };
        Ok(Self {
            numerics: here.numerics,
            version: chained(&self.version, &here.version),
            revision: chained(&self.revision, &here.revision),
            data_sha256,
            device: chained(&self.device, device),
        })
    }
}

/// What a run has been made by so far, and what makes it now.
fn chained(so_far: &str, now: &str) -> String {
    match so_far {
        "" => now.to_owned(),
        all if now.is_empty() || all == now || all.ends_with(&format!(", then {now}")) => {
            all.to_owned()
        }
        all => format!("{all}, then {now}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ModelName;

    #[test]
    fn a_run_that_moves_names_every_device_once_in_order() {
        let recipe = Recipe::default();
        let devices = ["CPU", "CPU", "GPU", "GPU", "CPU"];
        let moved = devices.iter().fold(Origin::here(&recipe), |origin, device| {
            origin.continued_on(&recipe, device, "").unwrap()
        });
        assert_eq!(moved.device, "CPU, then GPU, then CPU");
        // Begun by an older program from changed sources: that stays said.
        let older =
            Origin { version: "0.1.0".into(), revision: "aa+".into(), ..Origin::here(&recipe) };
        let origin = older.continued_on(&recipe, "CPU", "").unwrap();
        assert_eq!(origin.version, format!("0.1.0, then {}", env!("CARGO_PKG_VERSION")));
        assert!(origin.revision.starts_with("aa+"));
    }

    #[test]
    fn other_numerics_and_other_data_end_a_run() {
        let recipe = Recipe::default();
        let origin = Origin { data_sha256: "aa".into(), ..Origin::here(&recipe) };
        let continued = |origin: &Origin, data| origin.continued_on(&recipe, "CPU", data);
        assert!(continued(&origin, "aa").is_ok() && continued(&origin, "").is_ok());
        let error = continued(&origin, "bb").unwrap_err().to_string();
        assert!(
            error.contains("aa") && error.contains("bb") && error.contains("start anew"),
            "{error}"
        );
        let newer =
            Origin { numerics: origin.numerics + 1, version: "9.9.9".into(), ..origin.clone() };
        let error = continued(&newer, "aa").unwrap_err().to_string();
        assert!(error.contains("9.9.9"), "{error}");
    }

    #[test]
    fn a_change_of_batch_norm_is_one_of_the_networks_that_have_it() {
        let of = |model, batch_norm| numerics(&Recipe { model, batch_norm, ..Recipe::default() });
        for (model, has_it) in [
            (ModelName::Mlp1x512, false),
            (ModelName::AlexnetSmall, false),
            (ModelName::CnnSmall, true),
            (ModelName::InceptionSmall, true),
        ] {
            assert_eq!(of(model, true), if has_it { 2 } else { 1 }, "{model:?}");
            assert_eq!(of(model, false), 1, "{model:?}");
        }
        // A run of such a network that an older program began does not go on here.
        let recipe = Recipe { model: ModelName::CnnSmall, ..Recipe::default() };
        let older = Origin::default();
        assert!(older.continued_on(&recipe, "CPU", "").is_err());
        let plain = Recipe { batch_norm: false, ..recipe };
        assert!(older.continued_on(&plain, "CPU", "").is_ok());
    }
}
