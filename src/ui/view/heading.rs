//! The heading of a group.

use crate::domain::snapshot::TargetSnapshot;
use crate::ui::causes::{self, Trouble};
use crate::ui::columns::row_role;
use crate::ui::line::{Line, fit, fit_name};
use crate::ui::sites::{SeenTo, WITHOUT, is_seen_to};
use crate::ui::theme::Role;

/// Widest name in it.
const NAME: usize = 24;

/// Hosts of a group from which on a cause is told once, with their number.
const ALIKE: usize = 2;

/// ` ✖+berlin  ✖3 ●97  2 hosts: port closed · office-pc: SSH answers`: how many are in which state, and
/// what fails, cause by cause. Of these targets the worst comes first.
pub(super) fn line(
    name: &str,
    folded: bool,
    of: &[&TargetSnapshot],
    seen: &SeenTo<'_>,
    width: usize,
) -> Line {
    let mut line = match of.first() {
        Some(worst) => Line::new().glyph(role(worst, seen)),
        None => Line::of(Role::Text, " "),
    };
    line.push(Role::Key, if folded { "+" } else { "-" });
    let name = if name.is_empty() { WITHOUT } else { name };
    line.push(Role::Strong, &format!("{} ", fit(name, NAME)));
    let mut roles: Vec<(Role, usize)> = Vec::new();
    for role in of.iter().map(|target| role(target, seen)) {
        match roles.iter_mut().find(|(known, _)| *known == role) {
            Some((_, count)) => *count += 1,
            None => roles.push((role, 1)),
        }
    }
    for (role, count) in roles {
        line = line.text(Role::Text, " ").glyph(role).text(Role::Dim, &count.to_string());
    }
    let room = width.saturating_sub(line.width());
    line.join(fails(&causes::among(of.iter().copied(), ALIKE, seen), room)).cut(width)
}

/// The role of a host's glyph: somebody has `seen` to it, or its own.
fn role(host: &TargetSnapshot, seen: &SeenTo<'_>) -> Role {
    if is_seen_to(host, seen) { Role::StateMuted } else { row_role(host) }
}

/// As many of the causes as there is room for, and how many hosts have others; the first always.
fn fails(troubles: &[Trouble<'_>], room: usize) -> Line {
    let mut line = Line::new();
    let mut left: usize = troubles.iter().map(|trouble| trouble.hosts).sum();
    for (place, trouble) in troubles.iter().enumerate() {
        let gap = if place == 0 { "  " } else { " \u{b7} " };
        let next = format!("{gap}{}", words(trouble));
        left -= trouble.hosts;
        let rest = format!(" \u{b7} {left} more");
        let needed = if left > 0 { Line::of(Role::Text, &rest).width() } else { 0 };
        let next = Line::of(Role::Text, &next);
        if place > 0 && line.width() + next.width() + needed > room {
            let left = left + trouble.hosts;
            return line.text(Role::Dim, &format!(" \u{b7} {left} more"));
        }
        line = line.join(next);
    }
    line
}

/// `office-pc: SSH answers`, or `3 hosts: port closed`.
fn words(trouble: &Trouble<'_>) -> String {
    if trouble.is_shared() {
        format!("{} hosts: {}", trouble.hosts, trouble.title)
    } else {
        format!("{}: {}", fit_name(&trouble.worst.target.name, NAME), trouble.title)
    }
}
