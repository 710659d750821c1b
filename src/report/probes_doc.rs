//! `docs/PROBES.md`: what each probe sends, how often, and what the host logs of it.

use super::words;
use crate::domain::sample::{ProbeKind, TlsSweep};
use crate::domain::target::Cadence;
use std::fmt::Write;
use std::time::Duration;

/// One probe, for whoever runs the hosts.
#[derive(Debug)]
pub struct ProbeCard {
    /// Which.
    pub kind: ProbeKind,
    /// What people call it.
    pub title: &'static str,
    /// What leaves this machine, and what is read.
    pub sends: &'static str,
    /// How often, by default and while all is quiet.
    pub every: fn(&Cadence) -> Duration,
    /// When else.
    pub also: &'static str,
    /// What Windows writes down.
    pub windows: &'static str,
    /// What other servers write down.
    pub others: &'static str,
}

/// What people call a probe.
#[must_use]
pub fn title(kind: ProbeKind) -> &'static str {
    PROBES.iter().find(|card| card.kind == kind).map_or("", |card| card.title)
}

/// Every probe, cheapest first.
pub static PROBES: &[ProbeCard] = &[
    ProbeCard {
        kind: ProbeKind::Echo,
        title: "echo",
        sends: "One ICMP echo request of 84 bytes (104 over IPv6); the reply is read.",
        every: |cadence| cadence.echo,
        also: "10 a second for 1 s after a loss, for 20 s after two within 20 s, for at most 32 targets at a time.",
        windows: "Nothing.",
        others: "Nothing.",
    },
    ProbeCard {
        kind: ProbeKind::Resolve,
        title: "name",
        sends: "The operating system's own lookup, and one A and one AAAA query to each DNS \
            server that it uses, for names only; a reverse lookup of the first address.",
        every: |cadence| cadence.resolve,
        also: "After a change of state, at most once a minute.",
        windows: "Nothing on the host. DNS servers see the queries.",
        others: "Nothing on the host.",
    },
    ProbeCard {
        kind: ProbeKind::Neighbour,
        title: "neighbour table",
        sends: "Nothing: this machine's own table is read.",
        every: |cadence| cadence.neighbour,
        also: "",
        windows: "Nothing.",
        others: "Nothing.",
    },
    ProbeCard {
        kind: ProbeKind::PathMtu,
        title: "path MTU",
        sends: "ICMP echo requests that may not be fragmented: one of 1500 bytes and a small one \
            beside it. Where the large one does not pass, smaller sizes follow, at most 20 packets in all. \
            Where ICMP is not permitted, UDP datagrams to traceroute's port 33434; never to the RDP \
            port.",
        every: |cadence| cadence.path_mtu,
        also: "After a change of state, at most once a minute.",
        windows: "Nothing.",
        others: "Nothing.",
    },
    ProbeCard {
        kind: ProbeKind::Connect,
        title: "other addresses",
        sends: "A TCP handshake and a close, without data, with each address that the name has \
            besides the dialled one. Only where the dialled one is in trouble, or is not an expected \
            one, another address is climbed as far as the certificate: at most once in 10 minutes \
            for all of a target's addresses.",
        every: |cadence| cadence.resolve.max(Duration::from_mins(1)),
        also: "",
        windows: "Nothing: the event needs data (not measured here).",
        others: "xrdp 0.9.21: 8 lines, 7 of them errors. freerdp-shadow 2.11.7: 3 lines (measured).",
    },
    ProbeCard {
        kind: ProbeKind::Negotiate,
        title: "TCP and X.224",
        sends: "A TCP handshake, a Connection Request of 19 bytes without a cookie and without a \
            user name, and a close with FIN once the answer is there. A server that insists on NLA \
            alone is asked once more for that. Where echo must use TCP, this connection is the \
            echo, every 15 s.",
        every: |cadence| cadence.negotiate,
        also: "Every 10 s for 2 minutes after it ended otherwise than the time before, for the target that is looked at, and with \
            at most three targets.",
        windows: "Event 261 (TerminalServices-RemoteConnectionManager, \"Listener RDP-Tcp received \
            a connection\") and 131 (RdpCoreTS, with this machine's address), from documents.",
        others: "xrdp 0.9.21: 8 lines. freerdp-shadow 2.11.7: 3 lines (measured).",
    },
    ProbeCard {
        kind: ProbeKind::Tls,
        title: "TLS",
        sends: "The same connection goes on with a ClientHello, the handshake, and a close. When \
            that is refused: a second connection with the hello of an old client, and a third with \
            X.224 alone, to tell a damaged key from a suite that is missing.",
        every: |cadence| cadence.tls,
        also: "After a change of state, at most once a minute.",
        windows: "The same. Schannel notes the unfinished handshake only where its logging was \
            raised (from documents).",
        others: "xrdp 0.9.21: 10 lines. freerdp-shadow 2.11.7: 8 lines (measured).",
    },
    ProbeCard {
        kind: ProbeKind::Nla,
        title: "NLA",
        sends: "The same connection goes on with one CredSSP request that holds an NTLM NEGOTIATE: \
            no user name, no domain, no password. The challenge is read and the connection closed. \
            No AUTHENTICATE is ever sent, so nothing can fail to sign in and no account can be \
            locked.",
        every: |cadence| cadence.nla,
        also: "After a change of state, at most once a minute.",
        windows: "The same; not 140 (wrong user or password), 4625 or 4776, because nobody signs \
            in (from documents).",
        others: "freerdp-shadow 2.11.7: about 8 lines. xrdp has no NLA and is not asked.",
    },
    ProbeCard {
        kind: ProbeKind::Udp,
        title: "UDP transport",
        sends: "One RDP-UDP SYN of 1232 bytes to the same port; unanswered, one more, and one of \
            1132 bytes. The answer is not acknowledged: the server repeats it up to three times.",
        every: |cadence| cadence.udp,
        also: "After a change of state, at most once a minute.",
        windows: "Nothing known.",
        others: "Nothing: neither xrdp nor freerdp-shadow listens.",
    },
    ProbeCard {
        kind: ProbeKind::Sweep,
        title: "TLS sweep",
        sends: "One connection up to the ServerHello for each TLS version and set of suites, one \
            after the other; it ends at the first that does not reach TLS.",
        every: |cadence| cadence.sweep,
        also: "",
        windows: "As for TLS, once per connection.",
        others: "As for TLS, once per connection.",
    },
    ProbeCard {
        kind: ProbeKind::Gateway,
        title: "RD Gateway",
        sends: "One HTTPS connection to the gateway with one RDG_OUT_DATA request that carries no \
            credentials; the challenge is read. Redirects are not followed. Targets behind one \
            gateway share it. One that refuses a modern hello is asked for its certificate by a second \
            connection.",
        every: |cadence| cadence.gateway,
        also: "Ten seconds after it answered otherwise than before, and after a change of state.",
        windows: "The gateway's IIS log has a line with status 401 (from documents).",
        others: "A web server's access log has a line.",
    },
];

