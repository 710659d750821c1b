//! The TARGET grammar: `[name=]host[:port][@ADDR[,ADDR]...][#MAC]`.

use super::host::{HostError, SHOWN, parse_address, parse_host_port, refuse_lookalikes};
use crate::domain::client_settings::ClientSettings;
use crate::domain::mac::{MacAddr, MacError};
use crate::domain::target::{DEFAULT_PORT, GatewayAddress, Host, Target, TargetId, TargetKind};
use crate::domain::text::{excerpt, printable};
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

/// Longest TARGET, in bytes.
const MAX_TEXT: usize = 4096;
/// Longest name of a target or group, in characters.
const MAX_NAME: usize = 64;
/// Most expected addresses of one target.
pub(super) const MAX_EXPECT: usize = 64;

/// A TARGET, parsed. Nothing is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSpec {
    /// The name in front of `=`.
    pub name: Option<String>,
    /// The host as typed, without brackets and port: the name when none was given.
    pub typed: String,
    /// Where it is.
    pub host: Host,
    /// The port, when given.
    pub port: Option<u16>,
    /// Addresses the name should have.
    pub expect: Vec<IpAddr>,
    /// Hardware address to wake.
    pub mac: Option<MacAddr>,
    /// RD Gateway that a `.rdp` file names.
    pub gateway: Option<GatewayAddress>,
    /// What a connection file asks for besides.
    pub client: Option<ClientSettings>,
}

/// Why a text is not a TARGET. The texts inside are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// In `host[:port]`.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Longer than any valid TARGET.
    #[error("it is longer than 4096 bytes")]
    TooLong,
    /// Of the name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// `user@host`: the user, and what follows.
    #[error(
        "\"{0}\" looks like a user, but rdpwatch signs in nowhere: give the host alone, {1}, or an address after the @"
    )]
    User(String, String),
    /// `@` or `,` without an address.
    #[error("an expected address is empty, expected host@10.0.0.21 or host@10.0.0.21,10.0.0.22")]
    ExpectEmpty,
    /// Not an address after `@`.
    #[error(
        "\"{0}\" is not an expected address, expected one such as 10.0.0.21 or 2001:db8::1, without port or zone"
    )]
    Expect(String),
    /// More than 64.
    #[error("more than 64 addresses are expected")]
    ExpectMany,
    /// `#MAC@ADDR`.
    #[error("expected addresses stand before the MAC, as in host@10.0.0.21#02:11:22:33:44:55")]
    Order,
    /// After `#`.
    #[error("{0}")]
    Mac(String),
}

/// Why a text cannot name a target or a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or nothing but spaces.
    #[error("the name is empty")]
    Empty,
    /// Longer than 64 characters.
    #[error("the name \"{0}\" has more than 64 characters")]
    Long(String),
    /// Control or formatting characters.
    #[error("the name \"{0}\" holds characters that cannot be shown")]
    Unprintable(String),
}

/// A name without the spaces around it.
///
/// # Errors
/// When nothing is left, it is too long, or it cannot be shown as it is.
pub(super) fn parse_name(text: &str) -> Result<String, NameError> {
    let name = text.trim();
    if name.is_empty() {
        Err(NameError::Empty)
    } else if name.chars().nth(MAX_NAME).is_some() {
        Err(NameError::Long(excerpt(name, SHOWN)))
    } else if printable(name) != name {
        Err(NameError::Unprintable(excerpt(name, SHOWN)))
    } else {
        Ok(name.to_owned())
    }
}

impl FromStr for TargetSpec {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        if text.len() > MAX_TEXT {
            return Err(TargetError::TooLong);
        }
        refuse_lookalikes(text)?;
        let (name, rest) = match text.split_once('=') {
            Some((name, rest)) => (Some(parse_name(unquoted(name))?), rest),
            None => (None, text),
        };
        let (rest, mac) = match rest.split_once('#') {
            Some((_, mac)) if mac.contains('@') => return Err(TargetError::Order),
            Some((rest, mac)) => (rest, Some(parse_mac(mac)?)),
            None => (rest, None),
        };
        let (host, expect) = match rest.split_once('@') {
            Some((host, expect)) => (host, parse_expect(host, expect)?),
            None => (rest, Vec::new()),
        };
        let (typed, host, port) = parse_host_port(host)?;
        Ok(Self {
            name,
            typed: typed.to_owned(),
            host,
            port,
            expect,
            mac,
            gateway: None,
            client: None,
        })
    }
}

