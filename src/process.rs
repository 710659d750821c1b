//! Programs of the configuration, run without a shell, with nothing to read.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

/// How much of a complaint is kept, in bytes.
const COMPLAINT: u64 = 4_096;
/// How long what it said last is read for, once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs it to its end. Dropping the future kills it.
///
/// # Errors
/// That it cannot be started, or its exit status and the last line that it complained with,
/// unescaped.
pub async fn run(command: &mut Command) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let mut complaint = Vec::new();
    let status = match child.stderr.take() {
        Some(pipe) => {
            let reading = first_of(pipe, &mut complaint);
            tokio::pin!(reading);
            tokio::select! {
                () = &mut reading => child.wait().await,
                ended = child.wait() => {
                    // What it left behind, such as ssh's master connection, may hold the pipe open.
                    let _more = timeout(LAST_WORDS, reading).await;
                    ended
                }
            }
        }
        None => child.wait().await,
    };
    let status = status.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(failure(status, &complaint)) }
}

/// Keeps the first bytes of what is written, and reads to the end.
async fn first_of(mut pipe: impl AsyncRead + Unpin, kept: &mut Vec<u8>) {
    // What cannot be read is not known; the status says enough.
    let _lost = (&mut pipe).take(COMPLAINT).read_to_end(kept).await;
    let _lost = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
}

/// `exit status 255: Permission denied (publickey).`
fn failure(status: ExitStatus, complaint: &[u8]) -> String {
    let complaint = String::from_utf8_lossy(complaint);
    match complaint.lines().map(str::trim).rfind(|line| !line.is_empty()) {
        Some(line) => format!("{status}: {line}"),
        None => status.to_string(),
    }
}
