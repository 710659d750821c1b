//! Causes without protocol words: for whoever works on a host, and does not run it.

use crate::domain::finding::RuleId;

/// What each rule found, one sentence. As far as a rule is not sure, neither is its sentence.
const WORDS: &[(&str, &str)] = &[
    ("path-outage", "The way to it is down, for others behind it too."),
    ("vpn-flap", "The VPN of this machine keeps breaking and coming back."),
    ("session-dropped", "A session on it broke off: it or the line was silent."),
    ("drops-periodic", "Sessions on it drop at regular times, as if by a timer."),
    (
        "host-unreachable",
        "Nothing at all answers there: it is off, it hangs, or the way to it is gone.",
    ),
    ("host-asleep", "It is asleep or switched off, likely."),
    ("host-restarted", "It was started anew: every session on it ended with that."),
    ("session-would-drop", "It did not answer for a while: long enough to hurt a session."),
    ("packet-loss", "Part of what is sent gets lost on the way: sessions freeze or drop."),
    ("high-latency", "Answers are slow: the session feels like typing into syrup."),
    ("high-jitter", "Answers come unevenly: sound and pointer stutter."),
    ("link-saturated", "The line of this machine is full, by a download or an upload of its own."),
    ("wifi-weak", "The Wi-Fi of this machine is weak."),
    ("mtu-low", "Large packets do not fit through the way: part of a session may go a slower one."),
    (
        "mtu-black-hole",
        "Large packets vanish on the way: sessions connect, and then freeze or drop.",
    ),
    ("dns-server-failure", "The directory of names does not answer as it should, for others too."),
    ("dns-failure", "Its name leads nowhere."),
    ("dns-mismatch", "Its name leads to another address than it should."),
    ("address-changed", "It has a new address, and is the same machine."),
    ("dns-disagreement", "Its name leads to different addresses, depending on who is asked."),
    ("dns-slow", "Its name is found slowly: connecting takes longer."),
    ("name-path-broken", "By its name and by its address one gets differently far."),
    ("identity-mismatch", "Another machine than before seems to answer in its place."),
    ("address-dead", "One of its addresses is dead: connecting works sometimes, or late."),
    ("name-is-self", "Its name leads to this very machine."),
    (
        "port-closed",
        "Something is there, and it turns Remote Desktop away: likely Remote Desktop is off there.",
    ),
    ("port-filtered", "It is on, and Remote Desktop on it is met with silence: likely a firewall."),
    ("port-rejected", "A firewall turns Remote Desktop away."),
    (
        "port-barred",
        "Something on the way keeps Remote Desktop out, for others too: a firewall, likely.",
    ),
    (
        "rdp-silent",
        "It takes connections, and Remote Desktop says nothing: it hangs or is still starting, likely.",
    ),
    ("not-rdp", "Something answers in its place, and it is not Remote Desktop."),
    ("rdp-slow", "Remote Desktop on it is slow to answer."),
    ("connection-dropped", "It takes connections and hangs up before Remote Desktop begins."),
    ("connection-flapping", "It works at one try and not at the next."),
    ("proxied", "Something on this side answers in its place."),
    (
        "udp-blocked",
        "The faster way of a session does not work any more; the slower one takes over.",
    ),
    ("udp-65s-bug", "Sessions of new clients may drop after about a minute."),
    ("monitor-blocked", "This machine may be shut out there; others may still get in."),
    (
        "certificate-missing",
        "Remote Desktop on it has nothing to prove itself with, and refuses everybody.",
    ),
    (
        "certificate-expired",
        "What it proves itself with is out of date: you may be warned or refused.",
    ),
    (
        "certificate-not-yet-valid",
        "What it proves itself with is not valid yet: you may be warned or refused.",
    ),
    ("certificate-expiring", "What it proves itself with is soon out of date."),
    (
        "certificate-name-mismatch",
        "What it proves itself with is made out for another name: you may be warned.",
    ),
    (
        "certificate-weak",
        "What it proves itself with is weak: an update may end that it is accepted.",
    ),
    ("certificate-changed", "It proves itself with something new."),
    (
        "certificate-shared",
        "Another machine proves itself with the very same: one is a copy of the other.",
    ),
    (
        "certificate-intercepted",
        "A security product opens the connection on the way: signing in fails then.",
    ),
    ("tls-handshake-failed", "Remote Desktop answers, and the connection cannot be secured."),
    ("tls-outdated", "It secures connections in an outdated way that new clients refuse."),
    ("legacy-security", "It secures connections in a very old way only, which clients may refuse."),
    (
        "security-layer-mismatch",
        "It and today's clients do not agree on how to secure the connection.",
    ),
    ("entra-required", "It takes only sign-in with a work account of the cloud."),
    ("nla-not-enforced", "It shows its sign-in screen before it asks who you are."),
    ("credssp-outdated", "It lacks an old update, and clients that have it refuse to sign in."),
    ("credssp-rejected", "It refuses the way in which clients sign in."),
    ("clock-skew", "Its clock is wrong, or that of this machine: signing in may fail."),
    ("gateway-failure", "The gateway that all go through fails, for others too."),
    ("gateway-unreachable", "The gateway that leads to it cannot be reached."),
    ("gateway-not-answering", "The gateway that leads to it does not ask for sign-in."),
    (
        "gateway-certificate",
        "The gateway that leads to it cannot prove itself: clients may refuse it.",
    ),
    ("gateway-misused", "It answers directly, and sessions go round by a gateway."),
    ("client-settings", "The connection file on this machine does not fit it."),
    ("mac-unknown", "It cannot be woken from here: the number of its network card is not known."),
    ("wake-failed", "It was asked to start and did not."),
    ("monitor-offline", "This machine is offline."),
    ("monitor-overload", "This machine is too busy to measure well."),
    ("probe-limited", "This machine may not measure everything."),
];

/// What the rule found, one sentence.
#[must_use]
pub fn words(rule: RuleId) -> Option<&'static str> {
    WORDS.iter().find(|(id, _)| *id == rule.0).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::RULES;

    /// Words of protocols, and of those who run hosts.
    const PROTOCOLS: &[&str] = &[
        "RDP",
        "TLS",
        "SSL",
        "NLA",
        "TCP",
        "UDP",
        "X.224",
        "ICMP",
        "MTU",
        "DNS",
        "RST",
        "CredSSP",
        "echo",
        "port",
        "certificate",
        "TermService",
        "Kerberos",
        "MAC",
    ];

    #[test]
    fn every_rule_has_one_sentence_without_words_of_protocols() {
        for rule in RULES {
            let id = rule.card().id;
            let words = words(id).unwrap_or_else(|| panic!("{}: no plain words", id.0));
            assert!(words.ends_with('.') && !words.contains(". "), "{words}");
            for word in words.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')) {
                let word = word.trim_end_matches('.');
                assert!(!PROTOCOLS.contains(&word), "{}: {word}", id.0);
            }
        }
        assert_eq!(WORDS.len(), RULES.len(), "no words for what is no rule");
    }
}
