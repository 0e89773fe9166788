//! Figures 1b and 1c: what more and more corrupted labels do, one line a network.

use super::plot::{Axis, Line, Plot, ReferenceLine, round_up};

/// Figure 1b, from lines of `(share of corrupted labels, steps to fit as a multiple of those with true labels)`.
pub fn times_to_fit_plot(lines: Vec<Line>) -> Plot {
    let of_line = |line: &Line| {
        let values = line.points.iter().map(|point| point.1);
        values.chain(line.band.iter().map(|span| span.2)).fold(1.0, f64::max)
    };
    let highest = lines.iter().map(of_line).fold(1.0, f64::max);
    Plot {
        lines,
        x: corruption_axis(),
        y: Axis {
            start: 0.0,
            end: round_up(highest),
            number: |times| format!("{times:.1}x"),
            name: "steps, as a multiple of true labels",
        },
        reference: Some(ReferenceLine { value: 1.0, name: "as true labels".into(), is_left: true }),
    }
}

/// Figure 1c, from lines of `(share of corrupted labels, test error)`, both as fractions.
pub fn test_errors_plot(lines: Vec<Line>) -> Plot {
    Plot {
        lines,
        x: corruption_axis(),
        y: Axis {
            start: 0.0,
            end: 1.0,
            number: |share| format!("{:.0} %", 100.0 * share),
            name: "test error",
        },
        reference: Some(ReferenceLine { value: 0.9, name: "chance 90 %".into(), is_left: true }),
    }
}

fn corruption_axis() -> Axis {
    Axis {
        start: 0.0,
        end: 1.0,
        number: |share| format!("{:.0} %", 100.0 * share),
        name: "labels replaced at random",
    }
}
