//! The binary and its build.

use crate::table::Row;
use crate::usage::children_cpu;
use anyhow::ensure;
use std::process::{Command, Stdio};

/// Bytes of the release binary.
#[expect(clippy::cast_precision_loss, reason = "a few million")]
pub(crate) fn measure() -> anyhow::Result<Vec<Row>> {
    let bytes = std::fs::metadata(crate::pty::program())?.len();
    Ok(vec![Row::new("release binary, MB", format!("{:.2}", bytes as f64 / 1e6)).target("6")])
}

/// CPU time of a clean release build, in a folder of its own; downloads are not in it when the
/// crates are there.
pub(crate) fn build() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let before = children_cpu()?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--bin", "rdpwatch", "--quiet"])
        .env("CARGO_TARGET_DIR", folder.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "the build failed");
    let minutes = children_cpu()?.saturating_sub(before).as_secs_f64() / 60.0;
    Ok(vec![Row::new("clean release build, minutes of CPU", format!("{minutes:.1}")).target("7")])
}