const HEAD: &str = "\
# What is sent to a host, and what the host makes of it

Generated from the table of probes in `src/report/probes_doc.rs`: change it there, then run
`RDPWATCH_BLESS=1 cargo test --lib probes_doc`.

Watch only hosts that you may watch. To an intrusion detector this looks like a slow scan by one
address: tell whoever runs it which address that is. No probe signs in, and none sends anything that
a server could take for a user.

- **Cheap probes often, deep probes rarely.** A row below is what a quiet host sees; `[cadence]` in
  the configuration changes it, for all, per group or per target ([CONFIG.md](CONFIG.md)).
- **One connection serves several rungs.** The daily NLA connection and the half-hourly TLS
  connection are the connection of that minute, climbed further.
- **Starts are spread and jittered** by up to a tenth of the interval. At a time run at most 64
  connections, beside them 32 probes that may be silent for long (sweep, UDP transport, path MTU),
  and 16 gateways. A deep probe never overlaps itself.
- **Every connection ends with FIN**, so that a server has nothing to wait for.
- **`--no-deep`** (`deep = false`) stops after X.224: no TLS, no NLA, no UDP, no sweep, no gateway.
  `--no-icmp` sends no echo. `--read-only` sends no wake packet.
- What each host sees in a day is on its detail screen, and for all of them in `rdpwatch doctor`.

";

/// The document. Ends with a line break.
#[must_use]
pub fn probes_markdown() -> String {
    let cadence = Cadence::default();
    let mut text = HEAD.to_owned();
    text.push_str("| probe | every | also |\n|---|---|---|\n");
    for card in PROBES {
        let every = words::span((card.every)(&cadence));
        line(
            &mut text,
            &format!("| [{}](#{}) | {every} | {} |", card.title, anchor(card), card.also),
        );
    }
    line(&mut text, "");
    line(&mut text, &budget(&cadence));
    for card in PROBES {
        line(&mut text, &format!("\n## {}\n", card.title));
        line(&mut text, card.sends);
        line(&mut text, &format!("\n- Windows logs: {}", card.windows));
        line(&mut text, &format!("- Others log: {}", card.others));
    }
    text
}

/// What a quiet host sees in a day.
fn budget(cadence: &Cadence) -> String {
    let day = Duration::from_hours(24).as_secs();
    let connections = day.div_ceil(cadence.negotiate.as_secs().max(1));
    let sweeps = day.div_ceil(cadence.sweep.as_secs().max(1));
    let swept = sweeps * u64::from(TlsSweep::MOST_CONNECTIONS);
    format!(
        "At the default cadence a quiet host sees {} connections with data a day: {connections} \
         that go as far as is due, and {swept} of the sweep.",
        connections + swept
    )
}

/// The heading as a link names it.
fn anchor(card: &ProbeCard) -> String {
    let kept = |c: &char| c.is_alphanumeric() || *c == ' ';
    card.title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn the_document_in_docs_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PROBES.md");
        if std::env::var_os("RDPWATCH_BLESS").is_some() {
            std::fs::write(&path, probes_markdown()).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written.replace("\r\n", "\n") == probes_markdown(),
            "docs/PROBES.md is out of date: RDPWATCH_BLESS=1 cargo test --lib probes_doc"
        );
    }

    #[test]
    fn every_kind_of_probe_has_its_card() {
        let told: BTreeSet<ProbeKind> = PROBES.iter().map(|card| card.kind).collect();
        assert_eq!(told, ProbeKind::ALL.into_iter().collect());
        assert_eq!(told.len(), PROBES.len());
    }

    #[test]
    fn the_default_budget_is_below_1600_connections_a_day() {
        assert!(budget(&Cadence::default()).contains("sees 1447 connections"));
    }
}
