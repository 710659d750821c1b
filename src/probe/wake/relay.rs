//! Waking through another machine: a command of the configuration, run without a shell.

use crate::domain::mac::MacAddr;
use crate::domain::wake::{RelayRun, WakeRelay};
use crate::process;
use std::net::IpAddr;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// How long the command may take as a whole.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command once, with nothing to read.
pub(super) async fn wake(
    relay: &WakeRelay,
    mac: MacAddr,
    address: Option<IpAddr>,
    hidden: &[String],
) -> RelayRun {
    let error = match timeout(PATIENCE, run(relay, mac, address, hidden)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(format!("it did not end within {} s", PATIENCE.as_secs())),
    };
    RelayRun { program: relay.program().to_owned(), error }
}

async fn run(
    relay: &WakeRelay,
    mac: MacAddr,
    address: Option<IpAddr>,
    hidden: &[String],
) -> Result<(), String> {
    let mut command = Command::new(relay.program());
    for name in hidden {
        command.env_remove(name);
    }
    process::run(command.args(relay.arguments(mac, address))).await
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55]);

    async fn error_of(words: &[&str]) -> Option<String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let Ok(relay) = WakeRelay::new(words) else { return Some("no relay".to_owned()) };
        wake(&relay, MAC, Some([10, 0, 0, 21].into()), &["CARGO_PKG_NAME".to_owned()]).await.error
    }

    #[tokio::test]
    async fn the_command_gets_the_address_as_it_is_and_no_shell_reads_it() {
        let equal = "02:11:22:33:44:55 10.0.0.21 $(id)";
        assert_eq!(error_of(&["test", "{mac} {address} $(id)", "=", equal]).await, None);
    }

    /// Where tests run, that variable is set; the one beside it stays.
    #[tokio::test]
    async fn a_command_does_not_see_the_secrets_of_others() {
        let shows = "test -z \"$CARGO_PKG_NAME\" && test -n \"$PATH\" # {mac}";
        assert_eq!(std::env::var("CARGO_PKG_NAME").as_deref(), Ok("rdpwatch"));
        assert_eq!(error_of(&["sh", "-c", shows]).await, None);
    }

    #[tokio::test]
    async fn a_command_that_fails_says_why() {
        let error = error_of(&["sh", "-c", "echo no route >&2; exit 3", "{mac}"]).await;
        assert_eq!(error.as_deref(), Some("exit status: 3: no route"));
        let error = error_of(&["false", "{mac}"]).await;
        assert_eq!(error.as_deref(), Some("exit status: 1"));
        let error = error_of(&["/nowhere/at/all", "{mac}"]).await;
        assert!(error.is_some_and(|error| error.starts_with("it cannot be started: ")));
    }

    #[tokio::test]
    async fn what_a_command_leaves_behind_is_not_waited_for() {
        // As ssh does with ControlPersist: what is left behind keeps standard error open, here for
        // longer than anybody waits.
        let leaves = "sleep 31 & echo no route >&2; exit $0";
        assert_eq!(error_of(&["sh", "-c", leaves, "0", "{mac}"]).await, None);
        let error = error_of(&["sh", "-c", leaves, "3", "{mac}"]).await;
        assert_eq!(error.as_deref(), Some("exit status: 3: no route"));
    }

    #[tokio::test]
    async fn a_flood_of_complaints_is_bounded_and_does_not_block_it() {
        let flood = "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1";
        let error = error_of(&["sh", "-c", flood, "{mac}"]).await;
        let length = error.map_or(0, |error| error.len());
        assert!((4_096..5_000).contains(&length), "{length}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_hangs_is_given_up() {
        let error = error_of(&["sleep", "3600", "--", "{mac}"]).await;
        assert!(error.is_some(), "{error:?}");
    }
}
