//! One file per part of the screen: world and state in, lines out.

pub mod alerts;
pub mod banner;
mod copying;
pub mod detail;
pub mod empty;
pub mod explain;
pub mod facts;
pub mod findings;
pub mod footer;
mod form;
pub mod frame;
mod heading;
pub mod help;
pub mod maintenance;
pub mod panel;
pub mod path;
pub mod prompt;
pub mod review;
pub mod save;
pub mod simple;
pub mod small;
mod strip;
pub mod table;
pub mod timeline;
mod tip;
pub mod transcript;
pub mod wall;
