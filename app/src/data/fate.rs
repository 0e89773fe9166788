//! What became of an image in training: the one rule that counts, maps and tables go by.

/// How the predicted class of a training image stands to its shown and its clean label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Neither the shown nor the clean label is predicted.
    Neither,
    /// The shown label is clean, and it is predicted.
    FittedClean,
    /// The shown label is corrupted, and the clean one is predicted.
    StillClean,
    /// The shown label is corrupted, and it is predicted.
    Memorized,
}

impl Fate {
    /// The fate of an image of which `predicted` is the likeliest class, trained on the label `shown`, whose label in the
    /// data set is `clean`.
    pub fn of(predicted: u8, shown: u8, clean: u8) -> Self {
        match (predicted == shown, predicted == clean) {
            (true, true) => Self::FittedClean,
            (true, false) => Self::Memorized,
            (false, true) => Self::StillClean,
            (false, false) => Self::Neither,
        }
    }

    /// Whether the shown label is predicted, be it clean or corrupted: what training accuracy counts.
    pub fn is_fitted(self) -> bool {
        matches!(self, Self::FittedClean | Self::Memorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_fitted_memorized_still_clean_or_neither() {
        // (predicted, shown, clean)
        assert_eq!(Fate::of(3, 3, 3), Fate::FittedClean);
        assert_eq!(Fate::of(5, 5, 3), Fate::Memorized);
        assert_eq!(Fate::of(3, 5, 3), Fate::StillClean);
        assert_eq!(Fate::of(7, 5, 3), Fate::Neither);
        assert_eq!(Fate::of(7, 3, 3), Fate::Neither);
        let fitted = [Fate::FittedClean, Fate::Memorized, Fate::StillClean, Fate::Neither];
        assert_eq!(fitted.map(Fate::is_fitted), [true, true, false, false]);
    }
}
