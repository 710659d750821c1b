//! One target for whoever works on it: does it work, what is in the way, what to do. No protocol
//! words but those of the advice itself, and the name of the finding for the help desk.

use super::footer::key_name;
use crate::domain::finding::{Finding, Owner, RunOn, Rung};
use crate::domain::ladder::{Cell, is_broken};
use crate::domain::lane::{Down, Downtime};
use crate::domain::placeholder::Placeholders;
use crate::domain::rules;
use crate::domain::sample::Attempt;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::stats::Spark;
use crate::domain::time::WallTime;
use crate::ui::action::Action;
use crate::ui::columns::row_role;
use crate::ui::format;
use crate::ui::keymap::Layer;
use crate::ui::layout::{Class, Layout};
use crate::ui::line::{Line, wrap};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;
use std::time::Duration;

/// How long trouble that is over is told.
const HOURS: Duration = Duration::from_hours(12);

/// Steps that are told; the detail has all.
const STEPS: usize = 3;

/// What each rung stands for in plain words: while it works, and when it is broken.
const STAGES: &[(Rung, &str, &str)] = &[
    (Rung::Name, "its name is found", "no address is found for its name"),
    (Rung::Echo, "it answers", "it does not answer"),
    (Rung::Tcp, "it takes connections", "it takes no connections"),
    (Rung::X224, "Remote Desktop answers", "Remote Desktop does not answer"),
    (Rung::Tls, "the connection is secured", "the connection is not secured as it should be"),
    (Rung::Nla, "it asks who you are", "it does not come to asking who you are"),
];

/// The selected target.
#[must_use]
pub fn lines(
    world: &World<'_>,
    state: &UiState,
    target: &TargetSnapshot,
    height: usize,
) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let inner = width.saturating_sub(4).clamp(1, 90);
    let said = |role: Role, text: &str| {
        let lines = wrap(text, inner);
        lines.iter().map(|line| Line::of(role, &format!("  {line}"))).collect::<Vec<_>>()
    };
    let role = row_role(target);
    let headline =
        Line::of(Role::Text, "  ").glyph(role).text(role, &format!(" {}", headline(target)));
    let brief = Layout::of(state.size).class == Class::Small;
    let mut lines = vec![headline];
    if !brief {
        lines = vec![Line::new(), lines.remove(0), Line::new()];
    }
    if !matches!(target.state, TargetState::Asleep | TargetState::Waking | TargetState::Unknown) {
        lines.extend(stages(target, brief));
        lines.push(Line::new());
    }
    lines.extend(now(world, state, target).iter().flat_map(|text| said(Role::Text, text)));
    lines.push(Line::new());
    let steps = steps(world, target);
    if !steps.is_empty() {
        lines.push(Line::of(Role::Heading, "  WHAT TO DO"));
        for (place, step) in steps.iter().enumerate() {
            let wrapped = wrap(step, inner.saturating_sub(3).max(1));
            lines.extend(wrapped.iter().enumerate().map(|(row, text)| {
                let number = if row == 0 { format!("{} ", place + 1) } else { "  ".to_owned() };
                Line::of(Role::Key, &format!("  {number}")).text(Role::Text, text)
            }));
        }
        lines.push(Line::new());
    }
    let mut line = vec![Line::of(Role::Heading, "  THE LINE")];
    line.extend(said(Role::Text, &line_words(target)));
    line.extend(downtimes(world, state, target).iter().flat_map(|text| said(Role::Strong, text)));
    line.extend(said(Role::Text, &drops(world, state, target)));
    lines.extend(line);
    fitting(lines, world, height).into_iter().map(|line| line.cut(width).into()).collect()
}

/// As many as there is room for: without the blank ones before any is left out, and with the key
/// that shows all where that is not enough.
fn fitting(mut lines: Vec<Line>, world: &World<'_>, height: usize) -> Vec<Line> {
    while lines.len() > height {
        let Some(blank) = lines.iter().rposition(|line| line.width() == 0) else { break };
        lines.remove(blank);
    }
    let more = lines.len().saturating_sub(height);
    if more > 0 && height > 3 {
        lines.truncate(height - 1);
        let key = key_name(world, Layer::Simple, Action::Open);
        let text = format!("  \u{2193} {} more lines; {key} shows everything", more + 1);
        lines.push(Line::of(Role::Dim, &text));
    }
    lines.truncate(height);
    lines
}

