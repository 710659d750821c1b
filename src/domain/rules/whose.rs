//! Whose fault: where on the way to a target loss or delay begins, as far as controls show it.

use super::prelude::*;
use crate::domain::control::{ControlRole, ControlStats};

/// Fewer losses are chance.
const FEW: u32 = 3;
/// A control loses too from this share, in percent.
const SHARE_PCT: u32 = 3;
/// A control that lost nothing of so many is clean.
const CLEAN: u32 = 20;

/// Whose fault it is.
pub(super) struct Whose {
    /// Sentences that say so, with the first step.
    pub(super) sentences: String,
    /// The measurements of the controls.
    pub(super) lines: Vec<String>,
    /// Who can mend it.
    pub(super) owner: Owner,
}

/// Whose fault loss is: what was lost to the controls in the same minute.
pub(super) fn of_loss(view: &TargetView<'_>) -> Option<Whose> {
    let ails = |control: &ControlStats| {
        if control.lost >= FEW && control.lost * 100 >= control.sent * SHARE_PCT {
            Some(true)
        } else {
            (control.sent >= CLEAN && control.lost == 0).then_some(false)
        }
    };
    let words = |control: &ControlStats| format!("{} of {} lost", control.lost, control.sent);
    judge(view, ails, words)
}

/// Whose fault a slow round trip is: how long the controls take.
pub(super) fn of_delay(view: &TargetView<'_>, median: Duration) -> Option<Whose> {
    of_time(view, median, |control| control.median, |time| format!("{} a round trip", millis(time)))
}

/// Whose fault jitter is: how much the round trips to the controls jump.
pub(super) fn of_jitter(view: &TargetView<'_>, mean: Duration) -> Option<Whose> {
    of_time(view, mean, |control| control.jitter, |time| format!("jitter {}", millis(time)))
}

/// A control has its part in it from half of what the target has, and none below a fifth.
fn of_time(
    view: &TargetView<'_>,
    time: Duration,
    of: impl Fn(&ControlStats) -> Option<Duration>,
    words: impl Fn(Duration) -> String,
) -> Option<Whose> {
    let ails = |control: &ControlStats| {
        let own = of(control).filter(|_| control.sent >= CLEAN)?;
        if own.saturating_mul(2) >= time {
            Some(true)
        } else {
            (own.saturating_mul(5) <= time).then_some(false)
        }
    };
    judge(view, ails, |control| of(control).map_or_else(String::new, &words))
}

fn judge(
    view: &TargetView<'_>,
    ails: impl Fn(&ControlStats) -> Option<bool>,
    words: impl Fn(&ControlStats) -> String,
) -> Option<Whose> {
    let others =
        || view.around.controls.iter().filter(|control| Some(control.address) != view.dialled);
    let judged = |control: &ControlStats| ails(control).map(|ails| (*control, ails));
    // Routers answer echo requests when they have time. Whatever lies behind one and is clean
    // shows that the way to it is.
    let behind = |control: &&ControlStats| control.role != ControlRole::Gateway;
    let clean_behind = others().filter(behind).any(|control| ails(control) == Some(false));
    let own = others()
        .find(|control| control.role == ControlRole::Gateway)
        .and_then(judged)
        .filter(|(_, ails)| !(*ails && clean_behind));
    let near = |control: &&ControlStats| view.target.controls.contains(&control.address);
    let site = others().filter(near).find_map(judged);
    let who = name(view);
    let (sentences, owner) = match (own, site) {
        (Some((router, true)), _) => (
            format!(
                "So it is on the way to your own router {} ({}): your Wi-Fi or cable, not {who} \
                 (likely). Use a cable or move closer.",
                router.address,
                words(&router)
            ),
            Owner::Client,
        ),
        (Some((_, false)), Some((control, true))) => (
            format!(
                "It is the same to {} beside it ({}), and not to your own router: the VPN or the \
                 line in between (likely). Network team: look there first.",
                control.address,
                words(&control)
            ),
            Owner::Network,
        ),
        (Some((_, false)) | None, Some((control, false))) => (
            format!(
                "It is not so to {} beside it ({}): {who} itself or its own link (likely). Server \
                 team: look at its load and its cable first.",
                control.address,
                words(&control)
            ),
            Owner::Server,
        ),
        (Some((router, false)), None) => (
            format!(
                "Not on the way to your own router {} ({}): your Wi-Fi or cable is not the cause. \
                 Network team: find where it begins.",
                router.address,
                words(&router)
            ),
            Owner::Network,
        ),
        _ => return None,
    };
    let line = |(control, _): (ControlStats, bool)| {
        let role = match control.role {
            ControlRole::Gateway => "own router",
            ControlRole::Dns => "DNS server",
            ControlRole::Group => "control at its site",
        };
        format!("{role} {}: {} in the last minute", control.address, words(&control))
    };
    Some(Whose { sentences, lines: own.into_iter().chain(site).map(line).collect(), owner })
}
