//! What the operating systems do differently: error queues, link-layer frames, borrowed handles.

#[cfg(target_os = "linux")]
pub(crate) mod batch;
#[cfg(target_os = "linux")]
pub(crate) mod control;
pub(crate) mod dial;
#[cfg(target_os = "linux")]
pub(crate) mod error_queue;
pub(crate) mod fault;
#[cfg(target_os = "linux")]
pub(crate) mod link_layer;
pub(crate) mod native;
#[cfg(target_os = "linux")]
pub(crate) mod option;
pub(crate) mod tcp_info;

/// Says on a test's output that it could not run here.
#[cfg(test)]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
