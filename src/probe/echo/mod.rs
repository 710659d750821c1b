//! ICMP echo behind one seam, so that the engine can be exchanged.
//!
//! [`EchoEngine`] is the seam: requests go in, samples come out of an [`outbox()`]. On Linux there is
//! `Batched`, which sends and receives many at once and lets the kernel take the times. [`Paced`]
//! turns any [`Wire`] into an engine; [`Surge`] is the wire of surge-ping, which runs everywhere,
//! [`Simulated`] one that plays a script. [`open`] chooses.
//!
//! One sample per request, exactly: a reply, a loss, an ICMP error or a void one, at the latest a
//! moment after the deadline. After a loss there may be one more of the same number,
//! [`EchoOutcome::Late`], when the reply comes within [`PATIENCE`] deadlines.

#[cfg(target_os = "linux")]
mod batched;
mod choose;
mod follow;
mod outbox;
mod pace;
mod paced;
mod simulated;
mod surge;

#[cfg(target_os = "linux")]
pub use batched::Batched;
pub use choose::open;
pub use follow::PATIENCE;
pub use outbox::{Arrivals, Outbox, outbox};
pub use paced::Paced;
pub use simulated::Simulated;
pub use surge::Surge;

pub use crate::domain::sample::echo_from_connect;

use crate::domain::local::{EchoAccess, EchoCounts, EchoFacts, EchoKind};
use crate::domain::sample::{
    Echo, EchoMethod, EchoOutcome, IcmpError, LocalFault, Observation, Sample,
};
use crate::domain::target::TargetId;
use crate::domain::time::{MonoTime, Now};
use futures_util::future::BoxFuture;
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

/// Receive buffer that an engine asks for, in bytes: room for the replies of thousands of hosts
/// while this process is not scheduled.
pub const RECEIVE_BUFFER: usize = 4 << 20;

/// One echo request to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EchoRequest {
    /// For whom.
    pub target: TargetId,
    /// The caller's number for it; the samples carry it. What is on the wire is the engine's.
    pub seq: u64,
    /// Where to.
    pub address: IpAddr,
    /// Interface index of a link-local IPv6 address, else 0.
    pub scope: u32,
    /// Unanswered for this long is lost.
    pub deadline: Duration,
}

impl EchoRequest {
    /// The sample of this request over ICMP.
    #[must_use]
    pub fn sample(&self, sent_at: Now, ended_at: MonoTime, outcome: EchoOutcome) -> Sample {
        let echo = Echo { method: EchoMethod::Icmp, address: self.address, outcome };
        Sample {
            target: self.target,
            seq: self.seq,
            sent_at,
            ended_at,
            observation: Observation::Echo(echo),
        }
    }
}

/// Sends echo requests and reports what became of each.
pub trait EchoEngine: Debug + Send + Sync {
    /// What this machine lets it do, found out at start. With [`EchoAccess::Denied`] or
    /// [`EchoAccess::Off`] echo has to go over TCP: see [`echo_from_connect`].
    fn access(&self, v6: bool) -> EchoAccess;

    /// Takes a request, which leaves as soon as pacing allows; its samples go to `out`. Never
    /// blocks. A full engine reports [`LocalFault::Stalled`] at once, and sends nothing.
    fn send(&self, request: EchoRequest, out: Outbox);

    /// Size of the socket's receive buffer as the kernel tells it, in bytes, where there is one.
    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        let _ = v6;
        None
    }

    /// Which engine it is, and what it sees.
    fn facts(&self) -> EchoFacts {
        EchoFacts::of(EchoKind::Surge)
    }

    /// What it has counted besides the outcomes; `None` where it counts nothing.
    fn counts(&self) -> Option<EchoCounts> {
        None
    }
}

/// What sends one request and waits for its answer.
pub trait Wire: Debug + Send + Sync + 'static {
    /// What this machine lets it do.
    fn access(&self, v6: bool) -> EchoAccess;

    /// Sends `request` and ends with its answer, or with silence after `wait`. The request leaves
    /// when the future is first polled.
    fn send(&self, request: EchoRequest, wait: Duration) -> BoxFuture<'static, WireEnd>;

    /// Size of the receive buffer, see [`EchoEngine::receive_buffer`].
    fn receive_buffer(&self, v6: bool) -> Option<usize> {
        let _ = v6;
        None
    }
}

/// How a request ended on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireEnd {
    /// An echo reply.
    Reply {
        /// Request to reply, as the wire measured it. May be zero where the clock is coarse.
        rtt: Duration,
        /// Hop limit of the reply, where seen.
        ttl: Option<u8>,
    },
    /// Nothing.
    Silence,
    /// An ICMP error.
    Icmp(IcmpError),
    /// This machine could not send.
    Fault(LocalFault),
}
