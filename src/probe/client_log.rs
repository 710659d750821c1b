//! The log of this machine's own Remote Desktop client: on Windows the channel
//! `Microsoft-Windows-TerminalServices-RDPClient/Operational`, as `wevtutil` prints it. Every user
//! may read it; nothing is sent.

use super::seam::Pending;
use super::sessions::Unseen;
use crate::domain::client_log::ClientEvent;
use crate::process;
use crate::proto::client_log::{LONGEST, MOST, decode};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// The channel.
const CHANNEL: &str = "Microsoft-Windows-TerminalServices-RDPClient/Operational";
/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// `CREATE_NO_WINDOW`: it gets no console, not this program's either.
#[cfg(windows)]
const NO_WINDOW: u32 = 0x0800_0000;

/// Where the client's events are read.
pub trait ClientLogSource: Send + Sync {
    /// The events behind the one of this number, and those of the last minute; the newest where no
    /// number is given.
    fn read(&self, behind: Option<u64>) -> Pending<'_, Result<Vec<ClientEvent>, Unseen>>;
}

/// A program that prints the channel as `wevtutil` does.
#[derive(Debug, Clone)]
pub struct EventChannel {
    program: PathBuf,
}

impl EventChannel {
    /// The one of this system; `None` elsewhere than on Windows.
    #[must_use]
    pub fn of_system() -> Option<Self> {
        cfg!(windows).then(|| {
            let root = std::env::var_os("SystemRoot").map(PathBuf::from);
            let root = root.filter(|root| root.is_absolute());
            let root = root.unwrap_or_else(|| PathBuf::from(r"C:\Windows"));
            Self { program: root.join("System32").join("wevtutil.exe") }
        })
    }

    async fn events(&self, behind: Option<u64>) -> Result<Vec<ClientEvent>, Unseen> {
        let mut command = Command::new(&self.program);
        command.args(arguments(behind));
        #[cfg(windows)]
        command.creation_flags(NO_WINDOW);
        let printed = timeout(PATIENCE, process::output(&mut command, LONGEST)).await;
        let printed = printed.map_err(|_| {
            Unseen::Refused(format!("wevtutil did not end within {} s", PATIENCE.as_secs()))
        })?;
        let printed = printed.map_err(|why| Unseen::Refused(format!("wevtutil: {why}")))?;
        let read = decode(&printed);
        if read.whole {
            Ok(read.events)
        } else {
            Err(Unseen::Refused("wevtutil: its output is cut off or is not XML".to_owned()))
        }
    }
}

impl ClientLogSource for EventChannel {
    fn read(&self, behind: Option<u64>) -> Pending<'_, Result<Vec<ClientEvent>, Unseen>> {
        Box::pin(self.events(behind))
    }
}

/// A channel that was cleared numbers anew: what is a minute old at most is asked for in any case.
fn arguments(behind: Option<u64>) -> [String; 6] {
    let new = behind.map_or_else(String::new, |record| {
        format!(" and (EventRecordID>{record} or TimeCreated[timediff(@SystemTime)<=60000])")
    });
    [
        "qe".to_owned(),
        CHANNEL.to_owned(),
        format!("/q:*[System[(EventID=1024 or EventID=1025 or EventID=1026){new}]]"),
        format!("/c:{MOST}"),
        "/rd:true".to_owned(),
        "/f:xml".to_owned(),
    ]
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::domain::client_log::ClientNews;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A program that does what this script says.
    fn channel(folder: &std::path::Path, script: &str) -> EventChannel {
        let program = folder.join("wevtutil");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        EventChannel { program }
    }

    #[tokio::test]
    async fn what_the_program_prints_are_the_events() {
        let folder = tempfile::tempdir().unwrap();
        let session = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/client_log/session");
        let asked = folder.path().join("asked");
        let script = format!("echo \"$@\" >'{}'; cat '{session}'", asked.display());
        let read = channel(folder.path(), &script).read(Some(1_040)).await.unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].news, ClientNews::Ended(0x904));
        assert_eq!(
            fs::read_to_string(asked).unwrap(),
            "qe Microsoft-Windows-TerminalServices-RDPClient/Operational \
             /q:*[System[(EventID=1024 or EventID=1025 or EventID=1026) and (EventRecordID>1040 \
             or TimeCreated[timediff(@SystemTime)<=60000])]] /c:256 /rd:true /f:xml\n"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |why: &str| Err(Unseen::Refused(format!("wevtutil: {why}")));
        let denied = "echo 'Failed to read events. Access is denied.' >&2; exit 5";
        assert_eq!(
            channel(folder.path(), denied).read(None).await,
            refused("exit status: 5: Failed to read events. Access is denied.")
        );
        assert_eq!(
            channel(folder.path(), "printf '<Event><System>'").read(None).await,
            refused("its output is cut off or is not XML")
        );
        assert_eq!(
            channel(folder.path(), "head -c 9000000 /dev/zero").read(None).await,
            refused("it prints more than 1048576 bytes")
        );
        assert_eq!(channel(folder.path(), "").read(None).await, Ok(Vec::new()), "it is empty");
        let missing = EventChannel { program: folder.path().join("none") };
        assert!(matches!(missing.read(None).await, Err(Unseen::Refused(_))));
    }
}
