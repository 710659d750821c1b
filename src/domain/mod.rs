//! The language of the project and everything that can be decided without I/O.
//!
//! Samples go in; statistics, findings, alerts and a snapshot come out. Nothing here opens a
//! socket, reads a clock or knows a screen: `now` is always an argument, so a scenario is plain
//! data.

pub mod alert;
pub mod alternative;
pub mod certificate;
pub mod client_settings;
pub mod clocks;
pub mod common_cause;
pub mod control;
pub mod course;
pub mod diagnose;
pub mod drops;
pub mod echo_series;
pub mod finding;
pub mod flip;
pub mod heard;
pub mod history;
pub mod hours;
pub mod identity;
pub mod incident;
pub mod ladder;
pub mod lane;
pub mod load;
pub mod local;
pub mod look;
pub mod mac;
pub mod maintenance;
pub mod mark;
pub mod memory;
pub mod nt_status;
pub mod os_version;
pub mod outage;
pub mod placeholder;
pub mod route;
pub mod rules;
pub mod said;
pub mod sample;
pub mod security;
pub mod session;
pub mod siblings;
pub mod sink;
pub mod snapshot;
pub mod stats;
pub mod surroundings;
pub mod target;
pub mod telling;
pub mod text;
pub mod thresholds;
pub mod throughput;
pub mod time;
pub mod tls_alert;
mod together;
pub mod transcripts;
pub mod tunnel;
pub mod turn;
pub mod turns;
pub mod untold;
pub mod usual;
pub mod verdict;
pub mod view;
pub mod wake;
pub mod way;
pub mod wifi;
pub mod wireless;
pub mod words;
