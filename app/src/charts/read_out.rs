//! What a chart says at one place across: what stands beside a reader's pointer.

use super::curves::finite;
use super::order::ordered_by;
use super::plot::{Line, Plot, Stroke};

/// The lines that are read: not the faint ones, which only shimmer behind a strong one of the same run.
fn read(plot: &Plot) -> impl Iterator<Item = &Line> {
    let any_strong =
        plot.lines.iter().any(|line| line.stroke != Stroke::Faint && !line.points.is_empty());
    plot.lines.iter().filter(move |line| !any_strong || line.stroke != Stroke::Faint)
}

/// The places across at which a line has a value, from left to right.
pub fn stops(plot: &Plot) -> Vec<f64> {
    let all: Vec<f64> = read(plot)
        .flat_map(|line| line.points.iter().filter(|point| finite(point)).map(|point| point.0))
        .collect();
    // Shares are told apart by hundredths of a percent.
    let order = ordered_by(all.len(), |at| (all[at] * 1e4) as i64);
    let mut stops: Vec<f64> = order.into_iter().map(|at| all[at]).collect();
    stops.dedup();
    stops
}

/// The lines that have a value at `x`, or around it, each with its nearest one.
pub fn read_out(plot: &Plot, x: f64) -> Vec<(&Line, f64)> {
    let value = |line: &Line| {
        let points = || line.points.iter().filter(|point| finite(point));
        let (first, last) = (points().next()?.0, points().next_back()?.0);
        let nearest =
            points().min_by(|one, other| (one.0 - x).abs().total_cmp(&(other.0 - x).abs()))?;
        (first <= x && x <= last).then_some(nearest.1)
    };
    read(plot).filter_map(|line| Some((line, value(line)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::Axis;

    fn plot(lines: Vec<Line>) -> Plot {
        let axis = || Axis { start: 0.0, end: 10.0, number: |value| value.to_string(), name: "" };
        Plot { lines, x: axis(), y: axis(), reference: None }
    }

    fn line(name: &str, stroke: Stroke, points: &[(f64, f64)]) -> Line {
        Line { name: name.into(), stroke, points: points.to_vec(), ..Line::default() }
    }

    #[test]
    fn a_place_has_the_nearest_value_of_each_line_that_reaches_it() {
        let plot = plot(vec![
            line("long", Stroke::Solid, &[(0.0, 1.0), (4.0, 2.0), (8.0, 3.0)]),
            line("short", Stroke::Dashed, &[(2.0, 7.0), (4.0, 8.0)]),
        ]);
        let at = |x| read_out(&plot, x).iter().map(|(_, value)| *value).collect::<Vec<_>>();
        assert_eq!(at(4.0), [2.0, 8.0]);
        assert_eq!(at(7.0), [3.0], "the short one is over");
        assert_eq!(at(1.0), [1.0], "and not begun");
        assert_eq!(at(9.0), Vec::<f64>::new());
        assert_eq!(stops(&plot), [0.0, 2.0, 4.0, 8.0]);
    }

    #[test]
    fn single_batches_are_read_only_where_there_is_nothing_better_and_gaps_never() {
        let batches = line("", Stroke::Faint, &[(1.0, 9.0), (2.0, f64::NAN), (3.0, 7.0)]);
        let epochs = line("", Stroke::Solid, &[(3.0, 8.0)]);
        assert_eq!(stops(&plot(vec![batches.clone()])), [1.0, 3.0]);
        let both = plot(vec![batches, epochs]);
        assert_eq!(stops(&both), [3.0]);
        assert_eq!(read_out(&both, 3.0)[0].1, 8.0);
    }
}
