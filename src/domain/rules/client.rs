//! What the Windows client shows (`IMsTscAxEvents::OnDisconnected`, `ExtendedDisconnectReasonCode`).

use crate::domain::finding::{ClientError, Confidence};

const fn error(
    code: u32,
    extended: Option<u32>,
    text: &'static str,
    likelihood: Confidence,
) -> ClientError {
    ClientError { code, extended, text, likelihood }
}

/// The name does not resolve.
pub(super) const NAME: Option<ClientError> =
    Some(error(0x104, None, "DNS name lookup failed", Confidence::Likely));

/// Nothing accepts the connection.
pub(super) const CONNECT: Option<ClientError> =
    Some(error(0x204, None, "Socket connect failed", Confidence::Likely));

/// Accepted, then nothing.
pub(super) const SILENT: Option<ClientError> =
    Some(error(0x704, None, "Timed out waiting for the server", Confidence::Likely));

/// Closed while connecting: the pair that most people search for.
pub(super) const CLOSED: Option<ClientError> =
    Some(error(0x904, Some(0x7), "Socket closed", Confidence::Likely));

/// The same pair where it is only one of several outcomes.
pub(super) const MAYBE_CLOSED: Option<ClientError> =
    Some(error(0x904, Some(0x7), "Socket closed", Confidence::Possible));

/// A running session ends because the line does.
pub(super) const LINE: Option<ClientError> =
    Some(error(0x904, Some(0x0), "Socket closed", Confidence::Possible));

/// Connected to this very machine.
pub(super) const CONSOLE: Option<ClientError> =
    Some(error(0x708, None, "Another console session is in progress", Confidence::Likely));

/// The certificate is not the one that was expected.
pub(super) const CERTIFICATE: Option<ClientError> =
    Some(error(0x907, None, "Unexpected server authentication certificate", Confidence::Possible));

/// Expired, or the clocks differ too much.
pub(super) const CERTIFICATE_DATES: Option<ClientError> = Some(error(
    0x1b07,
    None,
    "The certificate is expired or not yet valid, or the clocks differ",
    Confidence::Possible,
));

/// What answers is not RDP.
pub(super) const PROTOCOL: Option<ClientError> =
    Some(error(0x1104, None, "Protocol error detected at the client", Confidence::Possible));

/// The clocks differ too much to prove who the host is.
pub(super) const CLOCKS: Option<ClientError> = Some(error(
    0x1d07,
    None,
    "The time or date of the two computers differs",
    Confidence::Possible,
));

/// The way to the gateway.
pub(super) const GATEWAY_UNREACHABLE: Option<ClientError> = Some(error(
    0x0300_000c,
    None,
    "The gateway's address is wrong or cannot be reached",
    Confidence::Likely,
));

/// A gateway that does not do its work.
pub(super) const GATEWAY_UNAVAILABLE: Option<ClientError> =
    Some(error(0x0300_000d, None, "The gateway is temporarily unavailable", Confidence::Possible));

/// A certificate that clients refuse.
pub(super) const GATEWAY_CERTIFICATE: Option<ClientError> = Some(error(
    0x0300_0003,
    None,
    "The gateway's certificate has another name, is expired, or is not trusted",
    Confidence::Likely,
));

/// One for another name.
pub(super) const GATEWAY_NAME: Option<ClientError> = Some(error(
    0x0300_0006,
    None,
    "The gateway's address and its certificate's name differ",
    Confidence::Likely,
));

/// One that has ended.
pub(super) const GATEWAY_EXPIRED: Option<ClientError> = Some(error(
    0x0300_0007,
    None,
    "The gateway's certificate has expired or was revoked",
    Confidence::Likely,
));
