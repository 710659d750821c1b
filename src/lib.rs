//! rdpwatch watches Remote Desktop hosts live and says which of the known causes of error 0x904
//! is about to bite, on which machine, since when, with what proof and what remedy.
//!
//! The layers and what may use what are in `ARCHITECTURE.md`; `tests/architecture.rs` holds the
//! code to it.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod files;
pub mod monitor;
pub mod probe;
pub mod process;
pub mod proto;
pub mod report;
pub mod scenario;
pub mod schedule;
pub mod sink;
pub mod store;
pub mod ui;
