//! The table of results, in Markdown.

use std::io::{self, Write};

/// One measurement.
#[derive(Debug)]
pub(crate) struct Row {
    /// What was measured, unit included.
    pub(crate) what: String,
    /// The value.
    pub(crate) value: String,
    /// What it should be at most.
    pub(crate) target: String,
    /// A peer's value of the same run.
    pub(crate) peer: String,
}

impl Row {
    /// A measurement without a target and without a peer.
    pub(crate) fn new(what: impl Into<String>, value: impl Into<String>) -> Self {
        let (target, peer) = (String::new(), String::new());
        Self { what: what.into(), value: value.into(), target, peer }
    }

    /// With a target.
    pub(crate) fn target(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }

    /// With a peer.
    pub(crate) fn peer(self, peer: impl Into<String>) -> Self {
        Self { peer: peer.into(), ..self }
    }
}

/// A line of progress on standard error.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(io::stderr(), "{line}")?)
}

/// The table on standard output.
pub(crate) fn print(rows: &[Row]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| what | measured | target | peer, same run |\n|---|---|---|---|")?;
    for Row { what, value, target, peer } in rows {
        writeln!(out, "| {what} | {value} | {target} | {peer} |")?;
    }
    Ok(())
}

/// The median; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The largest; 0 of nothing.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
