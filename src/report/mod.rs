//! Text and JSON for people and scripts: check, explain, doctor, ticket.
//!
//! Everything here turns values of the domain into text. Nothing reads a clock, a file or the
//! environment: times, the time zone and the facts about this machine are arguments.

pub mod check_json;
pub mod check_text;
pub mod codes;
pub mod detection;
pub mod doctor;
pub mod explain;
pub mod finding;
pub mod gateway;
pub mod guides;
pub mod notice;
pub mod path_mtu;
pub mod probes_doc;
pub mod rules_doc;
pub mod ticket;
pub mod transcript;
pub mod words;

#[cfg(test)]
mod testing;
