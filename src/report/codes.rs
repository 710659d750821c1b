//! The numbers a Remote Desktop client shows when a connection ends, as tables.
//!
//! Sources: the documentation of `IMsTscAxEvents::OnDisconnected` and of
//! `ExtendedDisconnectReasonCode`, the messages that `mstsc` shows for codes that those pages
//! leave out, MS-RDPBCGR 2.2.5.1.1 (Set Error Info), MS-TSGU 2.2.6, and FreeRDP's own exit codes. The meanings are worded
//! anew; where only the client's message is known there is no symbol.

mod aliases;
mod disconnect;
mod extended;
mod freerdp;
mod gateway;
mod protocol;

use aliases::ALIASES;

pub use disconnect::DISCONNECT;
pub use extended::EXTENDED;
pub use freerdp::FREERDP;
pub use gateway::GATEWAY;
pub use protocol::PROTOCOL;

/// Where in a connection a code arises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// An ordinary end of a session.
    Session,
    /// The name of the host.
    Name,
    /// TCP.
    Tcp,
    /// The X.224 and RDP security exchange.
    RdpSecurity,
    /// TLS and the server's certificate.
    Tls,
    /// CredSSP and the account: after the certificate, before the desktop.
    SignIn,
    /// Policies for credentials, on either side.
    Policy,
    /// Licensing.
    Licensing,
    /// The protocol after sign-in: channels, capabilities, graphics.
    Protocol,
    /// The connection broker and its virtual machines.
    Broker,
    /// The RD Gateway and what lies in front of it.
    Gateway,
    /// The client machine itself.
    Client,
    /// The host's own operation: restarts, crashes, memory.
    Host,
}

impl Layer {
    /// In a sentence: "it arises in …".
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Session => "the session itself",
            Self::Name => "name resolution",
            Self::Tcp => "the TCP connection",
            Self::RdpSecurity => "RDP negotiation and RDP security",
            Self::Tls => "TLS and the server's certificate",
            Self::SignIn => "sign-in (CredSSP and the account)",
            Self::Policy => "policies for credentials",
            Self::Licensing => "licensing",
            Self::Protocol => "the RDP protocol after sign-in",
            Self::Broker => "the connection broker",
            Self::Gateway => "the RD Gateway",
            Self::Client => "the client machine",
            Self::Host => "the host's own operation",
        }
    }

    /// Whether probes from outside, without an account, can see a cause in this layer.
    #[must_use]
    pub const fn observable(self) -> bool {
        matches!(self, Self::Name | Self::Tcp | Self::RdpSecurity | Self::Tls)
    }
}

/// One code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The number.
    pub code: u32,
    /// Microsoft's symbol; empty where only the client's message is known.
    pub symbol: &'static str,
    /// What it says, in our words: a short phrase, then detail.
    pub meaning: &'static str,
    /// Where it arises.
    pub layer: Layer,
    /// What was seen to cause it; empty where nothing reliable is known beyond the meaning.
    pub seen: &'static str,
    /// Rules whose findings show it, best first.
    pub rules: &'static [&'static str],
}

impl Code {
    /// A code without further knowledge; the rest is filled by struct update.
    const fn new(code: u32, symbol: &'static str, layer: Layer, meaning: &'static str) -> Self {
        Self { code, symbol, meaning, layer, seen: "", rules: &[] }
    }

    /// The same with what was seen to cause it.
    const fn seen(self, seen: &'static str) -> Self {
        Self { seen, ..self }
    }

    /// The same with the rules that show it.
    const fn rules(self, rules: &'static [&'static str]) -> Self {
        Self { rules, ..self }
    }

    /// The first phrase of the meaning, without its full stop.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let end = self.meaning.find(['.', ':', ';']).unwrap_or(self.meaning.len());
        self.meaning.get(..end).unwrap_or(self.meaning)
    }
}

/// First and last number of the extended codes that name an RDP protocol error
/// (`exDiscReasonProtocolRangeStart`, `exDiscReasonProtocolRangeEnd`).
pub const PROTOCOL_RANGE: std::ops::RangeInclusive<u32> = 0x1000..=0x7fff;

/// A disconnect reason, from `OnDisconnected` or the gateway.
#[must_use]
pub fn disconnect(code: u32) -> Option<&'static Code> {
    DISCONNECT.iter().chain(GATEWAY).find(|row| row.code == code)
}

/// An extended disconnect reason, or an error that the server announced before it closed.
#[must_use]
pub fn extended(code: u32) -> Option<&'static Code> {
    EXTENDED.iter().chain(PROTOCOL).find(|row| row.code == code)
}

/// What FreeRDP ends with or logs.
#[must_use]
pub fn freerdp(code: u32) -> Option<&'static Code> {
    FREERDP.iter().find(|row| row.code == code)
}

/// Every row of every table.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [DISCONNECT, GATEWAY, EXTENDED, PROTOCOL, FREERDP].into_iter().flatten()
}

