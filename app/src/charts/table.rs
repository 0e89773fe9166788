//! A chart's numbers, for those who do not see it and for those who want them.

use super::curves::{Point, finite};
use super::plot::Plot;

/// Columns and rows of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotTable {
    /// The column heads: what is across, then the named lines.
    pub head: Vec<String>,
    /// A row for each place where a named line has a point; an empty field where a line has none there.
    pub rows: Vec<Vec<String>>,
}

/// The named lines of a chart as a table of at most `most_rows` rows, first and last among them. `across` is what the
/// first column is called; `number` writes a value.
pub fn plot_table(
    plot: &Plot,
    across: &str,
    number: fn(f64) -> String,
    most_rows: usize,
) -> PlotTable {
    let lines: Vec<_> = plot.lines.iter().filter(|line| !line.name.is_empty()).collect();
    let mut places: Vec<f64> = lines
        .iter()
        .flat_map(|line| &line.points)
        .filter(|point| finite(point))
        .map(|point| point.0)
        .collect();
    places.sort_unstable_by(f64::total_cmp);
    places.dedup();
    let value_at =
        |points: &[Point], x: f64| points.iter().find(|point| point.0 == x).map(|point| point.1);
    let row = |x: f64| {
        let values =
            lines.iter().map(|line| value_at(&line.points, x).map_or_else(String::new, number));
        std::iter::once((plot.x.number)(x)).chain(values).collect()
    };
    PlotTable {
        head: std::iter::once(across.to_owned())
            .chain(lines.iter().map(|line| line.name.clone()))
            .collect(),
        rows: evenly(places.len(), most_rows).map(|at| row(places[at])).collect(),
    }
}

/// At most `most` of the places `0..count`, evenly spread, both ends among them.
fn evenly(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let shown = count.min(most);
    (0..shown).map(move |at| if shown == 1 { count - 1 } else { at * (count - 1) / (shown - 1) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{Line, test_errors_plot};

    fn line(name: &str, points: &[Point]) -> Line {
        Line { name: name.into(), points: points.to_vec(), ..Line::default() }
    }

    fn percent(share: f64) -> String {
        format!("{:.0} %", 100.0 * share)
    }

    #[test]
    fn a_table_has_a_column_a_named_line_and_a_field_a_point() {
        let plot = test_errors_plot(vec![
            line("one", &[(0.0, 0.5), (1.0, 0.9)]),
            line("two", &[(0.5, 0.7)]),
            line("", &[(0.25, 0.6)]),
        ]);
        let table = plot_table(&plot, "Random labels", percent, 10);
        assert_eq!(table.head, ["Random labels", "one", "two"]);
        assert_eq!(table.rows, [["0 %", "50 %", ""], ["50 %", "", "70 %"], ["100 %", "90 %", ""]]);
    }

    #[test]
    fn a_long_table_is_thinned_and_keeps_its_ends() {
        let points: Vec<Point> = (0..=100).map(|at| (f64::from(at) / 100.0, 0.5)).collect();
        let table = plot_table(&test_errors_plot(vec![line("one", &points)]), "", percent, 5);
        let places: Vec<_> = table.rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(places, ["0 %", "25 %", "50 %", "75 %", "100 %"]);
        assert_eq!(evenly(0, 5).count(), 0);
        assert_eq!(evenly(3, 1).collect::<Vec<_>>(), [2]);
    }
}
