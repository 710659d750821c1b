//! What stands on a tile, as large as its room allows.

use crate::domain::alert::Alert;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use crate::ui::causes::{self, MANY, Trouble};
use crate::ui::columns::row_role;
use crate::ui::format;
use crate::ui::line::{Line, fit, fit_name};
use crate::ui::sites::{SeenTo, Site, is_seen_to};
use crate::ui::theme::{GlyphSet, Role};
use crate::ui::view::banner::{counted, seen_word};
use crate::ui::view::small::{is_lost_no_more, words};
use crate::ui::widget::letters::{LARGEST, drawn, height};
use crate::ui::world::World;
use unicode_width::UnicodeWidthStr as _;

/// How many of a site's worst are named.
pub(super) const WORST: usize = 3;
/// Lines from which on a tile has one for what is spare.
const ROOMY: usize = 7;
/// No name of a site is cut to fewer cells for large letters.
const SHORTEST: usize = 5;
/// The longest name on a tile, in cells.
const NAME: usize = 40;

/// What is said in large letters where all of it has no room on a line, by rule, and whether that says it
/// all: whoever stands far away tells a host that is silent from one that is slow.
const BRIEF: &[(&str, &str, bool)] = &[
    ("dns-failure", "no name", false),
    ("high-latency", "slow", false),
    ("host-unreachable", "no answer", true),
    ("packet-loss", "loss", false),
    ("port-closed", "closed", false),
    ("port-filtered", "filtered", false),
    ("rdp-slow", "slow", false),
];

/// One thing that a tile says.
#[derive(Debug)]
struct Item {
    /// In ordinary letters.
    line: Line,
    /// In block letters: the first of these that stands on one line, else the one on fewest.
    large: Vec<Line>,
    /// The same cut, for the smallest block letters only: the first that stands on one line.
    cut: Vec<Line>,
    /// How large it may be drawn; 0 is ordinary letters.
    most: usize,
}

impl Item {
    fn of(line: Line, most: usize) -> Self {
        Self { large: vec![line.clone()], cut: Vec::new(), line, most }
    }

    /// As large as `scale` says, 0 for ordinary letters; `None` where that cannot be drawn.
    fn at(&self, scale: usize, look: (Role, GlyphSet), width: usize) -> Option<Vec<Line>> {
        if scale == 0 {
            return Some(self.line.clone().in_role(look.0).wrapped(width));
        }
        let draw = |lines: &[Line]| {
            let drawn = lines.iter().filter_map(|line| drawn(line, look, width, scale));
            drawn.collect::<Vec<_>>()
        };
        let large = draw(&self.large);
        let cut = if scale == 1 { draw(&self.cut) } else { Vec::new() };
        let one_line = large.iter().chain(&cut).find(|lines| lines.len() == height(look.1, scale));
        one_line.or(large.iter().min_by_key(|lines| lines.len())).cloned()
    }
}

/// How large what is said of nobody in trouble may be drawn: beside trouble it stays behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calm(usize);

impl Calm {
    pub(super) fn beside(sites: &[Site<'_>]) -> Self {
        Self(if sites.iter().any(Site::is_in_trouble) { 1 } else { 2 })
    }

    /// How large the title and the words of a tile may be.
    const fn most(self, in_trouble: bool) -> (usize, usize) {
        if in_trouble { (LARGEST, LARGEST) } else { (self.0, self.0 - 1) }
    }
}

/// How large the title of a tile and the words below it are drawn, at most; 0 is ordinary letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scales {
    pub(super) title: usize,
    pub(super) words: usize,
}

impl Scales {
    /// As large as can be.
    pub(super) const LARGEST: Self = Self { title: LARGEST, words: LARGEST };
}

/// One tile: what it says, most important first, and whom it is about, worst first.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    role: Role,
    glyphs: GlyphSet,
    items: Vec<Item>,
    /// How many are not named, where there is room to say so: the title counts them.
    more: Option<Line>,
    /// What is said where there is room for it: in words, and in brief.
    spare: Option<[Line; 2]>,
    pub(super) hosts: Vec<&'a TargetSnapshot>,
    /// Somebody is in trouble that nobody has seen to.
    pub(super) unseen: bool,
}

