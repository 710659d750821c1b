//! Is anything wrong? Counts, the way out of this machine, the clock; then the worst, in words.

use super::{footer, simple};
use crate::domain::alert::Alert;
use crate::domain::finding::Rung;
use crate::domain::ladder::Cell;
use crate::domain::rules;
use crate::domain::sample::NameOutcome;
use crate::domain::snapshot::{Availability, ControlWord, Snapshot, TargetSnapshot, TargetState};
use crate::domain::surroundings::Offline;
use crate::domain::target::TargetId;
use crate::domain::words::capitalised;
use crate::ui::action::Action;
use crate::ui::causes::{self, Trouble};
use crate::ui::columns::state_role;
use crate::ui::filter::state_word;
use crate::ui::keymap::Layer;
use crate::ui::layout::{Class, Layout};
use crate::ui::line::{Line, fit};
use crate::ui::sites::SeenTo;
use crate::ui::state::{Access, Flow, Screen, UiState};
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::widget::ladder;
use crate::ui::world::World;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The states in the order of the counts.
const COUNTED: [TargetState; 7] = [
    TargetState::Critical,
    TargetState::Warning,
    TargetState::Unknown,
    TargetState::Waking,
    TargetState::Asleep,
    TargetState::NotMeasured,
    TargetState::Ok,
];

/// Height from which on a small table has room for what many hosts share.
const ROOMY: u16 = 8;

/// The banner: as many lines as the layout has, one more on small screens when something is
/// simulated or the monitor is offline.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, layout: Layout) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    if layout.class == Class::Small {
        return small(world, state, width);
    }
    let mut lines = vec![first(world, state, width).into(), second(world, state, width)];
    if layout.head > 2 {
        lines.push(Line::of(Role::Border, &"\u{2500}".repeat(width)).into());
    }
    lines
}

/// How many they are.
#[must_use]
pub fn height(world: &World<'_>, state: &UiState, layout: Layout) -> usize {
    match layout.class {
        Class::Small => lines(world, state, layout).len(),
        _ => 2 + usize::from(layout.head > 2),
    }
}

fn small(world: &World<'_>, state: &UiState, width: usize) -> Vec<ViewLine> {
    let left = everybody(world.snapshot).line(false);
    let mut right = Line::new();
    if state.flow == Flow::Paused {
        right = right.glyph(Role::Label).text(Role::Label, " ");
    }
    if state.slowed.is_some() {
        right = right.text(Role::StateWarning, "slow ");
    }
    let right = right.text(Role::Text, &clock(world, state));
    let room = width.saturating_sub(left.width() + right.width() + 2);
    let right = footer::always(world, state, room).join(right);
    let mut lines: Vec<ViewLine> = vec![ends(left, right, width).into()];
    if offline_words(&world.snapshot.monitor.offline).is_some() {
        let line = Line::of(Role::Offline, "MONITOR OFFLINE: nobody is judged").pad_to(width);
        lines.push(ViewLine { line, base: Some(Role::Offline) });
    }
    if let Some(outage) = world.snapshot.monitor.path_outage() {
        let line = Line::new()
            .glyph(Role::StateCritical)
            .text(Role::Text, " ")
            .text(Role::Strong, &outage.title);
        lines.push(line.cut(width).into());
    }
    if lines.len() == 1 && state.size.height >= ROOMY {
        match state.screen {
            Screen::Table => lines.extend(shared(world.snapshot, width)),
            Screen::Wall | Screen::Timeline | Screen::Path | Screen::Simple | Screen::Detail => {
                lines.extend(worst(world.snapshot, state, width));
            }
            Screen::Alerts => {}
        }
    }
    if let Some(what) = world.snapshot.simulated {
        lines.push(Line::of(Role::Label, &format!("simulated: {what}")).cut(width).into());
    }
    lines
}