/// A name as a table with commas writes it: in quotes, which are none of it.
fn unquoted(name: &str) -> &str {
    let inner = name.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(name)
}

impl TargetSpec {
    /// What the target is called: the name given, else the host as typed.
    #[must_use]
    pub fn display_name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => parse_name(&self.typed).unwrap_or_else(|_| self.host.to_string()),
        }
    }

    /// The target this describes, with every other property at its default.
    #[must_use]
    pub fn to_target(&self, id: TargetId) -> Target {
        let kind = default_kind(self.mac);
        Target {
            port: self.port.unwrap_or(DEFAULT_PORT),
            expect: self.expect.clone(),
            mac: self.mac,
            gateway: self.gateway.clone(),
            client: self.client,
            kind,
            expected: super::default_expected(kind),
            ..Target::new(id, self.display_name(), self.host.clone())
        }
    }
}

/// What a target is when nobody says: a PC when it can be woken, else a server.
#[must_use]
pub const fn default_kind(mac: Option<MacAddr>) -> TargetKind {
    if mac.is_some() { TargetKind::Pc } else { TargetKind::Server }
}

/// Whether an argument names a file rather than a host: it ends in `.rdp` or holds a slash.
#[must_use]
pub fn is_file(text: &str) -> bool {
    text.contains(['/', '\\'])
        || Path::new(text)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("rdp"))
}

/// Refuses what would pass for a file and is meant as a host: URLs, networks, `DOMAIN\user@host`.
pub(super) fn refuse_file_lookalikes(text: &str) -> Result<(), TargetError> {
    refuse_lookalikes(text)?;
    match text.split_once('@') {
        Some((user, host)) if user.contains('\\') && !host.contains(['/', '\\']) => {
            Err(TargetError::User(excerpt(user, SHOWN), excerpt(host, SHOWN)))
        }
        _ => Ok(()),
    }
}

fn parse_mac(text: &str) -> Result<MacAddr, TargetError> {
    text.parse().map_err(|error| TargetError::Mac(mac_sentence(&error)))
}

/// A hardware address's error, safe to show.
pub(super) fn mac_sentence(error: &MacError) -> String {
    printable(&error.to_string()).into_owned()
}

fn parse_expect(host: &str, text: &str) -> Result<Vec<IpAddr>, TargetError> {
    let mut expect = Vec::new();
    for part in text.split(',') {
        if part.is_empty() {
            return Err(TargetError::ExpectEmpty);
        }
        if expect.len() == MAX_EXPECT {
            return Err(TargetError::ExpectMany);
        }
        match parse_address(part) {
            Ok(address) if expect.contains(&address) => {}
            Ok(address) => expect.push(address),
            Err(Some(error)) => return Err(error.into()),
            Err(None) if expect.is_empty() && looks_like_host(part) => {
                return Err(TargetError::User(excerpt(host, SHOWN), excerpt(text, SHOWN)));
            }
            Err(None) => return Err(TargetError::Expect(excerpt(part, SHOWN))),
        }
    }
    Ok(expect)
}