impl Tile<'_> {
    pub(super) fn holds(&self, id: TargetId) -> bool {
        self.hosts.iter().any(|host| host.target.id == id)
    }

    /// How large its title and its first cause are drawn in so many cells and lines, at `most` so
    /// large; `None` where it is about no trouble.
    pub(super) fn scales(&self, width: usize, height: usize, most: Scales) -> Option<Scales> {
        let troubled = self.hosts.first().is_some_and(|host| host.is_in_trouble());
        troubled.then(|| self.grown(width.saturating_sub(2).max(1), height, most).1)
    }

    /// The tile in so many cells and lines, filled to its edges, at `most` so large.
    pub(super) fn lines(
        &self,
        width: usize,
        height: usize,
        most: Scales,
        selected: bool,
    ) -> Vec<Line> {
        let inner = width.saturating_sub(2).max(1);
        let (mut lines, _) = self.grown(inner, height, most);
        lines.resize(height, Line::new());
        let edged = lines.into_iter().enumerate().map(|(number, line)| {
            let begun = match number {
                0 if selected => Line::new().glyph(Role::Selection),
                _ => Line::of(self.role, " "),
            };
            let line = begun.join(line).cut(width);
            let missing = width.saturating_sub(line.width());
            line.text(self.role, &" ".repeat(missing))
        });
        edged.collect()
    }

    /// Everything on a line of ordinary letters as far as there is room, then the title in block
    /// letters, then all of it step by step larger: nothing becomes larger while something more
    /// important has no room to. Besides, how large the title and the first cause became.
    fn grown(&self, width: usize, height: usize, most: Scales) -> (Vec<Line>, Scales) {
        let look = (self.role, self.glyphs);
        let plain = |line: &Line| vec![line.clone().in_role(self.role).cut(width)];
        let spare = self
            .spare
            .as_ref()
            .filter(|_| height >= ROOMY)
            .map(|[words, brief]| if words.width() <= width { words } else { brief });
        let room = height - usize::from(spare.is_some());
        let mut parts: Vec<Vec<Line>> =
            self.items.iter().take(room).map(|item| plain(&item.line)).collect();
        let mut grown = Scales { title: 0, words: 0 };
        let title_first = std::iter::once((1, 1));
        for (scale, many) in title_first.chain((0..=LARGEST).map(|scale| (scale, usize::MAX))) {
            let items = self.items.iter().enumerate().take(many);
            for (place, item) in items.filter(|(_, item)| item.most >= scale) {
                let is_title = place == 0;
                let limit = if is_title { most.title } else { most.words };
                if scale > limit || (is_title && scale < grown.title) {
                    continue;
                }
                let taken: usize = parts.iter().map(Vec::len).sum();
                let Some(part) = parts.get_mut(place) else { break };
                let Some(larger) = item.at(scale, look, width) else { continue };
                if taken - part.len() + larger.len() > room {
                    break;
                }
                *part = larger;
                match place {
                    0 => grown.title = scale,
                    1 => grown.words = scale,
                    _ => {}
                }
            }
        }
        let taken: usize = parts.iter().map(Vec::len).sum();
        parts.extend(self.more.as_ref().filter(|_| taken < room).map(plain));
        parts.extend(spare.map(plain));
        let taken: usize = parts.iter().map(Vec::len).sum();
        let apart = usize::from(taken + parts.len().saturating_sub(1) <= height);
        (parts.join(vec![Line::new(); apart].as_slice()), grown)
    }
}

/// What a tile looks like whose worst is in this state.
const fn tile_role(state: TargetState) -> Role {
    match state {
        TargetState::Critical => Role::TileCritical,
        TargetState::Warning => Role::TileWarning,
        TargetState::Ok => Role::TileOk,
        TargetState::NotMeasured
        | TargetState::Asleep
        | TargetState::Waking
        | TargetState::Unknown => Role::TileQuiet,
    }
}