fn first(world: &World<'_>, state: &UiState, width: usize) -> Line {
    let mut right = Line::new();
    for label in labels(world, state) {
        right = right.text(Role::Label, &label).text(Role::Text, "   ");
    }
    let right = right.text(Role::Text, &clock(world, state)).text(Role::Text, " ");
    let tally = everybody(world.snapshot);
    let words = if world.snapshot.targets.is_empty() {
        Line::of(Role::Dim, " no targets")
    } else {
        Line::of(Role::Text, " ").join(tally.line(true))
    };
    let brief = Line::of(Role::Text, " ").join(tally.line(false));
    let monitor = monitor_line(world.snapshot);
    let with_usage = usage(world.snapshot, monitor.clone());
    for (left, monitor) in [(&words, with_usage), (&words, monitor.clone()), (&brief, monitor)] {
        if left.width() + monitor.width() + right.width() + 8 <= width {
            let gap = (width - left.width() - monitor.width() - right.width()) * 2 / 3;
            let left = left.clone().text(Role::Text, &" ".repeat(gap)).join(monitor);
            return ends(left, right, width);
        }
    }
    let left = if words.width() + right.width() + 2 <= width { words } else { brief };
    ends(left, right, width)
}

/// What must never be overlooked, on every screen.
fn labels(world: &World<'_>, state: &UiState) -> Vec<String> {
    let mut labels = Vec::new();
    if let Some(what) = world.snapshot.simulated {
        labels.push(format!("simulated: {what}"));
    }
    if state.access == Access::ReadOnly {
        labels.push("read-only".to_owned());
    }
    let deaf: Vec<&str> = world
        .snapshot
        .monitor
        .sinks
        .iter()
        .filter(|sink| sink.error.is_some())
        .map(|sink| sink.name.as_str())
        .collect();
    match deaf.as_slice() {
        [] => {}
        [name] => labels.push(format!("sink {} is not told", fit(name, 16))),
        [name, more @ ..] => {
            let name = fit(name, 16);
            labels.push(format!("sinks {name} and {} more are not told", more.len()));
        }
    }
    if let Some(apart) = state.slowed {
        labels.push(format!("slow terminal, drawn every {:.1} s", apart.as_secs_f64()));
    }
    if state.flow == Flow::Paused {
        labels.push("\u{2016} paused".to_owned());
    }
    labels
}

/// The clock of the picture: a frozen one keeps its time.
fn clock(world: &World<'_>, state: &UiState) -> String {
    state.zone.clock(world.snapshot.now.wall)
}

/// `left`, blanks, `right`; `left` is cut when there is no room for both.
fn ends(left: Line, right: Line, width: usize) -> Line {
    let room = width.saturating_sub(right.width());
    left.pad_to(room).join(right).cut(width)
}

/// How many targets are in which state.
struct Tally {
    /// In the order of [`COUNTED`].
    states: [usize; COUNTED.len()],
    /// Of these in trouble, whom somebody has seen to.
    seen: [Seen; COUNTED.len()],
    /// Of the unmeasured, those of whom a failure is known but not confirmed.
    unconfirmed: usize,
    maintained: usize,
}

/// How many somebody has seen to.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    acknowledged: usize,
    snoozed: usize,
}

impl Seen {
    fn count(&mut self, alert: &Alert) {
        let counter = match alert.acknowledged {
            Some(_) => &mut self.acknowledged,
            None => &mut self.snoozed,
        };
        *counter += 1;
    }

    const fn all(self) -> usize {
        self.acknowledged + self.snoozed
    }

    const fn word(self) -> &'static str {
        match (self.acknowledged, self.snoozed) {
            (0, _) => "snoozed",
            (_, 0) => "acknowledged",
            _ => "seen to",
        }
    }
}

impl Tally {
    /// Of these.
    fn of<'a>(
        targets: impl Iterator<Item = &'a TargetSnapshot>,
        seen: &BTreeMap<TargetId, &Alert>,
    ) -> Self {
        let mut tally = Self {
            states: [0; COUNTED.len()],
            seen: [Seen::default(); COUNTED.len()],
            unconfirmed: 0,
            maintained: 0,
        };
        for target in targets {
            let place = COUNTED.iter().position(|state| *state == target.state);
            let counter = match (&target.maintenance, place) {
                (Some(_), _) => Some(&mut tally.maintained),
                _ if target.unconfirmed().is_some() => Some(&mut tally.unconfirmed),
                (None, place) => place.and_then(|place| tally.states.get_mut(place)),
            };
            if let Some(counter) = counter {
                *counter += 1;
            }
            if target.maintenance.is_none()
                && target.is_in_trouble()
                && let Some(alert) = seen.get(&target.target.id)
                && let Some(of) = place.and_then(|place| tally.seen.get_mut(place))
            {
                of.count(alert);
            }
        }
        tally
    }

    /// The counts, with words or without.
    fn line(&self, words: bool) -> Line {
        let mut line = Line::new();
        for ((state, count), seen) in COUNTED.into_iter().zip(self.states).zip(self.seen) {
            // Without words the two that look alike are one number.
            let alike = state == TargetState::Warning && !words;
            let count = count + if alike { self.unconfirmed } else { 0 };
            line = counted_words(line, state_role(state), count, state_word(state), words);
            if seen.all() > 0 {
                let word = if words { seen.word() } else { "seen" };
                line.push(Role::Dim, &format!(" ({} {word})", seen.all()));
            }
            if state == TargetState::Warning && words {
                let (role, count) = (Role::StateWarning, self.unconfirmed);
                line = counted_words(line, role, count, "unconfirmed", words);
            }
        }
        counted_words(line, Role::StateMuted, self.maintained, "in maintenance", words)
    }
}