/// Whether what follows an `@` is meant as a host rather than as a mistyped address.
fn looks_like_host(text: &str) -> bool {
    parse_host_port(text).is_ok_and(|(_, host, port)| host.name().is_some() || port.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4(text: &str) -> Host {
        Host::Address(text.parse().unwrap(), None)
    }

    fn spec(text: &str) -> TargetSpec {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn quotes_around_a_name_are_none_of_it() {
        let name = |text: &str| text.parse::<TargetSpec>().expect(text).display_name();
        assert_eq!(name("\"q\"=127.0.9.8"), "q");
        assert_eq!(name("\"front desk\" =127.0.9.8"), "front desk");
        assert_eq!(name("5\" disk=127.0.9.8"), "5\" disk");
    }

    #[test]
    fn every_part_is_optional_but_the_host() {
        let full = spec("Front desk=office.corp.lab:3390@10.0.0.21,2001:db8::1#02-11-22-33-44-55");
        assert_eq!(full.name.as_deref(), Some("Front desk"));
        assert_eq!(full.host, Host::Name("office.corp.lab".into()));
        assert_eq!(full.port, Some(3390));
        let expect: Vec<IpAddr> =
            vec!["10.0.0.21".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(full.expect, expect);
        assert_eq!(full.mac, Some(MacAddr([2, 0x11, 0x22, 0x33, 0x44, 0x55])));
        assert_eq!(full.display_name(), "Front desk");

        let bare = spec("Office-PC");
        assert_eq!(bare.host, Host::Name("office-pc".into()));
        assert_eq!(bare.display_name(), "Office-PC");
        assert_eq!((bare.port, bare.mac, bare.expect.len()), (None, None, 0));
        assert_eq!(bare.to_target(TargetId(3)).port, 3389);
    }

    #[test]
    fn hosts_in_every_notation() {
        for (text, host, port, name) in [
            ("10.0.0.21", v4("10.0.0.21"), None, "10.0.0.21"),
            ("10.0.0.21:3390", v4("10.0.0.21"), Some(3390), "10.0.0.21"),
            ("::1", v4("::1"), None, "::1"),
            ("2001:db8::1:3389", v4("2001:db8::1:3389"), None, "2001:db8::1:3389"),
            ("[2001:db8::1]:3390", v4("2001:db8::1"), Some(3390), "2001:db8::1"),
            ("[::1]", v4("::1"), None, "::1"),
            ("::ffff:10.0.0.21", v4("10.0.0.21"), None, "::ffff:10.0.0.21"),
            ("host.corp.lab.", Host::Name("host.corp.lab.".into()), None, "host.corp.lab."),
            ("host.:3390", Host::Name("host.".into()), Some(3390), "host."),
            ("_rdp_1", Host::Name("_rdp_1".into()), None, "_rdp_1"),
            ("büro.example", Host::Name("xn--bro-hoa.example".into()), None, "büro.example"),
            ("東京", Host::Name("xn--1lqs71d".into()), None, "東京"),
            ("xn--bro-hoa", Host::Name("xn--bro-hoa".into()), None, "xn--bro-hoa"),
            ("off\u{ad}ice", Host::Name("office".into()), None, "office"),
            ("3com", Host::Name("3com".into()), None, "3com"),
        ] {
            let found = spec(text);
            assert_eq!((&found.host, found.port), (&host, port), "{text}");
            assert_eq!(found.display_name(), name, "{text}");
        }
        for text in ["fe80::1%eth0", "[fe80::1%eth0]"] {
            let zoned = Host::Address("fe80::1".parse().unwrap(), Some("eth0".into()));
            assert_eq!(spec(text).host, zoned, "{text}");
            assert_eq!(spec(text).display_name(), "fe80::1%eth0");
        }
    }

    #[test]
    fn a_mac_makes_a_pc() {
        assert_eq!(spec("a#021122334455").to_target(TargetId(0)).kind, TargetKind::Pc);
        assert_eq!(spec("a").to_target(TargetId(0)).kind, TargetKind::Server);
    }

    #[test]
    fn files_are_told_from_hosts() {
        for file in ["office.rdp", "Office.RDP", "./office", r"C:\office", "/tmp/x.rdp", ".\\a"] {
            assert!(is_file(file), "{file}");
        }
        for host in ["office", "rdp", "office.rdp.corp", "rdp.corp.lab", "a=b:1"] {
            assert!(!is_file(host), "{host}");
        }
    }

    /// One sentence per mistake.
    #[rustfmt::skip]
    const REFUSED: &[(&str, &str)] = &[
        ("", "the host is empty, expected a name or an address"),
        (":3389", "the host is empty, expected a name or an address"),
        ("a=", "the host is empty, expected a name or an address"),
        ("@10.0.0.1", "the host is empty, expected a name or an address"),
        ("=host", "the name is empty"),
        ("  =host", "the name is empty"),
        ("a\x1b[2J=host", "the name \"a\u{fffd}[2J\" holds characters that cannot be shown"),
        ("of fice", "\"of fice\" holds white space, expected a host without any"),
        ("office\n", "\"office\u{fffd}\" holds white space, expected a host without any"),
        ("rdp://office:3389/x", "\"rdp://office:3389/x\" is a URL, expected the host alone: office:3389"),
        ("http://bob@office", "\"http://bob@office\" is a URL, expected the host alone: office"),
        ("10.0.0.0/24", "\"10.0.0.0/24\" is a network, expected one host such as 10.0.0.0"),
        ("10.0.0.1-20", "\"10.0.0.1-20\" is a range, expected one host such as 10.0.0.1"),
        ("10.0.0.1-10.0.0.20", "\"10.0.0.1-10.0.0.20\" is a range, expected one host such as 10.0.0.1"),
        ("10.0.0.256", "\"10.0.0.256\" is not an IPv4 address, expected four numbers from 0 to 255 such as 10.0.0.21"),
        ("10.0.0.021", "\"10.0.0.021\" is not an IPv4 address, expected four numbers from 0 to 255 such as 10.0.0.21"),
        ("10.0.0", "\"10.0.0\" is not an IPv4 address, expected four numbers from 0 to 255 such as 10.0.0.21"),
        ("0x904", "\"0x904\" is a number, expected a host (rdpwatch explain 0x904 decodes an error code)"),
        ("2308", "\"2308\" is a number, expected a host (rdpwatch explain 2308 decodes an error code)"),
        ("a:b:c", "\"a:b:c\" is not an IPv6 address, expected one such as 2001:db8::1 (with a port: [2001:db8::1]:3389)"),
        ("[::1", "\"[::1\" lacks its closing bracket, expected [2001:db8::1] or [2001:db8::1]:3389"),
        ("[::1]3389", "\"3389\" stands after the closing bracket, expected nothing or a port such as :3389"),
        ("[10.0.0.1]:3389", "\"10.0.0.1\" stands in brackets, which are for IPv6 addresses only"),
        ("10.0.0.1%eth0", "\"10.0.0.1%eth0\" has a zone, which only link-local IPv6 addresses such as fe80::1%eth0 have"),
        ("2001:db8::1%eth0", "\"2001:db8::1%eth0\" has a zone, which only link-local IPv6 addresses such as fe80::1%eth0 have"),
        ("fe80::1%", "\"fe80::1%\" is not a zone, expected an interface's name or number such as fe80::1%eth0"),
        ("0.0.0.0", "0.0.0.0 is the unspecified address, expected the address of one host"),
        ("ff02::1", "ff02::1 is a multicast address, expected the address of one host"),
        ("255.255.255.255", "255.255.255.255 is the broadcast address, expected the address of one host"),
        ("xn--a-ecp.ru-\u{ad}", "\"xn--a-ecp.ru-\u{fffd}\" cannot be a host name: it has no IDNA form"),
        ("a..b", "\"a..b\" has an empty label, expected letters or digits between the dots"),
        (".", "\".\" has an empty label, expected letters or digits between the dots"),
        ("off!ce", "\"off!ce\" holds \"!\", expected letters, digits, hyphens, underscores and dots"),
        ("a\x1bb", "\"a\u{fffd}b\" holds \"\u{fffd}\", expected letters, digits, hyphens, underscores and dots"),
        ("-pc", "\"-pc\" has a label that begins or ends with a hyphen"),
        ("pc-.corp", "\"pc-.corp\" has a label that begins or ends with a hyphen"),
        ("pc:", "the port is empty, expected a number from 1 to 65535 after the colon"),
        ("pc:0", "port 0 cannot be connected to, expected 1 to 65535"),
        ("pc:65536", "\"65536\" is not a port, expected a number from 1 to 65535"),
        ("pc:+22", "\"+22\" is not a port, expected a number from 1 to 65535"),
        ("pc:rdp", "\"rdp\" is not a port, expected a number from 1 to 65535"),
        ("bob@office", "\"bob\" looks like a user, but rdpwatch signs in nowhere: give the host alone, office, or an address after the @"),
        ("bob@10.0.0.1:3389", "\"bob\" looks like a user, but rdpwatch signs in nowhere: give the host alone, 10.0.0.1:3389, or an address after the @"),
        ("pc@", "an expected address is empty, expected host@10.0.0.21 or host@10.0.0.21,10.0.0.22"),
        ("pc@10.0.0.1,", "an expected address is empty, expected host@10.0.0.21 or host@10.0.0.21,10.0.0.22"),
        ("pc@10.0.0.300", "\"10.0.0.300\" is not an expected address, expected one such as 10.0.0.21 or 2001:db8::1, without port or zone"),
        ("pc@fe80::1%eth0", "\"fe80::1%eth0\" is not an expected address, expected one such as 10.0.0.21 or 2001:db8::1, without port or zone"),
        ("pc@224.0.0.1", "224.0.0.1 is a multicast address, expected the address of one host"),
        ("pc#02:11:22:33:44:55@10.0.0.1", "expected addresses stand before the MAC, as in host@10.0.0.21#02:11:22:33:44:55"),
        ("pc#", "\"\" is not a MAC address, expected six pairs of hex digits such as 02:11:22:33:44:55"),
        ("pc#02:11:22:33:44", "\"02:11:22:33:44\" is not a MAC address, expected six pairs of hex digits such as 02:11:22:33:44:55"),
        ("pc#ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff cannot belong to one PC: it is the broadcast address"),
        ("pc#\x1b[2J", "\"\u{fffd}[2J\" is not a MAC address, expected six pairs of hex digits such as 02:11:22:33:44:55"),
    ];

    #[test]
    fn every_mistake_has_its_sentence() {
        for (text, sentence) in REFUSED {
            let error = text.parse::<TargetSpec>().expect_err(text);
            assert_eq!(error.to_string(), *sentence, "{text:?}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let label = "a".repeat(64);
        let error = label.parse::<TargetSpec>().unwrap_err().to_string();
        assert!(error.ends_with("has a label of 64 octets, expected at most 63"), "{error}");
        let name = vec!["a".repeat(50); 5].join(".");
        let error = name.parse::<TargetSpec>().unwrap_err().to_string();
        assert!(error.ends_with("has 254 octets, expected at most 253"), "{error}");
        let huge = "a".repeat(MAX_TEXT + 1);
        assert_eq!(huge.parse::<TargetSpec>(), Err(TargetError::TooLong));
        let many = format!(
            "a@{}",
            (0..=64).map(|n| format!("10.0.0.{}", n + 1)).collect::<Vec<_>>().join(",")
        );
        assert_eq!(many.parse::<TargetSpec>(), Err(TargetError::ExpectMany));
        let long = format!("{}=a", "n".repeat(65));
        assert!(matches!(long.parse::<TargetSpec>(), Err(TargetError::Name(NameError::Long(_)))));
    }

    #[test]
    fn a_domain_user_is_not_a_file() {
        assert_eq!(
            refuse_file_lookalikes(r"CORP\bob@office").unwrap_err().to_string(),
            "\"CORP\\bob\" looks like a user, but rdpwatch signs in nowhere: give the host alone, office, or an address after the @"
        );
        assert_eq!(refuse_file_lookalikes(r"C:\bob@home\office.rdp"), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics_or_escapes(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}|.{0,60}") {
            let _ = is_file(&text);
            if let Err(error) = text.parse::<TargetSpec>() {
                let message = error.to_string();
                prop_assert_eq!(printable(&message), message.as_str());
            }
        }

        #[test]
        fn texts_made_of_the_grammar_never_panic(
            text in "[a-z=:@#%,.\\[\\]0-9\u{fc}\u{6771}-]{0,40}"
        ) {
            if let Ok(spec) = text.parse::<TargetSpec>() {
                prop_assert!(!spec.display_name().is_empty());
            }
        }
    }
}
