//! Which engine runs.

use super::{EchoEngine, Paced, Surge};
use crate::domain::local::{EchoKind, EchoWish};
use crate::probe::clock::Clock;
use std::sync::Arc;

/// Starts an engine: the one wanted, else the best for this machine. One that is wanted and not to
/// be had is replaced, and says why. Must be called inside a runtime.
#[must_use]
pub fn open(wanted: EchoWish, clock: Clock) -> Arc<dyn EchoEngine> {
    if wanted == EchoWish::Only(EchoKind::Surge) {
        return Arc::new(Paced::start(Surge::open(), clock));
    }
    batched_or_surge(wanted, clock)
}

#[cfg(target_os = "linux")]
fn batched_or_surge(_: EchoWish, clock: Clock) -> Arc<dyn EchoEngine> {
    match super::Batched::start(clock) {
        Ok(engine) => Arc::new(engine),
        Err(why) => {
            tracing::warn!(why, "the batched echo engine cannot run here");
            Arc::new(Paced::start(Surge::open(), clock).instead_of(why))
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn batched_or_surge(wanted: EchoWish, clock: Clock) -> Arc<dyn EchoEngine> {
    let engine = Paced::start(Surge::open(), clock);
    Arc::new(match wanted {
        EchoWish::Only(EchoKind::Batched) => {
            engine.instead_of("it is built for Linux only".to_owned())
        }
        _ => engine,
    })
}
