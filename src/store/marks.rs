//! Marks on their way from `rdpwatch mark` to the program that watches: a line of JSON each, in a
//! file beside the state.
//!
//! Whoever writes or takes holds the file's lock, and the file stays the same one, so that no mark
//! is lost between two processes. What is in it is not trusted: its size is bounded, and a line
//! that is no mark is dropped.

use super::file::{failed, overwrite};
use super::{LINGER, StoreError};
use crate::domain::mark::{Mark, TEXT};
use crate::domain::time::WallTime;
use crate::files::private;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Most bytes that wait: some hundred marks.
const LIMIT: usize = 64 * 1024;
/// Most lines of an answer.
const LINES: usize = 64;
/// Nobody waits for an answer for so long.
const ANSWER: Duration = Duration::from_mins(1);
/// Most files that are looked at for old answers.
const SWEPT: usize = 1_024;
/// Longest name of a target in a mark, in bytes.
const NAME: usize = 300;

/// The file.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
}

impl Spool {
    pub(super) const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Adds a mark; where too many wait, of hosts that nobody watches any more, the oldest give way.
    /// Waits while another process is at it, which takes no time worth telling.
    pub(super) fn leave(&self, mark: &Mark) -> Result<(), StoreError> {
        // What a torn line before it holds must not swallow it; an empty line is no mark.
        let mut line = vec![b'\n'];
        serde_json::to_writer(&mut line, mark)?;
        line.push(b'\n');
        let mut options = private();
        let mut file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&self.path)
            .map_err(failed("write", &self.path))?;
        file.lock().map_err(failed("lock", &self.path))?;
        let waiting = read(&mut file).map_err(failed("read", &self.path))?;
        if waiting.len() > LIMIT {
            return Err(StoreError::Full { path: self.path.clone() });
        }
        let room = LIMIT.saturating_sub(line.len());
        let newest = newest_lines(&waiting, room);
        if newest.len() < waiting.len() {
            overwrite(&mut file, newest).map_err(failed("replace", &self.path))?;
        }
        file.seek(io::SeekFrom::End(0))
            .and_then(|_| file.write_all(&line))
            .map_err(failed("write", &self.path))
    }

    /// Takes what is wanted; what was first taken longer ago than [`LINGER`] goes. Whoever else
    /// holds the lock is left alone.
    pub(super) fn take(
        &self,
        wanted: &dyn Fn(&Mark) -> bool,
        now: WallTime,
    ) -> Result<Vec<Mark>, StoreError> {
        let mut options = OpenOptions::new();
        let mut file = match options.read(true).write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &self.path)(error)),
        };
        if file.metadata().map_err(failed("read", &self.path))?.len() == 0 {
            return Ok(Vec::new());
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Vec::new()),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &self.path)(error)),
        }
        let bytes = read(&mut file).map_err(failed("read", &self.path))?;
        if bytes.len() > LIMIT {
            return Err(StoreError::Full { path: self.path.clone() });
        }
        let (mut taken, mut left, mut staying) = (Vec::new(), Vec::new(), Vec::new());
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(mark) = serde_json::from_slice(line).ok().filter(is_sound) else { continue };
            // A clock that was set back keeps no mark for ever.
            if mark.taken.is_some_and(|at| at > now || now.since(at) > LINGER) {
                continue;
            }
            if !wanted(&mark) || mark.taken.is_some() {
                left.extend_from_slice(line);
            } else if mark.number.is_some() {
                staying.push(serde_json::to_vec(&Mark { taken: Some(now), ..mark.clone() })?);
            }
            if wanted(&mark) {
                taken.push(mark);
            }
        }
        for line in staying {
            if left.len() + line.len() < LIMIT {
                left.extend_from_slice(&line);
                left.push(b'\n');
            }
        }
        if left != bytes {
            overwrite(&mut file, &left).map_err(failed("replace", &self.path))?;
        }
        Ok(taken)
    }

    /// Where an answer is waited for.
    fn place(&self, number: u64) -> PathBuf {
        self.path.with_file_name(format!("mark-{number}.answer"))
    }

    /// Makes an empty file for the answer, and takes away those that nobody waits at any more.
    pub(super) fn expect(&self, number: u64) -> Result<(), StoreError> {
        let place = self.place(number);
        let room =
            private().write(true).create_new(true).open(&place).map_err(failed("write", &place))?;
        if let Some(now) = room.metadata().ok().and_then(|made| made.modified().ok()) {
            self.sweep(now);
        }
        Ok(())
    }

    /// Removes answers whose `rdpwatch mark` was stopped before it read them.
    fn sweep(&self, now: SystemTime) {
        let folder = self.path.parent().map(std::fs::read_dir);
        for entry in folder.into_iter().flatten().flatten().flatten().take(SWEPT) {
            let name = entry.file_name();
            let is_answer = name.to_str().is_some_and(|name| {
                let number = name.strip_prefix("mark-").and_then(|n| n.strip_suffix(".answer"));
                number.is_some_and(|number| number.parse::<u64>().is_ok())
            });
            let written = entry.metadata().ok().and_then(|found| found.modified().ok());
            let old =
                written.is_some_and(|at| now.duration_since(at).is_ok_and(|age| age > ANSWER));
            if is_answer && old {
                // What is gone already is what was wanted.
                let _gone = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Writes the answer where it is waited for, and nowhere else.
    pub(super) fn answer(&self, number: u64, lines: &[String]) -> Result<(), StoreError> {
        let place = self.place(number);
        let bytes = serde_json::to_vec(lines)?;
        match OpenOptions::new().write(true).open(&place) {
            Ok(mut file) => file.write_all(&bytes).map_err(failed("write", &place)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("write", &place)(error)),
        }
    }

    /// The answer; `None` while it is not there, or not whole.
    pub(super) fn answered(&self, number: u64) -> Option<Vec<String>> {
        let bytes = read(&mut File::open(self.place(number)).ok()?).ok()?;
        let mut lines: Vec<String> = serde_json::from_slice(&bytes).ok()?;
        lines.truncate(LINES);
        Some(lines)
    }

    pub(super) fn forget(&self, number: u64) {
        // What is gone already is what was wanted.
        let _gone = std::fs::remove_file(self.place(number));
    }
}

/// The last whole lines that fit into `room`; all of them when they do.
fn newest_lines(bytes: &[u8], room: usize) -> &[u8] {
    let excess = bytes.len().saturating_sub(room);
    let (old, kept) = bytes.split_at(excess);
    if old.last().is_none_or(|byte| *byte == b'\n') {
        return kept;
    }
    let whole = kept.iter().position(|byte| *byte == b'\n').map_or(kept.len(), |at| at + 1);
    kept.get(whole..).unwrap_or_default()
}

fn is_sound(mark: &Mark) -> bool {
    let short = |text: &str, limit| text.len() <= limit;
    // Four bytes are the longest character.
    short(&mark.text, 4 * TEXT) && mark.target.as_deref().is_none_or(|name| short(name, NAME))
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(LIMIT).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const NOW: WallTime = WallTime::from_unix_secs(1_000);

    fn spool() -> (TempDir, Spool) {
        let folder = tempfile::tempdir().expect("a folder");
        let spool = Spool::at(folder.path().join("marks.jsonl"));
        (folder, spool)
    }

    fn mark(target: &str, secs: i64) -> Mark {
        let at = WallTime::from_unix_secs(secs);
        let text = "VPN \u{1b}[2J".to_owned();
        Mark { at, target: Some(target.to_owned()), text, number: None, taken: None }
    }

    #[test]
    fn each_program_takes_its_own_marks_once() {
        let (_folder, spool) = spool();
        assert_eq!(spool.take(&|_| true, NOW).expect("nothing there"), []);
        for (target, secs) in [("a:3389", 1), ("b:3389", 2), ("a:3389", 3)] {
            spool.leave(&mark(target, secs)).expect("left");
        }
        let of = |name: &'static str| move |mark: &Mark| mark.target.as_deref() == Some(name);
        assert_eq!(spool.take(&of("c:3389"), NOW).expect("none"), []);
        let taken = spool.take(&of("a:3389"), NOW).expect("taken");
        assert_eq!(taken, [mark("a:3389", 1), mark("a:3389", 3)]);
        assert_eq!(spool.take(&of("a:3389"), NOW).expect("none"), []);
        spool.leave(&mark("b:3389", 4)).expect("left");
        let taken = spool.take(&|_| true, NOW).expect("taken");
        assert_eq!(taken, [mark("b:3389", 2), mark("b:3389", 4)]);
    }

    #[test]
    fn two_programs_that_watch_one_target_both_see_a_mark_and_then_it_goes() {
        let (_folder, spool) = spool();
        let left = Mark { number: Some(7), ..mark("a:3389", 1) };
        spool.leave(&left).expect("left");
        let take = |secs| {
            let now = NOW.plus(Duration::from_secs(secs));
            spool.take(&|_| true, now).expect("taken")
        };
        assert_eq!(take(0), std::slice::from_ref(&left));
        let seen = Mark { taken: Some(NOW), ..left };
        assert_eq!(take(10), std::slice::from_ref(&seen));
        assert_eq!(take(11), []);
        assert_eq!(std::fs::read(&spool.path).expect("there"), b"");
        spool.leave(&Mark { taken: Some(NOW.plus(LINGER)), ..seen }).expect("left");
        assert_eq!(take(0), [], "taken in the future: the clock was set back");
    }

    #[test]
    fn what_is_no_mark_is_dropped_and_what_is_too_much_is_refused() {
        let (_folder, spool) = spool();
        let long = "x".repeat(4 * TEXT + 1);
        let strange = format!(
            "\n{{}}\n[]\nnull\n\u{0}\n{{\"at\":\"x\"}}\n{{\"at\":1,\"text\":\"{long}\"}}\n\
             {{\"at\":5000}}\n{{\"at\":1"
        );
        std::fs::write(&spool.path, strange).expect("written");
        let taken = spool.take(&|_| true, NOW).expect("taken");
        let plain = Mark {
            at: WallTime::from_unix_secs(5),
            target: None,
            text: String::new(),
            number: None,
            taken: None,
        };
        assert_eq!(taken, [plain]);
        assert_eq!(std::fs::read(&spool.path).expect("there"), b"");
        std::fs::write(&spool.path, vec![b'x'; LIMIT + 1]).expect("written");
        assert!(matches!(spool.take(&|_| true, NOW), Err(StoreError::Full { .. })));
        let full = spool.leave(&mark("a:1", 1)).expect_err("full");
        assert!(full.to_string().contains("marks.jsonl is full"), "{full}");
        let kept = std::fs::metadata(&spool.path).expect("there").len();
        assert_eq!(kept, LIMIT as u64 + 1, "somebody else's file is left alone");
    }

    /// Nobody watched their hosts any more, and nobody could leave another.
    #[test]
    fn the_oldest_give_way_where_too_many_wait() {
        let (_folder, spool) = spool();
        let count = LIMIT / 40;
        for secs in 0..i64::try_from(count).expect("few") {
            spool.leave(&mark("gone:3389", secs)).expect("left");
            let size = std::fs::metadata(&spool.path).expect("there").len();
            assert!(size <= LIMIT as u64);
        }
        spool.leave(&mark("a:3389", 9_999_999)).expect("left");
        let taken = spool.take(&|_| true, NOW).expect("taken");
        assert_eq!(taken.last(), Some(&mark("a:3389", 9_999_999)));
        assert!(taken.len() > 300 && taken.len() < count, "{}", taken.len());
        let seconds: Vec<i64> = taken.iter().map(|mark| mark.at.unix_secs()).collect();
        assert!(seconds.is_sorted(), "whole lines, the newest");
    }

    #[test]
    fn answers_that_nobody_waits_for_are_swept() {
        let (folder, spool) = spool();
        spool.expect(1).expect("room");
        let aside = folder.path().join("mark-x.answer");
        std::fs::write(&aside, b"").expect("written");
        for path in [spool.place(1), aside.clone()] {
            let file = File::options().write(true).open(path).expect("there");
            let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            file.set_modified(long_ago).expect("set");
        }
        spool.expect(2).expect("room");
        assert!(!spool.place(1).exists());
        assert!(spool.place(2).exists() && aside.exists(), "what is not an answer stays");
    }

    #[test]
    fn an_answer_goes_where_it_is_waited_for_and_is_read_whole() {
        let (folder, spool) = spool();
        let lines = ["echo: \u{1b}[2J".to_owned(), "port: open".to_owned()];
        spool.answer(7, &lines).expect("nobody waits");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        spool.expect(7).expect("room");
        assert_eq!(spool.answered(7), None);
        std::fs::write(spool.place(7), b"[\"echo").expect("half of it");
        assert_eq!(spool.answered(7), None);
        std::fs::write(spool.place(7), b"").expect("empty");
        spool.answer(7, &lines).expect("answered");
        assert_eq!(spool.answered(7).as_deref(), Some(&lines[..]));
        std::fs::write(spool.place(7), vec![b' '; LIMIT + 9]).expect("too much");
        assert_eq!(spool.answered(7), None);
        spool.forget(7);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn who_is_at_it_is_not_waited_for() {
        let (_folder, spool) = spool();
        spool.leave(&mark("a:1", 1)).expect("left");
        let holder = File::open(&spool.path).expect("opened");
        holder.lock().expect("locked");
        assert_eq!(spool.take(&|_| true, NOW).expect("not waited"), []);
        drop(holder);
        assert_eq!(spool.take(&|_| true, NOW).expect("taken").len(), 1);
    }

    #[test]
    fn none_is_lost_between_many_that_write_and_two_that_take() {
        let (_folder, spool) = spool();
        let (writers, each) = (4, 50);
        let taken = std::sync::atomic::AtomicI64::new(0);
        let sum: i64 = (0..writers * each).sum();
        std::thread::scope(|scope| {
            for writer in 0..writers {
                let spool = &spool;
                scope.spawn(move || {
                    for number in 0..each {
                        let name = if number % 2 == 0 { "a:1" } else { "b:1" };
                        spool.leave(&mark(name, writer * each + number)).expect("left");
                    }
                });
            }
            for name in ["a:1", "b:1"] {
                let (spool, taken) = (&spool, &taken);
                scope.spawn(move || {
                    let wanted = |mark: &Mark| mark.target.as_deref() == Some(name);
                    let mut count = 0;
                    while count < writers * each / 2 {
                        for mark in spool.take(&wanted, NOW).expect("taken") {
                            count += 1;
                            let number = mark.at.unix_secs();
                            taken.fetch_add(number, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), sum);
    }
}