/// A tile for each host of a site.
pub(super) fn of_hosts<'a>(
    world: &World<'_>,
    site: &Site<'a>,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Vec<Tile<'a>> {
    site.hosts.iter().map(|host| of_host(world, host, calm, seen)).collect()
}

/// A host: its name, how it fares and whether somebody has seen to it, since when or where.
fn of_host<'a>(
    world: &World<'_>,
    host: &'a TargetSnapshot,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Tile<'a> {
    let (most, most_words) = calm.most(host.is_in_trouble());
    let seen = seen.get(&host.target.id).filter(|_| host.is_in_trouble());
    let quiet = host.maintenance.is_some() || seen.is_some();
    let role = if quiet { Role::TileQuiet } else { tile_role(host.state) };
    let glyph = if seen.is_some() { Role::StateMuted } else { row_role(host) };
    let all = words(world, host);
    let brief = brief(host).filter(|_| host.is_in_trouble() && !quiet);
    let lasting = || format::age(world.snapshot.now.wall.since(host.state_since));
    let below = match brief {
        Some((_, false)) => format!("{all}, for {}", lasting()),
        _ if host.is_in_trouble() => format!("for {}", lasting()),
        _ => host.address.map_or_else(String::new, |address| address.to_string()),
    };
    let cause = match brief {
        Some((brief, _)) => {
            let brief = Line::of(role, brief);
            let large = vec![Line::of(role, &all), brief.clone()];
            Item { large, ..Item::of(brief, most_words) }
        }
        None => Item::of(Line::of(role, &told(all, seen.copied())), most_words),
    };
    let items =
        vec![Item::of(titled(host, glyph), most), cause, Item::of(Line::of(role, &below), 0)];
    let unseen = host.is_in_trouble() && seen.is_none();
    Tile { role, glyphs: world.glyphs, items, more: None, spare: None, hosts: vec![host], unseen }
}

/// What is wrong with a host, in one word or two, and whether that says it all.
fn brief(host: &TargetSnapshot) -> Option<(&'static str, bool)> {
    let worst = host.worst().filter(|worst| !is_lost_no_more(host, worst))?;
    let found = BRIEF.iter().find(|(of, ..)| *of == worst.rule.0);
    found.map(|(_, brief, says_all)| (*brief, *says_all))
}

/// What is wrong, and in front of it that somebody has seen to it.
fn told(words: String, seen: Option<&Alert>) -> String {
    match seen {
        Some(alert) => format!("{}: {words}", seen_word(alert)),
        None => words,
    }
}

/// The title of a host's tile.
pub(super) fn title(host: &TargetSnapshot) -> Line {
    titled(host, row_role(host))
}

fn titled(host: &TargetSnapshot, glyph: Role) -> Line {
    let name = fit_name(&host.target.name.to_uppercase(), NAME);
    Line::new().glyph(glyph).text(Role::Text, &format!(" {name}"))
}

