//! Echo requests that vanish: every so many, so that the share is exact.

use super::{Case, NAME, Pair};
use crate::firewall;
use crate::program::check;
use serde_json::{Value, json};

pub(super) const CASES: &[Case] = &[
    Case::new("loss::one_of_twenty", &["xrdp", "nft"], one_of_twenty),
    Case::new("loss::one_of_five", &["xrdp", "nft"], one_of_five),
    Case::new("loss::two_of_five", &["xrdp", "nft"], two_of_five),
];

/// `lost` of every `of` echo requests are dropped, and `count` are sent. Those of the path MTU
/// probe are of other sizes, and pass.
fn losing(lost: u32, of: u32, count: u32, expected: &Value) {
    let (pair, _xrdp) = Pair::with_xrdp();
    let rule = format!("ip length 84 icmp type echo-request numgen inc mod {of} < {lost} drop");
    firewall::filter(&pair.host, &[&rule]);
    let report = check(&pair.monitor, &["--count", &count.to_string(), NAME]);
    report.is(expected).is(&json!({
        "availability": "up", "tls": {"outcome": "ok"},
        "echo": {
            "method": "icmp", "sent": count, "received": count - count * lost / of,
            "loss_pct": 100.0 * f64::from(lost) / f64::from(of),
        },
    }));
}

/// One lost packet is nothing.
fn one_of_twenty() {
    losing(1, 20, 20, &json!({"state": "ok", "risk": "none", "findings": []}));
}

fn one_of_five() {
    losing(
        1,
        5,
        50,
        &json!({
            "state": "warning", "risk": "elevated",
            "findings": [{"id": "packet-loss", "severity": "warning", "owner": "network"}],
        }),
    );
}

fn two_of_five() {
    losing(
        2,
        5,
        50,
        &json!({
            "state": "critical", "risk": "high",
            "findings": [{"id": "packet-loss", "severity": "critical", "owner": "network"}],
        }),
    );
}
