//! What is commonly reported behind 0x904, most often reported first.
//!
//! The order follows the reports that name a proven cause: the server's certificate or key leads,
//! then something between that closes, then security layers that do not match. Loss and VPNs are
//! named by Microsoft's own text for the other form, the session that ends.

/// Which of the two dialogs a cause leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialog {
    /// "This computer can't connect to the remote computer": extended 0x7, while connecting.
    Connect,
    /// "Your Remote Desktop Services session has ended": extended 0x0, in a running session.
    Session,
}

impl Dialog {
    /// The extended code that goes with it.
    #[must_use]
    pub const fn extended(self) -> u32 {
        match self {
            Self::Connect => 0x7,
            Self::Session => 0x0,
        }
    }
}

/// One commonly reported cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What it is, one sentence without a full stop.
    pub title: &'static str,
    /// Which dialog it leads to.
    pub dialog: Dialog,
    /// How it comes about.
    pub why: &'static str,
    /// What to do, safe first.
    pub steps: &'static [&'static str],
    /// Rules whose findings show it, best first.
    pub rules: &'static [&'static str],
}

/// Every cause, most often reported first within its dialog.
pub const CAUSES: &[Cause] = &[
    Cause {
        title: "the host's certificate or its private key is unusable",
        dialog: Dialog::Connect,
        why: "Windows did not replace its expired certificate, or the service may not read the key \
              (permissions under MachineKeys), or a clone carries another machine's store.",
        steps: &[
            "On the host, look first: events 1057 and 1058 (TerminalServices-RemoteConnectionManager) \
             and 36870 (Schannel).",
            "Give SYSTEM and Administrators full control of the one RDP key f686aace\u{2026} under \
             %ProgramData%\\Microsoft\\Crypto\\RSA\\MachineKeys.",
            "Delete the expired certificate under Remote Desktop > Certificates (certlm.msc), then \
             Restart-Service TermService -Force: DISCONNECTS EVERY SESSION on that host.",
        ],
        rules: &[
            "tls-handshake-failed",
            "certificate-missing",
            "certificate-expired",
            "certificate-not-yet-valid",
            "certificate-shared",
            "certificate-weak",
        ],
    },
    Cause {
        title: "something between closes the connection: proxy, tunnel, load balancer, VPN",
        dialog: Dialog::Connect,
        why: "It accepts the connection itself and closes it when its own way to the host fails, so \
              that the client sees an open port and then a closed one.",
        steps: &[
            "Connect once from the host's own network, without the tunnel: if that works, it is \
             the tunnel.",
            "Read the log of the proxy or VPN at that second.",
        ],
        rules: &["connection-dropped", "connection-flapping", "proxied", "path-outage"],
    },
    Cause {
        title: "TLS versions, suites or security layers do not match",
        dialog: Dialog::Connect,
        why: "A policy turned TLS versions off, or one side speaks only Standard RDP Security, or \
              only one side has the CredSSP update of 2018.",
        steps: &[
            "On the host, look for event 36871 (Schannel): no common version or suite.",
            "Update both ends before touching settings.",
            "Only then the security layer (gpedit.msc, Remote Desktop Session Host > Security): \
             lowering it or turning NLA off WEAKENS SECURITY.",
        ],
        rules: &[
            "security-layer-mismatch",
            "legacy-security",
            "tls-outdated",
            "tls-handshake-failed",
            "credssp-outdated",
            "credssp-rejected",
            "entra-required",
        ],
    },
    Cause {
        title: "the wrong machine or the wrong program answers",
        dialog: Dialog::Connect,
        why: "A stale record, split DNS or a second service on the port: what answers is not the \
              Remote Desktop service that was meant.",
        steps: &[
            "Connect by address once: if that works, it is the name.",
            "Do not type a password until the machine is known to be the right one.",
        ],
        rules: &[
            "not-rdp",
            "dns-mismatch",
            "identity-mismatch",
            "name-path-broken",
            "dns-disagreement",
            "name-is-self",
            "address-dead",
        ],
    },
    Cause {
        title: "the host is overloaded, hung, restarting or at its limit of connections",
        dialog: Dialog::Connect,
        why: "The service accepts and then closes or stays silent; a host that is attacked with \
              password guesses looks the same.",
        steps: &[
            "Try again after a minute; then look at the host's load and its System log.",
            "sc.exe \\\\HOST query TermService",
        ],
        rules: &["connection-flapping", "rdp-silent", "rdp-slow", "host-restarted"],
    },
    Cause {
        title: "security software ends the handshake",
        dialog: Dialog::Connect,
        why: "Network inspection of an antivirus or a firewall intercepts TLS on the RDP port.",
        steps: &[
            "Exclude Remote Desktop from the product's network scanning; do not remove the product.",
        ],
        rules: &[
            "certificate-intercepted",
            "certificate-changed",
            "monitor-blocked",
            "port-rejected",
        ],
    },
    Cause {
        title: "the line loses packets or stalls: Wi-Fi, VPN, Internet access",
        dialog: Dialog::Session,
        why: "Microsoft's own text for this form names network connectivity. A session survives \
              short gaps and ends after about half a minute of silence.",
        steps: &[
            "Use a cable, or move closer to the access point.",
            "Try another VPN node, and write down when it drops.",
        ],
        rules: &[
            "packet-loss",
            "session-dropped",
            "session-would-drop",
            "vpn-flap",
            "path-outage",
            "wifi-weak",
            "high-jitter",
            "high-latency",
            "link-saturated",
        ],
    },
    Cause {
        title: "a timer ends it: VPN re-login, idle limit, session limit",
        dialog: Dialog::Session,
        why: "Drops at near-constant spacing are no bad line.",
        steps: &["Compare the times of the drops; ask for the limits of VPN, gateway and host."],
        rules: &["drops-periodic"],
    },
    Cause {
        title: "large packets vanish on the way (MTU), or the UDP transport breaks",
        dialog: Dialog::Session,
        why: "Small packets pass, so that everything looks fine until the screen moves.",
        steps: &[
            "Lower the MTU of the VPN interface on the client (1350 is a common choice).",
            "Turn UDP off on the client: policy fClientDisableUDP=1.",
        ],
        rules: &["mtu-black-hole", "mtu-low", "udp-blocked", "udp-65s-bug"],
    },
    Cause {
        title: "the host went away: restart, crash, sleep",
        dialog: Dialog::Session,
        why: "Everything on the host falls silent at the same second and comes back layer by layer.",
        steps: &["On the host: events 6005, 6006, 6008 and 41 (System) around that minute."],
        rules: &["host-restarted", "restarted-together", "host-asleep", "host-unreachable"],
    },
];

/// What no probe from outside can see: listed, never judged.
pub const NOT_OBSERVABLE: &[&str] = &[
    "an outdated client, its damaged cache or ActiveX control",
    "regressions of a Windows upgrade on the client",
    "licensing",
    "the account: password, rights, lock-out, allowed hours",
    "limits of sessions, and a session locked by another process",
    "the user's profile on the host",
    "the bandwidth of the line",
];
