//! A part of a namespace by sort key, so that parts can be read side by side.

/// Both ends belong to it; without one it goes on to the first or the last row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyRange<'a> {
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
}

impl KeyRange<'_> {
    /// As a `KeyConditionExpression` has it, with `:from` and `:to` where there are such ends.
    pub(crate) fn condition(self) -> &'static str {
        match (self.from, self.to) {
            (None, None) => "#namespace = :namespace",
            (Some(_), None) => "#namespace = :namespace AND #key >= :from",
            (None, Some(_)) => "#namespace = :namespace AND #key <= :to",
            (Some(_), Some(_)) => "#namespace = :namespace AND #key BETWEEN :from AND :to",
        }
    }

    pub(crate) fn is_whole(self) -> bool {
        self == KeyRange::default()
    }
}

/// Cuts what lies between the sorted `keys`, of so many bytes each, into at most `most` ranges of `least` bytes and more. A key at which
/// two meet belongs to both.
pub(crate) fn ranges<'k>(keys: impl Iterator<Item = (&'k str, usize)>, least: usize, most: usize) -> Vec<KeyRange<'k>> {
    let keys: Vec<_> = keys.collect();
    let total: usize = keys.iter().map(|(_, bytes)| bytes).sum();
    let target = total.div_ceil(most).max(least);
    let mut ranges = Vec::new();
    let mut from = None;
    let (mut bytes, mut left) = (0, total);
    for (key, size) in keys {
        bytes += size;
        left -= size;
        // Never more than `most`: so many targets are all there is, and nothing is left.
        if bytes >= target && left >= least {
            ranges.push(KeyRange { from, to: Some(key) });
            from = Some(key);
            bytes = 0;
        }
    }
    ranges.push(KeyRange { from, to: None });
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sizes: &[(&'static str, usize)]) -> Vec<(Option<&'static str>, Option<&'static str>)> {
        let ranges = ranges(sizes.iter().copied(), 10, 3);
        ranges.iter().map(|range| (range.from, range.to)).collect()
    }

    #[test]
    fn ranges_are_large_and_few_and_leave_nothing_out() {
        assert_eq!(cut(&[]), [(None, None)]);
        assert_eq!(cut(&[("a", 10), ("b", 9)]), [(None, None)]);
        assert_eq!(cut(&[("a", 10), ("b", 10)]), [(None, Some("a")), (Some("a"), None)]);
        let many = [("a", 10), ("b", 10), ("c", 10), ("d", 10), ("e", 10), ("f", 10)];
        assert_eq!(
            cut(&many),
            [(None, Some("b")), (Some("b"), Some("d")), (Some("d"), None)]
        );
        assert_eq!(cut(&[("a", 1000)]), [(None, None)]);
        assert_eq!(cut(&[("a", 1000), ("b", 9)]), [(None, None)]);
    }

    #[test]
    fn there_are_never_more_ranges_than_asked_for() {
        for (count, size, most) in [(3, 10, 3), (4, 10, 3), (100, 10, 3), (100, 7, 1), (7, 1000, 4)] {
            let keys = (0..count).map(|_| ("key", size));
            let found = ranges(keys, 10, most).len();
            assert!((1..=most).contains(&found), "{found} of {count} times {size}");
        }
    }

    #[test]
    fn a_condition_names_the_ends_that_there_are() {
        let condition = |from, to| KeyRange { from, to }.condition();
        assert_eq!(condition(None, None), "#namespace = :namespace");
        assert_eq!(condition(Some("a"), None), "#namespace = :namespace AND #key >= :from");
        assert_eq!(condition(None, Some("b")), "#namespace = :namespace AND #key <= :to");
        let both = "#namespace = :namespace AND #key BETWEEN :from AND :to";
        assert_eq!(condition(Some("a"), Some("b")), both);
        assert!(KeyRange::default().is_whole());
        for (from, to) in [(Some("a"), None), (None, Some("b")), (Some("a"), Some("b"))] {
            assert!(!KeyRange { from, to }.is_whole());
        }
    }
}
