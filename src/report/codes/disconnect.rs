//! Disconnect reasons of `IMsTscAxEvents::OnDisconnected`, and those that `mstsc` shows besides.

use super::Code;
use super::Layer::{
    Client, Licensing, Name, Policy, Protocol, RdpSecurity, Session, SignIn, Tcp, Tls,
};

/// Every disconnect reason below the gateway's, by number.
pub const DISCONNECT: &[Code] = &[
    Code::new(0x0, "disconnectReasonNoInfo", Session, "No information is available."),
    Code::new(
        0x1,
        "disconnectReasonLocalNotError",
        Session,
        "Disconnected at this client. Not an error.",
    ),
    Code::new(
        0x2,
        "disconnectReasonRemoteByUser",
        Session,
        "Disconnected by the user in the session. Not an error.",
    ),
    Code::new(
        0x3,
        "disconnectReasonByServer",
        Session,
        "Disconnected by the server. Microsoft does not call it an error, but the client's message \
         names three reasons: an administrator ended the session, an error while connecting, or a \
         network problem.",
    )
    .seen("The extended code says which of the three it was.")
    .rules(&["host-restarted", "session-dropped", "connection-dropped"]),
    Code::new(
        0x4,
        "",
        Tls,
        "The session ended because of an error. Clients for macOS and mobile systems show it; \
         Microsoft's lists for Windows do not have it.",
    )
    .seen("The other side ended the TLS handshake.")
    .rules(&["tls-handshake-failed", "connection-dropped", "certificate-missing"]),
    Code::new(
        0x104,
        "disconnectReasonDNSLookupFailed",
        Name,
        "The computer cannot be found: the lookup of its name failed.",
    )
    .seen("A missing or stale record, split DNS, or a VPN whose DNS suffix and servers are not in use.")
    .rules(&["dns-failure", "dns-disagreement", "name-path-broken"]),
    Code::new(0x106, "disconnectReasonOutOfMemory", Client, "The client ran out of memory."),
    Code::new(
        0x108,
        "disconnectReasonConnectionTimedOut",
        Tcp,
        "The connection timed out: the two computers could not connect in the time allowed.",
    )
    .seen("A firewall that drops, a host that sleeps, or a path that is down.")
    .rules(&["port-filtered", "host-unreachable", "host-asleep", "path-outage", "rdp-silent"]),
    Code::new(0x10a, "", Client, "The smart card service is not running."),
    Code::new(
        0x204,
        "disconnectReasonSocketConnectFailed",
        Tcp,
        "The TCP connection could not be made: remote access is not enabled, the computer is off, \
         or it cannot be reached.",
    )
    .seen("Refused, filtered or unreachable; the client does not tell these apart, the probes do.")
    .rules(&[
        "port-closed",
        "port-filtered",
        "port-rejected",
        "host-unreachable",
        "host-asleep",
        "path-outage",
    ]),
    Code::new(0x206, "disconnectReasonOutOfMemory2", Client, "The client ran out of memory (2)."),
    Code::new(0x208, "disconnectReasonHostNotFound", Name, "The host was not found.")
        .rules(&["dns-failure", "dns-disagreement"]),
    Code::new(0x20a, "", Client, "No smart card reader was detected."),
    Code::new(
        0x304,
        "disconnectReasonWinsockSendFailed",
        Tcp,
        "Sending failed: the connection was lost because of a network error.",
    )
    .seen("Packet loss, a VPN that reconnected, or a change of network while connected.")
    .rules(&["packet-loss", "vpn-flap", "path-outage", "mtu-black-hole"]),
    Code::new(0x306, "disconnectReasonOutOfMemory3", Client, "The client ran out of memory (3)."),
    Code::new(0x308, "disconnectReasonInvalidIPAddr", Name, "The IP address is not valid."),
    Code::new(0x30a, "", Client, "No card is in the smart card reader."),
    Code::new(
        0x404,
        "disconnectReasonSocketRecvFailed",
        Tcp,
        "Receiving failed: the connection broke under the client, usually by a reset.",
    )
    .seen("A reset in the middle of the handshake, by the host or by something between.")
    .rules(&["connection-dropped", "tls-handshake-failed", "connection-flapping"]),
    Code::new(
        0x406,
        "disconnectReasonInvalidSecurityData",
        RdpSecurity,
        "The security data is not valid.",
    )
    .rules(&["legacy-security", "security-layer-mismatch", "not-rdp"]),
    Code::new(
        0x408,
        "disconnectReasonInternalError",
        Client,
        "Internal error; the client's message speaks of invalid characters in the computer name.",
    ),
    Code::new(0x40a, "", Client, "The smart card subsystem reported an error."),
    Code::new(
        0x506,
        "disconnectReasonInvalidEncryption",
        RdpSecurity,
        "The encryption method is not valid.",
    )
    .rules(&["legacy-security", "security-layer-mismatch"]),
    Code::new(0x508, "disconnectReasonDNSLookupFailed2", Name, "The DNS lookup failed (2).")
        .rules(&["dns-failure", "dns-disagreement"]),
    Code::new(
        0x604,
        "disconnectReasonGetHostByNameFailed",
        Name,
        "The operating system's name lookup (gethostbyname) failed.",
    )
    .rules(&["dns-failure", "dns-disagreement"]),
    Code::new(
        0x606,
        "disconnectReasonInvalidServerSecurityInfo",
        RdpSecurity,
        "The server's security data is not valid.",
    )
    .rules(&["legacy-security", "security-layer-mismatch", "not-rdp"]),
    Code::new(0x608, "disconnectReasonTimerError", Client, "Internal timer error."),
    Code::new(
        0x704,
        "disconnectReasonTimeoutOccurred",
        RdpSecurity,
        "A time-out: something accepted the connection and then said nothing.",
    )
    .seen("A hung service, a proxy that answers for a PC that is off, or a path that loses large packets.")
    .rules(&["rdp-silent", "tls-handshake-failed", "mtu-black-hole", "proxied"]),
    Code::new(
        0x706,
        "disconnectReasonServerCertificateUnpackErr",
        RdpSecurity,
        "The server's certificate could not be unpacked.",
    )
    .seen("A weak or unusual certificate, or a server that speaks only Standard RDP Security.")
    .rules(&["certificate-weak", "legacy-security", "certificate-missing"]),
    Code::new(
        0x708,
        "",
        Session,
        "A second console session was refused: the client believes it is connecting to itself.",
    )
    .seen("A stale record whose address meanwhile belongs to this very machine.")
    .rules(&["name-is-self", "dns-mismatch"]),
    Code::new(0x804, "disconnectReasonInvalidIP", Name, "The IP address is bad."),
    Code::new(0x807, "SSL_ERR_LOGON_FAILURE", SignIn, "The sign-in failed."),
    Code::new(0x808, "disconnectReasonLicensingFailed", Licensing, "License negotiation failed."),
    Code::new(
        0x904,
        "disconnectReasonAtClientWinsockFDCLOSE",
        Tcp,
        "Socket closed: TCP was up, and the other side or something between closed it. The code \
         hides the stage at which that happened.",
    )
    .rules(&[
        "tls-handshake-failed",
        "certificate-missing",
        "certificate-expired",
        "connection-dropped",
        "connection-flapping",
        "security-layer-mismatch",
        "legacy-security",
        "not-rdp",
    ]),
    Code::new(
        0x906,
        "disconnectReasonInternalSecurityError",
        RdpSecurity,
        "Internal security error.",
    )
    .rules(&["legacy-security", "security-layer-mismatch"]),
    Code::new(
        0x907,
        "",
        Tls,
        "An unexpected server certificate was received: not the one this client saw before.",
    )
    .seen("A replaced certificate, another machine behind the name, or a product that inspects TLS.")
    .rules(&["certificate-changed", "identity-mismatch", "certificate-intercepted", "dns-mismatch"]),
    Code::new(0x908, "disconnectReasonLicensingTimeout", Licensing, "Licensing timed out."),
    Code::new(
        0xa06,
        "disconnectReasonInternalSecurityError2",
        RdpSecurity,
        "Internal security error (2).",
    )
    .rules(&["legacy-security", "security-layer-mismatch"]),
    Code::new(0xa07, "SSL_ERR_NO_SUCH_USER", SignIn, "The user has no account there."),
    Code::new(
        0xb04,
        "",
        Tcp,
        "An error prevented the connection; the client's message says no more.",
    )
    .rules(&["connection-dropped", "tls-handshake-failed"]),
    Code::new(0xb06, "disconnectReasonEncryptionError", RdpSecurity, "Encryption error.")
        .seen("Data damaged or altered on the way, or a fault in either end.")
        .rules(&["packet-loss", "proxied"]),
    Code::new(0xb07, "SSL_ERR_ACCOUNT_DISABLED", SignIn, "The account is disabled."),
    Code::new(
        0xb09,
        "",
        Policy,
        "The host requires Network Level Authentication and this client does not offer it.",
    )
    .seen("An old client, or one whose .rdp file turns CredSSP off.")
    .rules(&["security-layer-mismatch", "client-settings"]),
    Code::new(0xc06, "disconnectReasonDecryptionError", RdpSecurity, "Decryption error.")
        .seen("A tunnel or proxy that altered the stream (seen with a user-space subnet router).")
        .rules(&["proxied", "connection-dropped"]),
    Code::new(
        0xc07,
        "SSL_ERR_ACCOUNT_RESTRICTION",
        SignIn,
        "The account is restricted: hours, workstations, an empty password.",
    ),
    Code::new(
        0xc08,
        "disconnectReasonClientDecompressionError",
        Protocol,
        "Decompression failed at the client.",
    ),
    Code::new(
        0xd06,
        "",
        Protocol,
        "Disconnected because of a protocol error; the client's message says no more.",
    ),
    Code::new(
        0xd07,
        "SSL_ERR_ACCOUNT_LOCKED_OUT",
        SignIn,
        "The account is locked out: too many failed sign-ins, not necessarily by its owner.",
    ),
    Code::new(
        0xd09,
        "",
        Policy,
        "This client's policy wants the password typed in its own dialog, and the host cannot take \
         credentials that way.",
    ),
    Code::new(0xe06, "", RdpSecurity, "The client does not support the FIPS encryption level the host demands."),
    Code::new(0xe07, "SSL_ERR_ACCOUNT_EXPIRED", SignIn, "The account has expired."),
    Code::new(0xe08, "", Session, "Reconnecting to the session failed.")
        .rules(&["session-dropped", "packet-loss", "vpn-flap"]),
    Code::new(0xe09, "", Policy, "The host does not support Restricted Admin mode."),
    Code::new(0xf07, "SSL_ERR_PASSWORD_EXPIRED", SignIn, "The password has expired."),
    Code::new(
        0xf08,
        "",
        Policy,
        "Credentials may not be sent to that host: this client's delegation policy forbids it.",
    ),
    Code::new(0x1007, "", SignIn, "Sign-in is not allowed at this time of day."),
    Code::new(0x1008, "", Client, "The client is low on video memory."),
    Code::new(0x1104, "", Protocol, "The client detected a protocol error (code 0x1104).")
        .seen("Something that is not RDP, or a second service, answers on that port.")
        .rules(&["not-rdp"]),
    Code::new(0x1107, "", SignIn, "Sign-in is not allowed from this computer."),
    Code::new(
        0x1207,
        "SSL_ERR_PASSWORD_MUST_CHANGE",
        SignIn,
        "The password must be changed before the first sign-in.",
    ),
    Code::new(0x1307, "", SignIn, "This type of sign-in is not allowed for the account."),
    Code::new(0x1407, "", SignIn, "The Kerberos sub-protocol User2User is required."),
    Code::new(
        0x1607,
        "SSL_ERR_DELEGATION_POLICY",
        Policy,
        "Policy does not allow credentials to be delegated to that host.",
    ),
    Code::new(
        0x1707,
        "SSL_ERR_POLICY_NTLM_ONLY",
        Policy,
        "Credentials may be delegated only after mutual authentication, which NTLM cannot give.",
    )
    .seen("Dialling by address or by an alias without a service principal name, so that Kerberos is not used.")
    .rules(&["name-path-broken", "dns-mismatch"]),
    Code::new(
        0x1807,
        "SSL_ERR_NO_AUTHENTICATING_AUTHORITY",
        SignIn,
        "No authority could be contacted for authentication: wrong or unreachable domain, or a \
         broken trust.",
    )
    .seen("A domain controller out of reach of the host, or a name without a service principal name.")
    .rules(&["clock-skew", "name-path-broken"]),
    Code::new(
        0x1b07,
        "SSL_ERR_CERT_EXPIRED",
        Tls,
        "The certificate received is expired or not valid; a large difference of the clocks looks \
         the same.",
    )
    .rules(&["certificate-expired", "certificate-not-yet-valid", "clock-skew"]),
    Code::new(0x1c07, "SSL_ERR_SMARTCARD_WRONG_PIN", SignIn, "The smart card got a wrong PIN."),
    Code::new(
        0x1d07,
        "",
        Tls,
        "The clocks of client and host differ too much to verify the host's identity.",
    )
    .rules(&["clock-skew", "certificate-not-yet-valid", "certificate-expired"]),
    Code::new(
        0x2107,
        "SSL_ERR_FRESH_CRED_REQUIRED_BY_SERVER",
        Policy,
        "The host does not take saved credentials: type them.",
    ),
    Code::new(0x2207, "SSL_ERR_SMARTCARD_CARD_BLOCKED", SignIn, "The smart card is blocked."),
    Code::new(0x2507, "", Session, "Reconnecting to the remote applications failed."),
    Code::new(0x2604, "", Protocol, "The versions of client and server do not match."),
    Code::new(0x0200_0001, "", Session, "Reconnecting to the remote program failed."),
    Code::new(0x0200_0002, "", Protocol, "The host does not support RemoteApp."),
];
