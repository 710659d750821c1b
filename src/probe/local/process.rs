//! What this process uses.

use crate::domain::time::MonoTime;
use crate::probe::clock::Clock;
use std::time::Duration;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Shortest span that a CPU share is computed over: the kernel counts in ticks of 10 ms.
const SHORTEST_SPAN: Duration = Duration::from_millis(500);

/// Measures CPU and memory of this process.
pub(super) struct ProcessMeter {
    /// `None` where the platform tells nothing.
    system: Option<(System, Pid)>,
    clock: Clock,
    /// Accumulated CPU time in milliseconds, and when it was read.
    last: Option<(u64, MonoTime)>,
    cpu_pct: Option<f32>,
}

impl ProcessMeter {
    pub(super) fn start(clock: Clock) -> Self {
        let system = System::new().ok().zip(sysinfo::get_current_pid().ok());
        Self { system, clock, last: None, cpu_pct: None }
    }

    /// CPU use in percent of one core since the last reading half a second or longer ago, and
    /// resident bytes.
    pub(super) fn read(&mut self) -> (Option<f32>, Option<u64>) {
        let Some((system, pid)) = &mut self.system else { return (None, None) };
        let wanted = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[*pid]), false, wanted);
        let Some(process) = system.process(*pid) else { return (None, None) };
        let memory = Some(process.memory()).filter(|bytes| *bytes > 0);
        let (used, now) = (process.accumulated_cpu_time(), self.clock.mono());
        match self.last {
            None => self.last = Some((used, now)),
            Some((before, then)) if now.since(then) >= SHORTEST_SPAN => {
                self.cpu_pct = Some(share(used.saturating_sub(before), now.since(then)));
                self.last = Some((used, now));
            }
            Some(_) => {}
        }
        (self.cpu_pct, memory)
    }
}

/// `used` milliseconds of `span` in percent.
fn share(used_ms: u64, span: Duration) -> f32 {
    let used = Duration::from_millis(used_ms).as_secs_f32();
    100.0 * used / span.as_secs_f32().max(f32::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_one_core() {
        assert!((share(500, Duration::from_secs(1)) - 50.0).abs() < 0.01);
        assert!((share(3_000, Duration::from_secs(1)) - 300.0).abs() < 0.01);
        assert!(share(0, Duration::from_secs(1)).abs() < f32::EPSILON);
    }
}
