//! Whether a run fits the device, asked before anything of it is made. Where it does not, the setting that helps is named
//! with the largest value that fits, found by trying: what is tried is the very check.

use super::measure::IMAGES_PER_MEASUREMENT;
use super::{Recipe, TrainError};
use crate::data::{
    CIFAR10_RECORD_BYTES, CIFAR10_TEST_IMAGES, CIFAR10_TRAIN_IMAGES, Condition, IMAGE_BYTES,
    INPUT_VALUES, TIERS, Tier,
};
use crate::kernels::Device;
use crate::kernels::limits::{ArrayPlace, DeviceLimits, Excess, NUMBER_BYTES, Needs};
use crate::kernels::plan::Plan;
use crate::models::{Network, NetworkOptions};

/// The fewest training images a recipe can have.
const FEWEST_IMAGES: u64 = 10;

/// The network of a recipe.
pub(super) fn network_options(recipe: &Recipe) -> NetworkOptions {
    NetworkOptions {
        model: recipe.model,
        batch_norm: recipe.batch_norm,
        initialization: recipe.initialization,
        dropout: recipe.dropout,
        seed: recipe.seed,
    }
}

/// What of a run is in memory before it is made, and so takes nothing of what is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InMemory {
    /// Nothing.
    Nothing,
    /// The data set.
    Data,
    /// The data set and the images made of it, as a network is given them.
    Inputs,
}

/// What is asked whether it fits.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// The run.
    pub recipe: &'a Recipe,
    /// What of it is in memory.
    pub in_memory: InMemory,
    /// How many such runs are made at a time. They share their images.
    pub at_a_time: u64,
}

/// Refuses what needs more than the device can hold, or than this process can take of the memory that is free now.
///
/// # Errors
/// One sentence: the setting, what is needed, what there is, and the largest value that fits.
pub fn check_fit(fit: Fit<'_>, device: &Device) -> Result<(), TrainError> {
    let plan = Network::plan(network_options(fit.recipe));
    let limits = device.limits(fit.at_a_time);
    check(fit, &plan, &limits)?;
    // What is said to be free may still be refused.
    check(fit, &plan, &limits.asked_for(needs(fit, &plan, &limits)))
}

fn check(fit: Fit<'_>, plan: &Plan, limits: &DeviceLimits) -> Result<(), TrainError> {
    let Some(excess) = limits.excess(needs(fit, plan, limits)) else { return Ok(()) };
    let (recipe, steady) = (fit.recipe, limits.steady());
    let fits = |images: u64, batch_size: u64| {
        let tried = Recipe { images, batch_size, ..recipe.clone() };
        steady.excess(needs(Fit { recipe: &tried, ..fit }, plan, &steady)).is_none()
    };
    let Recipe { images, batch_size, .. } = *recipe;
    // Both may be too many: then as many images as there can be beside a batch that costs no more than measuring does.
    let small_batch = batch_size.min(IMAGES_PER_MEASUREMENT as u64);
    let (key, value, remedy) = if let Some(most) = most(1, batch_size, |batch| fits(images, batch))
    {
        ("batch-size", batch_size.to_string(), format!("the largest that fits is {most}"))
    } else if let Some(most) = most(batch_size, images, |images| fits(images, batch_size)) {
        ("images", images.to_string(), format!("the largest that fits is {most}"))
    } else if let Some(images) =
        most(FEWEST_IMAGES, images, |images| fits(images, small_batch.min(images)))
    {
        let batch = most(1, batch_size.min(images), |batch| fits(images, batch)).unwrap_or(1);
        let remedy =
            format!("the largest that fit are `images` {images} with `batch-size` {batch}");
        ("batch-size", format!("{batch_size} and `images` {}", recipe.images), remedy)
    } else {
        let remedy = "not even 10 images fit: choose a smaller `model` or another device".into();
        ("batch-size", batch_size.to_string(), remedy)
    };
    let runs = match (fit.at_a_time, excess) {
        (runs @ 2.., Excess::Memory { .. }) => format!(", {runs} runs at a time,"),
        _ => String::new(),
    };
    let need = format!(
        "`{key}` {value} with `model` {}{runs} needs {}",
        recipe.model.key(),
        in_words(excess, limits.place)
    );
    Err(TrainError::DoesNotFit { need, remedy })
}

/// The largest number from `from` to below `too_many` that fits, if any does; what fits is all up to some number.
fn most(from: u64, too_many: u64, fits: impl Fn(u64) -> bool) -> Option<u64> {
    if from >= too_many || !fits(from) {
        return None;
    }
    let (mut fitting, mut too_many) = (from, too_many);
    while too_many - fitting > 1 {
        let middle = fitting.midpoint(too_many);
        *if fits(middle) { &mut fitting } else { &mut too_many } = middle;
    }
    Some(fitting)
}

