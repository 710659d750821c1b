//! Waiting for something that can be seen, with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const PACE: Duration = Duration::from_millis(20);

/// The first value that `look` gives; panics when there is none within `limit`.
pub(crate) fn until<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    within(limit, look).unwrap_or_else(|| panic!("no {what} within {limit:?}"))
}

/// The first value that `look` gives within `limit`.
#[expect(clippy::disallowed_methods, reason = "a test waits for another process")]
pub(crate) fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = look() {
            return Some(value);
        }
        if start.elapsed() >= limit {
            return None;
        }
        std::thread::sleep(PACE);
    }
}
