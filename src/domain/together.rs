//! What happened together: the most of many events that lie within a span of each other, and the share
//! of all that they are.

use super::time::MonoTime;
use std::time::Duration;

/// What comes again within this long of the last end of the same is the same trouble, and not told
/// anew.
pub(super) const UNSTEADY: Duration = Duration::from_mins(5);

/// The most of `sorted` that lie within `span` of each other, by the time that `at` says; of equally
/// many the newest.
pub(super) fn most_within<T>(
    sorted: &[T],
    at: impl Fn(&T) -> MonoTime,
    span: Duration,
) -> Option<&[T]> {
    let run = |start: usize| {
        let rest = sorted.get(start..)?;
        let until = at(rest.first()?).plus(span);
        rest.get(..rest.partition_point(|one| at(one) <= until))
    };
    (0..sorted.len()).filter_map(run).max_by_key(|run| run.len())
}

/// Whether `many` of `of` are so many percent or more.
pub(super) fn is_share(many: usize, of: usize, percent: u32) -> bool {
    let percent = usize::try_from(percent).unwrap_or(usize::MAX);
    many.saturating_mul(100) >= of.saturating_mul(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(times: &[u64]) -> Option<Vec<u64>> {
        let times: Vec<MonoTime> = times.iter().copied().map(MonoTime::from_secs).collect();
        let run = most_within(&times, |at| *at, Duration::from_secs(15))?;
        Some(run.iter().map(|at| at.as_nanos() / 1_000_000_000).collect())
    }

    #[test]
    fn the_most_within_a_span_are_found_and_of_equally_many_the_newest() {
        assert_eq!(most(&[]), None);
        assert_eq!(most(&[7]), Some(vec![7]));
        assert_eq!(most(&[1, 16, 31, 32, 47, 60, 100]), Some(vec![47, 60]));
        assert_eq!(most(&[1, 2, 16, 17, 40]), Some(vec![2, 16, 17]));
        assert_eq!(most(&[1, 2, 60, 61]), Some(vec![60, 61]));
    }

    #[test]
    fn a_share_is_reached_exactly_and_nothing_overflows() {
        assert!(is_share(4, 5, 80) && !is_share(3, 5, 80) && is_share(0, 0, 80));
        assert!(is_share(usize::MAX, usize::MAX, 30));
    }
}