fn everybody(snapshot: &Snapshot) -> Tally {
    Tally::of(snapshot.targets.iter().map(AsRef::as_ref), &snapshot.seen_to())
}

/// How many of these are in which state, and whom of them somebody has `seen` to.
pub(super) fn counted<'a>(
    targets: impl Iterator<Item = &'a TargetSnapshot>,
    seen: &SeenTo<'_>,
    words: bool,
) -> Line {
    Tally::of(targets, seen).line(words)
}

/// `acknowledged`, or `snoozed`.
pub(super) fn seen_word(alert: &Alert) -> &'static str {
    let mut seen = Seen::default();
    seen.count(alert);
    seen.word()
}

/// ` ▲ 2 warning`, or `▲2` without words; nothing for none.
fn counted_words(mut line: Line, role: Role, count: usize, word: &str, words: bool) -> Line {
    if count == 0 {
        return line;
    }
    if line.width() > 0 {
        line.push(Role::Text, if words { "  " } else { " " });
    }
    line = line.glyph(role);
    if words {
        line.push(role, &format!(" {count} {word}"));
    } else {
        line.push(role, &count.to_string());
    }
    line
}

/// `eth0 ● → gateway ● → DNS ●`: what of the way out was seen to work.
fn monitor_line(snapshot: &Snapshot) -> Line {
    let local = &snapshot.monitor.local;
    let (name, cell) =
        local.gateway_interface.as_deref().map_or_else(
            || {
                let up = local.interfaces.iter().find(|i| i.up && !i.loopback);
                up.map_or(("no interface", Cell::Broken), |i| (i.name.as_str(), Cell::Ok))
            },
            |name| {
                let known = local.interfaces.iter().find(|interface| interface.name == name);
                let cell = known.map_or(Cell::NotMeasured, |interface| {
                    if interface.up { Cell::Ok } else { Cell::Broken }
                });
                (name, cell)
            },
        );
    let mut line = hop(Line::new(), name, cell);
    if let Some(gateway) = local.gateway {
        let cell = gateway_cell(snapshot, gateway);
        line = hop(line.text(Role::Dim, " \u{2192} "), "gateway", cell);
    }
    if !local.dns_servers.is_empty() {
        line = hop(line.text(Role::Dim, " \u{2192} "), "DNS", dns_cell(snapshot));
    }
    line
}

/// What this program itself costs: percent of one core, and MiB of memory.
fn usage(snapshot: &Snapshot, mut line: Line) -> Line {
    let local = &snapshot.monitor.local;
    if let Some(cpu) = local.cpu_pct {
        line = line.text(Role::Dim, &format!("   cpu {cpu:.0} %"));
    }
    if let Some(bytes) = local.memory_bytes {
        line = line.text(Role::Dim, &format!("  {} MiB", bytes >> 20));
    }
    line
}

fn hop(line: Line, name: &str, cell: Cell) -> Line {
    let role = if cell == Cell::Broken { Role::StateCritical } else { Role::Dim };
    line.text(role, name).text(Role::Text, " ").glyph(ladder::role(cell))
}