/// What runs need in a training step, or between two. Images are made ready one by one, in their place on the device.
fn needs(fit: Fit<'_>, plan: &Plan, limits: &DeviceLimits) -> Needs {
    let Fit { recipe, in_memory, at_a_time } = fit;
    let tier = Tier::holding(recipe.images as usize).unwrap_or(TIERS[TIERS.len() - 1]);
    let tested = tier.test as u64;
    let (trained, batch) = (recipe.images, recipe.batch_size);
    let network = limits.needs_of_network(plan, batch as usize, IMAGES_PER_MEASUREMENT);
    let image_bytes = INPUT_VALUES as u64 * NUMBER_BYTES;
    let inputs = if limits.is_memory() { trained + tested } else { 0 };
    // Made for one step: as they are whitened, with channels last, and on the way to a GPU.
    let is_varied = recipe.random_crop || recipe.augmentation;
    let varied = if is_varied { 3 * batch } else { 0 };
    // Noise is drawn as images are, before they are cut and whitened.
    let is_noise = recipe.condition == Condition::Gaussian;
    let noise = if is_noise { trained + tested } else { 0 };
    let of_a_run =
        network.memory_bytes + varied * image_bytes + noise * IMAGE_BYTES as u64 * NUMBER_BYTES;
    let shared_inputs = if in_memory < InMemory::Inputs { inputs * image_bytes } else { 0 };
    let data = if in_memory < InMemory::Data { data_bytes(tier) } else { 0 };
    Needs {
        array_bytes: network.array_bytes.max(trained.max(tested) * image_bytes),
        memory_bytes: at_a_time * of_a_run + shared_inputs + data,
    }
}

/// What reading a tier takes: itself, and what it is cut from while that is done. In a tab `memory.rs` has it counted, and
/// the images that come with the program are part of it.
fn data_bytes(tier: Tier) -> u64 {
    if cfg!(target_family = "wasm") || tier == TIERS[0] {
        return 0;
    }
    let images = tier.train + tier.test + CIFAR10_TRAIN_IMAGES + CIFAR10_TEST_IMAGES;
    (images * CIFAR10_RECORD_BYTES) as u64
}

fn in_words(excess: Excess, place: ArrayPlace) -> String {
    let is_tab = cfg!(target_family = "wasm");
    match (excess, place) {
        (Excess::Array { needed, allowed }, ArrayPlace::Gpu { .. }) => format!(
            "{} in one buffer, and this GPU takes at most {}",
            bytes(needed),
            bytes(allowed)
        ),
        (Excess::Array { needed, allowed }, ArrayPlace::Cpu) => {
            format!("{} in one array, and there can be {}", bytes(needed), bytes(allowed))
        }
        (Excess::Memory { needed, allowed }, _) if is_tab => {
            format!("{} of memory, and WebAssembly has {} for it", bytes(needed), bytes(allowed))
        }
        (Excess::Memory { needed, allowed }, _) => {
            format!("{} of memory, and {} are free", bytes(needed), bytes(allowed))
        }
    }
}

