//! Numbers of the paper, each with how sure we are of it.

/// Where a number was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// In several independent copies of the paper's table.
    Copied,
    /// In one set of lecture notes about the paper.
    Noted,
}

/// A published accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// In percent, as printed.
    pub percent: f64,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the paper reports of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Published {
    /// Accuracy on the training images.
    pub train: Option<Number>,
    /// Accuracy on the test images.
    pub test: Option<Number>,
    /// What it reports in words instead.
    pub remark: Option<&'static str>,
}

impl Published {
    pub(super) const fn accuracies(train: f64, test: f64, confidence: Confidence) -> Self {
        Self {
            train: Some(Number { percent: train, confidence }),
            test: Some(Number { percent: test, confidence }),
            remark: None,
        }
    }
}
