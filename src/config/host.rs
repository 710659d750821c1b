//! Hosts and ports as people type them.

use crate::domain::target::{GATEWAY_PORT, GatewayAddress, GatewayUsage, Host, is_link_local};
use crate::domain::text::{excerpt, printable};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest host name, in octets, without the trailing dot (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 253;
/// Longest label of a host name, in octets (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;
/// Longest zone, in characters: the longest interface name of any platform fits.
const MAX_ZONE: usize = 64;
/// How much of a rejected text an error repeats, in characters.
pub(super) const SHOWN: usize = 60;

/// Why a text is not `host[:port]`. The texts inside are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nothing where the host belongs.
    #[error("the host is empty, expected a name or an address")]
    Empty,
    /// White space inside.
    #[error("\"{0}\" holds white space, expected a host without any")]
    Space(String),
    /// `rdp://host` and its like: the text, and the host in it.
    #[error("\"{0}\" is a URL, expected the host alone: {1}")]
    Url(String, String),
    /// `10.0.0.0/24`: the text, and its address.
    #[error("\"{0}\" is a network, expected one host such as {1}")]
    Network(String, IpAddr),
    /// `10.0.0.1-20`: the text, and its first address.
    #[error("\"{0}\" is a range, expected one host such as {1}")]
    Range(String, IpAddr),
    /// Looks like an IPv4 address and is none.
    #[error(
        "\"{0}\" is not an IPv4 address, expected four numbers from 0 to 255 such as 10.0.0.21"
    )]
    NotIpv4(String),
    /// A lone number; an error code more often than not.
    #[error("\"{0}\" is a number, expected a host (rdpwatch explain {0} decodes an error code)")]
    Number(String),
    /// Two or more colons, and not an IPv6 address.
    #[error(
        "\"{0}\" is not an IPv6 address, expected one such as 2001:db8::1 (with a port: [2001:db8::1]:3389)"
    )]
    NotIpv6(String),
    /// `[` without `]`.
    #[error("\"{0}\" lacks its closing bracket, expected [2001:db8::1] or [2001:db8::1]:3389")]
    Unclosed(String),
    /// Something that is not a port after `]`.
    #[error("\"{0}\" stands after the closing bracket, expected nothing or a port such as :3389")]
    AfterBracket(String),
    /// Brackets around something that is not an IPv6 address.
    #[error("\"{0}\" stands in brackets, which are for IPv6 addresses only")]
    Bracketed(String),
    /// A zone on something that is not a link-local IPv6 address.
    #[error("\"{0}\" has a zone, which only link-local IPv6 addresses such as fe80::1%eth0 have")]
    ZoneWithoutLink(String),
    /// A zone that cannot be an interface's name or number.
    #[error("\"{0}\" is not a zone, expected an interface's name or number such as fe80::1%eth0")]
    Zone(String),
    /// An address that no single host has.
    #[error("{0} is {1}, expected the address of one host")]
    NotOneHost(IpAddr, &'static str),
    /// Unicode that IDNA (UTS 46) cannot encode.
    #[error("\"{0}\" cannot be a host name: it has no IDNA form")]
    Idna(String),
    /// Two dots in a row, or a dot in front.
    #[error("\"{0}\" has an empty label, expected letters or digits between the dots")]
    EmptyLabel(String),
    /// A label over 63 octets.
    #[error("\"{0}\" has a label of {1} octets, expected at most 63")]
    LongLabel(String, usize),
    /// A name over 253 octets.
    #[error("\"{0}\" has {1} octets, expected at most 253")]
    LongName(String, usize),
    /// A character that no host name has.
    #[error("\"{0}\" holds \"{1}\", expected letters, digits, hyphens, underscores and dots")]
    Character(String, String),
    /// A label that begins or ends with a hyphen.
    #[error("\"{0}\" has a label that begins or ends with a hyphen")]
    Hyphen(String),
    /// `host:` without a number.
    #[error("the port is empty, expected a number from 1 to 65535 after the colon")]
    PortEmpty,
    /// Port 0.
    #[error("port 0 cannot be connected to, expected 1 to 65535")]
    PortZero,
    /// Not a number, or above 65535.
    #[error("\"{0}\" is not a port, expected a number from 1 to 65535")]
    Port(String),
    /// A port where only a host belongs.
    #[error("\"{0}\" holds a port, expected the host alone and the port in its own key")]
    PortInHost(String),
}

/// What stands for a host in a text: the host as typed, what it means, and its port when given.
pub type HostPort<'a> = (&'a str, Host, Option<u16>);

/// Reads `host[:port]`. Two or more colons without brackets are an IPv6 address without a port.
///
/// # Errors
/// What is wrong with it, and the nearest valid form.
pub fn parse_host_port(text: &str) -> Result<HostPort<'_>, HostError> {
    refuse_lookalikes(text)?;
    if text.is_empty() {
        return Err(HostError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(HostError::Space(excerpt(text, SHOWN)));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, after) =
            rest.split_once(']').ok_or_else(|| HostError::Unclosed(excerpt(text, SHOWN)))?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if after.is_empty() => None,
            None => return Err(HostError::AfterBracket(excerpt(after, SHOWN))),
        };
        if !inner.contains(':') {
            return Err(HostError::Bracketed(excerpt(inner, SHOWN)));
        }
        return Ok((inner, parse_v6(inner)?, port));
    }
    if text.matches(':').nth(1).is_some() {
        return Ok((text, parse_v6(text)?, None));
    }
    match text.split_once(':') {
        Some((host, port)) => Ok((host, parse_plain(host)?, Some(parse_port(port)?))),
        None => Ok((text, parse_plain(text)?, None)),
    }
}

