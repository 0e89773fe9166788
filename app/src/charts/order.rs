//! Places in the order of a number.

/// `0..count` by `key`, smallest first; as they come where it is the same. The one sort for all of the page: a copy of
/// the sorting code for each kind of thing that is sorted weighs as much as a chart.
pub fn ordered_by(count: usize, key: impl Fn(usize) -> i64) -> Vec<usize> {
    let mut keyed: Vec<(i64, usize)> = (0..count).map(|place| (key(place), place)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ordered_by_key_and_then_as_they_come() {
        let keys = [3, -1, 3, 2];
        assert_eq!(ordered_by(4, |place| keys[place]), [1, 3, 0, 2]);
        assert!(ordered_by(0, |_| 0).is_empty());
    }
}
