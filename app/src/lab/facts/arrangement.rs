//! Which training images the map shows, in which order, how one goes from one to the next, and what each says.

use crate::charts::ordered_by;
use crate::data::{CIFAR10_CLASS_NAMES, Fate};
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

/// The place that a key leads to in a grid of `count` places, `columns` a row: from nowhere to the first. None for a key that
/// leads nowhere.
pub fn moved(key: &str, at: Option<usize>, columns: usize, count: usize) -> Option<usize> {
    const PAGE: usize = 5;
    let (columns, last) = (columns.max(1), count.checked_sub(1)?);
    let now = at.unwrap_or(0);
    let next = match key {
        "ArrowRight" => now + 1,
        "ArrowLeft" => now.saturating_sub(1),
        "ArrowDown" => now + columns,
        // In the first row, where it is.
        "ArrowUp" => now.checked_sub(columns).unwrap_or(now),
        "PageDown" => now + PAGE * columns,
        "PageUp" => now.checked_sub(PAGE * columns).unwrap_or(now % columns),
        "Home" => now - now % columns,
        "End" => now - now % columns + columns - 1,
        _ => return None,
    };
    Some(if at.is_none() { 0 } else { next.min(last) })
}

/// What a class is called.
pub fn class_name(class: u8) -> &'static str {
    CIFAR10_CLASS_NAMES.get(usize::from(class)).copied().unwrap_or("?")
}

/// A cell of the map in words.
pub fn cell_words(memory: &Memorization, image: usize) -> String {
    let (shown, clean) = (memory.shown(image), memory.clean(image));
    let told = if shown == clean { String::new() } else { format!(", told {}", class_name(shown)) };
    let said = memory.predicted(image).map(|said| format!(", says {}", class_name(said)));
    format!("Picture {}: {}{told}{}", image + 1, class_name(clean), said.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_through_the_grid_and_not_out_of_it() {
        // Ten places in rows of four: 0 to 3, 4 to 7, 8 and 9.
        let from = |at: usize, key: &str| moved(key, Some(at), 4, 10);
        assert_eq!(from(5, "ArrowRight"), Some(6));
        assert_eq!(from(5, "ArrowLeft"), Some(4));
        assert_eq!(from(5, "ArrowDown"), Some(9));
        assert_eq!(from(5, "ArrowUp"), Some(1));
        assert_eq!(from(1, "ArrowUp"), Some(1));
        assert_eq!(from(9, "ArrowRight"), Some(9));
        assert_eq!(from(6, "Home"), Some(4));
        assert_eq!(from(6, "End"), Some(7));
        assert_eq!(from(9, "PageUp"), Some(1));
        assert_eq!(from(1, "PageDown"), Some(9));
        assert_eq!(from(5, "a"), None);
        assert_eq!(moved("ArrowDown", None, 4, 10), Some(0));
        assert_eq!(moved("ArrowDown", None, 4, 0), None);
    }

    #[test]
    fn a_cell_says_what_it_is_what_it_is_told_and_what_the_network_says() {
        let memory = Memorization::default().of_images(vec![3, 1], vec![3, 2], 10);
        assert_eq!(cell_words(&memory, 0), "Picture 1: cat");
        assert_eq!(cell_words(&memory, 1), "Picture 2: bird, told automobile");
    }

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
