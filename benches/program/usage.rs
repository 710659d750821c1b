//! CPU time and memory, from `/proc` (proc(5)).

use anyhow::Context;
use std::fs;
use std::time::Duration;

/// `/proc` counts CPU time in hundredths of a second on every Linux (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);
/// Fields of `/proc/PID/stat` after the name: `utime` is the 12th, `cutime` the 14th.
const UTIME: usize = 11;
const CUTIME: usize = 13;

/// User and system time of a running process.
pub(crate) fn cpu_of(pid: u32) -> anyhow::Result<Duration> {
    sum_of_two(&format!("/proc/{pid}/stat"), UTIME)
}

/// User and system time of this process.
pub(crate) fn own_cpu() -> anyhow::Result<Duration> {
    sum_of_two("/proc/self/stat", UTIME)
}

/// User and system time of the children that this process waited for.
pub(crate) fn children_cpu() -> anyhow::Result<Duration> {
    sum_of_two("/proc/self/stat", CUTIME)
}

fn sum_of_two(path: &str, first: usize) -> anyhow::Result<Duration> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    // The name stands in parentheses and may hold anything.
    let (_, fields) = text.rsplit_once(')').context("no name in stat")?;
    let ticks: u32 = fields
        .split_whitespace()
        .skip(first)
        .take(2)
        .map(|field| field.parse::<u32>().unwrap_or_default())
        .sum();
    Ok(TICK * ticks)
}

/// CPU time of the calling thread, in nanoseconds' resolution (`/proc/thread-self/schedstat`).
pub(crate) fn thread_cpu() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split_whitespace().next().context("an empty schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanos))
}

/// CPU time of all threads that a process has at this moment, in nanoseconds' resolution.
pub(crate) fn threads_cpu(pid: u32) -> anyhow::Result<Duration> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanos = text.split_whitespace().next().context("an empty schedstat")?.parse()?;
        sum += Duration::from_nanos(nanos);
    }
    Ok(sum)
}

/// Resident memory of a process, in MiB.
pub(crate) fn resident_mib(pid: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.split_whitespace().nth(1).context("an empty VmRSS")?.parse()?;
    Ok(kib / 1024.0)
}