/// The gateway works when a host beyond this machine's own links answers, or it answers itself.
fn gateway_cell(snapshot: &Snapshot, gateway: IpAddr) -> Cell {
    let answers = snapshot.targets.iter().any(|target| {
        target.availability == Availability::Up
            && (target.is_on_link() == Some(false) || target.address == Some(gateway))
    });
    let control = snapshot.monitor.controls.iter().find(|control| control.address == gateway);
    match (&snapshot.monitor.offline, control) {
        (Offline::NoInterface, _) => Cell::Broken,
        (Offline::ControlsGone(gone), _) if gone.contains(&gateway) => Cell::Broken,
        _ if answers => Cell::Ok,
        (_, Some(control)) => match control.word {
            ControlWord::Answers => Cell::Ok,
            ControlWord::Gone => Cell::Broken,
            ControlWord::NeverAnswered => Cell::NotMeasured,
        },
        (_, None) => Cell::NotMeasured,
    }
}

/// DNS works when any server gave any target an answer, be it that a name does not exist.
fn dns_cell(snapshot: &Snapshot) -> Cell {
    if snapshot.monitor.offline != Offline::Online {
        return Cell::NotMeasured;
    }
    let mut cell = Cell::NotMeasured;
    let answers = snapshot.targets.iter().filter_map(|t| t.resolution.as_ref());
    for answer in answers.flat_map(|resolution| &resolution.servers) {
        match answer.outcome {
            NameOutcome::Ok | NameOutcome::NxDomain | NameOutcome::NoData => return Cell::Ok,
            NameOutcome::NotNeeded | NameOutcome::Error => {}
            _ => cell = Cell::Broken,
        }
    }
    cell
}

/// Why nobody is judged.
#[must_use]
pub fn offline_words(offline: &Offline) -> Option<String> {
    match offline {
        Offline::Online => None,
        Offline::NoInterface => {
            Some("THIS MONITOR IS OFFLINE, nobody is judged: no interface is up.".to_owned())
        }
        Offline::ControlsGone(controls) => {
            let list: Vec<String> = controls.iter().take(3).map(ToString::to_string).collect();
            let list = list.join(", ");
            Some(format!(
                "THIS MONITOR IS OFFLINE, nobody is judged: {list} always answered and went silent."
            ))
        }
    }
}

/// The worst, in words.
fn second(world: &World<'_>, state: &UiState, width: usize) -> ViewLine {
    let snapshot = world.snapshot;
    if let Some(offline) = offline_words(&snapshot.monitor.offline) {
        let line = Line::of(Role::Offline, &format!(" {offline}")).pad_to(width);
        return ViewLine { line, base: Some(Role::Offline) };
    }
    if let Some(outage) = snapshot.monitor.path_outage() {
        return Line::of(Role::Text, " ")
            .glyph(Role::StateCritical)
            .text(Role::Text, " ")
            .text(Role::Strong, &outage.sentence)
            .cut(width)
            .into();
    }
    if state.screen == Screen::Simple {
        return plainly(world, state, width).into();
    }
    if let [first, more @ ..] = causes::troubles(snapshot).as_slice() {
        let hint = if state.screen == Screen::Table && width >= 100 {
            let key = footer::key_name(world, Layer::Table, Action::Open);
            Line::of(Role::Key, &format!("  {key}")).text(Role::Dim, " why and fix ")
        } else {
            Line::new()
        };
        return trouble(first, more, &hint, width, &snapshot.seen_to()).into();
    }
    if let Some((host, what)) = unconfirmed(snapshot) {
        let text = format!(" {host}: {what}; asked again before it is called trouble.");
        return Line::of(Role::Text, &text).cut(width).into();
    }
    if let Some(finding) = snapshot.monitor.findings.first() {
        let of_many = rules::card(finding.rule.0).is_some_and(|card| card.alerting.once);
        let named = of_many || finding.sentence.starts_with("This machine");
        return Line::of(Role::Text, if named { " " } else { " This machine: " })
            .text(Role::Text, &finding.sentence)
            .cut(width)
            .into();
    }
    Line::of(Role::Dim, &format!(" {}", quiet_words(snapshot))).cut(width).into()
}