/// Does it work? Only as far as it was measured.
pub(super) fn headline(target: &TargetSnapshot) -> String {
    let name = &target.target.name;
    if target.maintenance.is_some() {
        return format!("{name}: work is planned on it");
    }
    let answers = target.attempt.as_ref().is_some_and(Attempt::works);
    match target.state {
        TargetState::NotMeasured if target.fell_silent().is_some() => {
            format!("{name} has stopped answering")
        }
        TargetState::NotMeasured if target.unconfirmed().is_some() => {
            format!("{name}: a first try failed; it is tried again")
        }
        TargetState::NotMeasured => format!("{name}: being looked at"),
        TargetState::Ok => format!("{name} {}", reached(target)),
        TargetState::Asleep => format!("{name} is asleep or off, likely"),
        TargetState::Waking => format!("{name} is being woken"),
        TargetState::Unknown => format!("{name}: cannot be judged from here now"),
        TargetState::Warning if answers => format!("{name} answers, with trouble"),
        TargetState::Warning => format!("{name} has trouble"),
        TargetState::Critical if answers => {
            format!("{name} takes connections, but signing in may fail")
        }
        TargetState::Critical if is_broken(&target.ladder, target.attempt.as_ref()) => {
            format!("{name} does not work")
        }
        TargetState::Critical => format!("{name} has serious trouble"),
    }
}

/// How far one gets at a host without trouble.
fn reached(target: &TargetSnapshot) -> &'static str {
    let works = |rung| target.ladder.iter().any(|l| l.rung == rung && l.cell == Cell::Ok);
    match () {
        () if target.target.via_gateway() => "is reached through a gateway, which answers",
        () if works(Rung::Nla) => "answers and asks who you are",
        () if works(Rung::Tls) => "answers, and the connection is secured",
        () => "answers",
    }
}

/// What that means now, in a sentence or two; of trouble also what the help desk looks up.
fn now(world: &World<'_>, state: &UiState, target: &TargetSnapshot) -> Vec<String> {
    if let Some(finding) = trouble(target) {
        let since = state.zone.moment(finding.since, world.snapshot.now.wall);
        if target.turned().is_some() {
            return vec![
                "What is wrong has changed just now; it is asked again before more is said."
                    .to_owned(),
                format!("For the help desk: until then {}, since {since}.", finding.rule.0),
            ];
        }
        return vec![
            rules::plain(finding.rule).unwrap_or(&finding.sentence).to_owned(),
            format!("For the help desk: {}, since {since}.", finding.rule.0),
        ];
    }
    vec![quiet(target)]
}

/// What a host suffers from that is in trouble.
fn trouble(target: &TargetSnapshot) -> Option<&Finding> {
    target.worst().filter(|_| target.is_in_trouble())
}

/// What it means where no finding tells.
fn quiet(target: &TargetSnapshot) -> String {
    match target.state {
        _ if target.maintenance.is_some() => "Nobody is alerted of it meanwhile.".to_owned(),
        TargetState::NotMeasured => match target.unconfirmed() {
            Some(_) if target.fell_silent().is_some() => {
                "It answered before. It is asked again before this is called trouble."
            }
            Some(_) => "Nothing is said of it before it was tried again.",
            None => "The first answers are on their way.",
        }
        .to_owned(),
        TargetState::Ok if target.target.via_gateway() => {
            "What lies behind the gateway is not looked at from here.".to_owned()
        }
        TargetState::Ok => "Whether you get in is not tried: that takes your name and your \
                            password."
            .to_owned(),
        TargetState::Asleep => "It does not answer, and for such a machine that is usual when \
                                nobody uses it."
            .to_owned(),
        TargetState::Waking => {
            "It was asked to start and does not take connections yet.".to_owned()
        }
        TargetState::Unknown | TargetState::Warning | TargetState::Critical => {
            target.verdict.clone()
        }
    }
}

/// How far one gets, in plain words, a line each; only what is broken where there is little room.
fn stages(target: &TargetSnapshot, brief: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    for (rung, works, fails) in STAGES {
        let Some(there) = target.ladder.iter().find(|line| line.rung == *rung) else { continue };
        let broken = there.cell == Cell::Broken;
        // Many hosts do not answer echo requests, and work. An address has no name to be found.
        let untold = matches!(there.cell, Cell::NotMeasured | Cell::NotEstablished);
        if untold || (*rung == Rung::Echo && broken) {
            continue;
        }
        let role = if broken { Role::Strong } else { Role::Dim };
        if broken || !brief {
            let glyph = crate::ui::widget::ladder::role(there.cell);
            lines.push(
                Line::of(Role::Text, "  ")
                    .glyph(glyph)
                    .text(role, &format!(" {}", if broken { fails } else { works })),
            );
        }
        if broken {
            break;
        }
    }
    lines
}

/// What to do: what can be done at this machine, then whom to tell; nothing where nothing is wrong.
fn steps(world: &World<'_>, target: &TargetSnapshot) -> Vec<String> {
    let key = |action| key_name(world, Layer::Simple, action);
    if target.state == TargetState::Asleep && target.mac.is_some() {
        return vec![format!("Press {} to wake it.", key(Action::Wake))];
    }
    // What helped against the trouble before may be wrong against what has come.
    let stands = target.state >= TargetState::Warning && target.turned().is_none();
    let worst = target.worst().filter(|_| stands);
    let Some(finding) = worst else { return Vec::new() };
    let values = Placeholders::of(target);
    let here = finding
        .remedies
        .iter()
        .filter(|remedy| remedy.run_on == RunOn::Client && !remedy.weakens_security)
        .map(|remedy| values.fill(remedy.text));
    let mut steps: Vec<String> = here.take(STEPS - 1).collect();
    if finding.owner != Owner::Client {
        steps.push(format!(
            "Tell the {}: it is theirs to look at. {} shows a text to send them, {} copies it.",
            finding.owner.team(),
            key(Action::Ticket),
            key(Action::Copy),
        ));
    }
    if steps.is_empty() {
        steps.push(format!("{} shows what is known and every step.", key(Action::Explain)));
    }
    steps
}

