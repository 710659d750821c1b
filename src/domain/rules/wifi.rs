//! `wifi-weak`: this machine hears its access point weakly, and loses packets on the way to its own
//! router.

use super::prelude::*;
use crate::domain::control::ControlStats;
use crate::domain::text::excerpt;
use crate::domain::wifi::{WeakWifi, Wifi, wifi};

/// Fewer losses are not what is told of.
const FEW: u32 = 2;

/// The Wi-Fi is weak.
#[derive(Debug)]
pub(super) struct WifiWeak;

static WIFI_WEAK: RuleCard = RuleCard {
    id: RuleId("wifi-weak"),
    title: "Wi-Fi weak",
    severities: &[Severity::Warning, Severity::Critical],
    owner: Owner::Client,
    rung: Some(Rung::Echo),
    hysteresis: Hysteresis::AT_ONCE,
    fed_by: &[ProbeKind::Echo],
    plain: "The Wi-Fi of this machine is weak.",
    explanation: "This machine reaches its router over Wi-Fi, hears its access point at -75 dBm or \
        less for half a minute (the median counts), and in the same minute echo requests to its own \
        router are lost or their round trips jump. So what sessions suffer begins in the air \
        between this machine and its access point, and neither the VPN nor the hosts are to blame. \
        It is critical where the router loses as much as makes packet loss critical. A weak signal \
        alone is no finding: many lines work well with it. A router that never answered ten echo \
        requests in a row, and one behind which something answers every request, is not blamed. \
        The signal is read from the operating system, on Linux without privileges; elsewhere it is \
        not observable. That this machine moves to another access point is an event on the \
        timeline.",
    disproof: "On a cable, or beside the access point, the loss is the same.",
    remedies: &[
        Remedy {
            confirm: Some("cat /proc/net/wireless; iw dev"),
            ..Remedy::new(
                "Use a cable, or move closer to the access point, and see whether the figures \
                 change at once.",
                RunOn::Monitor,
            )
        },
        Remedy::new(
            "Use the 5 GHz band near the access point and 2.4 GHz behind walls, choose a channel \
             that neighbours do not use, and switch off the Wi-Fi card's power saving.",
            RunOn::Client,
        ),
        Remedy::new(
            "Add an access point where people work; a repeater halves what the air carries.",
            RunOn::Client,
        ),
    ],
    explains: &[
        "packet-loss",
        "high-jitter",
        "high-latency",
        "session-would-drop",
        "line-degraded",
    ],
    low_risk: false,
    client_error: client::LINE,
    reviewed_when_found: false,
    alerting: Alerting::ONCE,
};

impl Rule for WifiWeak {
    fn card(&self) -> &'static RuleCard {
        &WIFI_WEAK
    }

    fn judge(&self, view: &TargetView<'_>) -> Judgement {
        let (Mode::Watch, Some(to)) = (view.mode, view.dialled) else {
            return Judgement::NoEvidence;
        };
        match wifi(view.around, view.target, to, view.echo, view.now.mono) {
            Wifi::Unknown | Wifi::Wavers => Judgement::NoEvidence,
            Wifi::Sound => Judgement::Clear,
            Wifi::Weak(found) => {
                let sentence = format!(
                    "Your Wi-Fi is weak (certain), and {} suffers from it (likely): {}. Use a \
                     cable or move closer first.",
                    name(view),
                    found.hears(),
                );
                Judgement::fires(found.evidence(sentence))
            }
        }
    }

    fn judge_monitor(&self, around: &Surroundings) -> Judgement {
        let weak = || {
            around.wifi.iter().filter_map(|(_, wifi)| match wifi {
                Wifi::Weak(found) => Some(found),
                _ => None,
            })
        };
        let Some(worst) = weak().max_by_key(|found| found.critical) else {
            let wavers = around.wifi.iter().any(|(_, wifi)| *wifi == Wifi::Wavers);
            return if wavers { Judgement::NoEvidence } else { Judgement::Clear };
        };
        let hosts = count(u32::try_from(weak().count()).unwrap_or(u32::MAX), "host");
        let sentence = format!(
            "Your Wi-Fi is weak (certain): {}. {hosts} suffer from it (likely). Not the VPN and \
             not the hosts: use a cable or move closer first.",
            worst.hears(),
        );
        let hosts = match weak().count() {
            1 => sentence.replace(" suffer from it", " suffers from it"),
            _ => sentence,
        };
        Judgement::fires(worst.evidence(hosts))
    }
}

impl WeakWifi {
    /// `wlan0 hears its access point at -81 dBm, and 9 of 30 echo requests to your own router
    /// 192.168.1.1 are lost`.
    fn hears(&self) -> String {
        format!(
            "{} hears its access point at {} dBm, and {}",
            excerpt(&self.interface, 32),
            self.signal.dbm,
            self.figure()
        )
    }

    fn figure(&self) -> String {
        let ControlStats { address, sent, lost, jitter, .. } = self.router;
        match jitter.filter(|_| lost < FEW) {
            Some(jitter) => {
                format!("round trips to your own router {address} jump by {}", millis(jitter))
            }
            None => {
                format!("{lost} of {sent} echo requests to your own router {address} are lost")
            }
        }
    }

    fn evidence(&self, sentence: String) -> Evidence {
        let severity = if self.critical { Severity::Critical } else { Severity::Warning };
        let name = excerpt(&self.interface, 32);
        let dbm = self.signal.dbm;
        let evidence = Evidence::new(
            severity,
            Confidence::Likely,
            format!("Wi-Fi weak: {name} {dbm} dBm"),
            sentence,
        )
        .line(format!("{name}: {dbm} dBm since {} (median)", clock(self.signal.since.wall)))
        .line(format!("{} in the last minute", self.figure()))
        .since(Some(self.signal.since.wall));
        match self.access_point {
            Some(mac) => evidence.line(format!("access point {mac}")),
            None => evidence,
        }
    }
}
