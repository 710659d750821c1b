//! The UDP rung. It stands beside the climb: silence is no fault, sessions fall back to TCP.

use super::{Cell, NOT_MEASURED, RungLine, line, median};
use crate::domain::finding::Rung;
use crate::domain::sample::{ConnectOutcome, Udp, UdpOutcome};
use crate::domain::view::TargetView;

/// The newest answer of the UDP transport, unless TCP broke after it.
pub(super) fn udp(view: &TargetView<'_>) -> RungLine {
    let Some(newest) = view.udp.last() else {
        return line(Rung::Udp, Cell::NotMeasured, NOT_MEASURED);
    };
    let broke = view.attempts.last().is_some_and(|attempt| {
        attempt.at.mono > newest.at.mono && attempt.value.connect.outcome != ConnectOutcome::Open
    });
    if broke {
        return line(Rung::Udp, Cell::NotMeasured, "not asked since TCP broke");
    }
    let udp = &newest.value;
    let answered = |udp: &Udp| udp.outcome == UdpOutcome::SynAck;
    let (cell, text) = match udp.outcome {
        UdpOutcome::SynAck => (Cell::Ok, answer(udp)),
        UdpOutcome::Silent
            if view.udp.iter().any(|entry| answered(&entry.value))
                || view.memory.udp_address == Some(udp.address.ip()) =>
        {
            (Cell::NotEstablished, "no longer answers; sessions use TCP".to_owned())
        }
        UdpOutcome::Silent => (Cell::NotEstablished, "never answered; sessions use TCP".to_owned()),
        UdpOutcome::Unreachable(Some(icmp)) => {
            (Cell::NotEstablished, format!("refused, {icmp}; sessions use TCP"))
        }
        UdpOutcome::Unreachable(None) => {
            (Cell::NotEstablished, "refused; sessions use TCP".to_owned())
        }
        UdpOutcome::Malformed(misread) => {
            (Cell::NotEstablished, format!("what answers is not RDP-UDP: {misread}"))
        }
        UdpOutcome::LocalError(fault) => {
            (Cell::NotMeasured, format!("not measured: {}", fault.text()))
        }
    };
    let earlier = view.udp.recent().skip(1).map(|entry| &entry.value);
    RungLine {
        last: udp.round_trip(),
        usual: median(earlier.filter_map(Udp::round_trip)),
        ..line(Rung::Udp, cell, text)
    }
}

/// `answers, version 3, up to 1232 bytes`.
fn answer(udp: &Udp) -> String {
    let mut parts = vec!["answers".to_owned()];
    parts.extend(udp.version.map(|version| format!("version {version}")));
    parts.extend(udp.answered_at.map(|size| format!("{size} bytes pass")));
    parts.join(", ")
}
