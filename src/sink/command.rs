//! A hook: a program of the configuration, run without a shell, told by its environment.

use crate::domain::sink::{Notice, PLACEHOLDERS};
use crate::process;
use crate::report::notice::field;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::process::Command;

/// Runs it once. Every field of the notice is a variable, `RDPWATCH_ALERT_` and its name in
/// capitals; no value is ever read as code, nor as an argument. It does not see the variables in
/// `hidden`. From `handed` on it runs.
///
/// # Errors
/// That it cannot be started, or its exit status and the last line that it complained with.
pub(super) async fn run(
    words: &[String],
    notice: &Notice,
    hidden: &[String],
    handed: &AtomicBool,
) -> Result<(), String> {
    let [program, arguments @ ..] = words else { return Err("there is no program".to_owned()) };
    let variables = PLACEHOLDERS.map(|name| {
        // A variable cannot hold a NUL.
        let value = field(notice, name).replace('\0', "");
        (format!("RDPWATCH_ALERT_{}", name.to_uppercase()), value)
    });
    let mut command = Command::new(program);
    for name in hidden {
        command.env_remove(name);
    }
    // It is started at once or not at all.
    handed.store(true, Ordering::Relaxed);
    process::run(command.args(arguments).envs(variables)).await
}
