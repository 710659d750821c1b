//! The command line as scripts meet it: exit codes, streams, and the contract of `check`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod check;
mod commands;
mod contract;
mod desktop;
mod import;
mod program;
mod refusals;
mod sinks;
