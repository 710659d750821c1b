//! Waking a PC: what was sent, and how far up it has come.

mod policy;
mod progress;
mod reach;
mod receipt;
#[cfg(test)]
mod tests;

pub use policy::{
    DAYS, LocalMinute, RelayError, WakeClock, WakePolicy, WakeRelay, WakeTime, WakeTimeError,
};
pub use progress::{WakeProgress, WakeRung};
pub use reach::Reach;
pub use receipt::{RelayRun, WakeDestination, WakeReceipt, WakeSend, WakeSkip};