/// `134.2 MB`, `9.84 GB`.
fn bytes(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 999.95 {
        format!("{megabytes:.1} MB")
    } else {
        format!("{:.2} GB", megabytes / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ModelName;

    const GIB: u64 = 1 << 30;

    fn of_memory(bytes: u64) -> DeviceLimits {
        DeviceLimits { place: ArrayPlace::Cpu, array_bytes: u64::MAX, memory_bytes: Some(bytes) }
    }

    fn of_binding(bytes: u64) -> DeviceLimits {
        let place = ArrayPlace::Gpu { software: false };
        DeviceLimits { place, array_bytes: bytes, memory_bytes: None }
    }

    fn recipe(model: ModelName, images: u64, batch_size: u64) -> Recipe {
        Recipe { model, images, batch_size, ..Recipe::default() }
    }

    fn checked(recipe: &Recipe, limits: &DeviceLimits) -> Result<(), String> {
        let fit = Fit { recipe, in_memory: InMemory::Data, at_a_time: 1 };
        of_fit(fit, limits)
    }

    fn of_fit(fit: Fit<'_>, limits: &DeviceLimits) -> Result<(), String> {
        check(fit, &Network::plan(network_options(fit.recipe)), limits)
            .map_err(|error| error.to_string())
    }

    /// The number at the end of a sentence.
    fn named(sentence: &str) -> u64 {
        let (_, number) = sentence.rsplit_once(' ').unwrap();
        number.parse().unwrap_or_else(|_| panic!("{sentence}"))
    }

    #[test]
    fn what_fits_is_not_refused() {
        let small = recipe(ModelName::Mlp1x512, 1000, 128);
        assert_eq!(checked(&small, &of_memory(GIB)), Ok(()));
        assert_eq!(checked(&small, &of_binding(128 << 20)), Ok(()));
        // Where nothing is known of the memory, nothing is refused for it.
        let huge = recipe(ModelName::InceptionSmall, 50_000, 50_000);
        assert_eq!(checked(&huge, &DeviceLimits { memory_bytes: None, ..of_memory(0) }), Ok(()));
    }

    #[test]
    fn the_largest_value_named_fits_and_one_more_does_not() {
        let cases = [
            ("batch-size", recipe(ModelName::InceptionSmall, 2000, 2000), of_memory(4 * GIB)),
            ("batch-size", recipe(ModelName::AlexnetSmall, 2000, 2000), of_memory(GIB)),
            ("batch-size", recipe(ModelName::CnnSmall, 50_000, 20_000), of_memory(2 * GIB)),
            ("batch-size", recipe(ModelName::InceptionSmall, 2000, 2000), of_binding(128 << 20)),
            ("batch-size", recipe(ModelName::CnnSmall, 2000, 2000), of_binding(64 << 20)),
            ("images", recipe(ModelName::Mlp1x512, 50_000, 128), of_binding(128 << 20)),
            ("images", recipe(ModelName::Mlp3x512, 10_000, 128), of_memory(150 << 20)),
        ];
        for (key, recipe, limits) in cases {
            let sentence = checked(&recipe, &limits).unwrap_err();
            assert!(sentence.starts_with(&format!("`{key}` ")), "{sentence}");
            let most = named(&sentence);
            let with = |value: u64| match key {
                "images" => Recipe { images: value, ..recipe.clone() },
                _ => Recipe { batch_size: value, ..recipe.clone() },
            };
            assert_eq!(checked(&with(most), &limits.steady()), Ok(()), "{sentence}");
            assert!(checked(&with(most + 1), &limits.steady()).is_err(), "{sentence}");
        }
    }

    #[test]
    fn what_is_advised_still_fits_where_a_little_less_memory_is_free_by_then() {
        let asked = recipe(ModelName::InceptionSmall, 2000, 2000);
        let advised = named(&checked(&asked, &of_memory(GIB)).unwrap_err());
        let less = of_memory(GIB - GIB / 40);
        assert_eq!(checked(&recipe(ModelName::InceptionSmall, 2000, advised), &less), Ok(()));
    }

    #[test]
    fn what_is_in_memory_before_is_not_asked_for_again() {
        let whole = recipe(ModelName::Mlp1x512, 50_000, 128);
        let fit = |in_memory| Fit { recipe: &whole, in_memory, at_a_time: 1 };
        // 565 MB of images as they are trained on; of the data set 184 MB, and as much while it is read.
        for (in_memory, megabytes) in
            [(InMemory::Nothing, 1_000), (InMemory::Data, 700), (InMemory::Inputs, 100)]
        {
            let limits = of_memory(megabytes << 20);
            assert_eq!(of_fit(fit(in_memory), &limits), Ok(()), "{in_memory:?}");
        }
        for (in_memory, megabytes) in [(InMemory::Nothing, 880), (InMemory::Data, 530)] {
            let limits = of_memory(megabytes << 20);
            assert!(of_fit(fit(in_memory), &limits).is_err(), "{in_memory:?}");
        }
    }

    #[test]
    fn runs_that_are_made_at_a_time_must_fit_together_and_share_their_images() {
        let one = recipe(ModelName::InceptionSmall, 1000, 100);
        let runs = |at_a_time| Fit { recipe: &one, in_memory: InMemory::Data, at_a_time };
        let needed = |at_a_time| {
            let limits = of_memory(u64::MAX);
            needs(runs(at_a_time), &Network::plan(network_options(&one)), &limits).memory_bytes
        };
        let images = 1500 * INPUT_VALUES as u64 * NUMBER_BYTES;
        assert_eq!(needed(3) - images, 3 * (needed(1) - images));
        let limits = of_memory(needed(2));
        assert_eq!(of_fit(runs(2), &limits), Ok(()));
        let sentence = of_fit(runs(3), &limits).unwrap_err();
        assert!(sentence.contains("inception-small, 3 runs at a time, needs"), "{sentence}");
    }

    #[test]
    fn webgpu_guarantees_a_binding_of_14266_images() {
        let sentence = checked(&recipe(ModelName::Mlp1x512, 50_000, 128), &of_binding(128 << 20));
        let expected = "`images` 50000 with `model` mlp-1x512 needs 470.4 MB in one buffer, and this GPU takes at most \
                        134.2 MB; the largest that fits is 14266";
        assert_eq!(sentence, Err(expected.into()));
    }

    #[test]
    fn where_one_setting_alone_does_not_help_both_are_named() {
        let limits = of_memory(120 << 20);
        let both = recipe(ModelName::CnnSmall, 10_000, 10_000);
        let sentence = checked(&both, &limits).unwrap_err();
        let (_, remedy) = sentence.rsplit_once("the largest that fit are `images` ").unwrap();
        let (images, batch) = remedy.split_once(" with `batch-size` ").unwrap();
        let (images, batch) = (images.parse().unwrap(), batch.parse().unwrap());
        let limits = limits.steady();
        assert_eq!(checked(&recipe(ModelName::CnnSmall, images, batch), &limits), Ok(()));
        assert!(checked(&recipe(ModelName::CnnSmall, images + 1, batch), &limits).is_err());
        assert!(checked(&recipe(ModelName::CnnSmall, images, batch + 1), &limits).is_err());
    }

    #[test]
    fn where_nothing_helps_the_model_is_named() {
        let sentence = checked(&recipe(ModelName::InceptionSmall, 1000, 128), &of_memory(9 << 20));
        assert!(sentence.unwrap_err().ends_with("choose a smaller `model` or another device"));
    }
}