/// Reads a host that stands alone.
///
/// # Errors
/// What is wrong with it; a port is.
pub fn parse_host(text: &str) -> Result<Host, HostError> {
    match parse_host_port(text)? {
        (_, host, None) => Ok(host),
        (.., Some(_)) => Err(HostError::PortInHost(excerpt(text, SHOWN))),
    }
}

/// Reads an RD Gateway, `host[:port]`; the port defaults to 443, the usage to always.
///
/// # Errors
/// As [`parse_host_port`].
pub(super) fn parse_gateway(text: &str) -> Result<GatewayAddress, HostError> {
    let (_, host, port) = parse_host_port(text)?;
    let usage = GatewayUsage::default();
    Ok(GatewayAddress { host, port: port.unwrap_or(GATEWAY_PORT), usage })
}

/// Reads an address that must be one host's, without zone, brackets or port.
///
/// # Errors
/// `None` when it is no address at all; otherwise why no single host has it.
pub(super) fn parse_address(text: &str) -> Result<IpAddr, Option<HostError>> {
    let address: IpAddr = text.parse().map_err(|_| None)?;
    one_host(address.to_canonical()).map_err(Some)
}

/// Reads a port, 1 to 65535, in digits alone.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse_port(text: &str) -> Result<u16, HostError> {
    if text.is_empty() {
        return Err(HostError::PortEmpty);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(0) => Err(HostError::PortZero),
        Ok(port) if digits => Ok(port),
        _ => Err(HostError::Port(excerpt(text, SHOWN))),
    }
}

/// Refuses URLs and networks, which would otherwise pass for files.
pub(super) fn refuse_lookalikes(text: &str) -> Result<(), HostError> {
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().filter(|host| !host.is_empty());
        return Err(HostError::Url(
            excerpt(text, SHOWN),
            excerpt(host.unwrap_or("office-pc"), SHOWN),
        ));
    }
    if let Some((address, length)) = text.split_once('/')
        && let Ok(address) = address.parse()
        && length.parse::<u8>().is_ok_and(|length| length <= 128)
    {
        return Err(HostError::Network(excerpt(text, SHOWN), address));
    }
    Ok(())
}

fn parse_v6(text: &str) -> Result<Host, HostError> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let address: Ipv6Addr =
        address.parse().map_err(|_| HostError::NotIpv6(excerpt(text, SHOWN)))?;
    let Some(zone) = zone else {
        return Ok(Host::Address(one_host(IpAddr::V6(address).to_canonical())?, None));
    };
    if !is_link_local(address) {
        return Err(HostError::ZoneWithoutLink(excerpt(text, SHOWN)));
    }
    let usable = !zone.is_empty()
        && zone.chars().count() <= MAX_ZONE
        && printable(zone) == zone
        && !zone.contains(['%', '[', ']', '/', '\\'])
        && !zone.contains(char::is_whitespace);
    if !usable {
        return Err(HostError::Zone(excerpt(text, SHOWN)));
    }
    Ok(Host::Address(IpAddr::V6(address), Some(zone.to_owned())))
}

/// A host without colons: an IPv4 address or a name.
fn parse_plain(text: &str) -> Result<Host, HostError> {
    if text.is_empty() {
        return Err(HostError::Empty);
    }
    if text.contains('%') {
        return Err(HostError::ZoneWithoutLink(excerpt(text, SHOWN)));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(one_host(IpAddr::V4(address))?, None));
    }
    if let Some(first) = first_of_range(text) {
        return Err(HostError::Range(excerpt(text, SHOWN), first));
    }
    parse_name(text).map(Host::Name)
}

/// The first address of `10.0.0.1-20` or `10.0.0.1-10.0.0.20`.
fn first_of_range(text: &str) -> Option<IpAddr> {
    let (first, last) = text.split_once('-')?;
    let is_last = last.parse::<u8>().is_ok() || last.parse::<Ipv4Addr>().is_ok();
    first.parse::<Ipv4Addr>().ok().filter(|_| is_last).map(IpAddr::V4)
}

fn parse_name(text: &str) -> Result<String, HostError> {
    let shown = || excerpt(text, SHOWN);
    let ascii = idna::domain_to_ascii(text).map_err(|_| HostError::Idna(shown()))?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    if let Some(wrong) =
        name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
    {
        return Err(HostError::Character(shown(), excerpt(&wrong.to_string(), 1)));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err(HostError::EmptyLabel(shown()));
        }
        if label.len() > MAX_LABEL {
            return Err(HostError::LongLabel(shown(), label.len()));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(HostError::Hyphen(shown()));
        }
    }
    if name.len() > MAX_NAME {
        return Err(HostError::LongName(shown(), name.len()));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if is_number(last) {
        return Err(if last.len() == name.len() {
            HostError::Number(shown())
        } else {
            HostError::NotIpv4(shown())
        });
    }
    Ok(ascii)
}

/// Whether a label would make a resolver read the whole name as an IPv4 address in one of its
/// historic notations (as the WHATWG URL standard decides it).
fn is_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
        || label
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn one_host(address: IpAddr) -> Result<IpAddr, HostError> {
    let what = match address {
        _ if address.is_unspecified() => "the unspecified address",
        _ if address.is_multicast() => "a multicast address",
        IpAddr::V4(Ipv4Addr::BROADCAST) => "the broadcast address",
        _ => return Ok(address),
    };
    Err(HostError::NotOneHost(address, what))
}