/// The worst without protocol words, for the view that has none.
fn plainly(world: &World<'_>, state: &UiState, width: usize) -> Line {
    let snapshot = world.snapshot;
    let troubles = causes::troubles(snapshot);
    let Some(first) = troubles.first() else {
        let unconfirmed = unconfirmed(snapshot)
            .map(|(host, _)| format!("{host}: a first try failed; it is tried again."));
        let own = || snapshot.monitor.findings.first().and_then(|found| rules::plain(found.rule));
        let words = unconfirmed.or_else(|| own().map(str::to_owned));
        let role = if words.is_some() { Role::Text } else { Role::Dim };
        let words = words.unwrap_or_else(|| quiet_words(snapshot).to_owned());
        return Line::of(role, &format!(" {words}")).cut(width);
    };
    let since = first.worst.worst().map_or_else(String::new, |finding| {
        format!(", since {}", state.zone.moment(finding.since, snapshot.now.wall))
    });
    let hosts: usize = troubles.iter().map(|trouble| trouble.hosts).sum();
    let others = match hosts - 1 {
        0 => String::new(),
        1 => "; 1 more has trouble".to_owned(),
        more => format!("; {more} more have trouble"),
    };
    let text = format!("{}{since}{others}.", simple::headline(first.worst));
    begun(first, &snapshot.seen_to()).text(Role::Text, &text).cut(width)
}

/// A host that is not judged yet, and what is known to have failed there.
fn unconfirmed(snapshot: &Snapshot) -> Option<(&str, String)> {
    let judged = snapshot.targets.iter().filter(|target| target.maintenance.is_none());
    judged.into_iter().find_map(|target| Some((target.target.name.as_str(), target.unconfirmed()?)))
}

