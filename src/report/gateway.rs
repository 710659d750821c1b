//! The RD Gateway in words.

use crate::domain::ladder::Cell;
use crate::domain::sample::{
    Attempt, ChainTrust, Gateway, GatewayAnswer, GatewayHttp, GatewayStage, GatewayTls, NameOutcome,
};
use crate::domain::snapshot::TargetSnapshot;
use crate::domain::target::GatewayUsage;
use crate::domain::text::excerpt;
use crate::domain::time::WallTime;
use crate::domain::words::list;

/// Longest text from a gateway that a line repeats, in characters.
const TEXT: usize = 60;

/// `via gw.corp.lab:443 · 401 Negotiate, NTLM · certificate 88 d`; `None` without a gateway.
#[must_use]
pub fn text(snapshot: &TargetSnapshot, now: WallTime) -> Option<String> {
    let configured = snapshot.target.gateway.as_ref()?;
    let usage = match configured.usage {
        GatewayUsage::Always => "via",
        GatewayUsage::WhenDirectFails => "when the direct way fails via",
    };
    let mut parts = vec![format!("{usage} {}", excerpt(&configured.to_string(), TEXT))];
    match &snapshot.gateway {
        None => parts.push("not measured".to_owned()),
        Some(found) => {
            parts.push(answer(found));
            parts.extend(found.tls.as_ref().and_then(|tls| certificate(tls, now)));
        }
    }
    if snapshot.target.via_gateway() && snapshot.attempt.as_ref().is_some_and(Attempt::works) {
        parts.push("the host answers directly too".to_owned());
    }
    Some(parts.join(" \u{00b7} "))
}

/// How it is drawn.
#[must_use]
pub fn cell(snapshot: &TargetSnapshot) -> Cell {
    match snapshot.gateway.as_ref().map(|found| (found.stage(), trust(found))) {
        None | Some((GatewayStage::NotMeasured | GatewayStage::OldTls, _)) => Cell::NotMeasured,
        Some((GatewayStage::Answered(GatewayAnswer::Challenge), trust)) => match trust {
            ChainTrust::Trusted | ChainTrust::NotValidated => Cell::Ok,
            ChainTrust::UnknownIssuer | ChainTrust::Invalid => Cell::Warning,
            ChainTrust::Expired | ChainTrust::NotYetValid | ChainTrust::WrongName => Cell::Broken,
        },
        Some(_) => Cell::Broken,
    }
}

fn trust(found: &Gateway) -> ChainTrust {
    found.tls.as_ref().map_or(ChainTrust::NotValidated, |tls| tls.trust)
}

fn answer(found: &Gateway) -> String {
    match (found.stage(), &found.http) {
        (GatewayStage::NotMeasured, _) => "not measured: this machine could not look".to_owned(),
        (GatewayStage::NoName, _) => format!("name: {}", spaced(found.name.word())),
        (GatewayStage::NoTcp, _) => found.connect.map_or_else(
            || spaced(NameOutcome::Error.word()),
            |connect| format!("TCP: {}", spaced(connect.outcome.word())),
        ),
        (GatewayStage::NoTls, _) => found
            .tls
            .as_ref()
            .map_or_else(String::new, |tls| format!("TLS: {}", spaced(tls.outcome.word()))),
        (GatewayStage::OldTls, _) => "old TLS: certificate read, nothing asked".to_owned(),
        (GatewayStage::Answered(_), Some(http)) => answered(http),
        (GatewayStage::Answered(answer), None) => spaced(answer.word()),
    }
}

fn answered(http: &GatewayHttp) -> String {
    let mut text = http.status.map_or_else(|| spaced(http.answer.word()), |s| s.to_string());
    if !http.schemes.is_empty() {
        let schemes: Vec<String> =
            http.schemes.iter().take(6).map(|scheme| excerpt(scheme, 20)).collect();
        text = format!("{text} {}", schemes.join(", "));
    }
    match (&http.location, http.answer) {
        (Some(location), _) => format!("{text} to {}", excerpt(location, TEXT)),
        (None, GatewayAnswer::Malformed(misread)) => format!("{text}: {misread}"),
        (None, _) => text,
    }
}

fn certificate(tls: &GatewayTls, now: WallTime) -> Option<String> {
    let certificate = tls.certificate.as_ref()?;
    let days = certificate.days_left(now);
    let names = || list(certificate.names.iter().take(3).map(|name| excerpt(name, TEXT)));
    Some(match tls.trust {
        ChainTrust::Expired if days < 0 => format!("certificate expired {} d ago", -days),
        ChainTrust::Trusted => format!("certificate {days} d"),
        ChainTrust::WrongName => format!("certificate for {}", names()),
        ChainTrust::NotValidated => format!("certificate {days} d, chain not validated"),
        trust => format!("certificate {}", spaced(trust.word())),
    })
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}
