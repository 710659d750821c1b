//! Extended disconnect reasons (`ExtendedDisconnectReasonCode`). Up to 0x7fff they are the numbers
//! that a server announces before it closes (MS-RDPBCGR 2.2.5.1.1, Set Error Info), with a few
//! that only the client uses.

use super::Code;
use super::Layer::{Broker, Host, Licensing, Policy, RdpSecurity, Session, SignIn};

/// Every extended code below the protocol range, by number.
pub const EXTENDED: &[Code] = &[
    Code::new(
        0x0,
        "exDiscReasonNoInfo",
        Session,
        "No additional information: the other side said nothing before it closed.",
    )
    .seen("0x904, when a running session was cut.")
    .rules(&["session-dropped", "packet-loss", "vpn-flap", "drops-periodic", "path-outage"]),
    Code::new(
        0x1,
        "exDiscReasonAPIInitiatedDisconnect",
        Session,
        "An administrative tool on the host disconnected the session.",
    ),
    Code::new(
        0x2,
        "exDiscReasonAPIInitiatedLogoff",
        Session,
        "An administrative tool on the host logged the user off.",
    ),
    Code::new(
        0x3,
        "exDiscReasonServerIdleTimeout",
        Session,
        "The idle limit of the session was reached.",
    )
    .rules(&["drops-periodic"]),
    Code::new(
        0x4,
        "exDiscReasonServerLogonTimeout",
        Session,
        "The time limit of the session was reached.",
    )
    .rules(&["drops-periodic"]),
    Code::new(
        0x5,
        "exDiscReasonReplacedByOtherConnection",
        Session,
        "Another connection took the session over.",
    ),
    Code::new(0x6, "exDiscReasonOutOfMemory", Host, "The host ran out of memory."),
    Code::new(
        0x7,
        "exDiscReasonServerDeniedConnection",
        RdpSecurity,
        "The server denied the connection. Clients also show it when the connection merely closed \
         while it was being set up, and no server said anything.",
    )
    .seen("0x904, when the connection died between TCP and the desktop.")
    .rules(&[
        "tls-handshake-failed",
        "certificate-missing",
        "certificate-expired",
        "connection-dropped",
        "security-layer-mismatch",
    ]),
    Code::new(
        0x8,
        "exDiscReasonServerDeniedConnectionFips",
        RdpSecurity,
        "The server denied the connection for security reasons (FIPS).",
    ),
    Code::new(
        0x9,
        "exDiscReasonServerInsufficientPrivileges",
        SignIn,
        "The account may not sign in through Remote Desktop Services on that host.",
    ),
    Code::new(
        0xa,
        "exDiscReasonServerFreshCredsRequired",
        Policy,
        "The host does not take saved credentials: type them.",
    ),
    Code::new(
        0xb,
        "exDiscReasonRpcInitiatedDisconnectByUser",
        Session,
        "A tool in the user's own session disconnected it.",
    ),
    Code::new(0xc, "exDiscReasonLogoffByUser", Session, "The user signed out."),
    Code::new(
        0xf,
        "ERRINFO_CLOSE_STACK_ON_DRIVER_NOT_READY",
        Host,
        "The session's display driver did not start in time.",
    ),
    Code::new(
        0x10,
        "ERRINFO_SERVER_DWM_CRASH",
        Host,
        "The desktop window manager of the session crashed.",
    ),
    Code::new(
        0x11,
        "ERRINFO_CLOSE_STACK_ON_DRIVER_FAILURE",
        Host,
        "The session's display driver failed to start.",
    ),
    Code::new(
        0x12,
        "ERRINFO_CLOSE_STACK_ON_DRIVER_IFACE_FAILURE",
        Host,
        "The session's display driver started but could not be used.",
    ),
    Code::new(0x17, "ERRINFO_SERVER_WINLOGON_CRASH", Host, "Winlogon of the session crashed."),
    Code::new(0x18, "ERRINFO_SERVER_CSRSS_CRASH", Host, "CSRSS of the session crashed."),
    Code::new(0x19, "ERRINFO_SERVER_SHUTDOWN", Host, "The host is shutting down.")
        .rules(&["host-restarted", "host-unreachable"]),
    Code::new(0x1a, "ERRINFO_SERVER_REBOOT", Host, "The host is restarting.")
        .rules(&["host-restarted"]),
    Code::new(0x100, "exDiscReasonLicenseInternal", Licensing, "The licensing component failed."),
    Code::new(
        0x101,
        "exDiscReasonLicenseNoLicenseServer",
        Licensing,
        "No license server could be reached by the host.",
    ),
    Code::new(
        0x102,
        "exDiscReasonLicenseNoLicense",
        Licensing,
        "No client access license is left.",
    ),
    Code::new(
        0x103,
        "exDiscReasonLicenseErrClientMsg",
        Licensing,
        "The host got an invalid licensing message.",
    ),
    Code::new(
        0x104,
        "exDiscReasonLicenseHwidDoesntMatchLicense",
        Licensing,
        "The license stored at the client belongs to other hardware.",
    ),
    Code::new(
        0x105,
        "exDiscReasonLicenseErrClientLicense",
        Licensing,
        "The license stored at the client is damaged.",
    ),
    Code::new(
        0x106,
        "exDiscReasonLicenseCantFinishProtocol",
        Licensing,
        "Network trouble ended the licensing exchange.",
    )
    .rules(&["packet-loss", "mtu-black-hole"]),
    Code::new(
        0x107,
        "exDiscReasonLicenseClientEndedProtocol",
        Licensing,
        "The client ended the licensing exchange early.",
    ),
    Code::new(
        0x108,
        "exDiscReasonLicenseErrClientEncryption",
        Licensing,
        "A licensing message was encrypted wrongly.",
    ),
    Code::new(
        0x109,
        "exDiscReasonLicenseCantUpgradeLicense",
        Licensing,
        "The license stored at the client could not be renewed.",
    ),
    Code::new(
        0x10a,
        "exDiscReasonLicenseNoRemoteConnections",
        Licensing,
        "The host is not licensed for remote connections.",
    ),
    Code::new(
        0x10b,
        "exDiscReasonLicenseCreatingLicStoreAccDenied",
        Licensing,
        "The client may not write its license store.",
    ),
    Code::new(
        0x300,
        "exDiscReasonRdpEncInvalidCredentials",
        SignIn,
        "The credentials are not valid.",
    ),
    Code::new(
        0x400,
        "ERRINFO_CB_DESTINATION_NOT_FOUND",
        Broker,
        "The broker found no such destination.",
    ),
    Code::new(
        0x402,
        "ERRINFO_CB_LOADING_DESTINATION",
        Broker,
        "The destination is disconnecting from the broker.",
    ),
    Code::new(
        0x404,
        "ERRINFO_CB_REDIRECTING_TO_DESTINATION",
        Broker,
        "Redirecting to the destination failed.",
    ),
    Code::new(
        0x405,
        "ERRINFO_CB_SESSION_ONLINE_VM_WAKE",
        Broker,
        "Waking the virtual machine failed.",
    )
    .rules(&["host-asleep", "wake-failed"]),
    Code::new(
        0x406,
        "ERRINFO_CB_SESSION_ONLINE_VM_BOOT",
        Broker,
        "Starting the virtual machine failed.",
    ),
    Code::new(
        0x407,
        "ERRINFO_CB_SESSION_ONLINE_VM_NO_DNS",
        Broker,
        "The virtual machine's address cannot be found.",
    )
    .rules(&["dns-failure"]),
    Code::new(
        0x408,
        "ERRINFO_CB_DESTINATION_POOL_NOT_FREE",
        Broker,
        "No machine in the pool is free.",
    ),
    Code::new(0x409, "ERRINFO_CB_CONNECTION_CANCELLED", Broker, "The connection was cancelled."),
    Code::new(
        0x410,
        "ERRINFO_CB_CONNECTION_ERROR_INVALID_SETTINGS",
        Broker,
        "The routing token of the connection is not valid.",
    ),
    Code::new(
        0x411,
        "ERRINFO_CB_SESSION_ONLINE_VM_BOOT_TIMEOUT",
        Broker,
        "The virtual machine did not start in time.",
    ),
    Code::new(
        0x412,
        "ERRINFO_CB_SESSION_ONLINE_VM_SESSMON_FAILED",
        Broker,
        "The session on the starting virtual machine could not be monitored.",
    ),
];
