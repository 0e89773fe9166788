//! Names at the ends of lines, moved apart where lines end close together.

use super::order::ordered_by;

/// Moves positions apart until neighbours are at least `gap` pixels from each other: each crowd is spread around its
/// middle, the others stay where they are. None goes above `highest`, and none below `lowest` (pixels count downwards);
/// where there is no room for all, the lower end is kept.
pub(super) fn apart(positions: &[i32], gap: i32, highest: i32, lowest: i32) -> Vec<i32> {
    let order = ordered_by(positions.len(), |index| positions[index].into());
    // With a gap taken off for each one below it, "far enough apart" becomes "not decreasing", and the nearest
    // non-decreasing sequence is found by merging neighbours into crowds (sum, count) while they stand the wrong way.
    let mut crowds: Vec<(i32, i32)> = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let mut crowd = (positions[index] - rank as i32 * gap, 1);
        while let Some(&(sum, count)) =
            crowds.last().filter(|(sum, count)| sum * crowd.1 > crowd.0 * count)
        {
            crowds.pop();
            crowd = (sum + crowd.0, count + crowd.1);
        }
        crowds.push(crowd);
    }
    let spread = crowds.iter().flat_map(|&(sum, count)| (0..count).map(move |_| sum / count));
    let mut placed = positions.to_vec();
    for ((rank, &index), place) in order.iter().enumerate().zip(spread) {
        placed[index] = place + rank as i32 * gap;
    }
    let mut limit = highest;
    for &index in &order {
        placed[index] = placed[index].max(limit);
        limit = placed[index] + gap;
    }
    let mut limit = lowest;
    for &index in order.iter().rev() {
        placed[index] = placed[index].min(limit);
        limit = placed[index] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crowded_labels_are_spread_around_their_middle_and_others_stay() {
        assert_eq!(apart(&[100, 100, 300], 16, 0, 400), [92, 108, 300]);
        assert_eq!(apart(&[50, 10], 16, 0, 400), [50, 10]);
        assert_eq!(apart(&[100, 100], 16, 0, 100), [84, 100]);
        assert_eq!(apart(&[10, 10, 10], 16, 5, 400), [5, 21, 37]);
        assert_eq!(apart(&[], 16, 0, 400), Vec::<i32>::new());
    }
}