/// How good the line to it is.
fn line_words(target: &TargetSnapshot) -> String {
    let minute = &target.echo_minute;
    let Some(median) = minute.median else {
        let words = if minute.sent == 0 {
            "Nothing was measured in the last minute."
        } else if minute.received > 0 {
            "It answers; how long that takes is not known."
        } else {
            "Nothing came back in the last minute."
        };
        return words.to_owned();
    };
    let ms = format::ms(median);
    let unit = if ms.ends_with('s') { "" } else { " ms" };
    if let Some(ago) = target.woke() {
        let secs = ago.as_secs();
        let since = target.spark.iter().rev().take(usize::try_from(secs).unwrap_or(usize::MAX));
        let lost = since.filter(|slot| **slot == Spark::Lost).count();
        let lost = match lost {
            0 => "nothing was lost since".to_owned(),
            lost => format!("in {lost} of these seconds something was lost"),
        };
        return format!("It woke {secs} s ago. An answer takes {ms}{unit}; {lost}.");
    }
    match (minute.lost, minute.sent) {
        (0, _) => format!("An answer takes {ms}{unit}; nothing was lost in the last minute."),
        (lost, sent) => {
            format!("An answer takes {ms}{unit}; {lost} of {sent} were lost in the last minute.")
        }
    }
}

/// The drops of today, or since the watch began where that is later.
fn drops(world: &World<'_>, state: &UiState, target: &TargetSnapshot) -> String {
    let today = state.zone.date(world.snapshot.now.wall);
    let began = world.snapshot.started.wall;
    let drops: Vec<_> = target.drops.iter().filter(|at| state.zone.date(**at) == today).collect();
    let mark = key_name(world, Layer::Simple, Action::Mark);
    match drops.as_slice() {
        [] if state.zone.date(began) == today => format!(
            "No dropped session seen since {}, when the watch began. If one drops, press {mark} at once.",
            state.zone.clock(began)
        ),
        [] => format!("No dropped session seen today. If one drops, press {mark} at once."),
        [one] => format!("One session dropped today, at {}.", state.zone.clock(**one)),
        [.., last] => {
            let last = state.zone.clock(**last);
            format!("Sessions dropped {} times today, the last at {last}.", drops.len())
        }
    }
}

/// How a downtime is told: while it lasts, and when it is over.
const DOWN: [(Down, &str, &str); 2] = [
    (Down::Broken, "It has not worked since", "It did not work"),
    (
        Down::Unseen,
        "It has not been possible to judge it from here since",
        "It could not be judged from here",
    ),
];

/// When it did not work, or could not be seen to, in the hours that are kept; nothing where it always
/// did.
fn downtimes(world: &World<'_>, state: &UiState, target: &TargetSnapshot) -> Vec<String> {
    let now = world.snapshot.now.wall;
    let at = |at: WallTime| state.zone.instant(at, now);
    let recent = |downtime: &&Downtime| now.since(downtime.until) <= HOURS;
    let mut told = Vec::new();
    for (down, lasts, was) in DOWN {
        let of = target.lane.downtimes().filter(|downtime| downtime.down == down).filter(recent);
        let of: Vec<&Downtime> = of.collect();
        // What was not seen to work in between is one.
        let all: Vec<&[&Downtime]> = of.chunk_by(|_, next| next.goes_on).collect();
        let is_open = |one: &&[&Downtime]| one.last().is_some_and(|last| !last.over);
        let (open, over): (Vec<_>, Vec<_>) = all.into_iter().partition(is_open);
        if let Some([first, ..]) = open.last() {
            let unknown = unknown(open.last().copied().unwrap_or_default(), at);
            told.push(format!("{lasts} {}{unknown}.", at(first.from)));
        }
        let Some((one @ [first, ..], [.., last])) = over.last().map(|one| (*one, *one)) else {
            continue;
        };
        let (from, until, unknown) = (at(first.from), at(last.until), unknown(one, at));
        told.push(match over.len() {
            1 => format!("{was} from {from} to {until}{unknown}."),
            many => format!(
                "{was} on {many} occasions lately, the last from {from} to {until}{unknown}."
            ),
        });
    }
    told
}

/// `; from 14:10:00 to 14:20:00 that is not known`.
fn unknown(parts: &[&Downtime], at: impl Fn(WallTime) -> String) -> String {
    match parts {
        [_] | [] => String::new(),
        [a, b] => format!("; from {} to {} that is not known", at(a.until), at(b.from)),
        _ => "; at times in between that is not known".to_owned(),
    }
}