/// A site: its name with its counts, and its worst. In large letters only what is in trouble is
/// counted, or the glyph of its state shown; all are counted below. It is quiet where somebody has
/// seen to all of its trouble.
pub(super) fn of_site<'a>(
    world: &World<'_>,
    site: Site<'a>,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Tile<'a> {
    let seen_to = site.is_seen_to(seen);
    let role = if seen_to { Role::TileQuiet } else { tile_role(site.state(seen)) };
    let all = || site.hosts.iter().copied();
    let title = |beside: Line| site_title(&site).text(role, "  ").join(beside);
    let troubles = causes::among(all(), MANY, seen);
    let (most, most_words) = calm.most(!troubles.is_empty());
    let troubled = || all().filter(|host| host.is_in_trouble());
    let unseen = troubled().filter(|host| !is_seen_to(host, seen));
    let loud = if seen_to {
        Line::new().glyph(Role::StateMuted).text(role, &troubled().count().to_string())
    } else {
        counted(unseen, seen, false)
    };
    let glyph = Line::new().glyph(site.glyph(seen));
    let beside = if troubles.is_empty() { vec![glyph] } else { vec![loud, glyph] };
    let cut = beside.iter().flat_map(|beside| {
        let letters = (SHORTEST..site.name.width()).rev();
        letters.map(|letters| named(&site, letters).text(role, " ").join(beside.clone()))
    });
    let mut items = vec![Item {
        line: title(counted(all(), seen, false)),
        cut: cut.collect(),
        large: beside.iter().cloned().map(title).collect(),
        most,
    }];
    let worst_three = troubles.iter().take(WORST).map(|trouble| worst(world, trouble, seen));
    items.extend(worst_three.map(|line| Item::of(line, most)));
    let more: usize = troubles.iter().skip(WORST).map(|trouble| trouble.hosts).sum();
    let more = (more > 0).then(|| Line::of(role, &format!("and {more} more in trouble")));
    let counts = counted(all(), seen, true);
    let asked_again = all().filter(|h| h.maintenance.is_none() && h.unconfirmed().is_some());
    if troubles.is_empty() {
        let named = asked_again.take(WORST).map(|host| line_of(world, host, None));
        items.extend(named.map(|line| Item::of(line, most_words)));
    }
    let spare = if troubles.is_empty() {
        let calm = [Some(counts), slowest(&site)].into_iter().flatten();
        items.extend(calm.map(|line| Item::of(line, most_words)));
        None
    } else {
        Some([counts, counted(all(), seen, false)])
    };
    let unseen = !troubles.is_empty() && !seen_to;
    Tile { role, glyphs: world.glyphs, items, more, spare, hosts: site.hosts, unseen }
}

/// What a site is called.
pub(super) fn site_title(site: &Site<'_>) -> Line {
    named(site, NAME)
}

/// Its name in so many cells.
fn named(site: &Site<'_>, width: usize) -> Line {
    Line::of(Role::Text, &fit(&site.name.to_uppercase(), width))
}

/// Who is in trouble, and why: a host, or how many with it.
fn worst(world: &World<'_>, trouble: &Trouble<'_>, seen: &SeenTo<'_>) -> Line {
    let host = trouble.worst;
    let seen = seen.get(&host.target.id).copied();
    if !trouble.is_shared() {
        return line_of(world, host, seen);
    }
    let name = fit_name(&host.target.name, NAME);
    let text = format!("{name} and {} more: {}", trouble.hosts - 1, trouble.title);
    glyph_and(host, &text, seen)
}

/// A host, and how it fares.
fn line_of(world: &World<'_>, host: &TargetSnapshot, seen: Option<&Alert>) -> Line {
    let name = fit_name(&host.target.name, NAME);
    glyph_and(host, &format!("{name}: {}", words(world, host)), seen)
}

fn glyph_and(host: &TargetSnapshot, text: &str, seen: Option<&Alert>) -> Line {
    let glyph = if seen.is_some() { Role::StateMuted } else { row_role(host) };
    Line::new().glyph(glyph).text(Role::Text, &format!(" {}", told(text.to_owned(), seen)))
}

/// Who of a site without trouble is slowest; `None` where nobody is judged.
fn slowest(site: &Site<'_>) -> Option<Line> {
    let rtt = |host: &&&TargetSnapshot| host.echo_minute.median;
    let ok = site.hosts.iter().filter(|host| host.state == TargetState::Ok);
    let slowest = ok.filter(|host| rtt(host).is_some()).max_by_key(rtt)?;
    let ms = format::ms_or_dash(slowest.echo_minute.median);
    let text = format!("slowest {ms} ms, {}", fit_name(&slowest.target.name, NAME));
    Some(Line::of(Role::Text, &text))
}

#[cfg(test)]
mod tests {
    use super::BRIEF;
    use crate::domain::rules::card;

    #[test]
    fn what_is_brief_is_of_rules_that_there_are() {
        for (rule, ..) in BRIEF {
            assert!(card(rule).is_some(), "{rule}");
        }
    }
}
