//! Every cause that the guides to error 0x904 name, and which findings show it: the table that
//! `docs/RULES.md` begins with.

/// One cause as the guides name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuideCause {
    /// In the words of the guides.
    pub cause: &'static str,
    /// Rules whose findings show it. Those that this version has no rule for are left out of the
    /// document.
    pub rules: &'static [&'static str],
    /// What of it no probe from outside can see; empty when all of it can be seen.
    pub not_observable: &'static str,
}

const fn cause(cause: &'static str, rules: &'static [&'static str]) -> GuideCause {
    GuideCause { cause, rules, not_observable: "" }
}

impl GuideCause {
    const fn except(self, not_observable: &'static str) -> Self {
        Self { not_observable, ..self }
    }
}

/// The table, in the order of the guides.
pub const GUIDE_CAUSES: &[GuideCause] = &[
    cause(
        "unstable network, packet loss, fluctuating bandwidth, high latency, Wi-Fi",
        &[
            "line-degraded",
            "packet-loss",
            "high-latency",
            "high-jitter",
            "link-saturated",
            "wifi-weak",
            "session-would-drop",
        ],
    )
    .except("the bandwidth of the line itself"),
    cause(
        "unstable, slow or dropping VPN",
        &["path-outage", "vpn-flap", "drops-periodic", "dns-disagreement", "session-dropped"],
    ),
    cause(
        "MTU mismatch on VPNs, routers that drop UDP",
        &["mtu-low", "mtu-black-hole", "udp-blocked"],
    )
    .except("the largest packet on the way back"),
    cause(
        "broken multi-transport routing (UDP and TCP)",
        &["udp-blocked", "udp-65s-bug", "address-dead"],
    ),
    cause(
        "firewall or blocked traffic on the RDP ports, Defender rules",
        &["port-barred", "port-filtered", "port-rejected", "port-closed", "monitor-blocked"],
    )
    .except("which of several silent firewalls dropped a packet"),
    cause(
        "server not configured to accept (fDenyTSConnections, service down)",
        &["port-closed", "rdp-silent", "not-rdp"],
    ),
    cause(
        "server overloaded, hung or restarting",
        &[
            "service-failure",
            "rdp-slow",
            "rdp-silent",
            "connection-flapping",
            "host-restarted",
            "restarted-together",
            "host-unreachable",
        ],
    ),
    cause(
        "hostname handshake bug of Windows 11, \"use the IP instead\"",
        &["name-path-broken", "dns-mismatch", "identity-mismatch"],
    ),
    cause(
        "DNS problems, stale records",
        &[
            "dns-server-failure",
            "dns-failure",
            "dns-mismatch",
            "dns-disagreement",
            "dns-server-slow",
            "names-to-one-address",
            "dns-slow",
            "address-changed",
            "name-is-self",
        ],
    ),
    cause(
        "expired RDP certificate",
        &["certificate-expired", "certificate-expiring", "certificate-not-yet-valid"],
    ),
    cause(
        "certificate of another name or of a weak kind",
        &["certificate-name-mismatch", "certificate-weak", "certificate-changed"],
    )
    .except("whether a certificate was revoked"),
    cause(
        "corrupt MachineKeys or certificate store (Azure VM, cloned instance)",
        &["certificate-missing", "tls-handshake-failed", "certificate-shared"],
    ),
    cause("corrupted secure sockets", &["tls-handshake-failed", "connection-dropped"]),
    cause(
        "TLS or cipher mismatch; NLA that forces TLS",
        &["tls-outdated", "tls-handshake-failed", "security-layer-mismatch"],
    ),
    cause(
        "NLA misconfigured",
        &[
            "security-layer-mismatch",
            "nla-not-enforced",
            "sign-in-failure",
            "credssp-rejected",
            "entra-required",
        ],
    ),
    cause(
        "CredSSP update levels differ (CVE-2018-0886)",
        &["credssp-outdated", "credssp-rejected"],
    ),
    cause("clocks differ (Kerberos)", &["clock-skew"]),
    cause(
        "security layer too high or too low for the client",
        &["security-layer-mismatch", "legacy-security", "client-settings"],
    ),
    cause(
        "RD Gateway auto-detection, gateway transport",
        &[
            "gateway-failure",
            "gateway-unreachable",
            "gateway-not-answering",
            "gateway-certificate",
            "gateway-misused",
        ],
    )
    .except("the machine behind the gateway, and its policies"),
    cause("PC asleep or hibernating", &["host-asleep", "wake-failed", "mac-unknown"])
        .except("fast start-up, the firmware and the power plan"),
    cause(
        "antivirus or endpoint protection that kills the handshake",
        &["certificate-intercepted", "connection-dropped", "rdp-silent"],
    ),
    cause("session refused or locked by another process", &["connection-dropped"])
        .except("what happens after the handshake: locked sessions, session limits, profiles"),
    cause("source address 127.0.0.1 (tunnels, port forwards)", &["proxied"]),
    cause(
        "outdated client, damaged ActiveX control or cache, Windows upgrade regressions",
        &["client-settings"],
    )
    .except("the client's version, cache and controls"),
    cause("passwords, rights, locked accounts, allowed hours, licences", &[])
        .except("all of it: nothing signs in"),
    cause(
        "the measuring machine itself",
        &["monitor-offline", "monitor-overload", "probe-limited"],
    ),
];

/// Rules of the catalogue that this version has none of.
#[cfg(test)]
const TO_COME: &[&str] = &[];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::{RULES, rule};
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_answers_a_cause_and_every_name_is_a_rule() {
        let named: BTreeSet<&str> =
            GUIDE_CAUSES.iter().flat_map(|row| row.rules).copied().collect();
        let built: BTreeSet<&str> = RULES.iter().map(|rule| rule.card().id.0).collect();
        let unnamed: Vec<&&str> = built.difference(&named).collect();
        assert!(unnamed.is_empty(), "no cause of the guides leads to {unnamed:?}");
        let to_come: BTreeSet<&str> =
            TO_COME.iter().copied().filter(|id| rule(id).is_none()).collect();
        let unknown: Vec<&&str> =
            named.difference(&built).filter(|id| !to_come.contains(**id)).collect();
        assert!(unknown.is_empty(), "no rule {unknown:?}");
    }

    #[test]
    fn every_cause_leads_somewhere() {
        let causes: BTreeSet<&str> = GUIDE_CAUSES.iter().map(|row| row.cause).collect();
        assert_eq!(causes.len(), GUIDE_CAUSES.len());
        for row in GUIDE_CAUSES {
            let seen = row.rules.iter().any(|id| rule(id).is_some() || TO_COME.contains(id));
            assert!(seen || !row.not_observable.is_empty(), "{}", row.cause);
        }
    }
}
