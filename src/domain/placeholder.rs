//! What the words in capitals in remedies stand for at one target.

use super::snapshot::TargetSnapshot;
use super::target::Target;
use std::net::IpAddr;

/// The values of `HOST`, `PORT`, `ADDRESS`, `EXPECTED`, `GATEWAY` and `GATEWAY_PORT`. Without a
/// value a word stays as it is, which is what [`Default`] does with all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placeholders {
    /// `HOST`: the host as it is dialled, where it means nothing to any shell.
    host: Option<String>,
    /// `PORT`: the TCP port of RDP.
    port: Option<String>,
    /// `ADDRESS`: the address that is dialled, right or wrong.
    address: Option<String>,
    /// `EXPECTED`: the one address that the configuration expects.
    expected: Option<String>,
    /// `GATEWAY`: the RD Gateway's host, as plain as `HOST`.
    gateway: Option<String>,
    /// `GATEWAY_PORT`: its TCP port.
    gateway_port: Option<String>,
}

impl Placeholders {
    /// The values that the configuration of `target` gives.
    ///
    /// A host has a value only when it is plain: `[A-Za-z0-9._:-]`, not starting with a hyphen.
    /// People paste these lines, so for any other host the placeholder stays.
    #[must_use]
    pub fn of_target(target: &Target) -> Self {
        let expected = match target.expect.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let gateway = target.gateway.as_ref();
        Self {
            host: Some(target.host.to_string()).filter(|host| is_plain(host)),
            port: Some(target.port.to_string()),
            address: None,
            expected: expected.as_ref().map(IpAddr::to_string),
            gateway: gateway.map(|gateway| gateway.host.to_string()).filter(|host| is_plain(host)),
            gateway_port: gateway.map(|gateway| gateway.port.to_string()),
        }
    }

    /// [`Self::of_target`], and the address that is dialled.
    #[must_use]
    pub fn of(snapshot: &TargetSnapshot) -> Self {
        Self {
            address: snapshot.address.as_ref().map(IpAddr::to_string),
            ..Self::of_target(&snapshot.target)
        }
    }

    /// `text` with every placeholder replaced that has a value.
    ///
    /// Only whole words are replaced (`\\HOST`, `/server:HOST`, not `LOCALHOST`). An IPv6 address
    /// before `:PORT` is put in brackets.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (before, from_word) = rest.split_at(start);
            let end = from_word.find(|c| !is_word(c)).unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(end);
            out.push_str(before);
            match self.value(word) {
                Some(value)
                    if value.contains(':')
                        && (after.starts_with(":PORT") || after.starts_with(":GATEWAY_PORT")) =>
                {
                    out.push('[');
                    out.push_str(value);
                    out.push(']');
                }
                value => out.push_str(value.unwrap_or(word)),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, word: &str) -> Option<&str> {
        match word {
            "HOST" => self.host.as_deref(),
            "PORT" => self.port.as_deref(),
            "ADDRESS" => self.address.as_deref(),
            "EXPECTED" => self.expected.as_deref(),
            "GATEWAY" => self.gateway.as_deref(),
            "GATEWAY_PORT" => self.gateway_port.as_deref(),
            _ => None,
        }
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_plain(host: &str) -> bool {
    !host.is_empty()
        && !host.starts_with('-')
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::{GatewayAddress, GatewayUsage, Host, TargetId};

    fn target(host: &str) -> Target {
        let mut target = Target::new(TargetId(0), "pc", Host::Name(host.to_owned()));
        target.port = 3390;
        target
    }

    fn filled(text: &str, host: &str) -> String {
        Placeholders::of_target(&target(host)).fill(text)
    }

    #[test]
    fn only_whole_words_are_replaced() {
        for (text, expected) in [
            ("qwinsta /server:HOST", "qwinsta /server:pc-7.corp.lab"),
            (r"sc.exe \\HOST query HOST", r"sc.exe \\pc-7.corp.lab query pc-7.corp.lab"),
            ("HOST", "pc-7.corp.lab"),
            ("mstsc /v:HOST:PORT", "mstsc /v:pc-7.corp.lab:3390"),
            ("HOSTHOST LOCALHOST HOSTNAME HOST_OLD", "HOSTHOST LOCALHOST HOSTNAME HOST_OLD"),
            ("EXPORT PORTS büro-HOST…PORT", "EXPORT PORTS büro-pc-7.corp.lab…3390"),
            ("no word", "no word"),
            ("", ""),
        ] {
            assert_eq!(filled(text, "pc-7.corp.lab"), expected);
        }
    }

    #[test]
    fn a_host_that_means_something_to_a_shell_is_never_pasted() {
        for host in ["", "-rf", "a;reboot", "a b", "$(id)", "fe80::1%eth0", "a\nb", "büro"] {
            assert_eq!(filled("ping HOST:PORT", host), "ping HOST:3390", "{host}");
        }
        assert_eq!(filled("ping HOST", "fe80::1"), "ping fe80::1");
        assert_eq!(filled("mstsc /v:HOST:PORT", "fe80::1"), "mstsc /v:[fe80::1]:3390");
        assert_eq!(filled("ping HOST", "ADDRESS"), "ping ADDRESS", "a value is not filled again");
    }

    #[test]
    fn what_is_not_known_stays() {
        let mut target = target("pc-7");
        let text = "HOST PORT ADDRESS EXPECTED NAME";
        assert_eq!(Placeholders::default().fill(text), text);
        assert_eq!(Placeholders::of_target(&target).fill(text), "pc-7 3390 ADDRESS EXPECTED NAME");
        target.expect = vec![[10, 0, 0, 21].into()];
        let values = Placeholders {
            address: Some("10.0.0.99".to_owned()),
            ..Placeholders::of_target(&target)
        };
        assert_eq!(values.fill(text), "pc-7 3390 10.0.0.99 10.0.0.21 NAME");
        let gateway = "https://GATEWAY:GATEWAY_PORT/";
        assert_eq!(values.fill(gateway), gateway);
        target.gateway = Some(GatewayAddress {
            host: Host::Name("gw.corp.lab".to_owned()),
            port: 8443,
            usage: GatewayUsage::Always,
        });
        let filled = Placeholders::of_target(&target).fill(gateway);
        assert_eq!(filled, "https://gw.corp.lab:8443/");
        target.expect.push([10, 0, 0, 22].into());
        assert_eq!(Placeholders::of_target(&target).fill("EXPECTED"), "EXPECTED", "which of them?");
    }
}