/// The row with this symbol or with this name in the protocol, upper or lower case:
/// `ERRINFO_CB_CONNECTION_CANCELLED`, `ERRINFO_LOGOFF_BY_USER`.
#[must_use]
pub fn named(symbol: &str) -> Option<&'static Code> {
    let alias = || {
        let (_, code) = ALIASES.iter().find(|(name, _)| name.eq_ignore_ascii_case(symbol))?;
        extended(*code)
    };
    all()
        .find(|row| !row.symbol.is_empty() && row.symbol.eq_ignore_ascii_case(symbol))
        .or_else(alias)
}

/// The disconnect reason with the number nearest to `code`; the lower one of two.
#[must_use]
pub fn nearest(code: u32) -> Option<&'static Code> {
    DISCONNECT.iter().chain(GATEWAY).min_by_key(|row| (row.code.abs_diff(code), row.code))
}

/// What the low byte of an undocumented disconnect reason suggests: the documented ones follow a
/// pattern of layer in the low byte and item in the high byte. An inference, not a specification.
#[must_use]
pub const fn family(code: u32) -> Option<Layer> {
    if code < 0x100 || code > 0xffff {
        return None;
    }
    match code & 0xff {
        0x04 => Some(Layer::Tcp),
        0x06 => Some(Layer::RdpSecurity),
        0x07 => Some(Layer::SignIn),
        0x09 => Some(Layer::Policy),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_names_of_the_protocol_lead_to_the_names_of_the_client() {
        let symbol = |name: &str| named(name).map(|row| row.symbol);
        assert_eq!(symbol("errinfo_logoff_by_user"), Some("exDiscReasonLogoffByUser"));
        assert_eq!(symbol("ERRINFO_LOGOFF"), None);
        for (name, code) in ALIASES {
            assert_eq!(named(name).map(|row| row.code), Some(*code), "{name}");
        }
    }

    #[test]
    fn every_code_stands_once_and_in_order() {
        for (name, table) in [
            ("disconnect", DISCONNECT),
            ("gateway", GATEWAY),
            ("extended", EXTENDED),
            ("protocol", PROTOCOL),
            ("freerdp", FREERDP),
        ] {
            let codes: Vec<u32> = table.iter().map(|row| row.code).collect();
            assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{name} is not sorted");
        }
        let all: Vec<u32> = DISCONNECT.iter().chain(GATEWAY).map(|row| row.code).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn every_row_says_something() {
        let symbols: Vec<&str> =
            all().map(|row| row.symbol).filter(|symbol| !symbol.is_empty()).collect();
        assert_eq!(symbols.iter().collect::<BTreeSet<_>>().len(), symbols.len(), "symbol twice");
        for row in all() {
            assert!(row.meaning.ends_with('.'), "0x{:x}: {}", row.code, row.meaning);
            assert!(!row.title().is_empty(), "0x{:x}", row.code);
            assert!(row.seen.is_empty() || row.seen.ends_with('.'), "0x{:x}", row.code);
        }
    }

    #[test]
    fn symbols_and_numbers_agree_with_the_documentation() {
        for (code, symbol) in [
            (0x0, "disconnectReasonNoInfo"),
            (0x3, "disconnectReasonByServer"),
            (260, "disconnectReasonDNSLookupFailed"),
            (264, "disconnectReasonConnectionTimedOut"),
            (516, "disconnectReasonSocketConnectFailed"),
            (1796, "disconnectReasonTimeoutOccurred"),
            (1798, "disconnectReasonServerCertificateUnpackErr"),
            (2055, "SSL_ERR_LOGON_FAILURE"),
            (2308, "disconnectReasonAtClientWinsockFDCLOSE"),
            (3335, "SSL_ERR_ACCOUNT_LOCKED_OUT"),
            (6919, "SSL_ERR_CERT_EXPIRED"),
            (8711, "SSL_ERR_SMARTCARD_CARD_BLOCKED"),
        ] {
            assert_eq!(disconnect(code).map(|row| row.symbol), Some(symbol));
        }
        for (code, symbol) in [
            (0, "exDiscReasonNoInfo"),
            (7, "exDiscReasonServerDeniedConnection"),
            (267, "exDiscReasonLicenseCreatingLicStoreAccDenied"),
            (768, "exDiscReasonRdpEncInvalidCredentials"),
        ] {
            assert_eq!(extended(code).map(|row| row.symbol), Some(symbol));
        }
    }

    /// An independent implementation of MS-RDPBCGR 2.2.5.1.1 knows every number that we call an
    /// error announced by the server.
    #[test]
    fn announced_errors_are_those_of_the_specification() {
        for row in EXTENDED.iter().chain(PROTOCOL).filter(|row| row.symbol.starts_with("ERRINFO_"))
        {
            let pdu = ironrdp_core::decode::<
                ironrdp_pdu::rdp::server_error_info::ServerSetErrorInfoPdu,
            >(&row.code.to_le_bytes());
            assert!(pdu.is_ok(), "0x{:x} {}", row.code, row.symbol);
        }
    }

    #[test]
    fn the_nearest_code_is_the_one_people_mistyped() {
        assert_eq!(nearest(0x905).map(|row| row.code), Some(0x904));
        assert_eq!(nearest(u32::MAX).map(|row| row.code), GATEWAY.last().map(|row| row.code));
        assert_eq!(family(0x2507), Some(Layer::SignIn));
        assert_eq!(family(0x4), None);
        assert_eq!(family(0x0300_0007), None);
    }
}
