//! The screen as the user sees it: pictures of every screen, what every key does, and that
//! nothing the user or a host can do breaks it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot prepare its world fails by panicking"
)]

mod alerts;
mod command;
mod copying;
mod every;
mod filter;
mod fixtures;
mod form;
mod keys;
mod known;
mod layout;
mod marked;
mod messages;
mod pictures;
mod properties;
mod rows;
mod sparklines;
mod support;
mod themes;
mod undo;
mod views;
mod wall;
