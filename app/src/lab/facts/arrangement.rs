//! Which training images the map shows, and in which order.

use crate::charts::ordered_by;
use crate::data::Fate;
use crate::train::Memorization;

words! {
    /// In which order images stand.
    pub enum ImageOrder {
        /// As they come.
        Given = "as they come",
        /// By when they were fitted, the unfitted last.
        Fitted = "when fitted",
        /// Those forgotten most often first.
        Forgotten = "most forgotten",
    }
}

words! {
    /// Which images are shown.
    pub enum Filter {
        /// All of them.
        All = "all",
        /// Those that are told a lie.
        Lies = "told a lie",
        /// Those not fitted.
        NotFitted = "not yet as told",
        /// Lies that are memorized.
        Memorized = "lie memorized",
        /// Lies of which the truth is still said.
        StillTruth = "still the truth",
    }
}

/// The images to show, in order.
pub fn arranged(memory: &Memorization, order: ImageOrder, filter: Filter) -> Vec<usize> {
    let mut images = match order {
        ImageOrder::Fitted => {
            ordered_by(memory.count(), |image| memory.fitted_in(image).unwrap_or(u32::MAX).into())
        }
        ImageOrder::Given => (0..memory.count()).collect(),
        ImageOrder::Forgotten => {
            ordered_by(memory.count(), |image| -i64::from(memory.forgotten(image)))
        }
    };
    images.retain(|&image| match filter {
        Filter::All => true,
        Filter::Lies => memory.is_corrupted(image),
        Filter::NotFitted => !memory.fate(image).is_some_and(Fate::is_fitted),
        Filter::Memorized => memory.fate(image) == Some(Fate::Memorized),
        Filter::StillTruth => memory.fate(image) == Some(Fate::StillClean),
    });
    images
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_measurement_images_stand_as_they_come_and_lies_are_known() {
        let memory = Memorization::default().of_images(vec![3, 1, 2], vec![3, 2, 2], 10);
        for order in ImageOrder::ALL {
            assert_eq!(arranged(&memory, *order, Filter::All), [0, 1, 2]);
        }
        assert_eq!(arranged(&memory, ImageOrder::Given, Filter::Lies), [1]);
        assert_eq!(arranged(&memory, ImageOrder::Given, Filter::NotFitted), [0, 1, 2]);
        assert!(arranged(&memory, ImageOrder::Given, Filter::Memorized).is_empty());
        assert!(arranged(&memory, ImageOrder::Given, Filter::StillTruth).is_empty());
    }
}
