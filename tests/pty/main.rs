//! The dashboard as its users meet it: the real program on a pseudo-terminal.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test waits with deadlines of its own, and one that cannot go on has failed"
)]

mod commands;
mod copying;
mod detached;
mod editing;
mod exporting;
mod first;
mod leaving;
mod looks;
mod pace;
mod pressure;
mod quiet;
mod reload;
mod session;
mod start;
mod untold;
mod views;
mod waking;
