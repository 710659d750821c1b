//! A wire that plays a script: for tests, and for demonstrations without a network.

use super::{EchoRequest, Wire, WireEnd};
use crate::domain::local::EchoAccess;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::sleep;

type Script = dyn Fn(&EchoRequest) -> (Duration, WireEnd) + Send + Sync;

/// Answers every request as its script says. Sends nothing.
pub struct Simulated {
    script: Box<Script>,
}

impl std::fmt::Debug for Simulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulated").finish_non_exhaustive()
    }
}

impl Simulated {
    /// A wire on which `script` says after which time each request ends, and how.
    pub fn new(
        script: impl Fn(&EchoRequest) -> (Duration, WireEnd) + Send + Sync + 'static,
    ) -> Self {
        Self { script: Box::new(script) }
    }

    /// An answer after `rtt`.
    #[must_use]
    pub const fn reply(rtt: Duration) -> (Duration, WireEnd) {
        (rtt, WireEnd::Reply { rtt, ttl: Some(128) })
    }

    /// No answer ever.
    #[must_use]
    pub const fn silence() -> (Duration, WireEnd) {
        (Duration::MAX, WireEnd::Silence)
    }
}

impl Wire for Simulated {
    fn access(&self, _: bool) -> EchoAccess {
        EchoAccess::Datagram
    }

    fn send(&self, request: EchoRequest, wait: Duration) -> BoxFuture<'static, WireEnd> {
        let (delay, end) = (self.script)(&request);
        async move {
            sleep(delay.min(wait)).await;
            if delay > wait { WireEnd::Silence } else { end }
        }
        .boxed()
    }
}