/// The worst cause, and where many share one the next, as far as there is room.
fn trouble(
    first: &Trouble<'_>,
    more: &[Trouble<'_>],
    hint: &Line,
    width: usize,
    seen: &BTreeMap<TargetId, &Alert>,
) -> Line {
    let begun = begun(first, seen);
    let full = begun.clone().join(sentence(first));
    if let [next, rest @ ..] = more
        && (first.is_shared() || more.iter().any(Trouble::is_shared))
    {
        let brief = begun.join(named(first)).text(Role::Text, &format!(": {}.", first.title));
        let also = Line::of(Role::Text, " And ").join(named(next));
        let also = also.text(Role::Text, &format!(": {}", next.title));
        let counted = also.clone().text(Role::Text, &others(rest, seen));
        let long = [(&full, &counted), (&full, &also), (&brief, &counted), (&brief, &also)];
        for (hint, (left, also)) in
            [hint, &Line::new()].into_iter().flat_map(|hint| long.map(|both| (hint, both)))
        {
            if left.width() + also.width() + 1 + hint.width() <= width {
                let line = left.clone().join(also.clone()).text(Role::Text, ".");
                return ends(line, hint.clone(), width);
            }
        }
    }
    ends(full, hint.clone(), width)
}

/// How many more are in trouble, those that nobody has seen to apart from the others: `; 304 more with
/// something else, 180 acknowledged`.
fn others(rest: &[Trouble<'_>], seen: &BTreeMap<TargetId, &Alert>) -> String {
    let alert = |trouble: &Trouble<'_>| seen.get(&trouble.worst.target.id).copied();
    let count = |of: &dyn Fn(Option<&Alert>) -> bool| -> usize {
        rest.iter().filter(|trouble| of(alert(trouble))).map(|trouble| trouble.hosts).sum()
    };
    let mut words = Vec::new();
    match count(&|alert| alert.is_none()) {
        0 => {}
        hosts => words.push(format!("{hosts} more with something else")),
    }
    for word in ["acknowledged", "snoozed"] {
        match count(&|alert| alert.is_some_and(|alert| seen_word(alert) == word)) {
            0 => {}
            hosts if words.is_empty() => words.push(format!("{hosts} more {word}")),
            hosts => words.push(format!("{hosts} {word}")),
        }
    }
    if words.is_empty() { String::new() } else { format!("; {}", words.join(", ")) }
}

/// The glyph of a trouble, and that somebody has seen to it: what nobody has seen to comes first, so
/// there is none of that.
fn begun(first: &Trouble<'_>, seen: &BTreeMap<TargetId, &Alert>) -> Line {
    let begun = Line::of(Role::Text, " ").glyph(state_role(first.worst.state));
    let mut begun = begun.text(Role::Text, " ");
    if let Some(alert) = seen.get(&first.worst.target.id) {
        begun.push(Role::Dim, &format!("{}: ", capitalised(seen_word(alert))));
    }
    begun
}

/// Whose trouble it is: a host's name, or how many share it.
fn named(trouble: &Trouble<'_>) -> Line {
    let role = state_role(trouble.worst.state);
    if trouble.is_shared() {
        Line::of(role, &format!("{} hosts", trouble.hosts))
    } else {
        Line::of(role, &trouble.worst.target.name)
    }
}

/// What is wrong and who can fix it: a host's own verdict, or what many have in common.
fn sentence(trouble: &Trouble<'_>) -> Line {
    // Nobody is sent for what is not known yet.
    let known = trouble.is_shared() || trouble.worst.turned().is_none();
    let team = trouble.owner.filter(|_| known).map(|owner| capitalised(owner.team()));
    let (mut line, told) = if trouble.is_shared() {
        (named(trouble).text(Role::Text, ": "), trouble.title)
    } else {
        let verdict = trouble.worst.verdict.as_str();
        let says = verdict.contains(&trouble.worst.target.name);
        (if says { Line::new() } else { named(trouble).text(Role::Text, ": ") }, verdict)
    };
    line.push(Role::Text, told);
    if let Some(team) = team.filter(|team| !told.contains(team.as_str())) {
        let stop = if told.ends_with(['.', '!', '?']) { "" } else { "." };
        line.push(Role::Text, &format!("{stop} {team}."));
    }
    line
}

/// On a small screen: what many hosts share, and the worst besides, a line each; nothing where no
/// cause is shared, as the rows say it all.
fn shared(snapshot: &Snapshot, width: usize) -> Vec<ViewLine> {
    let troubles = causes::troubles(snapshot);
    if !troubles.iter().any(Trouble::is_shared) {
        return Vec::new();
    }
    troubles.iter().take(2).map(|trouble| cause(trouble, width).into()).collect()
}

/// `✖ office-pc: closes at the TLS handshake`.
fn cause(trouble: &Trouble<'_>, width: usize) -> Line {
    let line = Line::new().glyph(state_role(trouble.worst.state)).text(Role::Text, " ");
    line.join(named(trouble)).text(Role::Text, &format!(": {}", trouble.title)).cut(width)
}

/// On a small screen: who is worst and why, where the view does not say it itself.
fn worst(snapshot: &Snapshot, state: &UiState, width: usize) -> Option<ViewLine> {
    let troubles = causes::troubles(snapshot);
    let worst = troubles.first()?;
    let about_it = matches!(state.screen, Screen::Path | Screen::Simple | Screen::Detail)
        && state.selected.is_none_or(|id| id == worst.worst.target.id);
    let plain = |worst: &Trouble<'_>| {
        let line = Line::new().glyph(state_role(worst.worst.state)).text(Role::Text, " ");
        line.text(Role::Text, &simple::headline(worst.worst)).cut(width)
    };
    (!about_it).then(|| match state.screen {
        Screen::Simple => plain(worst).into(),
        _ => cause(worst, width).into(),
    })
}

/// Whether everything up to the certificate is measured and works.
fn sign_in_reached(target: &TargetSnapshot) -> bool {
    target.ladder.iter().any(|line| line.rung == Rung::Tls && line.cell == Cell::Ok)
}

fn quiet_words(snapshot: &Snapshot) -> &'static str {
    let any = |state| snapshot.targets.iter().any(|target| target.state == state);
    if snapshot.targets.is_empty() {
        "Nothing is watched yet."
    } else if any(TargetState::Unknown) {
        "Nothing wrong that could be judged."
    } else if snapshot.targets.iter().any(|target| target.fails_unconfirmed()) {
        "A first attempt failed; it is asked again before anything is said of it."
    } else if any(TargetState::NotMeasured) {
        let unjudged = |target: &&Arc<TargetSnapshot>| target.state == TargetState::NotMeasured;
        if snapshot.targets.iter().filter(unjudged).all(|target| target.has_measurements()) {
            "Nothing wrong so far; the next connections tell more."
        } else {
            "Nothing wrong so far; the first measurements are on their way."
        }
    } else if snapshot.targets.iter().any(|target| target.maintenance.is_some()) {
        "Nothing is wrong with what no work is planned on."
    } else if any(TargetState::Asleep) || any(TargetState::Waking) {
        "Nothing is wrong: whoever is awake answers, up to the sign-in prompt."
    } else if snapshot.targets.iter().all(|target| sign_in_reached(target)) {
        "Nothing is wrong: up to the sign-in prompt, everything works."
    } else {
        "Nothing is wrong with what is measured: Remote Desktop answers everywhere."
    }
}
