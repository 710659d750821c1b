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
        (GatewayStage::NoName, _) => found.name.brief().to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{ConnectOutcome, Misread, TlsOutcome};
    use crate::report::testing::{NOW, healthy, via_gateway};
    use std::sync::Arc;

    fn with(change: impl FnOnce(&mut Gateway)) -> (String, Cell) {
        let mut snapshot = via_gateway();
        snapshot.attempt = None;
        if let Some(found) = &mut snapshot.gateway {
            change(found);
        }
        (text(&snapshot, NOW).unwrap_or_default(), cell(&snapshot))
    }

    fn http(change: impl FnOnce(&mut GatewayHttp)) -> (String, Cell) {
        with(|found| {
            if let Some(http) = &mut found.http {
                http.schemes.clear();
                change(http);
            }
        })
    }

    #[test]
    fn a_gateway_is_one_line() {
        let says = |(text, cell): (String, Cell)| {
            (text.strip_prefix("via gw.corp.lab:443 \u{00b7} ").map(str::to_owned), cell)
        };
        let expect = |text: &str, cell| (Some(text.to_owned()), cell);
        let days = "certificate 171 d";
        assert_eq!(
            says(with(|_| ())),
            expect("401 Negotiate, NTLM \u{00b7} certificate 171 d", Cell::Ok)
        );
        let moved = http(|http| {
            http.answer = GatewayAnswer::Redirected;
            http.status = Some(302);
            http.location = Some("https://sso\u{1b}/".to_owned());
        });
        assert_eq!(
            says(moved),
            expect(&format!("302 to https://sso\u{fffd}/ \u{00b7} {days}"), Cell::Broken)
        );
        let garbage = http(|http| {
            http.status = None;
            http.answer = GatewayAnswer::Malformed(Misread { offset: 3, reason: "no token" });
        });
        assert_eq!(
            says(garbage),
            expect(&format!("malformed: no token at byte 3 \u{00b7} {days}"), Cell::Broken)
        );
        let no_name = with(|found| {
            found.name = NameOutcome::NxDomain;
            (found.connect, found.tls, found.http) = (None, None, None);
        });
        assert_eq!(says(no_name), expect("no such name", Cell::Broken));
        let refused = with(|found| {
            if let Some(connect) = &mut found.connect {
                connect.outcome = ConnectOutcome::Refused;
            }
            (found.tls, found.http) = (None, None);
        });
        assert_eq!(says(refused), expect("TCP: refused", Cell::Broken));
        let tls = |change: fn(&mut GatewayTls)| {
            with(|found| {
                if let Some(tls) = &mut found.tls {
                    change(tls);
                }
            })
        };
        let broken = tls(|tls| (tls.outcome, tls.certificate) = (TlsOutcome::Alert(40), None));
        assert_eq!(says(broken), expect("TLS: alert", Cell::Broken));
        let other = tls(|tls| tls.trust = ChainTrust::WrongName);
        assert!(other.0.ends_with("certificate for gw.corp.lab"), "{}", other.0);
        assert_eq!(other.1, Cell::Broken);
        let blind = tls(|tls| tls.trust = ChainTrust::NotValidated);
        assert!(blind.0.ends_with("171 d, chain not validated"), "{}", blind.0);
        assert_eq!(blind.1, Cell::Ok);
        let old = with(|found| found.http = None);
        assert_eq!(old.1, Cell::NotMeasured);
    }

    #[test]
    fn no_gateway_is_no_line_and_one_not_asked_is_not_measured() {
        assert_eq!(text(&healthy(), NOW), None);
        let mut snapshot = via_gateway();
        assert!(text(&snapshot, NOW).is_some_and(|text| text.ends_with("answers directly too")));
        snapshot.gateway = None;
        snapshot.attempt = None;
        let mut target = crate::domain::target::Target::clone(&snapshot.target);
        if let Some(gateway) = &mut target.gateway {
            gateway.usage = GatewayUsage::WhenDirectFails;
        }
        snapshot.target = Arc::new(target);
        assert_eq!(
            text(&snapshot, NOW).as_deref(),
            Some("when the direct way fails via gw.corp.lab:443 \u{00b7} not measured")
        );
        assert_eq!(cell(&snapshot), Cell::NotMeasured);
    }
}
