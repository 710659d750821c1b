//! A hook: a program of the configuration, run without a shell, told by its environment.

use crate::domain::sink::{Notice, PLACEHOLDERS};
use crate::report::notice::field;
use std::process::Stdio;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// How much of its complaint is kept, in bytes.
const COMPLAINT: u64 = 4_096;

/// Runs it once. Every field of the notice is a variable, `RDPWATCH_ALERT_` and its name in
/// capitals; no value is ever read as code, nor as an argument.
///
/// # Errors
/// That it cannot be started, or its exit status and the last line that it complained with.
pub(super) async fn run(words: &[String], notice: &Notice) -> Result<(), String> {
    let [program, arguments @ ..] = words else { return Err("there is no program".to_owned()) };
    let variables = PLACEHOLDERS.map(|name| {
        // A variable cannot hold a NUL.
        let value = field(notice, name).replace('\0', "");
        (format!("RDPWATCH_ALERT_{}", name.to_uppercase()), value)
    });
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let mut complaint = Vec::new();
    if let Some(mut pipe) = child.stderr.take() {
        // What cannot be read is not known; the status says enough.
        let _lost = (&mut pipe).take(COMPLAINT).read_to_end(&mut complaint).await;
        let _lost = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&complaint);
    match complaint.lines().map(str::trim).rfind(|line| !line.is_empty()) {
        Some(line) => Err(format!("{status}: {line}")),
        None => Err(status.to_string()),
    }
}
