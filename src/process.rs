//! Programs of the configuration and of the system, run without a shell, with nothing to read.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How much of a complaint is kept, in bytes.
const COMPLAINT: usize = 4_096;
/// How long what it said last is read for, once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Runs it to its end. Dropping the future kills it, and on Unix what it started and waits for: it
/// has a process group of its own. What it leaves behind when it has ended runs on.
///
/// # Errors
/// That it cannot be started, or its exit status and the last line that it complained with,
/// unescaped.
pub async fn run(command: &mut Command) -> Result<(), String> {
    ended(start(command.stdout(Stdio::null()))?).await
}

/// Runs it to its end and keeps what it prints, as [`run`] does otherwise.
///
/// # Errors
/// As those of [`run`], and that it prints more than `most` bytes.
pub async fn output(command: &mut Command, most: usize) -> Result<Vec<u8>, String> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let pipe = child.stdout.take();
    let mut printed = Vec::new();
    let reading = async {
        if let Some(pipe) = pipe {
            first_of(pipe, most.saturating_add(1), &mut printed).await;
        }
    };
    let ((), ended) = tokio::join!(reading, ended(child));
    ended?;
    if printed.len() > most {
        Err(format!("it prints more than {most} bytes"))
    } else {
        Ok(printed)
    }
}

fn start(command: &mut Command) -> Result<Child, String> {
    #[cfg(unix)]
    command.process_group(0);
    command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))
}

/// Waits for its end, or says what it complained with.
async fn ended(mut child: Child) -> Result<(), String> {
    let mut complaint = Vec::new();
    let status = match child.stderr.take() {
        Some(pipe) => {
            let reading = first_of(pipe, COMPLAINT, &mut complaint);
            let ending = end_of(&mut child);
            tokio::pin!(reading, ending);
            tokio::select! {
                () = &mut reading => ending.await,
                ended = &mut ending => {
                    // What it left behind, such as ssh's master connection, may hold the pipe open.
                    let _more = timeout(LAST_WORDS, reading).await;
                    ended
                }
            }
        }
        None => end_of(&mut child).await,
    };
    let status = status.map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(failure(status, &complaint)) }
}

/// Waits for its end. Dropping the future kills its group.
async fn end_of(child: &mut Child) -> io::Result<ExitStatus> {
    let group = Group::of(child);
    let ended = child.wait().await;
    group.leave();
    ended
}

/// The process group that a child leads; killed when dropped.
struct Group {
    #[cfg(unix)]
    leader: Option<nix::unistd::Pid>,
}

#[cfg(unix)]
impl Group {
    /// That of a child that was not waited for: nobody else has its number.
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.map(nix::unistd::Pid::from_raw) }
    }

    /// Lets it be.
    fn leave(mut self) {
        self.leader = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // Who has ended meanwhile needs no signal.
            let _gone = nix::sys::signal::killpg(leader, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[cfg(not(unix))]
impl Group {
    const fn of(_: &Child) -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "on Unix it has a leader")]
    fn leave(self) {}
}

/// Keeps the first bytes of what is written, and reads to the end.
async fn first_of(mut pipe: impl AsyncRead + Unpin, most: usize, kept: &mut Vec<u8>) {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    // What cannot be read is not known; the status says enough.
    let _lost = (&mut pipe).take(most).read_to_end(kept).await;
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::path::Path;
    use tokio::net::unix::pipe::{OpenOptions, Receiver};

    /// Runs a script whose third stream is a FIFO, and reads what comes out of that.
    fn listened(folder: &Path, script: &str) -> (Command, Receiver) {
        let fifo = folder.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = OpenOptions::new().open_receiver(&fifo).unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("exec 3>'{}'; {script}", fifo.display())]);
        (command, reader)
    }

    #[tokio::test]
    async fn what_a_program_waits_for_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut command, mut reader) = listened(folder.path(), "sleep 4711 & echo up >&3; wait");
        let mut said = [0; 3];
        tokio::select! {
            ended = run(&mut command) => panic!("{ended:?}"),
            read = reader.read_exact(&mut said) => assert_eq!((read.unwrap(), said), (3, *b"up\n")),
        }
        // It ends when nobody holds the other end open.
        let rest = timeout(Duration::from_secs(10), reader.read_to_end(&mut Vec::new())).await;
        assert_eq!(rest.expect("the sleep goes on").unwrap(), 0);
    }

    #[tokio::test]
    async fn what_a_program_prints_is_kept_up_to_a_bound() {
        let printed = |script: &'static str| async move {
            output(Command::new("/bin/sh").args(["-c", script]), 5).await
        };
        assert_eq!(printed("printf 12345").await, Ok(b"12345".to_vec()));
        let long = "it prints more than 5 bytes".to_owned();
        assert_eq!(printed("printf 123456").await, Err(long.clone()));
        // More than a pipe holds: it is read to its end.
        assert_eq!(printed("head -c 1000000 /dev/zero").await, Err(long));
        let failed = printed("printf 12; echo 'no such channel' >&2; exit 15").await;
        assert_eq!(failed, Err("exit status: 15: no such channel".to_owned()));
    }

    #[tokio::test]
    async fn what_a_program_leaves_behind_runs_on_when_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut command, mut reader) = listened(folder.path(), "sleep 4711 & echo $! >&3");
        assert_eq!(run(&mut command).await, Ok(()));
        let mut said = [0; 16];
        let length = reader.read(&mut said).await.unwrap();
        let pid: i32 = std::str::from_utf8(&said[..length]).unwrap().trim().parse().unwrap();
        assert!(timeout(LAST_WORDS, reader.read(&mut said)).await.is_err(), "it was ended");
        let pid = nix::unistd::Pid::from_raw(pid);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        assert_eq!(reader.read(&mut said).await.unwrap(), 0);
    }
}
