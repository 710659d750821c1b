//! A thread that writes, so that a terminal that takes nothing holds up nothing else.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Room for what waits: one frame, and bells and copied texts.
const WAITING: usize = 8;
/// So many bytes are written at once; in between it may be told to give up.
const CHUNK: usize = 4_096;

/// How the writing of one text ended.
#[derive(Debug)]
pub struct Written {
    /// Whether it was a frame.
    pub frame: bool,
    /// How long the terminal took for it.
    pub took: Duration,
    /// What the terminal said.
    pub result: io::Result<()>,
}

/// What to write.
struct Job {
    bytes: Vec<u8>,
    frame: bool,
}

/// What is under way.
#[derive(Debug, Default)]
struct Under {
    jobs: usize,
    given_up: bool,
}

/// What is under way, for whoever waits for its end.
#[derive(Debug, Default)]
pub(super) struct Progress {
    under: Mutex<Under>,
    changed: Condvar,
}

impl Progress {
    fn with<T>(&self, change: impl FnOnce(&mut Under) -> T) -> T {
        let result = change(&mut self.under.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
        result
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.with(|under| under.jobs == 0)
    }

    /// Waits until nothing is under way; false when it takes longer than `patience`.
    pub(super) fn settle(&self, patience: Duration) -> bool {
        let under = self.under.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed
            .wait_timeout_while(under, patience, |under| under.jobs > 0)
            .is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// From here on nothing more is written, but for the chunk that the terminal has already.
    pub(super) fn give_up(&self) {
        self.with(|under| under.given_up = true);
    }

    /// Writing goes on.
    pub(super) fn go_on(&self) {
        self.with(|under| under.given_up = false);
    }
}

/// Hands texts to the thread that writes them, in order.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: SyncSender<Job>,
    progress: Arc<Progress>,
}

impl Writer {
    /// Writes to `out` and says of every text how it ended.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        done: impl Fn(Written) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(WAITING);
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        std::thread::Builder::new()
            .name("terminal".to_owned())
            .spawn(move || work(out, &waiting, &shared, &done))?;
        Ok(Self { jobs, progress })
    }

    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Writes a frame after what waits already.
    ///
    /// # Errors
    /// When so much waits that it cannot be taken, or nothing is written any more.
    pub(super) fn frame(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.put(Job { bytes, frame: true })
    }

    /// Writes other bytes after what waits already.
    ///
    /// # Errors
    /// When so much waits that it cannot be taken, or nothing is written any more.
    pub(super) fn other(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.put(Job { bytes, frame: false })
    }

    fn put(&self, job: Job) -> io::Result<()> {
        self.progress.with(|under| under.jobs += 1);
        self.jobs.try_send(job).map_err(|error| {
            self.progress.with(|under| under.jobs -= 1);
            match error {
                TrySendError::Full(_) => io::ErrorKind::WouldBlock.into(),
                TrySendError::Disconnected(_) => io::ErrorKind::BrokenPipe.into(),
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the terminal takes is measured here")]
fn work(
    mut out: impl Write,
    waiting: &Receiver<Job>,
    progress: &Progress,
    done: &impl Fn(Written),
) {
    for Job { bytes, frame } in waiting {
        let start = Instant::now();
        let result = write(&mut out, &bytes, progress).and_then(|()| out.flush());
        let took = start.elapsed();
        progress.with(|under| under.jobs -= 1);
        done(Written { frame, took, result });
    }
}

/// Writes `bytes`, unless told to give up. `out` may say that it takes nothing at present, once
/// it has waited for a moment.
fn write(out: &mut impl Write, bytes: &[u8], progress: &Progress) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() && !progress.with(|under| under.given_up) {
        let chunk = left.get(..CHUNK).unwrap_or(left);
        match out.write(chunk) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => left = left.get(taken..).unwrap_or_default(),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    /// Longer than anything takes.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A terminal that takes a chunk only when it is told to.
    struct Gate {
        begun: Sender<()>,
        open: Receiver<()>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.begun.send(()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.open.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.taken.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Bench {
        writer: Writer,
        begun: Receiver<()>,
        open: Sender<()>,
        taken: Receiver<Vec<u8>>,
        done: Receiver<Written>,
    }

    fn bench() -> Bench {
        let (beginning, begun) = channel();
        let (open, gate) = channel();
        let (taker, taken) = channel();
        let (told, done) = channel();
        let out = Gate { begun: beginning, open: gate, taken: taker };
        let writer = Writer::start(out, move |written| drop(told.send(written))).expect("a thread");
        Bench { writer, begun, open, taken, done }
    }

    #[test]
    fn the_time_of_a_terminal_that_stalls_is_measured() {
        let Bench { writer, begun, open, taken, done } = bench();
        let progress = writer.progress();
        assert!(progress.is_idle());
        writer.frame(b"frame".to_vec()).expect("room");
        assert!(!progress.is_idle());
        begun.recv_timeout(PATIENCE).expect("it writes");
        let stall = Duration::from_millis(30);
        assert!(!progress.settle(stall), "it waits for the terminal");
        open.send(()).expect("it waits");
        let written = done.recv_timeout(PATIENCE).expect("written");
        assert!(written.frame && written.result.is_ok());
        assert!(written.took >= stall, "{written:?}");
        assert_eq!(taken.recv().expect("taken"), b"frame");
        assert!(progress.settle(PATIENCE) && progress.is_idle());
    }

    #[test]
    fn what_waits_is_bounded_and_in_order() {
        let Bench { writer, begun: _begun, open, taken, done } = bench();
        let mut put = 0_u8;
        while writer.other(vec![put]).is_ok() {
            put += 1;
        }
        // One of them may be in the hands of the thread.
        assert!((WAITING..=WAITING + 1).contains(&usize::from(put)), "{put}");
        (0..put).for_each(|_| open.send(()).expect("it waits"));
        let order: Vec<u8> = (0..put).flat_map(|_| taken.recv().expect("taken")).collect();
        assert_eq!(order, (0..put).collect::<Vec<u8>>());
        assert!((0..put).all(|_| !done.recv_timeout(PATIENCE).expect("written").frame));
        assert!(writer.progress().settle(PATIENCE), "what was refused does not count");
    }

    #[test]
    fn given_up_it_writes_no_further_chunk() {
        let Bench { writer, begun: _begun, open, taken, done } = bench();
        let progress = writer.progress();
        writer.frame(vec![b'x'; 3 * CHUNK]).expect("room");
        open.send(()).expect("it waits");
        assert_eq!(taken.recv_timeout(PATIENCE).expect("a chunk").len(), CHUNK);
        progress.give_up();
        // The second chunk may be with the terminal already.
        open.send(()).expect("it waits");
        done.recv_timeout(PATIENCE).expect("ended");
        assert!(taken.try_iter().count() <= 1);
        progress.go_on();
        open.send(()).expect("it waits");
        writer.other(b"y".to_vec()).expect("room");
        done.recv_timeout(PATIENCE).expect("written");
        assert!(taken.try_iter().any(|chunk| chunk == b"y"));
    }

    #[test]
    fn the_error_of_the_terminal_is_told() {
        let Bench { writer, begun: _begun, open, done, .. } = bench();
        drop(open);
        writer.frame(b"frame".to_vec()).expect("room");
        assert!(done.recv_timeout(PATIENCE).expect("ended").result.is_err());
    }
}
