//! What a chart of learning curves shows.

/// `(steps done, value)`.
pub type Point = (f64, f64);

/// The curves of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaneCurves {
    /// How the run is called beside its lines, short: `random`.
    pub name: String,
    /// Which of the theme's lane colours it has.
    pub lane: usize,
    /// The step from which its training set counts as fitted, if it does.
    pub fitted: Option<f64>,
    /// Loss of each batch, in nats.
    pub batch_loss: Vec<Point>,
    /// Mean loss of each epoch, in nats.
    pub epoch_loss: Vec<Point>,
    /// Accuracy on the training images against the shown labels, as a fraction.
    pub train_accuracy: Vec<Point>,
    /// Accuracy on the test images, as a fraction.
    pub test_accuracy: Vec<Point>,
    /// Of the training images with a corrupted label, the share of which the shown label is predicted.
    pub memorized: Vec<Point>,
    /// Of the training images with a corrupted label, the share of which the clean label is predicted.
    pub still_clean: Vec<Point>,
}

/// The curves of one run, or of several side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningCurves {
    /// The runs.
    pub lanes: Vec<LaneCurves>,
    /// Number of classes: guessing is right once in so many.
    pub classes: usize,
}

impl LearningCurves {
    /// The accuracy of guessing.
    pub fn chance(&self) -> f64 {
        1.0 / self.classes.max(1) as f64
    }

    /// The loss of giving every class the same probability, in nats.
    pub fn chance_loss(&self) -> f64 {
        (self.classes.max(1) as f64).ln()
    }

    pub(super) fn all_losses(&self) -> impl Iterator<Item = Point> {
        self.lanes
            .iter()
            .flat_map(|lane| lane.batch_loss.iter().chain(&lane.epoch_loss).copied())
            .filter(finite)
    }

    /// The last step of any run.
    pub(super) fn last_step(&self) -> f64 {
        let accuracies = self
            .lanes
            .iter()
            .flat_map(|lane| lane.train_accuracy.iter().chain(&lane.test_accuracy).copied());
        self.all_losses().chain(accuracies.filter(finite)).map(|(step, _)| step).fold(0.0, f64::max)
    }
}

pub(super) fn finite(point: &Point) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

/// At most `most` points: the means of equally long stretches. Points that are not finite are left out, and the last
/// one stays what it is, because that is what a reader compares with the printed number.
pub fn thinned(points: &[Point], most: usize) -> Vec<Point> {
    let mut points: Vec<Point> = points.iter().copied().filter(finite).collect();
    let most = most.max(2);
    if points.len() <= most {
        return points;
    }
    let last = points.pop();
    let stretch = points.len().div_ceil(most - 1);
    let mean = |part: &[Point]| {
        let sum = part.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / part.len() as f64, sum.1 / part.len() as f64)
    };
    points.chunks(stretch).map(mean).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_short_curves_as_they_are() {
        let points = [(1.0, 2.0), (2.0, 1.0)];
        assert_eq!(thinned(&points, 10), points);
    }

    #[test]
    fn thinning_takes_means_and_keeps_the_last_point() {
        let points: Vec<Point> =
            (1..=9).map(|step| (f64::from(step), f64::from(step * 10))).collect();
        assert_eq!(
            thinned(&points, 5),
            [(1.5, 15.0), (3.5, 35.0), (5.5, 55.0), (7.5, 75.0), (9.0, 90.0)]
        );
    }

    #[test]
    fn thinning_never_gives_more_points_than_asked() {
        for count in 0..200 {
            let points: Vec<Point> = (0..count).map(|step| (f64::from(step), 0.0)).collect();
            assert!(thinned(&points, 7).len() <= 7, "{count} points");
        }
    }

    #[test]
    fn points_that_are_no_numbers_are_left_out() {
        assert_eq!(thinned(&[(1.0, f64::NAN), (2.0, 3.0), (3.0, f64::INFINITY)], 10), [(2.0, 3.0)]);
    }

    #[test]
    fn guessing_among_ten_classes_is_right_once_in_ten() {
        let curves = LearningCurves { classes: 10, ..Default::default() };
        assert_eq!(curves.chance(), 0.1);
        assert!((curves.chance_loss() - std::f64::consts::LN_10).abs() < 1e-6);
    }
}
