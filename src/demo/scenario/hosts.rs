//! The hosts of the demonstration, one row each.

use crate::demo::certificate::CertificateSpec;
use crate::demo::path::Path;
use crate::demo::script::{
    AfterTls, Answer, HostScript, NtlmScript, Then, TlsScript, Turn, Versions,
};
use crate::demo::udp::UdpScript;
use crate::domain::security::FailureCode;
use crate::domain::target::TargetKind;
use crate::proto::rdg;
use crate::proto::rdpeudp::version;
use std::time::Duration;

/// The authority that signs for the demonstration's domain.
pub(super) const AUTHORITY: &str = "Demo Issuing CA";

/// One watched host.
#[derive(Debug)]
pub(super) struct Row {
    /// First label of its name.
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    pub(super) kind: TargetKind,
    /// Last two bytes of its address in 127.77.0.0/16.
    pub(super) address: [u8; 2],
    pub(super) path: Path,
    pub(super) name_is: NameIs,
    pub(super) is: Is,
    /// Its users go through the demonstration's RD Gateway.
    pub(super) via_gateway: bool,
}

/// What DNS says of a row's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameIs {
    /// Its address.
    Right,
    /// The address of another machine, which answers as [`imposter`].
    Elsewhere([u8; 2]),
    /// Unknown.
    Gone,
}

/// What stands at a row's address.
#[derive(Debug)]
pub(super) enum Is {
    Host(fn() -> HostScript),
    /// A PC that sleeps and can be woken.
    Sleeper(fn() -> HostScript),
}

const fn row(
    name: &'static str,
    group: &'static str,
    address: [u8; 2],
    script: fn() -> HostScript,
) -> Row {
    Row {
        name,
        group,
        kind: TargetKind::Server,
        address,
        path: Path::LAN,
        name_is: NameIs::Right,
        is: Is::Host(script),
        via_gateway: false,
    }
}

const BERLIN: &str = "Berlin";
const VIENNA: &str = "Vienna";
const HOMES: &str = "Home offices";

/// Every watched host, in the order of the screen.
pub(super) const ROWS: &[Row] = &[
    row("rds-01", BERLIN, [1, 1], || windows("RDS-01", 171)),
    row("rds-02", BERLIN, [1, 2], || {
        HostScript::windows(CertificateSpec::issued("rds-02.demo.test", AUTHORITY, 214))
            .with_udp(answers_udp())
    }),
    row("rds-03", BERLIN, [1, 3], || windows("RDS-03", 96)),
    row("rds-07", BERLIN, [1, 7], || windows("RDS-07", -10)),
    row("rds-08", BERLIN, [1, 8], || {
        HostScript::windows(CertificateSpec::issued("rds-old.demo.test", AUTHORITY, 130))
            .with_udp(answers_udp())
    }),
    row("rds-09", BERLIN, [1, 9], || {
        HostScript::always(Turn::fails(FailureCode::SSL_CERT_NOT_ON_SERVER))
    }),
    row("rds-10", BERLIN, [1, 10], || {
        let good = Turn::windows(CertificateSpec::windows("RDS-10", 120));
        HostScript::alternating(vec![good.clone(), good, Turn::ends(Then::Fin)])
    }),
    row("files-01", BERLIN, [1, 20], HostScript::closed),
    Row {
        path: Path::VPN,
        ..row("vie-rds-01", VIENNA, [2, 1], || {
            let turn = Turn::windows(CertificateSpec::windows("VIE-RDS-01", 60));
            // Its VPN carries TCP only.
            HostScript::always(turn.after(Duration::from_millis(48))).with_udp(UdpScript::Silent)
        })
    },
    Row {
        path: Path::VPN,
        ..row("vie-rds-02", VIENNA, [2, 2], || HostScript::tls(TlsScript::Rst))
    },
    Row {
        path: Path::VPN,
        ..row("vie-rds-03", VIENNA, [2, 3], || HostScript::always(Turn::ends(Then::Silence)))
    },
    Row { path: Path::LOSSY, ..row("vie-branch", VIENNA, [2, 4], || windows("VIE-BRANCH", 44)) },
    Row {
        path: Path::VPN,
        ..row("vie-legacy", VIENNA, [2, 5], || {
            HostScript::tls(TlsScript::tls1_0(CertificateSpec::windows("VIE-LEGACY", 150)))
        })
    },
    Row { path: Path::VPN, ..row("vie-rds-06", VIENNA, [2, 6], HostScript::filtered) },
    Row {
        path: Path::VPN,
        via_gateway: true,
        ..row("vie-rds-07", VIENNA, [2, 7], HostScript::filtered)
    },
    Row {
        kind: TargetKind::Pc,
        path: Path::VPN,
        is: Is::Sleeper(|| windows("HOME-PC", 152)),
        ..row("home-pc", HOMES, [3, 1], HostScript::closed)
    },
    Row {
        kind: TargetKind::Pc,
        path: Path::VPN,
        name_is: NameIs::Elsewhere([3, 99]),
        ..row("fin-pc-07", HOMES, [3, 7], || windows("FIN-PC-07", 88))
    },
    Row {
        kind: TargetKind::Pc,
        path: Path::VPN,
        name_is: NameIs::Gone,
        ..row("dev-pc-12", HOMES, [3, 12], || windows("DEV-PC-12", 33))
    },
];

fn windows(common_name: &str, days_left: i64) -> HostScript {
    HostScript::windows(CertificateSpec::windows(common_name, days_left)).with_udp(answers_udp())
}

/// What a current Windows answers to a client that offers version 2.
const fn answers_udp() -> UdpScript {
    UdpScript::answers(version::V2)
}

/// First label of the RD Gateway's name, and the last two bytes of its address.
pub(super) const GATEWAY: (&str, [u8; 2]) = ("gw", [1, 254]);

/// A gateway whose service is stopped: IIS answers in its place.
pub(super) fn gateway(name: &str) -> HostScript {
    let unavailable = Answer::Bytes(rdg::answer(503, &[], None));
    HostScript::gateway(CertificateSpec::issued(name, AUTHORITY, 240), unavailable)
}

/// The machine that a stale record leads to.
pub(super) fn imposter() -> HostScript {
    HostScript::tls(TlsScript::Handshake {
        certificate: CertificateSpec::windows("BERLIN-12", 140),
        versions: Versions::Tls12,
        then: AfterTls::Challenges(Box::new(NtlmScript::windows("BERLIN-12"))),
    })
}
