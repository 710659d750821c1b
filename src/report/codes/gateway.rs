//! Disconnect reasons of RD Gateway connections: the client's messages by number, and the
//! results of MS-TSGU 2.2.6 that some clients show as they are.

use super::Code;
use super::Layer::{Client, Gateway, Session, SignIn};

/// Rules that look at a gateway.
const REACH: &[&str] = &["gateway-unreachable", "gateway-not-answering"];
const CERTIFICATE: &[&str] = &["gateway-certificate"];
const TARGET: &[&str] = &["host-asleep", "host-unreachable", "port-closed", "port-filtered"];

/// Every gateway code, by number.
pub const GATEWAY: &[Code] = &[
    Code::new(0x0300_0001, "", SignIn, "User name or password is not valid for the gateway."),
    Code::new(0x0300_0002, "", Gateway, "The revocation list of the gateway's certificate cannot be checked.").rules(CERTIFICATE),
    Code::new(0x0300_0003, "", Gateway, "The gateway's certificate has another name, is expired or revoked, or is not trusted.").rules(CERTIFICATE),
    Code::new(0x0300_0004, "", Gateway, "The gateway's certificate was revoked.").rules(CERTIFICATE),
    Code::new(0x0300_0005, "", Gateway, "The identity of the gateway cannot be verified.").rules(CERTIFICATE),
    Code::new(0x0300_0006, "", Gateway, "The gateway's address and its certificate's name differ.").rules(CERTIFICATE),
    Code::new(0x0300_0007, "", Gateway, "The gateway's certificate has expired or was revoked.").rules(CERTIFICATE),
    Code::new(0x0300_0008, "", Gateway, "The gateway could not connect to the computer: an error there.")
        .seen("The computer behind the gateway is off, asleep, or refuses the gateway.")
        .rules(TARGET),
    Code::new(0x0300_0009, "", Gateway, "Sending to the gateway failed.").rules(REACH),
    Code::new(0x0300_000a, "", Gateway, "Receiving from the gateway failed.").rules(REACH),
    Code::new(0x0300_000b, "", SignIn, "The gateway wants another sign-in method."),
    Code::new(0x0300_000c, "", Gateway, "The gateway's address is wrong or cannot be reached.").rules(REACH),
    Code::new(0x0300_000d, "", Gateway, "The gateway is temporarily unavailable.").rules(REACH),
    Code::new(0x0300_000e, "", Client, "The client component is missing or of the wrong version."),
    Code::new(0x0300_000f, "", Gateway, "The gateway is low on resources.").rules(REACH),
    Code::new(0x0300_0010, "", Client, "The client's rpcrt4.dll is of the wrong version."),
    Code::new(0x0300_0011, "", Client, "No smart card service is installed."),
    Code::new(0x0300_0012, "", Client, "The smart card was removed, and a valid one is wanted."),
    Code::new(0x0300_0013, "", Client, "No smart card is available."),
    Code::new(0x0300_0014, "", Client, "The smart card was removed: put it back."),
    Code::new(0x0300_0015, "", SignIn, "User name or password is not valid (gateway sign-in)."),
    Code::new(0x0300_0017, "", Gateway, "A security package failed in the transport to the gateway."),
    Code::new(0x0300_0018, "", Gateway, "The gateway ended the connection.").rules(REACH),
    Code::new(0x0300_0019, "", Gateway, "The gateway's administrator ended the connection.")
        .seen("Shown also when the certificate of the computer behind the gateway had expired or its key was unusable (events 36870).")
        .rules(&["certificate-expired", "tls-handshake-failed", "certificate-missing"]),
    Code::new(0x0300_001a, "", SignIn, "Credentials are wrong, or the smart card was not recognised."),
    Code::new(0x0300_001b, "", Gateway, "The gateway's resource policy (RAP) does not allow this computer for this user; or it expects its full name or its address."),
    Code::new(0x0300_001c, "", Gateway, "The gateway's connection policy (CAP) does not allow this user, this client or this sign-in method."),
    Code::new(0x0300_001f, "", Gateway, "The administrator restricted access to this gateway."),
    Code::new(0x0300_0020, "", Gateway, "A web proxy in front of the gateway wants a sign-in.").rules(&["gateway-not-answering"]),
    Code::new(0x0300_0021, "", SignIn, "The password has expired or must be changed (gateway sign-in)."),
    Code::new(0x0300_0022, "", Gateway, "The gateway has reached its limit of connections."),
    Code::new(0x0300_0023, "", Gateway, "The gateway does not support the request."),
    Code::new(0x0300_0024, "", Client, "The client lacks a capability that the gateway demands."),
    Code::new(0x0300_0025, "", Gateway, "Gateway and client are incompatible."),
    Code::new(0x0300_0026, "", SignIn, "The credentials are not valid: smart card with PIN, or password."),
    Code::new(0x0300_0027, "", Gateway, "The client did not pass the network access protection check."),
    Code::new(0x0300_0028, "", Gateway, "No certificate is configured at the gateway.").rules(CERTIFICATE),
    Code::new(0x0300_0029, "", Client, "This client's policy does not list the gateway as trusted."),
    Code::new(0x0300_002a, "", Gateway, "Network access protection failed because of the gateway's certificate.").rules(CERTIFICATE),
    Code::new(0x0300_002b, "", SignIn, "The gateway wants a password instead of a smart card."),
    Code::new(0x0300_002c, "", SignIn, "The gateway wants a smart card instead of a password."),
    Code::new(0x0300_002d, "", Client, "No smart card reader was detected (gateway sign-in)."),
    Code::new(0x0300_002f, "", Gateway, "A firewall wants a sign-in first: credentials are missing."),
    Code::new(0x0300_0030, "", Gateway, "A firewall wants a sign-in first: credentials are not valid."),
    Code::new(0x0300_0032, "", Session, "The gateway ended the session: no input for too long.").rules(&["drops-periodic"]),
    Code::new(0x0300_0033, "", Session, "The gateway ended the session: its time limit was reached.").rules(&["drops-periodic"]),
    Code::new(0x0300_0034, "", Gateway, "The cookie sent to the gateway is not valid."),
    Code::new(0x0300_0035, "", Gateway, "The gateway rejected the cookie."),
    Code::new(0x0300_0037, "", SignIn, "The gateway expects another authentication method than the one tried."),
    Code::new(0x0300_0038, "", SignIn, "The gateway's periodic authentication of the user failed."),
    Code::new(0x0300_0039, "", SignIn, "The gateway's periodic authorization of the user failed."),
    Code::new(0x0300_003b, "", Gateway, "Gateway and computer could not exchange policies, or their connection ended.").rules(TARGET),
    Code::new(0x0300_003c, "", Client, "The smart card or its certificate is not usable."),
    Code::new(0x0300_003d, "", Gateway, "A web site wants a sign-in first (its address is in the message)."),
    Code::new(0x0300_003e, "", Gateway, "A web site wants a sign-in first."),
    Code::new(0x0300_003f, "", Session, "The session ended: sign in at the web site named in the message."),
    Code::new(0x0300_0040, "", Session, "The session ended: sign in at the authentication web site."),
    Code::new(0x0300_0041, "", Gateway, "The gateway's periodic check of the client (network access protection) failed."),
    Code::new(0x0300_0042, "", Gateway, "The cookie is larger than the gateway supports."),
    Code::new(0x0300_0044, "", Gateway, "The gateway cannot be reached with this forward proxy configuration.").rules(REACH),
    Code::new(0x0300_0045, "", Gateway, "The user has no permission for this resource."),
    Code::new(0x0300_0046, "", Gateway, "No resource is available to connect to."),
    Code::new(0x0300_0047, "", Gateway, "The resource could not be accessed."),
    Code::new(0x0300_0049, "", Client, "The client must be updated."),
    Code::new(0x0300_004a, "", Gateway, "The network does not allow the HTTPS ports that are needed.").rules(REACH),
    Code::new(0x0300_004b, "", Gateway, "More resources are being set up."),
    Code::new(0x0300_004c, "", SignIn, "The user differs from the one who subscribed to the applications."),
    Code::new(0x0300_004d, "", Gateway, "Azure RemoteApp is busy (a retired service)."),
    Code::new(0x0300_004e, "", Gateway, "The limit of users is reached."),
    Code::new(0x0300_004f, "", Gateway, "The Azure RemoteApp trial has expired (a retired service)."),
    Code::new(0x0300_0050, "", Gateway, "Access to Azure RemoteApp ended (a retired service)."),
    Code::new(0x8007_59da, "E_PROXY_RAP_ACCESSDENIED", Gateway, "The gateway's resource policy (RAP) denied access."),
    Code::new(0x8007_59db, "E_PROXY_NAP_ACCESSDENIED", Gateway, "The gateway's connection policy (CAP) or network access protection denied access."),
    Code::new(0x8007_59dd, "E_PROXY_TS_CONNECTFAILED", Gateway, "The gateway could not connect to the computer.")
        .seen("The computer behind the gateway is off, asleep, or refuses the gateway.")
        .rules(TARGET),
    Code::new(0x8007_59e6, "E_PROXY_MAXCONNECTIONSREACHED", Gateway, "The gateway has reached its limit of connections (MS-TSGU)."),
    Code::new(0x8007_59ee, "E_PROXY_NOCERTAVAILABLE", Gateway, "The gateway has no certificate.").rules(CERTIFICATE),
];
