//! Small drawings made of text.

pub mod chart;
pub mod ladder;
pub mod letters;
pub mod spark;
