//! What is wrong with a host in a word or two, for letters that are read from across a room.

use crate::domain::finding::Finding;
use crate::domain::snapshot::TargetSnapshot;
use crate::ui::view::small::is_lost_no_more;

/// A finding in brief, by rule. Each is told from what looks like it and is mended elsewhere; all of the
/// cause stands near it in ordinary letters.
const BRIEF: &[(&str, &str)] = &[
    ("address-dead", "dead address"),
    ("certificate-expired", "expired"),
    ("certificate-expiring", "expiring"),
    ("certificate-intercepted", "intercepted"),
    ("certificate-missing", "no cert"),
    ("certificate-not-yet-valid", "not yet valid"),
    ("certificate-shared", "shared cert"),
    ("certificate-weak", "weak cert"),
    ("client-settings", "wrong .rdp"),
    ("clock-skew", "clock off"),
    ("connection-dropped", "hangs up"),
    ("connection-flapping", "on and off"),
    ("credssp-outdated", "old CredSSP"),
    ("credssp-rejected", "NLA refused"),
    ("dns-disagreement", "DNS differs"),
    ("dns-failure", "no name"),
    ("dns-mismatch", "wrong IP"),
    ("dns-server-failure", "DNS fails"),
    ("dns-server-slow", "slow DNS"),
    ("dns-slow", "slow DNS"),
    ("drops-periodic", "timed drops"),
    ("gateway-certificate", "gateway cert"),
    ("gateway-failure", "gateway"),
    ("gateway-not-answering", "gateway"),
    ("gateway-unreachable", "gateway"),
    ("high-jitter", "jitter"),
    ("high-latency", "slow"),
    ("host-asleep", "asleep"),
    ("host-restarted", "restarted"),
    ("host-unreachable", "no answer"),
    ("identity-mismatch", "other host"),
    ("legacy-security", "old RDP"),
    ("line-degraded", "bad line"),
    ("link-saturated", "line full"),
    ("monitor-blocked", "shut out"),
    ("mtu-black-hole", "MTU hole"),
    ("mtu-low", "low MTU"),
    ("name-is-self", "leads here"),
    ("name-path-broken", "name or IP"),
    ("names-to-one-address", "one address"),
    ("not-rdp", "not RDP"),
    ("packet-loss", "loss"),
    ("path-outage", "path down"),
    ("port-barred", "barred"),
    ("port-closed", "closed"),
    ("port-filtered", "filtered"),
    ("port-rejected", "rejected"),
    ("rdp-silent", "RDP silent"),
    ("rdp-slow", "slow RDP"),
    ("restarted-together", "restarted"),
    ("security-layer-mismatch", "RDP security"),
    ("service-failure", "RDP fails"),
    ("session-dropped", "dropped"),
    ("session-would-drop", "silent gap"),
    ("sign-in-failure", "NLA refused"),
    ("tls-handshake-failed", "TLS fails"),
    ("tls-outdated", "old TLS"),
    ("udp-blocked", "no UDP"),
    ("vpn-flap", "VPN flaps"),
    ("wake-failed", "won't wake"),
    ("wifi-weak", "weak Wi-Fi"),
];

/// What is wrong with a host in brief; `None` where its worst is over, or has become another trouble.
pub(super) fn brief(host: &TargetSnapshot) -> Option<&'static str> {
    let told = |worst: &&Finding| host.turned().is_none() && !is_lost_no_more(host, worst);
    let worst = host.worst().filter(told)?;
    BRIEF.iter().find(|(rule, _)| *rule == worst.rule.0).map(|(_, brief)| *brief)
}

#[cfg(test)]
mod tests {
    use super::BRIEF;
    use crate::domain::finding::Severity;
    use crate::domain::rules::{RULES, card};
    use crate::ui::line::Line;
    use crate::ui::theme::Role;
    use crate::ui::widget::letters;

    /// Rules about this machine: the wall shows hosts.
    const ABOUT_THIS_MACHINE: &[&str] = &["monitor-offline", "monitor-overload"];

    #[test]
    fn every_trouble_of_a_host_is_brief_in_large_letters_and_nothing_else_is() {
        for rule in RULES {
            let card = rule.card();
            let trouble = card.severities.iter().any(|severity| *severity > Severity::Notice);
            let host = trouble && !ABOUT_THIS_MACHINE.contains(&card.id.0);
            let brief = BRIEF.iter().filter(|(of, _)| *of == card.id.0).count();
            assert_eq!(brief, usize::from(host), "{}", card.id.0);
        }
        for (rule, brief) in BRIEF {
            assert!(card(rule).is_some(), "{rule}");
            assert!(letters::fits(&Line::of(Role::Text, brief), 48), "{brief}");
        }
    }
}
