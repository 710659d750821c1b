//! What a server says to the first `TSRequest`.

use super::{MAX_TS_REQUEST, TsRequest, parse_located};
use crate::domain::sample::{Misread, NegotiateOutcome, NlaOutcome, NtStatus, NtlmIdentity};
use crate::proto::ntlm;
use crate::proto::wire::{Malformed, Parse};
use crate::proto::{tpkt, x224};

/// A server's first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it comes to.
    pub outcome: NlaOutcome,
    /// `version` of its `TSRequest`.
    pub version: Option<u32>,
    /// `errorCode` of its `TSRequest`, unless that is success.
    pub error: Option<NtStatus>,
    /// What its challenge says of it.
    pub identity: Option<NtlmIdentity>,
}

impl Reply {
    /// An outcome, with nothing read beside it.
    #[must_use]
    pub const fn only(outcome: NlaOutcome) -> Self {
        Self { outcome, version: None, error: None, identity: None }
    }
}

/// `authorizationResult` of an Early User Authorization Result PDU (MS-RDPBCGR 2.2.10.2), which a
/// server that selected `HYBRID_EX` sends behind CredSSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EarlyUserAuthResult {
    /// `AUTHZ_SUCCESS`, 0.
    Success,
    /// `AUTHZ_ACCESS_DENIED`, 5.
    AccessDenied,
}

impl EarlyUserAuthResult {
    /// The bytes on the wire, little-endian.
    #[must_use]
    pub const fn encode(self) -> [u8; 4] {
        match self {
            Self::Success => [0; 4],
            Self::AccessDenied => [5, 0, 0, 0],
        }
    }
}

/// Reads an Early User Authorization Result PDU from a growing buffer.
///
/// # Errors
/// [`Malformed`] for a value that the specification does not know.
pub fn parse_early_user_auth_result(bytes: &[u8]) -> Result<Parse<EarlyUserAuthResult>, Malformed> {
    let Some((value, _)) = bytes.split_first_chunk::<4>() else {
        return Ok(Parse::NeedMore(4));
    };
    let known = [EarlyUserAuthResult::Success, EarlyUserAuthResult::AccessDenied];
    let value = known.into_iter().find(|known| known.encode() == *value);
    let unknown = Malformed::at(0, "an unknown authorization result");
    Ok(Parse::Done { value: value.ok_or(unknown)?, consumed: 4 })
}

/// Reads the answer from a growing buffer of plaintext, decided as early as the bytes allow.
///
/// Never asks for more than [`MAX_TS_REQUEST`] bytes; bytes behind an answer are not looked at.
/// `consumed` is 0 when the answer is malformed. A `TSRequest` whose token makes no sense keeps its
/// version.
#[must_use]
pub fn parse_answer(bytes: &[u8]) -> Parse<Reply> {
    match bytes.first() {
        None => Parse::NeedMore(1),
        Some(&tpkt::VERSION) => hung_up(bytes),
        Some(0 | 5) => match parse_early_user_auth_result(bytes) {
            Ok(Parse::NeedMore(total)) => Parse::NeedMore(total),
            Ok(Parse::Done { value: EarlyUserAuthResult::AccessDenied, consumed }) => {
                Parse::Done { value: Reply::only(NlaOutcome::Denied), consumed }
            }
            Ok(Parse::Done { .. }) => {
                malformed(Malformed::at(0, "an authorization before anybody signed in"))
            }
            Err(fault) => malformed(fault),
        },
        Some(_) => match parse_located(bytes) {
            Ok(Parse::NeedMore(total)) => Parse::NeedMore(total),
            Ok(Parse::Done { value: (request, token_at), consumed }) => {
                debug_assert!(consumed <= MAX_TS_REQUEST, "bounded by the parser");
                Parse::Done { value: reply(&request, token_at), consumed }
            }
            Err(fault) => malformed(fault),
        },
    }
}

fn malformed(fault: Malformed) -> Parse<Reply> {
    Parse::Done { value: Reply::only(NlaOutcome::Malformed(fault.into())), consumed: 0 }
}

/// An MCS Disconnect Provider Ultimatum is what xrdp says to a `TSRequest`; nothing else in TPKT
/// belongs here.
fn hung_up(bytes: &[u8]) -> Parse<Reply> {
    match x224::parse_answer(bytes) {
        Parse::NeedMore(total) => Parse::NeedMore(total),
        Parse::Done { value: NegotiateOutcome::Disconnected, consumed } => {
            Parse::Done { value: Reply::only(NlaOutcome::Disconnected), consumed }
        }
        Parse::Done { value: NegotiateOutcome::Malformed(not_rdp), .. } => {
            malformed(Malformed::at(not_rdp.offset, not_rdp.reason))
        }
        Parse::Done { .. } => malformed(Malformed::at(5, "an X.224 answer in place of CredSSP")),
    }
}

fn reply(request: &TsRequest, token_at: usize) -> Reply {
    let error = request.error.filter(|code| *code != 0).map(NtStatus);
    let challenge = request.token.as_deref().map(|token| challenge(token, token_at));
    let identity = challenge.clone().and_then(Result::ok).map(|identity| NtlmIdentity {
        // Only clients send a nonce (MS-CSSP 2.2.1); WinPR's server does too (measured).
        winpr: request.nonce.is_some(),
        ..identity
    });
    let outcome = match (error, challenge) {
        (Some(_), _) => NlaOutcome::Error,
        (None, Some(Ok(_))) => NlaOutcome::Challenge,
        (None, Some(Err(fault))) => NlaOutcome::Malformed(fault.into()),
        (None, None) => NlaOutcome::Malformed(Misread {
            offset: 0,
            reason: "a TSRequest with neither a challenge nor an error",
        }),
    };
    Reply { outcome, version: Some(request.version), error, identity }
}

/// The challenge in a token: raw, or inside a SPNEGO `NegTokenResp` (RFC 4178 4.2.2).
fn challenge(token: &[u8], token_at: usize) -> Result<NtlmIdentity, Malformed> {
    const NEG_TOKEN_RESP: u8 = 0xa1;
    let inside = match token.first() {
        Some(&NEG_TOKEN_RESP) => {
            token.windows(ntlm::SIGNATURE.len()).position(|bytes| bytes == ntlm::SIGNATURE)
        }
        _ => None,
    };
    let skipped = inside.unwrap_or(0);
    ntlm::parse_challenge(token.get(skipped..).unwrap_or_default()).map_err(|fault| Malformed {
        offset: fault.offset.saturating_add(skipped).saturating_add(token_at),
        ..fault
    })
}
