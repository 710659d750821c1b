//! Small drawings made of text.

pub mod chart;
pub mod ladder;
pub mod spark;
